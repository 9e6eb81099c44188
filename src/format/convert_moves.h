/* SPDX-License-Identifier: MIT */
#ifndef GY_FORMAT_CONVERT_MOVES_H
#define GY_FORMAT_CONVERT_MOVES_H

#include "format/convert_step.h"

/* Where the channels of a packed word are: word >> shift & mask. */
struct gy_fields {
	uint32_t shift[4], mask[4];
};

/* What becomes of each value of these channels. */
struct gy_field_tables {
	struct gy_fields fields;
	uint8_t bytes[4][2048];
};

/* Steps that know no numbers: they move or replace bits. */
struct gy_move_kernels {
	/* Copy channels of 32 bits, and of 8. Channels that are missing become 0, alpha `one`. The
	 * indexes are the channels of a texel before and after, less 1. */
	gy_convert_step *spread[4][4], *spread_bytes[4][4];
	/* Swaps the first and the third of 4 bytes. */
	gy_convert_step *swap;
	/* Replaces each byte by its entry in a uint8_t table[2][256]: the first for colours, the
	 * second for the alpha of 4 channels. */
	gy_convert_step *map;
	/* Makes a word of all bytes of a texel: the OR of their entries in a uint32_t
	 * table[channels][256]. */
	gy_convert_step *map_words;
	/* Makes bytes of the fields of a packed word, by a struct gy_field_tables. */
	gy_convert_step *map_fields;
};

/* The steps for any processor, and those for AVX2. */
extern const struct gy_move_kernels gy_move_kernels_base;
#ifdef GY_HAVE_CONVERT_AVX2
extern const struct gy_move_kernels gy_move_kernels_avx2;
#endif

#endif
