/* SPDX-License-Identifier: MIT */
/* Conversion of one value between a float and every other kind of channel, for convert_rows.c. No
 * function has a branch, so that loops of them can be vectorized. */
#ifndef GY_FORMAT_CONVERT_VALUES_H
#define GY_FORMAT_CONVERT_VALUES_H

#include "format/srgb.h"

#include <stdint.h>
#include <string.h>

/* The build gives these three instruction sets together. */
#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>
#define HAVE_AVX2 1

/* Stores four times 8 integers from 0 to 255 as bytes. */
static inline void store_bytes(
	uint8_t *to, __m256i first, __m256i second, __m256i third, __m256i fourth)
{
	const __m256i bytes = _mm256_packus_epi16(
		_mm256_packus_epi32(first, second), _mm256_packus_epi32(third, fourth));

	/* the packing instructions work on the halves of a register alone */
	_mm256_storeu_si256((void *)to,
		_mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)));
}
#else
#define HAVE_AVX2 0
#endif

#if HAVE_AVX2 || defined(__aarch64__)
#define HAVE_FMA 1
#else
#define HAVE_FMA 0
#endif

static inline uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static inline float float_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

#define QUIET 0x400000u
#define INFINITE 0x7F800000u

static inline uint32_t quiet(uint32_t bits)
{
	return bits | ((bits & 0x7FFFFFFF) > INFINITE ? QUIET : 0);
}

/* Both comparisons are false for a NaN, which becomes the lower limit. */
static inline float clamp(float value, float low, float high)
{
	value = value > low ? value : low;
	return value < high ? value : high;
}

/* 1 / max to twice the precision of a float, as a sum. */
#define HIGH(max) (1 / (float)(max))
#define LOW(max) ((float)(1 / (double)(max) - (double)HIGH(max)))

/* Divides by the largest value of a channel. The sum of the products is rounded only once. */
static inline float from_unorm(uint32_t value, float max)
{
#if HAVE_FMA
	const float number = (float)(int32_t)value;

	return __builtin_fmaf(number, HIGH(max), number * LOW(max));
#else
	return (float)(int32_t)value / max;
#endif
}

/* Divides by 65535, and gives the bits of the float. If the quotient lies between two floats, the
 * result is the one whose last bit is 1. */
static inline uint32_t from_unorm16_odd(uint32_t value)
{
	const float nearest = from_unorm(value, 65535);
	const double rest = (double)(int32_t)value - (double)nearest * 65535;

	return (bits_of(nearest) - (rest < 0)) | (rest != 0);
}

/* Returns the nearest multiple of 1 / max, in units of that. The addition leaves no room for a
 * fraction, so it rounds the exact product once. A tie goes to the even value. */
static inline uint32_t to_unorm(float value, float max)
{
	const float inside = clamp(value, 0, 1);
#if HAVE_FMA
	return bits_of(__builtin_fmaf(inside, max, 0x1p23f)) & 0xFFFF;
#else
	const double sum = (double)inside * (double)max + 0x1p52;
	uint64_t bits;

	memcpy(&bits, &sum, sizeof(bits));
	return (uint32_t)bits & 0xFFFF;
#endif
}

/* Rounds to an integer, with ties to even. The value must be between -2^22 and 2^22. */
static inline int32_t round_small(float value)
{
	return (int32_t)bits_of(value + 0x1.8p23f) - (int32_t)0x4B400000;
}

/* Rounds a value that isn't negative, with ties to even. Floats of 2^23 and more have no fraction.
 */
static inline float round_positive(float value)
{
	return value < 0x1p23f ? (value + 0x1p23f) - 0x1p23f : value;
}

static inline uint32_t to_uint32(float value)
{
	const float rounded = round_positive(value > 0 ? value : 0);
	const float upper = rounded < 0x1p31f ? 0 : 0x1p31f;
	const float rest = clamp(rounded - upper, 0, 0x1.fffffep30f);

	return rounded < 0x1p32f ? (uint32_t)(int32_t)rest + (upper > 0 ? 0x80000000u : 0)
				 : UINT32_MAX;
}

static inline int32_t to_sint32(float value)
{
	const uint32_t sign = bits_of(value) & 0x80000000u;
	const float size = round_positive(float_of(bits_of(value) ^ sign));
	const int32_t inside = (int32_t)clamp(size, 0, 0x1.fffffep30f);

	if (size >= 0x1p31f)
		return sign ? INT32_MIN : INT32_MAX;
	return sign ? -inside : inside;
}

static inline float from_half(uint32_t half)
{
	const uint32_t sign = (half & 0x8000) << 16, rest = (half & 0x7FFF) << 13;
	const uint32_t exponent = rest & (0x1Fu << 23);
	const uint32_t normal = rest + (112u << 23);
	/* 2^-14 is added and taken away again, so that the processor normalizes the fraction. */
	const uint32_t denormal = bits_of(float_of(rest + (113u << 23)) - 0x1p-14f);
	const uint32_t special = quiet(rest + (224u << 23));

	return float_of(sign | (exponent == 0                   ? denormal
				       : exponent < (31u << 23) ? normal
								: special));
}

/* Converts a value without its sign to a format with 5 bits of exponent and so many bits of
 * fraction: half, or a channel of RG11B10. Rounds to nearest, with ties to even. `beyond` replaces
 * a finite value that is rounded beyond the largest one. A NaN keeps the upper bits of its
 * payload. */
static inline uint32_t to_small(uint32_t bits, unsigned int fraction, uint32_t beyond)
{
	const unsigned int shift = 23 - fraction;
	const uint32_t infinite = 31u << fraction;
	const uint32_t odd = bits >> shift & 1;
	const uint32_t normal =
		((bits + (1u << (shift - 1)) - 1 + odd) >> shift) - (112u << fraction);
	/* The unit of this float's last place is the smallest denormal number. */
	const uint32_t place = (136u - fraction) << 23;
	const uint32_t denormal = bits_of(float_of(bits) + float_of(place)) - place;
	const uint32_t special = infinite | 1u << (fraction - 1) | (bits & 0x7FFFFF) >> shift;
	const uint32_t finite = bits < (113u << 23) ? denormal : normal;

	return bits > INFINITE     ? special
	       : bits == INFINITE  ? infinite
	       : finite < infinite ? finite
				   : beyond;
}

static inline uint32_t to_half(uint32_t bits)
{
	return (bits >> 16 & 0x8000) | to_small(bits & 0x7FFFFFFF, 10, 31u << 10);
}

/* A negative number becomes 0, and a NaN of either sign stays a NaN. */
static inline uint32_t to_ufloat(uint32_t bits, unsigned int fraction)
{
	const uint32_t size = bits & 0x7FFFFFFF;
	const uint32_t out = to_small(size, fraction, (31u << fraction) - 1);

	return bits == size || size > INFINITE ? out : 0;
}

#endif
