/* SPDX-License-Identifier: MIT */
/* Which way the pixels of two formats are converted: copied, by lanes, or as video. */
#include "format/convert_pixels.h"

#include "base/error.h"
#include "format/convert.h"
#include "format/convert_rows.h"
#include "format/yuv.h"
#include "format/yuv_fixed.h"

/* Copies all planes. */
static void copy(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination)
{
	const struct geyser_format_info *const info = geyser_format_get_info(source->format);
	struct geyser_plane_extent extent;

	for (uint32_t plane = 0; geyser_format_get_plane_extent(
		     source->format, plane, source->width, source->height, &extent);
		plane++) {
		struct geyser_pixels pixels[] = {*source, *destination};

		for (size_t i = 0; i < 2; i++) {
			pixels[i].format = info->plane[plane].format;
			pixels[i].width = extent.width;
			pixels[i].height = extent.height;
			pixels[i].planes[0] = pixels[i].planes[plane];
		}
		gy_convert(kernels, &pixels[0], &pixels[1]);
	}
}

void gy_convert_pixels(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination, const struct gy_yuv_meaning *meaning)
{
	if (source->format == destination->format)
		copy(kernels, source, destination);
	else if (gy_yuv_fixed_knows(source->format, destination->format))
		gy_yuv_fixed_convert(kernels, source, destination, meaning);
	else if (geyser_format_is_video(source->format) ||
		 geyser_format_is_video(destination->format))
		gy_yuv_convert(kernels, source, destination, meaning);
	else
		gy_convert(kernels, source, destination);
}

static enum geyser_result check_format(const char *name, enum geyser_format format)
{
	if (geyser_format_is_video(format) || gy_convert_has_steps(format))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"%s format (%s): only formats of colours and video convert to another format or "
		"are filtered; this one can be copied to its own",
		name, geyser_format_name(format));
}

/* Texels that can't be converted can't be mixed either. */
static enum geyser_result check_filter(
	enum geyser_format format, const struct geyser_convert_options *options)
{
	if (!options || options->filter <= GEYSER_FILTER_NEAREST)
		return GEYSER_OK;
	return check_format("source", format);
}

enum geyser_result gy_convert_check_formats(enum geyser_format source,
	enum geyser_format destination, const struct geyser_convert_options *options,
	struct gy_yuv_meaning *meaning)
{
	enum geyser_result result;

	*meaning = gy_yuv_siting_of(options);
	if (source == destination)
		return check_filter(source, options);
	result = check_format("source", source);
	if (result == GEYSER_OK)
		result = check_format("destination", destination);
	if (result != GEYSER_OK ||
		!(geyser_format_is_video(source) || geyser_format_is_video(destination)))
		return result;
	return gy_yuv_meaning_of(options, meaning);
}
