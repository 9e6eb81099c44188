/* SPDX-License-Identifier: MIT */
#include "format/yuv_numbers.h"

/* The samples of 10 and 16 bits are scaled like those of 8 in limited range: luma is 16 to 235 and
 * chroma 16 to 240, times a power of two (ITU-T H.273, 8.3). */
struct gy_yuv_range gy_yuv_range_of(unsigned int bits, bool limited)
{
	const double unit = 1 << (bits - 8), full = 256 * unit - 1;

	return (struct gy_yuv_range){
		.luma = limited ? 219 * unit : full,
		.black = limited ? 16 * unit : 0,
		.chroma = limited ? 224 * unit : full,
		.grey = 128 * unit,
	};
}

struct gy_yuv_factors gy_yuv_factors_of(
	const struct gy_yuv_range *range, const struct gy_yuv_meaning *meaning)
{
	const double red = meaning->red, blue = meaning->blue, green = 1 - red - blue;

	return (struct gy_yuv_factors){
		.luma = (float)(1 / range->luma),
		.black = (float)range->black,
		.grey = (float)range->grey,
		.red_v = (float)(2 * (1 - red) / range->chroma),
		.green_u = (float)(-2 * (1 - blue) * blue / green / range->chroma),
		.green_v = (float)(-2 * (1 - red) * red / green / range->chroma),
		.blue_u = (float)(2 * (1 - blue) / range->chroma),
	};
}

/* Luma is the weighted sum of the colours. A chroma sample is the difference of a colour and luma,
 * scaled so that it is -0.5 to 0.5. */
void gy_yuv_set_weights(const struct gy_yuv_range *range, const struct gy_yuv_meaning *meaning,
	struct gy_yuv_weights weights[3])
{
	const double of[3] = {meaning->red, 1 - meaning->red - meaning->blue, meaning->blue};

	for (unsigned int i = 0; i < 3; i++) {
		weights[0].of[i] = (float)(of[i] * range->luma);
		weights[1].of[i] = (float)(((i == 2) - of[i]) / (2 * (1 - of[2])) * range->chroma);
		weights[2].of[i] = (float)(((i == 0) - of[i]) / (2 * (1 - of[0])) * range->chroma);
	}
	weights[0].zero = (float)range->black;
	weights[1].zero = weights[2].zero = (float)range->grey;
}

struct gy_yuv_taps gy_yuv_taps_of(
	unsigned int source_rows, unsigned int rows, int down, uint32_t row)
{
	const int64_t double_row = 2 * (int64_t)row;

	if (source_rows > rows) {
		/* the row's place among the source's rows, in quarters, and one row more */
		const int64_t place = double_row - down + 4;
		const int after = (int)(place % 4);

		return (struct gy_yuv_taps){
			2, {place / 4 - 1, place / 4, 0}, {4 - after, after, 0}};
	}
	if (source_rows == rows)
		return (struct gy_yuv_taps){1, {row, 0, 0}, {4, 0, 0}};
	if (down == 1)
		return (struct gy_yuv_taps){2, {double_row, double_row + 1, 0}, {2, 2, 0}};
	return (struct gy_yuv_taps){3,
		{double_row + down / 2, double_row + down / 2 - 1, double_row + down / 2 + 1},
		{2, 1, 1}};
}
