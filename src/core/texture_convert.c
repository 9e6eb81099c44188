/* SPDX-License-Identifier: MIT */
/* Conversion of whole textures: by their device, or through their mappings. */
#include <geyser/convert.h>

#include "base/error.h"
#include "core/manager.h"
#include "core/texture.h"
#include "format/convert_pixels.h"
#include "format/convert_rows.h"
#include "format/geometry.h"
#include "format/yuv.h"

/* Checks the shapes, and the size of the destination if no filter makes another one. */
static enum geyser_result check_shapes(const struct geyser_texture_desc *source,
	const struct geyser_texture_desc *destination, const struct gy_geometry *geometry)
{
	const bool any_size = geometry->filter != GEYSER_FILTER_NONE;
	const struct {
		const char *name;
		uint32_t source, destination;
	} fields[] = {
		{"width", any_size ? destination->width : geometry->upright_width,
			destination->width},
		{"height", any_size ? destination->height : geometry->upright_height,
			destination->height},
		{"depth", source->depth, destination->depth},
		{"layers", source->layers, destination->layers},
		{"mip_levels", source->mip_levels, destination->mip_levels},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].source != fields[i].destination)
			return gy_fail(GEYSER_ERROR_MISMATCH,
				"destination %s (%u): the source has %u, and %sboth must be the "
				"same",
				fields[i].name, fields[i].destination, fields[i].source,
				i < 2 ? "without a filter " : "");
	if (!geometry->same && source->mip_levels > 1)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"source mip_levels (%u): only textures with 1 level are cropped, turned or "
			"scaled",
			source->mip_levels);
	return GEYSER_OK;
}

enum geyser_result gy_texture_check_convert(const struct geyser_texture *source,
	const struct geyser_texture *destination, const struct geyser_convert_options *options,
	struct gy_yuv_meaning *meaning, struct gy_geometry *geometry)
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
	result = gy_geometry_of(options, (const uint32_t[]){from->width, from->height},
		(const uint32_t[]){to->width, to->height}, geometry);
	if (result == GEYSER_OK)
		result = check_shapes(from, to, geometry);
	return result == GEYSER_OK
		       ? gy_convert_check_formats(from->format, to->format, options, meaning)
		       : result;
}

/* One side of the conversion. */
struct side {
	struct geyser_texture *texture;
	struct geyser_mapping mapping;
};

/* Each mip level has half the extent of the one before, rounded down, but at least 1. */
static uint32_t extent_of(uint32_t extent, uint32_t level)
{
	return extent >> level ? extent >> level : 1;
}

/* Describes one depth slice of a mip level of a layer. */
static enum geyser_result describe(const struct side *side, uint32_t level, uint32_t layer,
	uint32_t slice, struct geyser_pixels *out)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(side->texture);
	const uint32_t planes = geyser_format_get_info(desc->format)->planes;
	struct geyser_subresource at;
	enum geyser_result result = GEYSER_OK;

	*out = (struct geyser_pixels){
		.format = desc->format,
		.width = extent_of(desc->width, level),
		.height = extent_of(desc->height, level),
	};
	for (uint32_t plane = 0; plane < planes && result == GEYSER_OK; plane++) {
		result = geyser_texture_get_subresource(side->texture, plane, level, layer, &at);
		if (result != GEYSER_OK)
			break;
		out->planes[plane].data =
			(uint8_t *)side->mapping.data + at.offset + slice * at.slice_pitch;
		out->planes[plane].row_pitch = at.row_pitch;
	}
	return result;
}

static enum geyser_result convert_level(const struct side *source, const struct side *destination,
	uint32_t level, uint32_t layer, const struct gy_yuv_meaning *meaning,
	const struct gy_geometry *geometry)
{
	const uint32_t slices = extent_of(geyser_texture_get_desc(source->texture)->depth, level);
	struct geyser_pixels from, to;
	enum geyser_result result = GEYSER_OK;

	for (uint32_t slice = 0; result == GEYSER_OK && slice < slices; slice++) {
		result = describe(source, level, layer, slice, &from);
		if (result == GEYSER_OK)
			result = describe(destination, level, layer, slice, &to);
		if (result == GEYSER_OK)
			gy_convert_scaled(gy_convert_kernels(), &from, &to, meaning, geometry);
	}
	return result;
}

static enum geyser_result convert_all(const struct side *source, const struct side *destination,
	const struct gy_yuv_meaning *meaning, const struct gy_geometry *geometry)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(source->texture);
	enum geyser_result result = GEYSER_OK;

	for (uint32_t layer = 0; layer < desc->layers; layer++)
		for (uint32_t level = 0; level < desc->mip_levels && result == GEYSER_OK; level++)
			result =
				convert_level(source, destination, level, layer, meaning, geometry);
	return result;
}

/* Converts on the CPU. */
static enum geyser_result convert_mapped(struct geyser_texture *source,
	struct geyser_texture *destination, const struct gy_yuv_meaning *meaning,
	const struct gy_geometry *geometry)
{
	struct side from = {.texture = source}, to = {.texture = destination};
	enum geyser_result result = geyser_texture_map(source, GEYSER_ACCESS_READ, &from.mapping);

	if (result != GEYSER_OK)
		return result;
	result = geyser_texture_map(destination, GEYSER_ACCESS_WRITE, &to.mapping);
	if (result == GEYSER_OK) {
		result = convert_all(&from, &to, meaning, geometry);
		geyser_texture_unmap(destination);
	}
	geyser_texture_unmap(source);
	return result;
}

/* Converts on the device that both textures belong to. *done is false, without an error, if that
 * isn't possible. Textures that both lie in host memory are converted in place. */
static enum geyser_result convert_on_device(struct geyser_texture *source,
	struct geyser_texture *destination, const struct gy_yuv_meaning *meaning, bool *done)
{
	struct geyser_manager *const manager = gy_texture_manager(source);
	enum geyser_result result;

	*done = false;
	if (!manager->backend->convert_texels || gy_texture_manager(destination) != manager ||
		(geyser_texture_map_path(source) == GEYSER_PATH_ZERO_COPY &&
			geyser_texture_map_path(destination) == GEYSER_PATH_ZERO_COPY))
		return GEYSER_OK;
	result = gy_texture_begin_access(source, GEYSER_ACCESS_READ);
	if (result == GEYSER_OK)
		result = gy_texture_begin_access(destination, GEYSER_ACCESS_WRITE);
	if (result != GEYSER_OK)
		return result;
	return manager->backend->convert_texels(
		gy_texture_backing(source), gy_texture_backing(destination), meaning, done);
}

enum geyser_result geyser_texture_convert(struct geyser_texture *source,
	struct geyser_texture *destination, const struct geyser_convert_options *options)
{
	struct gy_yuv_meaning meaning;
	struct gy_geometry geometry;
	enum geyser_result result =
		gy_texture_check_convert(source, destination, options, &meaning, &geometry);
	bool done = false;

	/* devices don't crop, turn or scale */
	if (result == GEYSER_OK && geometry.same)
		result = convert_on_device(source, destination, &meaning, &done);
	return result == GEYSER_OK && !done
		       ? convert_mapped(source, destination, &meaning, &geometry)
		       : result;
}
