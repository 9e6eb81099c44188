/* SPDX-License-Identifier: MIT */
/* The steps of struct gy_yuv_texel_kernels in yuv_fixed_rows.h, compiled as those of
 * convert_rows.c. The build names the table, GY_YUV_TEXEL_KERNELS. The plain loops also do what is
 * left after the last whole register. */
#include "format/yuv_fixed_rows.h"

#include "format/convert_step.h"
#include "format/convert_values.h"

static void gather(const uint8_t *from, size_t step, uint8_t *to, size_t count)
{
	/* with a constant step the compiler can vectorize */
	if (step == 2)
		for (size_t i = 0; i < count; i++)
			to[i] = from[2 * i];
	else
		for (size_t i = 0; i < count; i++)
			to[i] = from[step * i];
}

/* Mixes every second byte. There may be no byte after the last one. */
static void mix_pairs(
	const uint8_t *const rows[2], uint16_t first, uint16_t second, uint16_t *to, size_t count)
{
	const any16 *const above = (const void *)rows[0];
	const any16 *const below = (const void *)rows[1];
	const size_t last = count - 1;

	for (size_t i = 0; i < last; i++)
		to[i] = (uint16_t)((above[i] & 0xFF) * first + (below[i] & 0xFF) * second);
	to[last] = (uint16_t)(rows[0][2 * last] * first + rows[1][2 * last] * second);
}

static void mix(const uint8_t *const cb[2], const uint8_t *const cr[2], size_t step,
	const int quarters[2], uint16_t *to, size_t count)
{
	const uint16_t first = (uint16_t)(16 * quarters[0]), second = (uint16_t)(16 * quarters[1]);

	if (step == 1)
		for (size_t i = 0; i < count; i++) {
			to[2 * i] = (uint16_t)(cb[0][i] * first + cb[1][i] * second);
			to[2 * i + 1] = (uint16_t)(cr[0][i] * first + cr[1][i] * second);
		}
	else if (step == 2)
		for (size_t i = 0; i < 2 * count; i++)
			to[i] = (uint16_t)(cb[0][i] * first + cb[1][i] * second);
	else
		mix_pairs(cb, first, second, to, 2 * count);
}

#if HAVE_AVX2
/* Cb or Cr of 16 columns, less 128, times 256. */
struct chroma_columns {
	__m256i cb, cr;
};

/* Makes chroma of 16 columns of 8 samples and those before and after. */
static inline struct chroma_columns widen(const uint16_t *chroma, int across)
{
	const __m256i before = _mm256_loadu_si256((const void *)chroma);
	const __m256i middle = _mm256_loadu_si256((const void *)(chroma + 2));
	const __m256i after = _mm256_loadu_si256((const void *)(chroma + 4));
	const __m256i sign = _mm256_set1_epi16(INT16_MIN);
	__m256i even = _mm256_slli_epi16(middle, 2), odd;

	if (across) {
		const __m256i three = _mm256_sub_epi16(even, middle);

		even = _mm256_add_epi16(three, before);
		odd = _mm256_add_epi16(three, after);
	} else {
		odd = _mm256_slli_epi16(_mm256_add_epi16(middle, after), 1);
	}
	even = _mm256_xor_si256(even, sign);
	odd = _mm256_xor_si256(odd, sign);
	return (struct chroma_columns){_mm256_blend_epi16(even, _mm256_slli_epi32(odd, 16), 0xAA),
		_mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xAA)};
}

/* Makes the grey of 16 columns. */
static inline __m256i grey_of(const uint8_t *luma, const struct gy_yuv_fixed_factors *by)
{
	const __m256i words = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)luma));
	const __m256i all =
		_mm256_or_si256(_mm256_slli_epi16(words, 8), _mm256_set1_epi16((int16_t)by->low));

	return _mm256_add_epi16(_mm256_mulhi_epu16(all, _mm256_set1_epi16((int16_t)by->luma)),
		_mm256_set1_epi16(by->zero));
}

static inline __m256i times(__m256i chroma, int16_t factor)
{
	return _mm256_mulhrs_epi16(chroma, _mm256_set1_epi16(factor));
}

/* Returns bytes less 128, as 16-bit integers. */
static inline __m256i whole(__m256i texels)
{
	return _mm256_srai_epi16(texels, GY_YUV_FIXED_TEXEL_BITS);
}

/* Writes 16 texels of their first three bytes less 128. */
static inline void write_texels(__m256i first, __m256i second, __m256i third, uint8_t *to)
{
	const __m256i sign = _mm256_set1_epi8(INT8_MIN);
	const __m256i one_three = _mm256_xor_si256(_mm256_packs_epi16(first, third), sign);
	const __m256i two_four =
		_mm256_xor_si256(_mm256_packs_epi16(second, _mm256_set1_epi16(INT8_MAX)), sign);
	const __m256i low = _mm256_unpacklo_epi8(one_three, two_four);
	const __m256i high = _mm256_unpackhi_epi8(one_three, two_four);
	const __m256i even = _mm256_unpacklo_epi16(low, high);
	const __m256i odd = _mm256_unpackhi_epi16(low, high);

	_mm256_storeu_si256((void *)to, _mm256_permute2x128_si256(even, odd, 0x20));
	_mm256_storeu_si256((void *)(to + 32), _mm256_permute2x128_si256(even, odd, 0x31));
}

/* Returns how many columns are done. */
static inline size_t texels_avx2(const uint8_t *luma, const uint16_t *chroma, int across,
	bool swapped, const struct gy_yuv_fixed_factors *factors, uint8_t *to, size_t columns)
{
	const struct gy_yuv_fixed_factors by = *factors;
	size_t x = 0;

	for (; x + 16 <= columns; x += 16) {
		const __m256i grey = grey_of(luma + x, &by);
		const struct chroma_columns wide = widen(chroma + x, across);
		const __m256i red = whole(_mm256_adds_epi16(grey, times(wide.cr, by.red_v)));
		const __m256i green = whole(_mm256_adds_epi16(grey,
			_mm256_add_epi16(times(wide.cb, by.green_u), times(wide.cr, by.green_v))));
		const __m256i blue = whole(_mm256_adds_epi16(
			_mm256_add_epi16(grey, times(wide.cb, by.blue_u)), wide.cb));

		write_texels(swapped ? blue : red, green, swapped ? red : blue, to + 4 * x);
	}
	return x;
}

/* The loop has nothing left to decide: each siting and order of bytes has its own. */
static size_t texels_of(const uint8_t *luma, const uint16_t *chroma, int across,
	const struct gy_yuv_fixed_factors *by, uint8_t *to, size_t columns)
{
	if (across)
		return by->swapped ? texels_avx2(luma, chroma, 1, true, by, to, columns)
				   : texels_avx2(luma, chroma, 1, false, by, to, columns);
	return by->swapped ? texels_avx2(luma, chroma, 0, true, by, to, columns)
			   : texels_avx2(luma, chroma, 0, false, by, to, columns);
}
#endif

/* What an instruction that multiplies 16-bit integers gives. */
static inline int32_t product(int32_t chroma, int16_t factor)
{
	return (chroma * factor + (1 << 14)) >> 15;
}

static inline uint8_t to_texel(int32_t value)
{
	return gy_yuv_to_byte((value >> GY_YUV_FIXED_TEXEL_BITS) + 128);
}

static void texels(const uint8_t *luma, const uint16_t *chroma, int across,
	const struct gy_yuv_fixed_factors *factors, uint8_t *to, size_t columns)
{
	const struct gy_yuv_fixed_factors by = *factors;
	const size_t red_at = by.swapped ? 2 : 0;
	size_t x = 0;

#if HAVE_AVX2
	x = texels_of(luma, chroma, across, factors, to, columns);
#endif
	for (; x < columns; x++) {
		const uint16_t *const middle = chroma + 2 * (x / 2) + 2;
		const uint16_t *const other = x % 2 ? middle + 2 : middle - 2;
		const int weight = x % 2 ? 2 - across : across;
		const int32_t grey =
			(int32_t)(((uint32_t)luma[x] << 8 | by.low) * by.luma >> 16) + by.zero;
		const int32_t cb = middle[0] * (4 - weight) + other[0] * weight - (1 << 15);
		const int32_t cr = middle[1] * (4 - weight) + other[1] * weight - (1 << 15);

		to[4 * x + red_at] = to_texel(grey + product(cr, by.red_v));
		to[4 * x + 1] = to_texel(grey + product(cb, by.green_u) + product(cr, by.green_v));
		to[4 * x + 2 - red_at] = to_texel(grey + product(cb, by.blue_u) + cb);
		to[4 * x + 3] = 255;
	}
}

const struct gy_yuv_texel_kernels GY_YUV_TEXEL_KERNELS = {
	.gather = gather,
	.mix = mix,
	.texels = texels,
};
