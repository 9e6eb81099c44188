/*
 * Makes the picture of a frame as it is meant to be seen.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "upright.h"

/* ---- what is to be done --------------------------------------------------------------------- */

static bool has_alpha(enum geyser_format format)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	return info && info->channels == 4;
}

/* Returns the crop rectangle, clipped to the texture. */
static struct geyser_rect crop_of(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc)
{
	const struct geyser_rect all = {.width = desc->width, .height = desc->height};
	struct geyser_rect crop = info->crop;

	if (!crop.width || !crop.height || crop.x >= desc->width || crop.y >= desc->height)
		return all;
	if (crop.width > desc->width - crop.x)
		crop.width = desc->width - crop.x;
	if (crop.height > desc->height - crop.y)
		crop.height = desc->height - crop.y;
	return crop;
}

struct upright_need upright_need(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc)
{
	const struct geyser_rect crop = crop_of(info, desc);
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

/* ---- turning -------------------------------------------------------------------------------- */

static bool swaps_sides(enum geyser_orientation orientation)
{
	return (unsigned)orientation & 1;
}

/* Finds where the texel at x, y of the upright picture lies in the frame, a picture of that width
 * and height. The frame is first flipped about the vertical axis if need be, then turned
 * counter-clockwise. */
static void find_texel(enum geyser_orientation orientation, uint32_t width, uint32_t height,
	uint32_t x, uint32_t y, uint32_t *from_x, uint32_t *from_y)
{
	switch ((unsigned)orientation & 3) {
	case 0:
		*from_x = x;
		*from_y = y;
		break;
	case 1:
		*from_x = width - 1 - y;
		*from_y = x;
		break;
	case 2:
		*from_x = width - 1 - x;
		*from_y = height - 1 - y;
		break;
	default:
		*from_x = y;
		*from_y = height - 1 - x;
		break;
	}
	if ((unsigned)orientation & 4)
		*from_x = width - 1 - *from_x;
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

/* ---- the picture ---------------------------------------------------------------------------- */

struct job {
	const struct geyser_frame_info *info;
	struct upright_need need;
	struct geyser_rect crop;
	const struct png_layout *layout;
	uint32_t size; /* bytes of a texel */
	const struct geyser_mapping *mapping;
};

static void fill_row(const struct job *job, const struct png_texels *out, uint32_t y)
{
	const struct geyser_rect *const crop = &job->crop;
	unsigned char *texel = out->data + y * out->row_pitch;

	for (uint32_t x = 0; x < out->width; x++, texel += job->size) {
		uint32_t from_x, from_y;

		find_texel(
			job->info->orientation, crop->width, crop->height, x, y, &from_x, &from_y);
		memcpy(texel,
			(const unsigned char *)job->mapping->data +
				(size_t)(crop->y + from_y) * job->mapping->row_pitch +
				(size_t)(crop->x + from_x) * job->size,
			job->size);
		if (job->need.premultiplied)
			straighten(texel, job->layout);
		if (job->need.opaque)
			make_opaque(texel, job->layout);
	}
}

bool upright_picture(const struct geyser_frame_info *info, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping, struct png_texels *out, unsigned char **owned)
{
	const struct job job = {
		.info = info,
		.need = upright_need(info, desc),
		.crop = crop_of(info, desc),
		.layout = png_layout(desc->format),
		.size = geyser_format_get_info(desc->format)->bytes_per_texel,
		.mapping = mapping,
	};
	const bool swap = swaps_sides(info->orientation);

	*owned = NULL;
	*out = (struct png_texels){
		.format = desc->format,
		.width = swap ? job.crop.height : job.crop.width,
		.height = swap ? job.crop.width : job.crop.height,
		.data = mapping->data,
		.row_pitch = mapping->row_pitch,
		.color = &info->color,
	};
	if (!job.need.crop && !job.need.turn && !job.need.premultiplied && !job.need.opaque)
		return true;
	out->row_pitch = (size_t)out->width * job.size;
	out->data = *owned = malloc(out->row_pitch * out->height);
	if (!*owned) {
		(void)failure("no memory for a picture (%ux%u): expected %zu free bytes",
			out->width, out->height, out->row_pitch * out->height);
		return false;
	}
	for (uint32_t y = 0; y < out->height; y++)
		fill_row(&job, out, y);
	return true;
}
