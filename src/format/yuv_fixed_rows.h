/* SPDX-License-Identifier: MIT */
/* The steps that convert rows between video with 8 bits a sample and texels of 4 bytes, in
 * integers. They serve formats with a chroma sample for two columns. No pointer need be aligned. */
#ifndef GY_FORMAT_YUV_FIXED_ROWS_H
#define GY_FORMAT_YUV_FIXED_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texels are calculated with 16-bit integers: numbers less 128 with 7 bits of fraction. Of luma and
 * of chroma less 128, both times 256, the upper half of a product with a factor is one of these
 * numbers. The largest error is 0.019. */
#define GY_YUV_FIXED_TEXEL_BITS 7

/* Fractions of the factors of chroma, in bits. Blue's, up to 2.14, is less 2. */
#define GY_YUV_FIXED_FACTOR_BITS 14

/* Fractions of the weights, which are less than 1. They fit in 16 bits. */
#define GY_YUV_FIXED_WEIGHT_BITS 15

/* Chroma between samples is in sixteenths: a quarter of rows times a quarter of columns. */
#define GY_YUV_FIXED_CHROMA_BITS 4

/* From samples to the colours of a texel:
 *   grey  = (((y << 8) + low) * luma >> 16) + zero
 *   red   = grey + cr * red_v
 *   green = grey + cb * green_u + cr * green_v
 *   blue  = grey + cb * blue_u + cb */
struct gy_yuv_fixed_factors {
	uint16_t luma, low; /* low makes up for the fraction that is cut off */
	int16_t zero;       /* rounds, too */
	int16_t red_v, green_u, green_v, blue_u;
	bool swapped; /* blue is the first byte */
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

/* The steps from video to texels. */
struct gy_yuv_texel_kernels {
	/* Copies every step-th byte to bytes that follow each other. */
	void (*gather)(const uint8_t *from, size_t step, uint8_t *to, size_t count);
	/* Mixes two rows of chroma: to has Cb and Cr of each sample in turn, times 64. The weights
	 * are quarters. The step is 1, or 2 or 4 with Cr in the middle between two samples of Cb.
	 * count is at least 1. */
	void (*mix)(const uint8_t *const cb[2], const uint8_t *const cr[2], size_t step,
		const int quarters[2], uint16_t *to, size_t count);
	/* Makes texels, with 255 as their fourth byte. chroma is what mix makes, with one sample
	 * more before the first column and one more after the last. */
	void (*texels)(const uint8_t *luma, const uint16_t *chroma, int across,
		const struct gy_yuv_fixed_factors *factors, uint8_t *to, size_t columns);
};

/* The steps from texels to video. */
struct gy_yuv_sample_kernels {
	/* Copies bytes to every step-th byte: 2 or 4. count is at least 1. */
	void (*scatter)(const uint8_t *from, uint8_t *to, size_t step, size_t count);
	/* Makes luma. */
	void (*luma)(const uint8_t *texels, const struct gy_yuv_fixed_weights *weights, uint8_t *to,
		size_t columns);
	/* Makes `count` samples of chroma from the sample `first` on, Cb and Cr in turn. */
	void (*chroma)(const struct gy_yuv_fixed_blend *blend,
		const struct gy_yuv_fixed_weights weights[2], size_t first, size_t count,
		uint8_t *to);
};

static inline uint8_t gy_yuv_to_byte(int32_t value)
{
	return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

extern const struct gy_yuv_texel_kernels gy_yuv_texel_kernels_base;
extern const struct gy_yuv_sample_kernels gy_yuv_sample_kernels_base;
#ifdef GY_HAVE_CONVERT_AVX2
extern const struct gy_yuv_texel_kernels gy_yuv_texel_kernels_avx2;
extern const struct gy_yuv_sample_kernels gy_yuv_sample_kernels_avx2;
#endif

#endif
