/*
 * Raw files: the order of a texture's bytes in them, and how many there are.
 *
 * SPDX-License-Identifier: MIT
 */
#include "raw.h"

uint64_t raw_size(enum geyser_format format, uint32_t width, uint32_t height)
{
	struct geyser_plane_extent extent;
	uint64_t size = 0;

	for (uint32_t plane = 0;
		geyser_format_get_plane_extent(format, plane, width, height, &extent); plane++)
		size += extent.size;
	return size;
}

/* Finds out where the part lies that the walk has come to. */
static void find_part(struct raw_walk *walk)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(walk->texture);
	const struct geyser_format_info *const info = geyser_format_get_info(desc->format);
	const uint32_t plane = walk->part % info->planes;
	const uint32_t picture = walk->part / info->planes;
	const struct geyser_format_info *const texels =
		geyser_format_get_info(info->plane[plane].format);

	(void)geyser_texture_get_subresource(walk->texture, plane, picture % desc->mip_levels,
		picture / desc->mip_levels, &walk->at);
	walk->row_bytes = (size_t)walk->at.width * texels->bytes_per_texel;
	walk->row = 0;
}

void raw_begin(struct raw_walk *walk, const struct geyser_texture *texture, void *data, bool by_row)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);

	*walk = (struct raw_walk){.texture = texture, .data = data, .by_row = by_row};
	walk->parts =
		desc->layers * desc->mip_levels * geyser_format_get_info(desc->format)->planes;
	find_part(walk);
}

bool raw_next(struct raw_walk *walk, unsigned char **data, size_t *size)
{
	const struct geyser_subresource *const at = &walk->at;
	const uint64_t rows = (uint64_t)at->height * at->depth;
	const bool tight =
		at->row_pitch == walk->row_bytes && at->slice_pitch == at->row_pitch * at->height;

	if (walk->row == rows) {
		if (++walk->part >= walk->parts)
			return false;
		find_part(walk);
		return raw_next(walk, data, size);
	}
	*data = walk->data + at->offset + walk->row / at->height * at->slice_pitch +
		walk->row % at->height * at->row_pitch;
	*size = tight && !walk->by_row ? at->size : walk->row_bytes;
	walk->row += *size / walk->row_bytes;
	return true;
}
