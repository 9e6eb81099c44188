/* SPDX-License-Identifier: MIT */
/* Conversion of several texels of RG11B10 at once, for convert_rows.c, where the processor converts
 * halves. */
#ifndef GY_FORMAT_CONVERT_UFLOATS_H
#define GY_FORMAT_CONVERT_UFLOATS_H

#include "format/convert_step.h"
#include "format/convert_values.h"

#if HAVE_AVX2
/* Makes the lanes of 4 texels: the two of each half of the register. */
static inline void write_halves(__m256i halves, float *first, float *last)
{
	_mm256_storeu_ps(first, _mm256_cvtph_ps(_mm256_castsi256_si128(halves)));
	_mm256_storeu_ps(last, _mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1)));
}

/* Makes the lanes of 8 texels of RG11B10, by halves. */
static inline void unpack_ufloats(const any32 *in, float *out)
{
	const __m256i words = _mm256_loadu_si256((const void *)in);
	const __m256i red =
		_mm256_and_si256(_mm256_slli_epi32(words, 4), _mm256_set1_epi32(0x7FF0));
	const __m256i green =
		_mm256_and_si256(_mm256_slli_epi32(words, 9), _mm256_set1_epi32(0x7FF00000));
	const __m256i blue =
		_mm256_and_si256(_mm256_srli_epi32(words, 17), _mm256_set1_epi32(0x7FE0));
	const __m256i red_green = _mm256_or_si256(red, green);
	const __m256i blue_one = _mm256_or_si256(blue, _mm256_set1_epi32(0x3C000000));

	write_halves(_mm256_unpacklo_epi32(red_green, blue_one), out, out + 16);
	write_halves(_mm256_unpackhi_epi32(red_green, blue_one), out + 8, out + 24);
}

/* Returns 8 values as halves, cut off. Where that isn't exact, the last bit is 1, so that the
 * halves can be rounded to fewer bits as the values would be. Negative numbers become 0. */
static inline __m128i to_halves_odd(const any32 *in)
{
	/* the second operand is the result if one is a NaN */
	const __m256 values = _mm256_max_ps(
		_mm256_setzero_ps(), _mm256_loadu_ps((const float *)(const void *)in));
	const __m128i halves = _mm256_cvtps_ph(values, _MM_FROUND_TO_ZERO);
	const __m256i differ =
		_mm256_castps_si256(_mm256_cmp_ps(_mm256_cvtph_ps(halves), values, _CMP_NEQ_UQ));
	const __m128i odd = _mm_packs_epi32(
		_mm256_castsi256_si128(differ), _mm256_extracti128_si256(differ, 1));

	return _mm_or_si128(_mm_and_si128(halves, _mm_set1_epi16(INT16_MAX)),
		_mm_and_si128(odd, _mm_set1_epi16(1)));
}

/* Rounds 4 texels of halves to the 11, 11 and 10 bits of RG11B10, which are the upper ones. A
 * number that becomes too large becomes the largest one. Infinity and NaNs are cut off. */
static inline __m256i round_halves(__m256i halves)
{
	const __m256i last = _mm256_set1_epi64x(0x002000100010);
	const __m256i below_half = _mm256_set1_epi64x(0x000F00070007);
	const __m256i largest = _mm256_set1_epi16(0x7BFF);
	const __m256i even =
		_mm256_cmpeq_epi16(_mm256_and_si256(halves, last), _mm256_setzero_si256());
	const __m256i odd = _mm256_andnot_si256(even, _mm256_set1_epi16(1));
	const __m256i sum = _mm256_add_epi16(halves, _mm256_add_epi16(below_half, odd));

	return _mm256_blendv_epi8(
		_mm256_min_epi16(sum, largest), halves, _mm256_cmpgt_epi16(halves, largest));
}

/* Makes 4 texels of RG11B10. */
static inline void pack_ufloats(const any32 *in, any32 *out)
{
	const __m256i rounded =
		round_halves(_mm256_set_m128i(to_halves_odd(in + 8), to_halves_odd(in)));
	const __m256i red =
		_mm256_and_si256(_mm256_srli_epi64(rounded, 4), _mm256_set1_epi64x(0x7FF));
	const __m256i green =
		_mm256_and_si256(_mm256_srli_epi64(rounded, 9), _mm256_set1_epi64x(0x3FF800));
	const __m256i blue =
		_mm256_and_si256(_mm256_srli_epi64(rounded, 15), _mm256_set1_epi64x(0xFFC00000));
	const __m256i words = _mm256_or_si256(_mm256_or_si256(red, green), blue);

	_mm_storeu_si128((void *)out, _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(
					      words, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6))));
}
#endif

#endif
