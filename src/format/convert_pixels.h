/* SPDX-License-Identifier: MIT */
/* Conversion of pixels between all formats. */
#ifndef GY_FORMAT_CONVERT_PIXELS_H
#define GY_FORMAT_CONVERT_PIXELS_H

#include <geyser/convert.h>

struct gy_convert_kernels;
struct gy_geometry;
struct gy_yuv_meaning;

/* Converts as geyser_convert_pixels does, by these steps, and checks nothing. */
void gy_convert_pixels(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination, const struct gy_yuv_meaning *meaning);

/* The same to another size, of a part of the source, or upright. */
void gy_convert_scaled(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination, const struct gy_yuv_meaning *meaning,
	const struct gy_geometry *geometry);

/* Tells whether texels of one format can be converted to the other one, and what the numbers of
 * video mean. Both formats must exist. Errors: UNSUPPORTED, naming the depth format or the matrix.
 */
enum geyser_result gy_convert_check_formats(enum geyser_format source,
	enum geyser_format destination, const struct geyser_convert_options *options,
	struct gy_yuv_meaning *meaning);

#endif
