/* SPDX-License-Identifier: MIT */
/* The steps of yuv_rows.h, compiled as those of convert_rows.c. The build names the table,
 * GY_YUV_KERNELS. */
#include "format/yuv_rows.h"

#include "format/convert_values.h"

typedef uint16_t __attribute__((aligned(1), may_alias)) any16;

static void read_bytes(const void *from, float *to, size_t count, size_t step)
{
	const uint8_t *const in = from;

	/* with a constant step the compiler can vectorize */
	if (step == 1)
		for (size_t i = 0; i < count; i++)
			to[i] = in[i];
	else if (step == 2)
		for (size_t i = 0; i < count; i++)
			to[i] = in[2 * i];
	else
		for (size_t i = 0; i < count; i++)
			to[i] = in[step * i];
}

static void read_words(const void *from, float *to, size_t count, size_t step, unsigned int shift)
{
	const any16 *const in = from;

	if (step == 1)
		for (size_t i = 0; i < count; i++)
			to[i] = (float)(in[i] >> shift);
	else
		for (size_t i = 0; i < count; i++)
			to[i] = (float)(in[step * i] >> shift);
}

/* Rounds to an integer from 0 to max. */
static inline uint32_t to_sample(float value, float max)
{
	return (uint32_t)round_small(clamp(value, 0, max));
}

static void write_bytes(const float *from, void *to, size_t count, size_t step)
{
	uint8_t *const out = to;
	uint8_t bytes[256];

	if (step == 1) {
		for (size_t i = 0; i < count; i++)
			out[i] = (uint8_t)to_sample(from[i], 255);
		return;
	}
	/* the compiler can vectorize the first loop, but not one that does both */
	for (size_t done = 0; done < count; done += sizeof(bytes)) {
		const size_t part = count - done < sizeof(bytes) ? count - done : sizeof(bytes);

		for (size_t i = 0; i < part; i++)
			bytes[i] = (uint8_t)to_sample(from[done + i], 255);
		for (size_t i = 0; i < part; i++)
			out[step * (done + i)] = bytes[i];
	}
}

static void write_words(
	const float *from, void *to, size_t count, size_t step, unsigned int shift, float max)
{
	any16 *const out = to;

	if (step == 1)
		for (size_t i = 0; i < count; i++)
			out[i] = (uint16_t)(to_sample(from[i], max) << shift);
	else
		for (size_t i = 0; i < count; i++)
			out[step * i] = (uint16_t)(to_sample(from[i], max) << shift);
}

static void mix(float *to, const float *from, size_t count, float keep, float weight)
{
	for (size_t i = 0; i < count; i++)
		to[i] = to[i] * keep + from[i] * weight;
}

static void scale(float *samples, size_t count, float factor, float zero)
{
	for (size_t i = 0; i < count; i++)
		samples[i] = samples[i] * factor + zero;
}

static void widen(const float *samples, float *to, size_t count, float before, float after)
{
	for (size_t i = 0; i < count; i++) {
		to[2 * i] = samples[i + 1] + (samples[i] - samples[i + 1]) * before;
		to[2 * i + 1] = samples[i + 1] + (samples[i + 2] - samples[i + 1]) * after;
	}
}

static void narrow(const float *samples, float *to, size_t count, const float weights[3])
{
	const float before = weights[0], middle = weights[1], after = weights[2];

	for (size_t i = 0; i < count; i++)
		to[i] = samples[2 * i] * before + samples[2 * i + 1] * middle +
			samples[2 * i + 2] * after;
}

#if HAVE_AVX2
/* Writes 8 texels. */
static inline void write_lanes(__m256 red, __m256 green, __m256 blue, float *lanes)
{
	const __m256 one = _mm256_set1_ps(1);
	const __m256 first = _mm256_unpacklo_ps(red, green),
		     second = _mm256_unpackhi_ps(red, green);
	const __m256 third = _mm256_unpacklo_ps(blue, one), fourth = _mm256_unpackhi_ps(blue, one);
	/* texels 0 and 4, 1 and 5, 2 and 6, 3 and 7 */
	const __m256 texels[] = {_mm256_shuffle_ps(first, third, 0x44),
		_mm256_shuffle_ps(first, third, 0xEE), _mm256_shuffle_ps(second, fourth, 0x44),
		_mm256_shuffle_ps(second, fourth, 0xEE)};

	_mm256_storeu_ps(lanes, _mm256_permute2f128_ps(texels[0], texels[1], 0x20));
	_mm256_storeu_ps(lanes + 8, _mm256_permute2f128_ps(texels[2], texels[3], 0x20));
	_mm256_storeu_ps(lanes + 16, _mm256_permute2f128_ps(texels[0], texels[1], 0x31));
	_mm256_storeu_ps(lanes + 24, _mm256_permute2f128_ps(texels[2], texels[3], 0x31));
}

static inline __m256 add_product(__m256 sum, __m256 value, float factor)
{
	return _mm256_add_ps(sum, _mm256_mul_ps(value, _mm256_set1_ps(factor)));
}

/* Returns (value - zero) of 8 samples. */
static inline __m256 samples_from(const float *samples, float zero)
{
	return _mm256_sub_ps(_mm256_loadu_ps(samples), _mm256_set1_ps(zero));
}

/* Returns how many columns are done. */
static inline size_t combine_avx2(const float *y, const float *u, const float *v,
	const struct gy_yuv_factors *by, float *lanes, size_t columns)
{
	size_t i = 0;

	for (; i + 8 <= columns; i += 8) {
		const __m256 grey =
			_mm256_mul_ps(samples_from(y + i, by->black), _mm256_set1_ps(by->luma));
		const __m256 cb = samples_from(u + i, by->grey), cr = samples_from(v + i, by->grey);

		write_lanes(add_product(grey, cr, by->red_v),
			add_product(add_product(grey, cb, by->green_u), cr, by->green_v),
			add_product(grey, cb, by->blue_u), lanes + 4 * i);
	}
	return i;
}

/* Two texels, clamped as clamp does. */
static inline __m256 clamped(const float *lanes)
{
	return _mm256_min_ps(
		_mm256_max_ps(_mm256_loadu_ps(lanes), _mm256_setzero_ps()), _mm256_set1_ps(1));
}

static inline __m256 weigh_colours(
	__m256 red, __m256 green, __m256 blue, const struct gy_yuv_weights *by)
{
	const __m256 sum = _mm256_mul_ps(red, _mm256_set1_ps(by->of[0]));

	return _mm256_add_ps(add_product(add_product(sum, green, by->of[1]), blue, by->of[2]),
		_mm256_set1_ps(by->zero));
}

/* Returns how many columns are done. */
static inline size_t separate_avx2(const float *lanes, float *const to[3], size_t columns,
	const struct gy_yuv_weights weights[3])
{
	size_t i = 0;

	for (; i + 8 <= columns; i += 8) {
		const __m256 first = clamped(lanes + 4 * i), second = clamped(lanes + 4 * i + 8);
		const __m256 third = clamped(lanes + 4 * i + 16);
		const __m256 fourth = clamped(lanes + 4 * i + 24);
		const __m256 even[] = {_mm256_permute2f128_ps(first, third, 0x20),
			_mm256_permute2f128_ps(second, fourth, 0x20)};
		const __m256 odd[] = {_mm256_permute2f128_ps(first, third, 0x31),
			_mm256_permute2f128_ps(second, fourth, 0x31)};
		const __m256 low[] = {
			_mm256_unpacklo_ps(even[0], even[1]), _mm256_unpacklo_ps(odd[0], odd[1])};
		const __m256 red = _mm256_unpacklo_ps(low[0], low[1]);
		const __m256 green = _mm256_unpackhi_ps(low[0], low[1]);
		const __m256 blue = _mm256_unpacklo_ps(
			_mm256_unpackhi_ps(even[0], even[1]), _mm256_unpackhi_ps(odd[0], odd[1]));

		for (unsigned int component = 0; component < 3; component++)
			_mm256_storeu_ps(to[component] + i,
				weigh_colours(red, green, blue, &weights[component]));
	}
	return i;
}
#endif

static void combine(const float *y, const float *u, const float *v,
	const struct gy_yuv_factors *factors, float *lanes, size_t columns)
{
	const struct gy_yuv_factors by = *factors;
	size_t i = 0;

#if HAVE_AVX2
	i = combine_avx2(y, u, v, factors, lanes, columns);
#endif
	for (; i < columns; i++) {
		const float grey = (y[i] - by.black) * by.luma;

		lanes[4 * i] = grey + (v[i] - by.grey) * by.red_v;
		lanes[4 * i + 1] =
			grey + (u[i] - by.grey) * by.green_u + (v[i] - by.grey) * by.green_v;
		lanes[4 * i + 2] = grey + (u[i] - by.grey) * by.blue_u;
		lanes[4 * i + 3] = 1;
	}
}

static inline float weigh(const float colours[3], const struct gy_yuv_weights *by)
{
	return colours[0] * by->of[0] + colours[1] * by->of[1] + colours[2] * by->of[2] + by->zero;
}

static void separate(const float *lanes, float *const to[3], size_t columns,
	const struct gy_yuv_weights weights[3])
{
	const struct gy_yuv_weights y = weights[0], cb = weights[1], cr = weights[2];
	/* the compiler can vectorize the loop where it knows that the rows don't overlap */
	float *restrict const out_y = to[0];
	float *restrict const out_cb = to[1];
	float *restrict const out_cr = to[2];
	size_t i = 0;

#if HAVE_AVX2
	i = separate_avx2(lanes, to, columns, weights);
#endif
	for (; i < columns; i++) {
		const float colours[3] = {clamp(lanes[4 * i], 0, 1), clamp(lanes[4 * i + 1], 0, 1),
			clamp(lanes[4 * i + 2], 0, 1)};

		out_y[i] = weigh(colours, &y);
		out_cb[i] = weigh(colours, &cb);
		out_cr[i] = weigh(colours, &cr);
	}
}

const struct gy_yuv_kernels GY_YUV_KERNELS = {
	.read_bytes = read_bytes,
	.read_words = read_words,
	.write_bytes = write_bytes,
	.write_words = write_words,
	.mix = mix,
	.scale = scale,
	.widen = widen,
	.narrow = narrow,
	.combine = combine,
	.separate = separate,
};
