/* SPDX-License-Identifier: MIT */
/* The public function that converts pixels, and its checks. */
#include <geyser/convert.h>

#include "base/error.h"
#include "format/convert.h"
#include "format/convert_rows.h"

/* Tells how many bytes the texels span from the first to the last one. Returns false on
 * overflow. */
static bool span_of(const struct geyser_pixels *pixels, uint64_t row, uintptr_t *out)
{
	uint64_t span;

	if (__builtin_mul_overflow(
		    (uint64_t)pixels->height - 1, pixels->planes[0].row_pitch, &span) ||
		__builtin_add_overflow(span, row, &span))
		return false;
	return !__builtin_add_overflow((uintptr_t)pixels->planes[0].data, span, out);
}

/* Checks one side, and gives the address after its last texel. */
static enum geyser_result check_memory(
	const char *name, const struct geyser_pixels *pixels, uintptr_t *end)
{
	const struct geyser_format_info *const info = geyser_format_get_info(pixels->format);
	const uint64_t row = (uint64_t)pixels->width * info->bytes_per_texel;

	if (!pixels->planes[0].data)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s planes[0].data is NULL: %u × %u texels need memory", name,
			pixels->width, pixels->height);
	if (pixels->planes[0].row_pitch < row)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s row_pitch (%zu bytes): %u texels of %s take %llu", name,
			pixels->planes[0].row_pitch, pixels->width, info->name,
			(unsigned long long)row);
	if (!span_of(pixels, row, end))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s row_pitch (%zu bytes): %u rows of that reach beyond all memory", name,
			pixels->planes[0].row_pitch, pixels->height);
	return GEYSER_OK;
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

static enum geyser_result check_overlap(const struct geyser_pixels *source, uintptr_t source_end,
	const struct geyser_pixels *destination, uintptr_t destination_end)
{
	const uintptr_t from = (uintptr_t)source->planes[0].data;
	const uintptr_t to = (uintptr_t)destination->planes[0].data;

	if (from >= destination_end || to >= source_end)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"destination planes[0].data: its %zu bytes overlap the %zu bytes of the source; "
		"they must lie apart",
		(size_t)(destination_end - to), (size_t)(source_end - from));
}

static enum geyser_result check_pixels(
	const struct geyser_pixels *source, const struct geyser_pixels *destination)
{
	enum geyser_result result = check_format("source", source);
	uintptr_t source_end, destination_end;

	if (result == GEYSER_OK)
		result = check_format("destination", destination);
	if (result == GEYSER_OK)
		result = gy_convert_check_formats(source->format, destination->format);
	if (result != GEYSER_OK)
		return result;
	if (source->width != destination->width || source->height != destination->height)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"destination size (%u × %u): the source has %u × %u, and both must be the "
			"same",
			destination->width, destination->height, source->width, source->height);
	if (source->width == 0 || source->height == 0)
		return GEYSER_OK;
	result = check_memory("source", source, &source_end);
	if (result == GEYSER_OK)
		result = check_memory("destination", destination, &destination_end);
	return result == GEYSER_OK ? check_overlap(source, source_end, destination, destination_end)
				   : result;
}

enum geyser_result geyser_convert_pixels(
	const struct geyser_pixels *source, const struct geyser_pixels *destination)
{
	const enum geyser_result result = check_pixels(source, destination);

	if (result == GEYSER_OK)
		gy_convert(gy_convert_kernels(), source, destination);
	return result;
}
