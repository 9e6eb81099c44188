/* SPDX-License-Identifier: MIT */
/* Conversion of whole textures, through their mappings. */
#include <geyser/convert.h>

#include "base/error.h"
#include "format/convert.h"
#include "format/convert_rows.h"

static enum geyser_result check_shapes(
	const struct geyser_texture_desc *source, const struct geyser_texture_desc *destination)
{
	const struct {
		const char *name;
		uint32_t source, destination;
	} fields[] = {
		{"width", source->width, destination->width},
		{"height", source->height, destination->height},
		{"depth", source->depth, destination->depth},
		{"layers", source->layers, destination->layers},
		{"mip_levels", source->mip_levels, destination->mip_levels},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].source != fields[i].destination)
			return gy_fail(GEYSER_ERROR_MISMATCH,
				"destination %s (%u): the source has %u, and both must be the same",
				fields[i].name, fields[i].destination, fields[i].source);
	return GEYSER_OK;
}

static enum geyser_result check(
	const struct geyser_texture *source, const struct geyser_texture *destination)
{
	const struct geyser_texture_desc *from, *to;
	enum geyser_result result;

	if (!source || !destination)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL",
			source ? "destination" : "source");
	if (source == destination)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"destination is the source: it must be another texture");
	from = geyser_texture_get_desc(source);
	to = geyser_texture_get_desc(destination);
	result = check_shapes(from, to);
	return result == GEYSER_OK ? gy_convert_check_formats(from->format, to->format) : result;
}

/* One side of the conversion. */
struct side {
	struct geyser_texture *texture;
	struct geyser_mapping mapping;
};

/* Describes one depth slice of a subresource. */
static struct geyser_pixels slice_of(
	const struct side *side, const struct geyser_subresource *at, uint32_t slice)
{
	return (struct geyser_pixels){
		.format = geyser_texture_get_desc(side->texture)->format,
		.width = at->width,
		.height = at->height,
		.planes = {{(uint8_t *)side->mapping.data + at->offset + slice * at->slice_pitch,
			at->row_pitch}},
	};
}

static enum geyser_result convert_level(
	const struct side *source, const struct side *destination, uint32_t level, uint32_t layer)
{
	struct geyser_subresource from, to;
	enum geyser_result result =
		geyser_texture_get_subresource(source->texture, 0, level, layer, &from);

	if (result == GEYSER_OK)
		result = geyser_texture_get_subresource(destination->texture, 0, level, layer, &to);
	for (uint32_t slice = 0; result == GEYSER_OK && slice < from.depth; slice++) {
		const struct geyser_pixels in = slice_of(source, &from, slice);
		const struct geyser_pixels out = slice_of(destination, &to, slice);

		gy_convert(gy_convert_kernels(), &in, &out);
	}
	return result;
}

static enum geyser_result convert_all(const struct side *source, const struct side *destination)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(source->texture);
	enum geyser_result result = GEYSER_OK;

	for (uint32_t layer = 0; layer < desc->layers; layer++)
		for (uint32_t level = 0; level < desc->mip_levels && result == GEYSER_OK; level++)
			result = convert_level(source, destination, level, layer);
	return result;
}

enum geyser_result geyser_texture_convert(
	struct geyser_texture *source, struct geyser_texture *destination)
{
	struct side from = {.texture = source}, to = {.texture = destination};
	enum geyser_result result = check(source, destination);

	if (result == GEYSER_OK)
		result = geyser_texture_map(source, GEYSER_ACCESS_READ, &from.mapping);
	if (result != GEYSER_OK)
		return result;
	result = geyser_texture_map(destination, GEYSER_ACCESS_WRITE, &to.mapping);
	if (result == GEYSER_OK) {
		result = convert_all(&from, &to);
		geyser_texture_unmap(destination);
	}
	geyser_texture_unmap(source);
	return result;
}
