/* SPDX-License-Identifier: MIT */
/* The steps of yuv_rows.h, compiled as those of convert_rows.c. The build names the table,
 * GY_YUV_KERNELS. */
#include "format/yuv_rows.h"

#include "format/convert_step.h"
#include "format/convert_values.h"

/* With a constant step the compiler can vectorize the loops of these functions. */
static void read_bytes(const void *from, float *to, size_t count, size_t step)
{
	const uint8_t *const in = from;

	if (step == 1)
		for (size_t i = 0; i < count; i++)
			to[i] = in[i];
	else if (step == 2)
		for (size_t i = 0; i < count; i++)
			to[i] = in[2 * i];
	else
		for (size_t i = 0; i < count; i++)
			to[i] = in[4 * i];
}

static void read_words(const void *from, float *to, size_t count, size_t step, unsigned int shift)
{
	const any16 *const in = from;

	if (step == 1)
		for (size_t i = 0; i < count; i++)
			to[i] = (float)(in[i] >> shift);
	else
		for (size_t i = 0; i < count; i++)
			to[i] = (float)(in[2 * i] >> shift);
}

/* Rounds to an integer from 0 to max. */
static inline uint32_t to_sample(float value, float max)
{
	return (uint32_t)round_small(clamp(value, 0, max));
}

#if HAVE_AVX2
/* Returns 8 values as 32-bit integers from 0 to 255. */
static inline __m256i to_samples(const float *from)
{
	const __m256 positive = _mm256_max_ps(_mm256_loadu_ps(from), _mm256_setzero_ps());
	const __m256 inside = _mm256_min_ps(positive, _mm256_set1_ps(255));
	const __m256 sum = _mm256_add_ps(inside, _mm256_set1_ps(0x1p23f));

	return _mm256_and_si256(_mm256_castps_si256(sum), _mm256_set1_epi32(0xFF));
}
#endif

static void to_bytes(const float *from, uint8_t *to, size_t count)
{
	size_t i = 0;

#if HAVE_AVX2
	for (; i + 32 <= count; i += 32)
		store_bytes(to + i, to_samples(from + i), to_samples(from + i + 8),
			to_samples(from + i + 16), to_samples(from + i + 24));
#endif
	for (; i < count; i++)
		to[i] = (uint8_t)to_sample(from[i], 255);
}

/* Where samples don't follow each other, whole words are written, with the bytes that are there
 * already. The compiler can vectorize that. Only the word of the last sample may reach beyond the
 * row. */
static void write_bytes(const float *from, void *to, size_t count, size_t step)
{
	uint8_t *out = to;
	uint8_t bytes[256];

	if (step == 1) {
		to_bytes(from, to, count);
		return;
	}
	for (size_t done = 0; done < count; done += sizeof(bytes)) {
		const size_t part = count - done < sizeof(bytes) ? count - done : sizeof(bytes);
		any16 *const pairs = (void *)out;
		any32 *const fours = (void *)out;

		to_bytes(from + done, bytes, part);
		if (step == 2)
			for (size_t i = 0; i + 1 < part; i++)
				pairs[i] = (uint16_t)((pairs[i] & 0xFF00) | bytes[i]);
		else
			for (size_t i = 0; i + 1 < part; i++)
				fours[i] = (fours[i] & 0xFFFFFF00) | bytes[i];
		out[step * (part - 1)] = bytes[part - 1];
		out += step * part;
	}
}

static void write_words(
	const float *from, void *to, size_t count, size_t step, unsigned int shift, float max)
{
	any16 *const out = to;
	any32 *const pairs = to;

	if (step == 1) {
		for (size_t i = 0; i < count; i++)
			out[i] = (uint16_t)(to_sample(from[i], max) << shift);
		return;
	}
	for (size_t i = 0; i + 1 < count; i++)
		pairs[i] = (pairs[i] & 0xFFFF0000) | to_sample(from[i], max) << shift;
	out[2 * (count - 1)] = (uint16_t)(to_sample(from[count - 1], max) << shift);
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

struct colours {
	__m256 red, green, blue;
};

/* Takes the colours out of 8 columns of 4 lanes. */
static inline struct colours colours_of_four(const float *lanes)
{
	const __m256 first = clamped(lanes), second = clamped(lanes + 8);
	const __m256 third = clamped(lanes + 16), fourth = clamped(lanes + 24);
	const __m256 even[] = {_mm256_permute2f128_ps(first, third, 0x20),
		_mm256_permute2f128_ps(second, fourth, 0x20)};
	const __m256 odd[] = {_mm256_permute2f128_ps(first, third, 0x31),
		_mm256_permute2f128_ps(second, fourth, 0x31)};
	const __m256 low[] = {
		_mm256_unpacklo_ps(even[0], even[1]), _mm256_unpacklo_ps(odd[0], odd[1])};

	return (struct colours){
		_mm256_unpacklo_ps(low[0], low[1]),
		_mm256_unpackhi_ps(low[0], low[1]),
		_mm256_unpacklo_ps(
			_mm256_unpackhi_ps(even[0], even[1]), _mm256_unpackhi_ps(odd[0], odd[1])),
	};
}

/* The same for 1 or 2 lanes: the other colours are 0. */
static inline struct colours colours_of_few(const float *lanes, unsigned int channels)
{
	const __m256 zero = _mm256_setzero_ps(), first = clamped(lanes);
	__m256 second, low, high;

	if (channels == 1)
		return (struct colours){first, zero, zero};
	second = clamped(lanes + 8);
	low = _mm256_permute2f128_ps(first, second, 0x20);
	high = _mm256_permute2f128_ps(first, second, 0x31);
	return (struct colours){
		_mm256_shuffle_ps(low, high, 0x88), _mm256_shuffle_ps(low, high, 0xDD), zero};
}

static inline __m256 weigh_colours(
	const struct colours *colours, unsigned int channels, const struct gy_yuv_weights *by)
{
	__m256 sum = _mm256_mul_ps(colours->red, _mm256_set1_ps(by->of[0]));

	if (channels > 1)
		sum = add_product(sum, colours->green, by->of[1]);
	if (channels > 2)
		sum = add_product(sum, colours->blue, by->of[2]);
	return _mm256_add_ps(sum, _mm256_set1_ps(by->zero));
}

/* Returns how many columns are done. */
static inline size_t separate_avx2(const float *lanes, unsigned int channels, float *const to[3],
	size_t columns, const struct gy_yuv_weights weights[3])
{
	size_t i = 0;

	for (; i + 8 <= columns; i += 8) {
		const float *const at = lanes + channels * i;
		const struct colours colours =
			channels == 4 ? colours_of_four(at) : colours_of_few(at, channels);

		for (unsigned int component = 0; component < 3; component++)
			_mm256_storeu_ps(to[component] + i,
				weigh_colours(&colours, channels, &weights[component]));
	}
	return i;
}
#endif

static inline float grey_of(float y, const struct gy_yuv_factors *by)
{
	return (y - by->black) * by->luma;
}

static inline float red_of(float grey, float v, const struct gy_yuv_factors *by)
{
	return grey + (v - by->grey) * by->red_v;
}

static inline float green_of(float grey, float u, float v, const struct gy_yuv_factors *by)
{
	return grey + (u - by->grey) * by->green_u + (v - by->grey) * by->green_v;
}

static void combine(const float *y, const float *u, const float *v,
	const struct gy_yuv_factors *factors, float *lanes, unsigned int channels, size_t columns)
{
	const struct gy_yuv_factors by = *factors;
	size_t i = 0;

	if (channels == 1) {
		for (; i < columns; i++)
			lanes[i] = red_of(grey_of(y[i], &by), v[i], &by);
		return;
	}
	if (channels == 2) {
		for (; i < columns; i++) {
			const float grey = grey_of(y[i], &by);

			lanes[2 * i] = red_of(grey, v[i], &by);
			lanes[2 * i + 1] = green_of(grey, u[i], v[i], &by);
		}
		return;
	}
#if HAVE_AVX2
	i = combine_avx2(y, u, v, factors, lanes, columns);
#endif
	for (; i < columns; i++) {
		const float grey = grey_of(y[i], &by);

		lanes[4 * i] = red_of(grey, v[i], &by);
		lanes[4 * i + 1] = green_of(grey, u[i], v[i], &by);
		lanes[4 * i + 2] = grey + (u[i] - by.grey) * by.blue_u;
		lanes[4 * i + 3] = 1;
	}
}

static inline float weigh(const float colours[3], const struct gy_yuv_weights *by)
{
	return colours[0] * by->of[0] + colours[1] * by->of[1] + colours[2] * by->of[2] + by->zero;
}

/* The loops have nothing left to decide: each number of channels has its own. */
static inline void separate_channels(const float *lanes, unsigned int channels, float *const to[3],
	size_t columns, const struct gy_yuv_weights weights[3])
{
	const struct gy_yuv_weights y = weights[0], cb = weights[1], cr = weights[2];
	/* the compiler can vectorize the loop where it knows that the rows don't overlap */
	float *restrict const out_y = to[0];
	float *restrict const out_cb = to[1];
	float *restrict const out_cr = to[2];
	size_t i = 0;

#if HAVE_AVX2
	i = separate_avx2(lanes, channels, to, columns, weights);
#endif
	for (; i < columns; i++) {
		const float *const at = lanes + channels * i;
		const float colours[3] = {clamp(at[0], 0, 1), channels > 1 ? clamp(at[1], 0, 1) : 0,
			channels > 2 ? clamp(at[2], 0, 1) : 0};

		out_y[i] = weigh(colours, &y);
		out_cb[i] = weigh(colours, &cb);
		out_cr[i] = weigh(colours, &cr);
	}
}

static void separate(const float *lanes, unsigned int channels, float *const to[3], size_t columns,
	const struct gy_yuv_weights weights[3])
{
	if (channels == 1)
		separate_channels(lanes, 1, to, columns, weights);
	else if (channels == 2)
		separate_channels(lanes, 2, to, columns, weights);
	else
		separate_channels(lanes, 4, to, columns, weights);
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
