/* SPDX-License-Identifier: MIT */
/* The steps that convert a row of YUV samples to lanes. */
#ifndef GY_FORMAT_YUV_ROWS_H
#define GY_FORMAT_YUV_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* With samples as they are in memory:
 *   red   = (Y - black) * luma + (V - grey) * red_v
 *   green = (Y - black) * luma + (U - grey) * green_u + (V - grey) * green_v
 *   blue  = (Y - black) * luma + (U - grey) * blue_u */
struct gy_yuv_factors {
	float luma, black, grey;
	float red_v, green_u, green_v, blue_u;
};

struct gy_yuv_kernels {
	/* Read every step-th sample. Those of 16 bits are shifted down by `shift`. */
	void (*read_bytes)(const uint8_t *from, float *to, size_t count, size_t step);
	void (*read_words)(
		const void *from, float *to, size_t count, size_t step, unsigned int shift);
	/* Replaces each of `samples` by a mean with that of `second`, which has this weight. */
	void (*blend)(float *samples, const float *second, size_t count, float weight);
	/* Makes two columns of each sample from the second one on. The first column takes the
	 * sample before with the weight `before`, the second one the sample after. There are
	 * count + 2 samples. */
	void (*widen)(const float *samples, float *to, size_t count, float before, float after);
	/* Makes 4 lanes of each column: red, green, blue, and alpha 1. */
	void (*combine)(const float *y, const float *u, const float *v,
		const struct gy_yuv_factors *factors, float *lanes, size_t columns);
};

extern const struct gy_yuv_kernels gy_yuv_kernels_base;
#ifdef GY_HAVE_CONVERT_AVX2
extern const struct gy_yuv_kernels gy_yuv_kernels_avx2;
#endif

#endif
