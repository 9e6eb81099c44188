/* SPDX-License-Identifier: MIT */
/* The numbers of conversions of video: factors, weights, and which rows chroma is made of. */
#ifndef GY_FORMAT_YUV_NUMBERS_H
#define GY_FORMAT_YUV_NUMBERS_H

#include "format/yuv.h"
#include "format/yuv_rows.h"

/* What the samples of one side span: luma is black to black + luma, and chroma reaches half of
 * `chroma` to both sides of grey. */
struct gy_yuv_range {
	double luma, black, chroma, grey;
};

struct gy_yuv_range gy_yuv_range_of(unsigned int bits, bool limited);

struct gy_yuv_factors gy_yuv_factors_of(
	const struct gy_yuv_range *range, const struct gy_yuv_meaning *meaning);

/* Sets the weights of Y, Cb and Cr. */
void gy_yuv_set_weights(const struct gy_yuv_range *range, const struct gy_yuv_meaning *meaning,
	struct gy_yuv_weights weights[3]);

/* The source's rows of chroma that make one row of the destination, and their weights in quarters.
 * A row may lie outside of the picture; the nearest row then stands for it. */
struct gy_yuv_taps {
	unsigned int count;
	int64_t row[3];
	int quarters[3];
};

/* `rows` is how many rows of luma share a row of chroma: 1 or 2. down is that of struct
 * gy_yuv_meaning. */
struct gy_yuv_taps gy_yuv_taps_of(
	unsigned int source_rows, unsigned int rows, int down, uint32_t row);

#endif
