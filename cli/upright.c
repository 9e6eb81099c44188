/*
 * Makes the picture of a frame as it is meant to be seen.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <geyser/convert.h>

#include "common.h"
#include "upright.h"

/* ---- what is to be done --------------------------------------------------------------------- */

static bool has_alpha(enum geyser_format format)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	return info && info->channels == 4;
}

struct geyser_rect upright_crop(
	const struct geyser_frame_info *info, uint32_t width, uint32_t height)
{
	const struct geyser_rect all = {.width = width, .height = height};
	struct geyser_rect crop = info->crop;

	if (!crop.width || !crop.height || crop.x >= width || crop.y >= height)
		return all;
	if (crop.width > width - crop.x)
		crop.width = width - crop.x;
	if (crop.height > height - crop.y)
		crop.height = height - crop.y;
	return crop;
}

struct upright_need upright_need(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc)
{
	const struct geyser_rect crop = upright_crop(info, desc->width, desc->height);
	const bool alpha = has_alpha(desc->format);

	return (struct upright_need){
		.crop = crop.width != desc->width || crop.height != desc->height,
		.turn = info->orientation != GEYSER_ORIENTATION_NORMAL,
		.premultiplied = alpha && info->alpha == GEYSER_ALPHA_PREMULTIPLIED,
		.opaque = alpha && info->alpha == GEYSER_ALPHA_OPAQUE,
	};
}

void upright_describe(const struct upright_need *need, char *text, size_t size)
{
	(void)snprintf(text, size, "%s%s%s%s%s", need->premultiplied ? "premultiplied" : "",
		need->premultiplied && need->crop ? ", " : "", need->crop ? "cropped" : "",
		(need->premultiplied || need->crop) && need->turn ? ", " : "",
		need->turn ? "turned or flipped" : "");
}

/* ---- alpha ---------------------------------------------------------------------------------- */

/* Undoes the multiplication of a colour by alpha / max. */
static uint32_t divide(uint32_t value, uint32_t alpha, uint32_t max)
{
	const uint64_t straight = alpha ? ((uint64_t)value * max + alpha / 2) / alpha : 0;

	return straight < max ? (uint32_t)straight : max;
}

static void straighten_10_bits(unsigned char *texel)
{
	uint32_t word, alpha;

	memcpy(&word, texel, sizeof(word));
	alpha = word >> 30;
	for (unsigned shift = 0; shift < 30; shift += 10) {
		const uint32_t value = word >> shift & 0x3ff;
		const uint64_t straight = alpha ? (uint64_t)value * 3 / alpha : 0;

		word &= ~(UINT32_C(0x3ff) << shift);
		word |= (straight < 0x3ff ? (uint32_t)straight : 0x3ff) << shift;
	}
	memcpy(texel, &word, sizeof(word));
}

static void straighten_16_bits(unsigned char *texel)
{
	uint16_t values[4];

	memcpy(values, texel, sizeof(values));
	for (unsigned i = 0; i < 3; i++)
		values[i] = (uint16_t)divide(values[i], values[3], UINT16_MAX);
	memcpy(texel, values, sizeof(values));
}

static void straighten(unsigned char *texel, const struct png_layout *layout)
{
	if (layout->bits == 10)
		straighten_10_bits(texel);
	else if (layout->bits == 16)
		straighten_16_bits(texel);
	else
		for (unsigned i = 0; i < 3; i++)
			texel[i] = (unsigned char)divide(texel[i], texel[3], UINT8_MAX);
}

static void make_opaque(unsigned char *texel, const struct png_layout *layout)
{
	if (layout->bits == 10)
		texel[3] |= 0xc0;
	else if (layout->bits == 16)
		texel[6] = texel[7] = UINT8_MAX;
	else
		texel[3] = UINT8_MAX;
}

/* Changes the texels of a picture to straight alpha. */
static void mend_alpha(const struct png_texels *picture, const struct upright_need *need)
{
	const struct png_layout *const layout = png_layout(picture->format);
	const uint32_t size = geyser_format_get_info(picture->format)->bytes_per_texel;

	for (size_t i = 0; i < (size_t)picture->width * picture->height; i++) {
		if (need->premultiplied)
			straighten(picture->data + i * size, layout);
		else
			make_opaque(picture->data + i * size, layout);
	}
}

/* ---- the picture ---------------------------------------------------------------------------- */

/* Describes the texels to the library. */
static struct geyser_pixels pixels_of(const struct png_texels *texels)
{
	return (struct geyser_pixels){
		texels->format, texels->width, texels->height, {{texels->data, texels->row_pitch}}};
}

/* Makes *out the part of the frame that its crop names, upright, in new memory. */
static bool turn(const struct png_texels *frame, const struct geyser_frame_info *info,
	const struct geyser_rect *crop, struct png_texels *out)
{
	const struct geyser_convert_options options = {
		.crop = *crop, .orientation = info->orientation};
	const bool swap = (unsigned)info->orientation & 1;
	struct geyser_pixels from, to;

	out->width = swap ? crop->height : crop->width;
	out->height = swap ? crop->width : crop->height;
	out->row_pitch = (size_t)out->width * geyser_format_get_info(out->format)->bytes_per_texel;
	out->data = malloc(out->row_pitch * out->height);
	if (!out->data) {
		(void)failure("no memory for a picture (%ux%u): expected %zu free bytes",
			out->width, out->height, out->row_pitch * out->height);
		return false;
	}
	from = pixels_of(frame);
	to = pixels_of(out);
	if (geyser_convert_pixels(&from, &to, &options) == GEYSER_OK)
		return true;
	(void)library_failure("a picture (%ux%u)", out->width, out->height);
	return false;
}

bool upright_picture(const struct geyser_frame_info *info, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping, struct png_texels *out, unsigned char **owned)
{
	const struct upright_need need = upright_need(info, desc);
	const struct geyser_rect crop = upright_crop(info, desc->width, desc->height);
	const struct png_texels frame = {
		.format = desc->format,
		.width = desc->width,
		.height = desc->height,
		.data = mapping->data,
		.row_pitch = mapping->row_pitch,
		.color = &info->color,
	};
	bool done;

	*out = frame;
	*owned = NULL;
	if (!need.crop && !need.turn && !need.premultiplied && !need.opaque)
		return true;
	done = turn(&frame, info, &crop, out);
	*owned = out->data;
	if (done && (need.premultiplied || need.opaque))
		mend_alpha(out, &need);
	return done;
}
