/* SPDX-License-Identifier: MIT */
/* What the samples of video mean, and where they are. */
#include "format/yuv.h"

#include "base/error.h"

struct gy_yuv_layout gy_yuv_layout_of(enum geyser_format format)
{
	static const struct gy_yuv_component pairs[][3] = {
		{{0, 0, 2}, {0, 1, 4}, {0, 3, 4}}, /* Y Cb Y Cr */
		{{0, 1, 2}, {0, 0, 4}, {0, 2, 4}}, /* Cb Y Cr Y */
	};
	const struct geyser_format_info *const info = geyser_format_get_info(format);
	const unsigned int last = info->planes - 1, step = info->planes == 2 ? 2 : 1;
	struct gy_yuv_layout out = {
		.component = {{0, 0, 1}, {1, 0, step}, {last, step - 1, step}},
		.columns = info->plane[last].width_divisor,
		.rows = info->plane[last].height_divisor,
		.bits = info->planes > 1 && info->bytes_per_texel == 2 ? 16 : 8,
	};

	if (info->planes == 1)
		for (unsigned int i = 0; i < 3; i++)
			out.component[i] = pairs[format == GEYSER_FORMAT_UYVY][i];
	if (format == GEYSER_FORMAT_P010 || format == GEYSER_FORMAT_P210 ||
		format == GEYSER_FORMAT_P410)
		out.bits = 10;
	return out;
}

void *gy_yuv_sample_at(const struct geyser_pixels *pixels, const struct gy_yuv_layout *layout,
	unsigned int component, uint32_t row, uint32_t column)
{
	const struct gy_yuv_component *const of = &layout->component[component];
	const size_t sample = of->offset + (size_t)column * of->step;

	return (uint8_t *)pixels->planes[of->plane].data +
	       row * pixels->planes[of->plane].row_pitch + (layout->bits > 8 ? 2 : 1) * sample;
}

/* Returns the format with the same bytes and no transfer function: the colours of video are encoded
 * already, as the bytes of an -srgb format are. */
static enum geyser_format without_srgb(enum geyser_format format)
{
	switch (format) {
	case GEYSER_FORMAT_R8_UNORM_SRGB:
		return GEYSER_FORMAT_R8_UNORM;
	case GEYSER_FORMAT_RG8_UNORM_SRGB:
		return GEYSER_FORMAT_RG8_UNORM;
	case GEYSER_FORMAT_RGBA8_UNORM_SRGB:
		return GEYSER_FORMAT_RGBA8_UNORM;
	case GEYSER_FORMAT_BGRA8_UNORM_SRGB:
		return GEYSER_FORMAT_BGRA8_UNORM;
	default:
		return format;
	}
}

struct geyser_pixels gy_yuv_part_of(
	const struct geyser_pixels *pixels, uint32_t row, uint32_t first, uint32_t columns)
{
	const size_t size = geyser_format_get_info(pixels->format)->bytes_per_texel;

	return (struct geyser_pixels){
		.format = without_srgb(pixels->format),
		.width = columns,
		.height = 1,
		.planes = {{(uint8_t *)pixels->planes[0].data + row * pixels->planes[0].row_pitch +
				    first * size,
			pixels->planes[0].row_pitch}},
	};
}

/* The code point of a matrix that nobody has said, in ITU-T H.273. */
#define UNSPECIFIED 2

struct gy_yuv_meaning gy_yuv_siting_of(const struct geyser_convert_options *options)
{
	const unsigned int siting = options ? options->siting : GEYSER_SITING_UNSPECIFIED;

	return (struct gy_yuv_meaning){
		.across = siting == GEYSER_SITING_CENTER || siting == GEYSER_SITING_TOP ||
			  siting == GEYSER_SITING_BOTTOM,
		.down = siting == GEYSER_SITING_TOP_LEFT || siting == GEYSER_SITING_TOP         ? 0
			: siting == GEYSER_SITING_BOTTOM_LEFT || siting == GEYSER_SITING_BOTTOM ? 2
												: 1,
	};
}

enum geyser_result gy_yuv_meaning_of(
	const struct geyser_convert_options *options, struct gy_yuv_meaning *out)
{
	/* from ITU-T H.273, table 4 */
	static const struct {
		unsigned int matrix;
		double red, blue;
	} weights[] = {
		{1, 0.2126, 0.0722},
		{UNSPECIFIED, 0.299, 0.114},
		{4, 0.30, 0.11},
		{5, 0.299, 0.114},
		{6, 0.299, 0.114},
		{7, 0.212, 0.087},
		{9, 0.2627, 0.0593},
	};
	const struct geyser_color *const color = options ? options->color : NULL;
	const unsigned int matrix = color ? color->matrix : UNSPECIFIED;

	*out = gy_yuv_siting_of(options);
	out->limited = !color || color->range == GEYSER_COLOR_RANGE_LIMITED;
	for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
		if (weights[i].matrix != matrix)
			continue;
		out->red = weights[i].red;
		out->blue = weights[i].blue;
		return GEYSER_OK;
	}
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"color matrix (%u): conversions of video know 1 (BT.709), 4 (FCC), 5 and 6 "
		"(BT.601), 7 (SMPTE 240M), 9 (BT.2020), and 2 (unspecified, as BT.601)",
		matrix);
}
