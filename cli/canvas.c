/*
 * Drawing plain colours straight into texels.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

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

/* Converts value / 65535 to IEEE half precision. */
static uint16_t to_half(uint16_t value)
{
	float real = (float)value / 65535;
	uint32_t bits;

	if (real < 0x1p-14f) /* subnormal: a multiple of 2^-24 */
		return (uint16_t)(real * 0x1p24f + 0.5f);
	(void)memcpy(&bits, &real, sizeof(bits));
	bits += 0xfff + (bits >> 13 & 1); /* rounds to nearest, ties to even */
	return (uint16_t)((bits >> 13) - ((127 - 15) << 10));
}

static uint32_t encode_float(struct colour colour, unsigned char *out)
{
	const uint16_t halves[] = {
		to_half(colour.red),
		to_half(colour.green),
		to_half(colour.blue),
		to_half(UINT16_MAX),
	};

	(void)memcpy(out, halves, sizeof(halves));
	return sizeof(halves);
}

static uint32_t encode_10_bits(struct colour colour, unsigned char *out)
{
	const uint32_t word = png_narrow(colour.red, 10) | png_narrow(colour.green, 10) << 10 |
			      png_narrow(colour.blue, 10) << 20 | UINT32_C(3) << 30;

	(void)memcpy(out, &word, sizeof(word));
	return sizeof(word);
}

static unsigned char to_byte(uint16_t value)
{
	return (unsigned char)png_narrow(value, 8);
}

/* ITU-R BT.709's weights, in 1/65536. */
static uint16_t luminance(struct colour colour)
{
	return (uint16_t)((colour.red * UINT64_C(13933) + colour.green * UINT64_C(46871) +
				  colour.blue * UINT64_C(4732)) >>
			  16);
}

uint32_t canvas_encode(enum geyser_format format, struct colour colour, unsigned char *out)
{
	const bool bgra =
		format == GEYSER_FORMAT_BGRA8_UNORM || format == GEYSER_FORMAT_BGRA8_UNORM_SRGB;
	const uint32_t size = geyser_format_get_info(format)->bytes_per_texel;

	if (format == GEYSER_FORMAT_RGBA16_FLOAT)
		return encode_float(colour, out);
	if (format == GEYSER_FORMAT_RGB10A2_UNORM)
		return encode_10_bits(colour, out);
	if (size == 1) {
		out[0] = to_byte(luminance(colour));
		return size;
	}
	out[0] = to_byte(bgra ? colour.blue : colour.red);
	out[1] = to_byte(colour.green);
	if (size == 4) {
		out[2] = to_byte(bgra ? colour.red : colour.blue);
		out[3] = UINT8_MAX;
	}
	return size;
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
