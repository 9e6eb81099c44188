/* SPDX-License-Identifier: MIT */
/* The steps of convert_rows.h. This file is compiled once for each set of instructions; the build
 * names the table that a compilation makes, GY_KERNELS. The loops are plain, and the compiler
 * vectorizes them. */
#include "format/convert_rows.h"

#include "format/convert_step.h"
#include "format/convert_ufloats.h"
#include "format/convert_values.h"
#include "format/scale_rows.h"
#include "format/yuv_fixed_rows.h"
#include "format/yuv_rows.h"

/* ---- lanes from texels ----------------------------------------------------------------------- */

/* Defines a step that makes one lane of each channel, alike for all channels. */
#define EACH(name, from_type, to_type, expression)             \
	STEP(name)                                             \
	{                                                      \
		const from_type *const in = from;              \
		__typeof__(to_type) *const out = to;           \
		const size_t count = texels * stage->channels; \
                                                               \
		for (size_t i = 0; i < count; i++)             \
			out[i] = (expression);                 \
	}

EACH(unpack_unorm8, uint8_t, any_float, from_unorm(in[i], 255))
EACH(unpack_unorm16, any16, any_float, from_unorm(in[i], 65535))
EACH(unpack_unorm16_odd, any16, any32, from_unorm16_odd(in[i]))
EACH(unpack_linear, uint8_t, any32, gy_srgb_linear[in[i]])
EACH(unpack_uint16, any16, any_float, (float)(int32_t)in[i])
EACH(unpack_sint16, any_s16, any_float, (float)in[i])
EACH(unpack_uint32, any32, any_float, (float)in[i])
EACH(unpack_sint32, any_s32, any_float, (float)in[i])

/* Alpha isn't encoded as sRGB. */
STEP(unpack_srgb8)
{
	const uint8_t *const in = from;
	any_float *const out = to;

	unpack_linear(from, to, texels, stage);
	for (size_t i = 3; stage->channels == 4 && i < texels * 4; i += 4)
		out[i] = from_unorm(in[i], 255);
}

STEP(unpack_half)
{
	const any16 *const in = from;
	any_float *const out = to;
	const size_t count = texels * stage->channels;
	size_t i = 0;

#if HAVE_AVX2
	for (; i + 8 <= count; i += 8)
		_mm256_storeu_ps(
			(float *)out + i, _mm256_cvtph_ps(_mm_loadu_si128((const void *)(in + i))));
#endif
	for (; i < count; i++)
		out[i] = from_half(in[i]);
}

STEP(unpack_rgb10a2)
{
	const any32 *const in = from;
	any_float *const out = to;
	size_t i = 0;

	(void)stage;
#if HAVE_AVX2
	for (; i < texels; i++) {
		const __m128i shifted = _mm_srlv_epi32(
			_mm_set1_epi32((int32_t)in[i]), _mm_setr_epi32(0, 10, 20, 30));
		const __m128 number = _mm_cvtepi32_ps(
			_mm_and_si128(shifted, _mm_setr_epi32(0x3FF, 0x3FF, 0x3FF, 3)));
		const __m128 low = _mm_setr_ps(LOW(1023), LOW(1023), LOW(1023), LOW(3));
		const __m128 high = _mm_setr_ps(HIGH(1023), HIGH(1023), HIGH(1023), HIGH(3));

		_mm_storeu_ps(
			(float *)out + 4 * i, _mm_fmadd_ps(number, high, _mm_mul_ps(number, low)));
	}
#endif
	for (; i < texels; i++) {
		out[4 * i] = from_unorm(in[i] & 0x3FF, 1023);
		out[4 * i + 1] = from_unorm(in[i] >> 10 & 0x3FF, 1023);
		out[4 * i + 2] = from_unorm(in[i] >> 20 & 0x3FF, 1023);
		out[4 * i + 3] = from_unorm(in[i] >> 30, 3);
	}
}

/* The exponents are those of half, so a channel with zeros appended is a half. */
STEP(unpack_rg11b10)
{
	const any32 *const in = from;
	any_float *const out = to;
	size_t i = 0;

	(void)stage;
#if HAVE_AVX2
	for (; i + 8 <= texels; i += 8)
		unpack_ufloats(in + i, (float *)out + 4 * i);
#endif
	for (; i < texels; i++) {
		out[4 * i] = from_half(in[i] << 4 & 0x7FF0);
		out[4 * i + 1] = from_half(in[i] >> 7 & 0x7FF0);
		out[4 * i + 2] = from_half(in[i] >> 17 & 0x7FE0);
		out[4 * i + 3] = 1;
	}
}

static inline uint32_t not_negative(int32_t value)
{
	return value < 0 ? 0 : (uint32_t)value;
}

EACH(unpack_uint16_uint, any16, any32, in[i])
EACH(unpack_sint16_uint, any_s16, any32, not_negative(in[i]))
EACH(unpack_sint32_uint, any_s32, any32, not_negative(in[i]))
EACH(unpack_sint16_sint, any_s16, any_s32, in[i])
EACH(unpack_uint32_sint, any32, any_s32, (int32_t)(in[i] > INT32_MAX ? INT32_MAX : in[i]))

/* ---- texels from lanes ----------------------------------------------------------------------- */

#if HAVE_AVX2
/* Returns 8 values as 32-bit integers. */
static inline __m256i to_unorm8(const any_float *in)
{
	const __m256 positive =
		_mm256_max_ps(_mm256_loadu_ps((const float *)in), _mm256_setzero_ps());
	const __m256 inside = _mm256_min_ps(positive, _mm256_set1_ps(1));
	const __m256 sum = _mm256_fmadd_ps(inside, _mm256_set1_ps(255), _mm256_set1_ps(0x1p23f));

	return _mm256_and_si256(_mm256_castps_si256(sum), _mm256_set1_epi32(0xFF));
}
#endif

STEP(pack_unorm8)
{
	const any_float *const in = from;
	uint8_t *const out = to;
	const size_t count = texels * stage->channels;
	size_t i = 0;

#if HAVE_AVX2
	for (; i + 32 <= count; i += 32)
		store_bytes(out + i, to_unorm8(in + i), to_unorm8(in + i + 8),
			to_unorm8(in + i + 16), to_unorm8(in + i + 24));
#endif
	for (; i < count; i++)
		out[i] = (uint8_t)to_unorm(in[i], 255);
}

EACH(pack_unorm16, any_float, any16, (uint16_t)to_unorm(in[i], 65535))
EACH(pack_encoded, any_float, uint8_t,
	(uint8_t)gy_srgb_encode(
		bits_of(clamp(in[i], float_of(GY_SRGB_FIRST), float_of(GY_SRGB_LAST)))))
EACH(pack_float, any32, any32, quiet(in[i]))
EACH(pack_uint16, any_float, any16, (uint16_t)round_small(clamp(in[i], 0, 65535)))
EACH(pack_uint32, any_float, any32, to_uint32(in[i]))
EACH(pack_sint32, any_float, any_s32, to_sint32(in[i]))

static inline int32_t to_sint16(float value)
{
	return value == value ? round_small(clamp(value, -32768, 32767)) : 0;
}

EACH(pack_sint16, any_float, any_s16, (int16_t)to_sint16(in[i]))

STEP(pack_srgb8)
{
	const any_float *const in = from;
	uint8_t *const out = to;

	pack_encoded(from, to, texels, stage);
	for (size_t i = 3; stage->channels == 4 && i < texels * 4; i += 4)
		out[i] = (uint8_t)to_unorm(in[i], 255);
}

STEP(pack_half)
{
	const any_float *const in = from;
	any16 *const out = to;
	const size_t count = texels * stage->channels;
	size_t i = 0;

#if HAVE_AVX2
	for (; i + 8 <= count; i += 8)
		_mm_storeu_si128(
			(void *)(out + i), _mm256_cvtps_ph(_mm256_loadu_ps((const float *)in + i),
						   _MM_FROUND_TO_NEAREST_INT));
#endif
	for (; i < count; i++)
		out[i] = (uint16_t)to_half(bits_of(in[i]));
}

STEP(pack_rgb10a2)
{
	const any_float *const in = from;
	any32 *const out = to;

	(void)stage;
	for (size_t i = 0; i < texels; i++)
		out[i] = to_unorm(in[4 * i], 1023) | to_unorm(in[4 * i + 1], 1023) << 10 |
			 to_unorm(in[4 * i + 2], 1023) << 20 | to_unorm(in[4 * i + 3], 3) << 30;
}

STEP(pack_rg11b10)
{
	const any32 *const in = from;
	any32 *const out = to;
	size_t i = 0;

	(void)stage;
#if HAVE_AVX2
	for (; i + 4 <= texels; i += 4)
		pack_ufloats(in + 4 * i, out + i);
#endif
	for (; i < texels; i++)
		out[i] = to_ufloat(in[4 * i], 6) | to_ufloat(in[4 * i + 1], 6) << 11 |
			 to_ufloat(in[4 * i + 2], 5) << 22;
}

static inline int16_t saturate16(int32_t value)
{
	const int32_t high = value > INT16_MAX ? INT16_MAX : value;

	return (int16_t)(high > INT16_MIN ? high : INT16_MIN);
}

EACH(pack_uint16_uint, any32, any16, (uint16_t)(in[i] > UINT16_MAX ? UINT16_MAX : in[i]))
EACH(pack_sint16_sint, any_s32, any_s16, saturate16(in[i]))
EACH(pack_same, any32, any32, in[i])

/* ---- from texels to texels ------------------------------------------------------------------- */

#if HAVE_AVX2
/* One product is enough: no byte divided by 255 is so close to the middle between two halves that
 * the product's error matters. */
STEP(unorm8_to_half)
{
	const uint8_t *const in = from;
	any16 *const out = to;
	const size_t count = texels * stage->channels;
	size_t i = 0;

	for (; i + 8 <= count; i += 8) {
		const __m256i bytes = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(in + i)));
		const __m256 values =
			_mm256_mul_ps(_mm256_cvtepi32_ps(bytes), _mm256_set1_ps(HIGH(255)));

		_mm_storeu_si128(
			(void *)(out + i), _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
	}
	for (; i < count; i++)
		out[i] = (uint16_t)to_half(bits_of(from_unorm(in[i], 255)));
}
#else
#define unorm8_to_half NULL
#endif

/* Two channels in the two halves of a word, from 10 bits to 8. This is exact for all 1024 values:
 * 255 / 1023 of a value is 3 / 4092 of it less than a quarter. */
static inline uint32_t narrow_two(uint32_t channels)
{
	const uint32_t less = channels * 3 >> 10 & 0x00030003;

	return (channels + 0x00010001 - less) >> 2 & 0x00FF00FF;
}

STEP(rgb10a2_to_unorm8)
{
	const any32 *const in = from;
	any32 *const out = to;
	size_t i = 0;

	(void)stage;
#if HAVE_AVX2
	/* (channel * 8168 + 2^14) >> 15 is exact, too. Alpha is the 2 bits times 85. */
	for (; i + 8 <= texels; i += 8) {
		const __m256i word = _mm256_loadu_si256((const void *)(in + i));
		const __m256i red = _mm256_and_si256(word, _mm256_set1_epi32(0x3FF));
		const __m256i green =
			_mm256_and_si256(_mm256_srli_epi32(word, 10), _mm256_set1_epi32(0x3FF));
		const __m256i blue =
			_mm256_and_si256(_mm256_srli_epi32(word, 4), _mm256_set1_epi32(0x3FF0000));
		const __m256i alpha =
			_mm256_and_si256(_mm256_srli_epi32(word, 6), _mm256_set1_epi32(0x3000000));
		const __m256i low = _mm256_mulhrs_epi16(
			_mm256_or_si256(red, blue), _mm256_set1_epi32(8168 << 16 | 8168));
		const __m256i high = _mm256_mulhrs_epi16(
			_mm256_or_si256(green, alpha), _mm256_set1_epi32((85 * 128) << 16 | 8168));

		_mm256_storeu_si256(
			(void *)(out + i), _mm256_or_si256(low, _mm256_slli_epi32(high, 8)));
	}
#endif
	for (; i < texels; i++) {
		const uint32_t red_blue = narrow_two((in[i] & 0x3FF) | (in[i] >> 4 & 0x3FF0000));
		const uint32_t green = narrow_two(in[i] >> 10 & 0x3FF);

		out[i] = red_blue | green << 8 | (in[i] >> 30) * 85 << 24;
	}
}

/* clang-format off */
const struct gy_convert_kernels GY_KERNELS = {
	.unpack = {
		[GY_ENCODING_UNORM8] = {unpack_unorm8, NULL, NULL},
		[GY_ENCODING_UNORM16] = {unpack_unorm16, NULL, NULL},
		[GY_ENCODING_SRGB8] = {unpack_srgb8, NULL, NULL},
		[GY_ENCODING_HALF] = {unpack_half, NULL, NULL},
		[GY_ENCODING_FLOAT] = {NULL, NULL, NULL},
		[GY_ENCODING_UINT16] = {unpack_uint16, unpack_uint16_uint, unpack_uint16_uint},
		[GY_ENCODING_SINT16] = {unpack_sint16, unpack_sint16_uint, unpack_sint16_sint},
		[GY_ENCODING_UINT32] = {unpack_uint32, NULL, unpack_uint32_sint},
		[GY_ENCODING_SINT32] = {unpack_sint32, unpack_sint32_uint, NULL},
		[GY_ENCODING_RGB10A2] = {unpack_rgb10a2, NULL, NULL},
		[GY_ENCODING_RG11B10] = {unpack_rg11b10, NULL, NULL},
	},
	.pack = {
		[GY_ENCODING_UNORM8] = {pack_unorm8, NULL, NULL},
		[GY_ENCODING_UNORM16] = {pack_unorm16, NULL, NULL},
		[GY_ENCODING_SRGB8] = {pack_srgb8, NULL, NULL},
		[GY_ENCODING_HALF] = {pack_half, NULL, NULL},
		[GY_ENCODING_FLOAT] = {pack_float, NULL, NULL},
		[GY_ENCODING_UINT16] = {pack_uint16, pack_uint16_uint, NULL},
		[GY_ENCODING_SINT16] = {pack_sint16, NULL, pack_sint16_sint},
		[GY_ENCODING_UINT32] = {pack_uint32, pack_same, NULL},
		[GY_ENCODING_SINT32] = {pack_sint32, NULL, pack_same},
		[GY_ENCODING_RGB10A2] = {pack_rgb10a2, NULL, NULL},
		[GY_ENCODING_RG11B10] = {pack_rg11b10, NULL, NULL},
	},
	.unpack_unorm16_odd = unpack_unorm16_odd,
	.direct = {
		[GY_ENCODING_UNORM8][GY_ENCODING_HALF] = unorm8_to_half,
		[GY_ENCODING_RGB10A2][GY_ENCODING_UNORM8] = rgb10a2_to_unorm8,
	},
	.moves = &GY_MOVE_KERNELS,
	.scale = &GY_SCALE_KERNELS,
	.yuv = &GY_YUV_KERNELS,
	.yuv_texels = &GY_YUV_TEXEL_KERNELS,
	.yuv_samples = &GY_YUV_SAMPLE_KERNELS,
};
/* clang-format on */
