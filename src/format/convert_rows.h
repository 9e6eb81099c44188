/* SPDX-License-Identifier: MIT */
/* The steps that convert a row of texels.
 *
 * A row is unpacked to lanes, the lanes are spread to the channels of the destination, and packed.
 * A lane holds one channel in 32 bits. A texel has as many lanes as its format has channels: 1, 2
 * or 4, in the order red, green, blue, alpha. RG11B10_UFLOAT has 4, and alpha is 1. All steps work
 * on texels that follow each other in memory, and no pointer need be aligned. */
#ifndef GY_FORMAT_CONVERT_ROWS_H
#define GY_FORMAT_CONVERT_ROWS_H

#include "format/convert_moves.h"

#include <stdbool.h>

/* How a format stores its channels. */
enum gy_encoding {
	GY_ENCODING_UNORM8,
	GY_ENCODING_UNORM16,
	GY_ENCODING_SRGB8, /* a fourth channel is UNORM8 */
	GY_ENCODING_HALF,
	GY_ENCODING_FLOAT,
	GY_ENCODING_UINT16,
	GY_ENCODING_SINT16,
	GY_ENCODING_UINT32,
	GY_ENCODING_SINT32,
	GY_ENCODING_RGB10A2,
	GY_ENCODING_RG11B10,
	GY_ENCODING_COUNT,
	GY_ENCODING_NONE = GY_ENCODING_COUNT, /* depth: can't be converted */
};

/* What the lanes hold. A conversion between integer formats has integer lanes, of the destination's
 * sign. Every other conversion has float lanes, and they lose nothing: each format but the integers
 * of 32 bits fits in a float. A value that becomes a float first and is then rounded to the
 * destination is the value that one rounding would give. The tests show this for every pair. */
enum gy_lanes { GY_LANES_FLOAT, GY_LANES_UINT, GY_LANES_SINT, GY_LANES_COUNT };

struct gy_convert_kernels {
	/* NULL: the texels in memory are such lanes already, or there is no such conversion. */
	gy_convert_step *unpack[GY_ENCODING_COUNT][GY_LANES_COUNT];
	gy_convert_step *pack[GY_ENCODING_COUNT][GY_LANES_COUNT];
	/* From UNORM16 for a destination with a shorter fraction than a float. A number that a
	 * float can't hold becomes the neighbour whose last bit is 1, so that the second rounding
	 * can't take it for a tie. */
	gy_convert_step *unpack_unorm16_odd;
	/* From the texels in memory to those of another encoding at once, with the same number of
	 * channels. NULL for most pairs: the other steps do it. */
	gy_convert_step *direct[GY_ENCODING_COUNT][GY_ENCODING_COUNT];
	const struct gy_move_kernels *moves;
	const struct gy_scale_kernels *scale;            /* scale_rows.h */
	const struct gy_yuv_kernels *yuv;                /* yuv_rows.h */
	const struct gy_yuv_texel_kernels *yuv_texels;   /* yuv_fixed_rows.h */
	const struct gy_yuv_sample_kernels *yuv_samples; /* yuv_fixed_rows.h */
};

/* The steps as this processor runs them fastest. */
const struct gy_convert_kernels *gy_convert_kernels(void);

/* The steps for any processor, and those for AVX2, FMA and F16C. They give the same bits. */
extern const struct gy_convert_kernels gy_convert_kernels_base;
#ifdef GY_HAVE_CONVERT_AVX2
extern const struct gy_convert_kernels gy_convert_kernels_avx2;
#endif

#endif
