/* SPDX-License-Identifier: MIT */
/* The steps that convert rows between video with 8 bits a sample and texels of 4 bytes, in
 * integers. They serve formats with a chroma sample for two columns. No pointer need be aligned. */
#ifndef GY_FORMAT_YUV_FIXED_ROWS_H
#define GY_FORMAT_YUV_FIXED_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* Fractions of the factors, in bits. The largest sum, 2.14 * 128 + 279, then fits in 32 bits: 2.14
 * is BT.2020's factor of Cb in limited range, and 279 is the luma 255. */
#define GY_YUV_FIXED_FACTOR_BITS 21

/* Fractions of the weights, which are less than 1. They fit in 16 bits. */
#define GY_YUV_FIXED_WEIGHT_BITS 15

/* Chroma between samples is in sixteenths: a quarter of rows times a quarter of columns. */
#define GY_YUV_FIXED_CHROMA_BITS 4

/* From a sample of luma and 16 times Cb - 128 and Cr - 128 to one byte of a texel:
 * (y * luma + zero + cb * chroma[0] + cr * chroma[1]) >> GY_YUV_FIXED_FACTOR_BITS */
struct gy_yuv_fixed_factors {
	int32_t luma, zero;   /* zero rounds, too */
	int32_t chroma[3][2]; /* of each of the first three bytes */
};

/* From the four bytes of a texel to a sample, or from 16 times these bytes. */
struct gy_yuv_fixed_weights {
	int16_t of[4];
	int32_t zero; /* rounds, too */
};

/* How chroma is made of texels. */
struct gy_yuv_fixed_blend {
	const uint8_t *row[3];
	size_t columns;  /* of each row */
	int quarters[3]; /* the rows' weights; those without a row are 0 */
	/* 1: a sample lies between its two columns. 0: it lies on the first. */
	int across;
};

struct gy_yuv_fixed_kernels {
	/* Copy every step-th byte to bytes that follow each other, and back. */
	void (*gather)(const uint8_t *from, size_t step, uint8_t *to, size_t count);
	void (*scatter)(const uint8_t *from, uint8_t *to, size_t step, size_t count);
	/* Mixes two rows of chroma: to has Cb and Cr of each sample in turn. The weights are
	 * quarters. */
	void (*mix)(const uint8_t *const cb[2], const uint8_t *const cr[2], size_t step,
		const int quarters[2], uint16_t *to, size_t count);
	/* Makes texels, with 255 as their fourth byte. chroma is what mix makes, with one sample
	 * more before the first column and one more after the last. */
	void (*texels)(const uint8_t *luma, const uint16_t *chroma, int across,
		const struct gy_yuv_fixed_factors *factors, uint8_t *to, size_t columns);
	/* Makes luma. */
	void (*luma)(const uint8_t *texels, const struct gy_yuv_fixed_weights *weights, uint8_t *to,
		size_t columns);
	/* Makes `count` samples of chroma from the sample `first` on, Cb and Cr in turn. */
	void (*chroma)(const struct gy_yuv_fixed_blend *blend,
		const struct gy_yuv_fixed_weights weights[2], size_t first, size_t count,
		uint8_t *to);
};

extern const struct gy_yuv_fixed_kernels gy_yuv_fixed_kernels_base;
#ifdef GY_HAVE_CONVERT_AVX2
extern const struct gy_yuv_fixed_kernels gy_yuv_fixed_kernels_avx2;
#endif

#endif
