/* SPDX-License-Identifier: MIT */
/* The public function that converts pixels, and its checks. */
#include <geyser/convert.h>

#include "base/error.h"
#include "format/convert_pixels.h"
#include "format/convert_rows.h"
#include "format/geometry.h"
#include "format/yuv.h"

/* The memory of a plane: from the first texel to the end of the last one. */
struct span {
	uintptr_t start, end;
};

/* Finds where a plane's memory ends. Returns false on overflow. */
static bool find_end(const struct geyser_plane_extent *extent, size_t row_pitch, struct span *span)
{
	uint64_t size;

	if (__builtin_mul_overflow((uint64_t)extent->height - 1, row_pitch, &size) ||
		__builtin_add_overflow(size, extent->row_bytes, &size))
		return false;
	return !__builtin_add_overflow(span->start, size, &span->end);
}

/* Checks one plane of one side, and gives its memory. */
static enum geyser_result check_plane(const char *name, const struct geyser_pixels *pixels,
	uint32_t plane, const struct geyser_plane_extent *extent, struct span *out)
{
	const struct geyser_format_info *const info = geyser_format_get_info(pixels->format);
	const size_t row_pitch = pixels->planes[plane].row_pitch;

	out->start = (uintptr_t)pixels->planes[plane].data;
	if (!out->start)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s planes[%u].data is NULL: %u × %u texels need memory", name, plane,
			extent->width, extent->height);
	if (row_pitch < extent->row_bytes)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s planes[%u].row_pitch (%zu bytes): %u texels of %s take %llu", name,
			plane, row_pitch, pixels->width, info->name,
			(unsigned long long)extent->row_bytes);
	if (!find_end(extent, row_pitch, out))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s planes[%u].row_pitch (%zu bytes): %u rows of that reach beyond all "
			"memory",
			name, plane, row_pitch, extent->height);
	return GEYSER_OK;
}

/* Checks one side. The spans are those of its planes. */
static enum geyser_result check_memory(
	const char *name, const struct geyser_pixels *pixels, struct span *spans)
{
	struct geyser_plane_extent extent;
	enum geyser_result result = GEYSER_OK;

	for (uint32_t plane = 0;
		result == GEYSER_OK && geyser_format_get_plane_extent(pixels->format, plane,
					       pixels->width, pixels->height, &extent);
		plane++)
		result = check_plane(name, pixels, plane, &extent, &spans[plane]);
	return result;
}

static enum geyser_result check_format(const char *name, const struct geyser_pixels *pixels)
{
	if (!pixels)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
	if (!geyser_format_get_info(pixels->format))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s format (%d): geyser's formats are 1 to %d", name, (int)pixels->format,
			GEYSER_FORMAT_COUNT - 1);
	return GEYSER_OK;
}

static enum geyser_result check_overlap(
	const struct span *source, uint32_t plane, const struct span *destination)
{
	if (source->start >= destination->end || destination->start >= source->end)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"destination planes[%u].data: its %zu bytes overlap %zu bytes of the source; they "
		"must lie apart",
		plane, (size_t)(destination->end - destination->start),
		(size_t)(source->end - source->start));
}

static enum geyser_result check_spans(
	const struct geyser_pixels *source, const struct geyser_pixels *destination)
{
	struct span from[GEYSER_FORMAT_PLANES_MAX] = {0}, to[GEYSER_FORMAT_PLANES_MAX] = {0};
	const uint32_t from_planes = geyser_format_get_info(source->format)->planes;
	const uint32_t to_planes = geyser_format_get_info(destination->format)->planes;
	enum geyser_result result = check_memory("source", source, from);

	if (result == GEYSER_OK)
		result = check_memory("destination", destination, to);
	for (uint32_t i = 0; result == GEYSER_OK && i < from_planes * to_planes; i++)
		result = check_overlap(&from[i / to_planes], i % to_planes, &to[i % to_planes]);
	return result;
}

static enum geyser_result check_size(
	const struct geyser_pixels *destination, const struct gy_geometry *geometry)
{
	if (destination->width == geometry->upright_width &&
		destination->height == geometry->upright_height)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"destination size (%u × %u): the source has %u × %u to convert, and without a "
		"filter both must be the same",
		destination->width, destination->height, geometry->upright_width,
		geometry->upright_height);
}

static enum geyser_result check_pixels(const struct geyser_pixels *source,
	const struct geyser_pixels *destination, const struct geyser_convert_options *options,
	struct gy_yuv_meaning *meaning, struct gy_geometry *geometry)
{
	enum geyser_result result = check_format("source", source);

	if (result == GEYSER_OK)
		result = check_format("destination", destination);
	if (result == GEYSER_OK)
		result = gy_convert_check_formats(
			source->format, destination->format, options, meaning);
	if (result == GEYSER_OK)
		result = gy_geometry_of(options, (const uint32_t[]){source->width, source->height},
			(const uint32_t[]){destination->width, destination->height}, geometry);
	if (result == GEYSER_OK && geometry->filter == GEYSER_FILTER_NONE)
		result = check_size(destination, geometry);
	if (result != GEYSER_OK || destination->width == 0 || destination->height == 0)
		return result;
	return check_spans(source, destination);
}

enum geyser_result geyser_convert_pixels(const struct geyser_pixels *source,
	const struct geyser_pixels *destination, const struct geyser_convert_options *options)
{
	struct gy_yuv_meaning meaning;
	struct gy_geometry geometry;
	const enum geyser_result result =
		check_pixels(source, destination, options, &meaning, &geometry);

	if (result == GEYSER_OK && destination->width > 0 && destination->height > 0)
		gy_convert_scaled(gy_convert_kernels(), source, destination, &meaning, &geometry);
	return result;
}
