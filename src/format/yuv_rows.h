/* SPDX-License-Identifier: MIT */
/* The steps that convert a row of YUV samples. Samples are floats with the numbers that are in
 * memory. */
#ifndef GY_FORMAT_YUV_ROWS_H
#define GY_FORMAT_YUV_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* From samples to colours:
 *   red   = (Y - black) * luma + (V - grey) * red_v
 *   green = (Y - black) * luma + (U - grey) * green_u + (V - grey) * green_v
 *   blue  = (Y - black) * luma + (U - grey) * blue_u */
struct gy_yuv_factors {
	float luma, black, grey;
	float red_v, green_u, green_v, blue_u;
};

/* From colours to a component's samples: red * of[0] + green * of[1] + blue * of[2] + zero. */
struct gy_yuv_weights {
	float of[3], zero;
};

struct gy_yuv_kernels {
	/* Read every step-th sample: 1, 2, and of bytes 4. Those of 16 bits are shifted down by
	 * `shift`. */
	void (*read_bytes)(const void *from, float *to, size_t count, size_t step);
	void (*read_words)(
		const void *from, float *to, size_t count, size_t step, unsigned int shift);
	/* Write every step-th sample: the nearest number of 0 to max. count is at least 1. */
	void (*write_bytes)(const float *from, void *to, size_t count, size_t step);
	void (*write_words)(const float *from, void *to, size_t count, size_t step,
		unsigned int shift, float max);
	/* to = to * keep + from * weight */
	void (*mix)(float *to, const float *from, size_t count, float keep, float weight);
	/* samples = samples * factor + zero */
	void (*scale)(float *samples, size_t count, float factor, float zero);
	/* Makes two columns of each sample from the second one on. The first column takes the
	 * sample before with the weight `before`, the second one the sample after with the weight
	 * `after`. There are count + 2 samples. */
	void (*widen)(const float *samples, float *to, size_t count, float before, float after);
	/* Makes one column of three samples, of which the first is the last of the column before:
	 * first * before + second * middle + third * after. There are 2 * count + 1 samples. */
	void (*narrow)(const float *samples, float *to, size_t count, const float weights[3]);
	/* Makes the lanes of each column: the first 1, 2 or 4 channels of red, green, blue, and
	 * alpha 1. */
	void (*combine)(const float *y, const float *u, const float *v,
		const struct gy_yuv_factors *factors, float *lanes, unsigned int channels,
		size_t columns);
	/* Makes Y, Cb and Cr of 1, 2 or 4 lanes. Colours are clamped to 0 to 1, and a NaN is 0.
	 */
	void (*separate)(const float *lanes, unsigned int channels, float *const to[3],
		size_t columns, const struct gy_yuv_weights weights[3]);
};

extern const struct gy_yuv_kernels gy_yuv_kernels_base;
#ifdef GY_HAVE_CONVERT_AVX2
extern const struct gy_yuv_kernels gy_yuv_kernels_avx2;
#endif

#endif
