/*
 * Drawing plain colours straight into texels.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include <geyser/convert.h>

#include "canvas.h"
#include "png.h"

bool canvas_holds(enum geyser_format format)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	if (!info)
		return false;
	return format == GEYSER_FORMAT_RGBA16_FLOAT || format == GEYSER_FORMAT_RGB10A2_UNORM ||
	       (info->type == GEYSER_FORMAT_TYPE_UNORM && info->bytes_per_texel == info->channels);
}

/* ITU-R BT.709's weights, in 1/65536. */
static uint16_t luminance(struct colour colour)
{
	return (uint16_t)((colour.red * UINT64_C(13933) + colour.green * UINT64_C(46871) +
				  colour.blue * UINT64_C(4732)) >>
			  16);
}

/* Returns the format whose numbers are those of a colour: what a screen shows is encoded already,
 * as in a PNG. */
static enum geyser_format without_srgb(enum geyser_format format)
{
	const struct png_layout *const layout = png_layout(format);

	return layout ? layout->numbers : format;
}

uint32_t canvas_encode(enum geyser_format format, struct colour colour, unsigned char *out)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);
	const uint16_t red = info->channels == 1 ? luminance(colour) : colour.red;
	float rgba[] = {(float)red / UINT16_MAX, (float)colour.green / UINT16_MAX,
		(float)colour.blue / UINT16_MAX, 1};
	const struct geyser_pixels source = {
		GEYSER_FORMAT_RGBA32_FLOAT, 1, 1, {{rgba, sizeof(rgba)}}};
	const struct geyser_pixels texel = {
		without_srgb(format), 1, 1, {{out, info->bytes_per_texel}}};

	(void)geyser_convert_pixels(&source, &texel, NULL);
	return info->bytes_per_texel;
}

static void copy_row(
	const struct canvas *canvas, uint32_t from, uint32_t to, size_t at, size_t size)
{
	(void)memcpy(canvas->data + to * canvas->row_pitch + at,
		canvas->data + from * canvas->row_pitch + at, size);
}

void canvas_fill(const struct canvas *canvas, uint32_t x, uint32_t y, uint32_t width,
	uint32_t height, struct colour colour)
{
	unsigned char texel[TEXEL_MAX];
	const uint32_t size = canvas_encode(canvas->format, colour, texel);
	unsigned char *row;

	if (x >= canvas->width || y >= canvas->height || !width || !height)
		return;
	if (width > canvas->width - x)
		width = canvas->width - x;
	if (height > canvas->height - y)
		height = canvas->height - y;
	row = canvas->data + y * canvas->row_pitch + (size_t)x * size;
	for (uint32_t i = 0; i < width; i++)
		(void)memcpy(row + (size_t)i * size, texel, size);
	for (uint32_t i = 1; i < height; i++)
		copy_row(canvas, y, y + i, (size_t)x * size, (size_t)width * size);
}

void canvas_repeat(const struct canvas *canvas, uint32_t y, uint32_t end)
{
	const size_t size =
		(size_t)canvas->width * geyser_format_get_info(canvas->format)->bytes_per_texel;

	for (uint32_t row = y + 1; row < end; row++)
		copy_row(canvas, y, row, 0, size);
}
