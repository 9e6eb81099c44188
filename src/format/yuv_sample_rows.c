/* SPDX-License-Identifier: MIT */
/* The steps of struct gy_yuv_sample_kernels in yuv_fixed_rows.h, compiled as those of
 * convert_rows.c. The build names the table, GY_YUV_SAMPLE_KERNELS. The plain loops also do what is
 * left after the last whole register. */
#include "format/yuv_fixed_rows.h"

#include "format/convert_step.h"
#include "format/convert_values.h"

/* Writes whole words, as write_bytes in yuv_rows.c does. */
static void scatter(const uint8_t *from, uint8_t *to, size_t step, size_t count)
{
	any16 *const pairs = (void *)to;
	any32 *const fours = (void *)to;
	const size_t last = count - 1;

	if (step == 2)
		for (size_t i = 0; i < last; i++)
			pairs[i] = (uint16_t)((pairs[i] & 0xFF00) | from[i]);
	else
		for (size_t i = 0; i < last; i++)
			fours[i] = (fours[i] & 0xFFFFFF00) | from[i];
	to[step * last] = from[last];
}

#if HAVE_AVX2
static inline __m256i pair_of(int32_t first, int32_t second)
{
	return _mm256_set1_epi32((int32_t)((uint32_t)second << 16 | ((uint32_t)first & 0xFFFF)));
}

/* The first and the third byte of 8 texels, and the second and the fourth, as 16-bit integers. */
struct halves {
	__m256i odd, even;
};

static inline struct halves halves_at(const uint8_t *texels)
{
	const __m256i bytes = _mm256_loadu_si256((const void *)texels);

	return (struct halves){
		_mm256_and_si256(bytes, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(bytes, 8)};
}

static inline __m256i luma_of(const uint8_t *texels, const __m256i weights[2], __m256i zero)
{
	const struct halves halves = halves_at(texels);
	const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(halves.odd, weights[0]),
		_mm256_madd_epi16(halves.even, weights[1]));

	return _mm256_srai_epi32(_mm256_add_epi32(sum, zero), GY_YUV_FIXED_WEIGHT_BITS);
}

static inline size_t luma_avx2(const uint8_t *texels, const struct gy_yuv_fixed_weights *weights,
	uint8_t *to, size_t columns)
{
	const __m256i of[2] = {
		pair_of(weights->of[0], weights->of[2]), pair_of(weights->of[1], weights->of[3])};
	const __m256i zero = _mm256_set1_epi32(weights->zero);
	size_t x = 0;

	for (; x + 32 <= columns; x += 32) {
		const __m256i first = _mm256_packs_epi32(
			luma_of(texels + 4 * x, of, zero), luma_of(texels + 4 * x + 32, of, zero));
		const __m256i last = _mm256_packs_epi32(luma_of(texels + 4 * x + 64, of, zero),
			luma_of(texels + 4 * x + 96, of, zero));

		/* the packing instructions work on the halves of a register alone */
		_mm256_storeu_si256((void *)(to + x),
			_mm256_permutevar8x32_epi32(_mm256_packus_epi16(first, last),
				_mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)));
	}
	return x;
}

/* Sums the rows of 8 texels, in quarters. The weights are 4 for one row, 2, 2 for two, and 2, 1, 1
 * for three. */
static inline struct halves sum_rows(
	const struct gy_yuv_fixed_blend *blend, size_t x, unsigned int rows)
{
	const struct halves first = halves_at(blend->row[0] + 4 * x);
	const int shift = rows == 1 ? 2 : rows == 2 ? 1 : 0;
	struct halves sum = first;

	for (unsigned int i = 1; i < rows; i++) {
		const struct halves further = halves_at(blend->row[i] + 4 * x);

		sum.odd = _mm256_add_epi16(sum.odd, further.odd);
		sum.even = _mm256_add_epi16(sum.even, further.even);
	}
	if (rows == 3) {
		sum.odd = _mm256_add_epi16(sum.odd, first.odd);
		sum.even = _mm256_add_epi16(sum.even, first.even);
	}
	return (struct halves){
		_mm256_slli_epi16(sum.odd, shift), _mm256_slli_epi16(sum.even, shift)};
}

/* Adds the texels 1, 3, 5, 7 to those before. */
static inline __m256i add_pairs(__m256i texels)
{
	return _mm256_add_epi16(texels, _mm256_srli_epi64(texels, 32));
}

/* Returns the texels one column before, given the 8 texels before these. */
static inline __m256i move_on(__m256i before, __m256i texels)
{
	return _mm256_alignr_epi8(texels, _mm256_permute2x128_si256(before, texels, 0x21), 3 * 4);
}

/* Returns 16 times the first, third, second and fourth byte of 4 samples, which lie at 8 texels.
 * *before are the sums of the 8 texels before these. */
static inline __m256i blend_columns(const struct gy_yuv_fixed_blend *blend, size_t x,
	unsigned int rows, int across, struct halves *before)
{
	const struct halves here = sum_rows(blend, x, rows);
	__m256i odd = add_pairs(here.odd), even = add_pairs(here.even);

	if (across) {
		odd = _mm256_slli_epi16(odd, 1);
		even = _mm256_slli_epi16(even, 1);
	} else {
		/* 1, 1 of this pair and of the pair one column before are 1, 2, 1 */
		odd = _mm256_add_epi16(odd, add_pairs(move_on(before->odd, here.odd)));
		even = _mm256_add_epi16(even, add_pairs(move_on(before->even, here.even)));
		*before = here;
	}
	return _mm256_blend_epi32(odd, _mm256_slli_epi64(even, 32), 0xAA);
}

/* Returns the sums of the texel before x, in the place of each of 8: only the last one is needed.
 */
static inline struct halves sums_before(
	const struct gy_yuv_fixed_blend *blend, size_t x, unsigned int rows)
{
	const struct halves sums = sum_rows(blend, x - 1, rows);

	return (struct halves){_mm256_permutevar8x32_epi32(sums.odd, _mm256_setzero_si256()),
		_mm256_permutevar8x32_epi32(sums.even, _mm256_setzero_si256())};
}

/* The weights in the order of blend_columns. */
static inline __m256i blended_weights(const struct gy_yuv_fixed_weights *weights)
{
	return _mm256_unpacklo_epi32(
		pair_of(weights->of[0], weights->of[2]), pair_of(weights->of[1], weights->of[3]));
}

/* Returns how many samples are done. */
static inline size_t chroma_avx2(const struct gy_yuv_fixed_blend *blend, unsigned int rows,
	int across, const struct gy_yuv_fixed_weights weights[2], size_t first, size_t count,
	uint8_t *to)
{
	const __m256i cb = blended_weights(&weights[0]), cr = blended_weights(&weights[1]);
	const __m256i zero = _mm256_setr_epi32(weights[0].zero, weights[0].zero, weights[1].zero,
		weights[1].zero, weights[0].zero, weights[0].zero, weights[1].zero,
		weights[1].zero);
	struct halves before;
	size_t i = 0;

	if (count < 4 || 2 * first + 8 > blend->columns)
		return 0;
	before = sums_before(blend, 2 * first, rows);
	for (; i + 4 <= count && 2 * (first + i) + 8 <= blend->columns; i += 4) {
		const __m256i sum = blend_columns(blend, 2 * (first + i), rows, across, &before);
		const __m256i both = _mm256_add_epi32(
			_mm256_hadd_epi32(_mm256_madd_epi16(sum, cb), _mm256_madd_epi16(sum, cr)),
			zero);
		const __m256i samples = _mm256_shuffle_epi32(
			_mm256_srai_epi32(
				both, GY_YUV_FIXED_WEIGHT_BITS + GY_YUV_FIXED_CHROMA_BITS),
			0xD8); /* Cb and Cr in turn */
		const __m256i words = _mm256_packs_epi32(samples, samples);
		const __m256i bytes = _mm256_packus_epi16(words, words);

		_mm_storel_epi64(
			(void *)(to + 2 * i), _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes),
						      _mm256_extracti128_si256(bytes, 1)));
	}
	return i;
}

/* The loops have nothing left to decide: each number of rows and siting has its own. */
static inline size_t chroma_of_rows(const struct gy_yuv_fixed_blend *blend, unsigned int rows,
	const struct gy_yuv_fixed_weights weights[2], size_t first, size_t count, uint8_t *to)
{
	return blend->across ? chroma_avx2(blend, rows, 1, weights, first, count, to)
			     : chroma_avx2(blend, rows, 0, weights, first, count, to);
}

static size_t chroma_of_blend(const struct gy_yuv_fixed_blend *blend,
	const struct gy_yuv_fixed_weights weights[2], size_t first, size_t count, uint8_t *to)
{
	if (blend->quarters[2])
		return chroma_of_rows(blend, 3, weights, first, count, to);
	if (blend->quarters[1])
		return chroma_of_rows(blend, 2, weights, first, count, to);
	return chroma_of_rows(blend, 1, weights, first, count, to);
}
#endif

static void luma(const uint8_t *texels, const struct gy_yuv_fixed_weights *weights, uint8_t *to,
	size_t columns)
{
	const struct gy_yuv_fixed_weights by = *weights;
	size_t x = 0;

#if HAVE_AVX2
	x = luma_avx2(texels, weights, to, columns);
#endif
	for (; x < columns; x++)
		to[x] = gy_yuv_to_byte((texels[4 * x] * by.of[0] + texels[4 * x + 1] * by.of[1] +
					       texels[4 * x + 2] * by.of[2] + by.zero) >>
				       GY_YUV_FIXED_WEIGHT_BITS);
}

/* Makes one sample. Beyond the outer columns, texels are the outer ones. */
static void chroma_at(const struct gy_yuv_fixed_blend *blend,
	const struct gy_yuv_fixed_weights weights[2], size_t sample, uint8_t *to)
{
	const size_t middle = 2 * sample;
	const size_t before = middle > 0 ? middle - 1 : 0;
	const size_t after = middle + 1 < blend->columns ? middle + 1 : middle;
	const int weight[] = {1 - blend->across, 2, 1 + blend->across};
	const size_t at[] = {before, middle, after};
	int32_t sum[3] = {0};

	for (unsigned int row = 0; row < 3 && blend->quarters[row]; row++)
		for (unsigned int i = 0; i < 9; i++)
			sum[i % 3] += blend->quarters[row] * weight[i / 3] *
				      blend->row[row][4 * at[i / 3] + i % 3];
	for (unsigned int i = 0; i < 2; i++)
		to[i] = gy_yuv_to_byte((sum[0] * weights[i].of[0] + sum[1] * weights[i].of[1] +
					       sum[2] * weights[i].of[2] + weights[i].zero) >>
				       (GY_YUV_FIXED_WEIGHT_BITS + GY_YUV_FIXED_CHROMA_BITS));
}

static void chroma(const struct gy_yuv_fixed_blend *blend,
	const struct gy_yuv_fixed_weights weights[2], size_t first, size_t count, uint8_t *to)
{
	size_t i = 0;

	/* the registers read one column before */
	if (first == 0 && count > 0)
		chroma_at(blend, weights, i++, to);
#if HAVE_AVX2
	i += chroma_of_blend(blend, weights, first + i, count - i, to + 2 * i);
#endif
	for (; i < count; i++)
		chroma_at(blend, weights, first + i, to + 2 * i);
}

const struct gy_yuv_sample_kernels GY_YUV_SAMPLE_KERNELS = {
	.scatter = scatter,
	.luma = luma,
	.chroma = chroma,
};
