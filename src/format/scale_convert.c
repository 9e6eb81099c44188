/* SPDX-License-Identifier: MIT */
/* Conversion of a picture to another size, or of a part of it, or upright. */
#include "format/convert.h"
#include "format/convert_pixels.h"
#include "format/scale.h"

/* Tells whether the crop begins at a sample of each component. */
static bool is_whole(enum geyser_format format, const struct geyser_rect *crop)
{
	struct gy_yuv_layout layout;

	if (!geyser_format_is_video(format))
		return true;
	layout = gy_yuv_layout_of(format);
	return crop->x % layout.columns == 0 && crop->y % layout.rows == 0;
}

/* Returns a part of the pixels, which begins at a sample of each component. */
static struct geyser_pixels part_of(
	const struct geyser_pixels *pixels, const struct geyser_rect *part)
{
	struct geyser_pixels out = *pixels;
	struct geyser_plane_extent before;

	out.width = part->width;
	out.height = part->height;
	for (uint32_t plane = 0;
		geyser_format_get_plane_extent(pixels->format, plane, part->x, part->y, &before);
		plane++)
		out.planes[plane].data = (uint8_t *)pixels->planes[plane].data +
					 before.height * pixels->planes[plane].row_pitch +
					 before.row_bytes;
	return out;
}

static void *texels_at(const struct geyser_pixels *pixels, uint32_t row, uint32_t column)
{
	const size_t size = geyser_format_get_info(pixels->format)->bytes_per_texel;

	return (uint8_t *)pixels->planes[0].data + row * pixels->planes[0].row_pitch +
	       column * size;
}

/* Converts a part of a row, whose texels lie in memory one after another. */
static void convert_row(const struct gy_convert_kernels *kernels, enum geyser_format format,
	void *texels, uint32_t count, const struct geyser_pixels *destination, uint32_t row,
	uint32_t first)
{
	const struct geyser_pixels from = {format, count, 1, {{texels, 0}}};
	const struct geyser_pixels to = {destination->format, count, 1,
		{{texels_at(destination, row, first), destination->planes[0].row_pitch}}};

	gy_convert(kernels, &from, &to);
}

static void scale_colours(const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct geyser_pixels *destination,
	const struct gy_geometry *geometry)
{
	const enum geyser_format same = source->format;
	double memory[8 * GY_SCALE_COLUMNS];
	float texels[4 * GY_SCALE_COLUMNS];
	struct gy_scaler scaler;
	bool picks;

	gy_scaler_init_colours(&scaler, kernels, source, geometry, destination->width,
		destination->height, memory);
	picks = gy_scaler_picks(&scaler);
	for (uint32_t x = 0; x < destination->width; x += GY_CONVERT_CHUNK) {
		const uint32_t left = destination->width - x;
		const uint32_t count = left < GY_CONVERT_CHUNK ? left : GY_CONVERT_CHUNK;

		for (uint32_t y = 0; y < destination->height; y++) {
			if (picks)
				gy_scaler_pick(&scaler, y, x, count, texels);
			else
				gy_scaler_make(&scaler, y, x, count, texels);
			convert_row(kernels, picks ? same : GEYSER_FORMAT_RGBA32_FLOAT, texels,
				count, destination, y, x);
		}
	}
}

void gy_convert_scaled(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination, const struct gy_yuv_meaning *meaning,
	const struct gy_geometry *geometry)
{
	const struct geyser_rect *const crop = &geometry->crop;

	if (geometry->same) {
		gy_convert_pixels(kernels, source, destination, meaning);
	} else if (geometry->orientation == GEYSER_ORIENTATION_NORMAL &&
		   crop->width == destination->width && crop->height == destination->height &&
		   is_whole(source->format, crop)) {
		const struct geyser_pixels part = part_of(source, crop);

		gy_convert_pixels(kernels, &part, destination, meaning);
	} else if (geyser_format_is_video(source->format) ||
		   geyser_format_is_video(destination->format)) {
		gy_yuv_convert_scaled(kernels, source, destination, meaning, geometry);
	} else {
		scale_colours(kernels, source, destination, geometry);
	}
}
