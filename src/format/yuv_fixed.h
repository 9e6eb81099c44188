/* SPDX-License-Identifier: MIT */
/* Conversion between video of 8 bits and colours of 8 bits a channel, in integers: the fast way for
 * the pairs that programs convert most. */
#ifndef GY_FORMAT_YUV_FIXED_H
#define GY_FORMAT_YUV_FIXED_H

#include <geyser/convert.h>

struct gy_convert_kernels;
struct gy_yuv_meaning;

/* Tells whether gy_yuv_fixed_convert knows this pair of formats: video with 8 bits a sample and a
 * chroma sample for two columns, and unorm with 8 bits a channel. */
bool gy_yuv_fixed_knows(enum geyser_format source, enum geyser_format destination);

/* Converts all texels. Checks nothing. */
void gy_yuv_fixed_convert(const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct geyser_pixels *destination,
	const struct gy_yuv_meaning *meaning);

#endif
