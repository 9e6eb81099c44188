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

	if (step == 1)
		for (size_t i = 0; i < count; i++)
			out[i] = (uint8_t)to_sample(from[i], 255);
	else
		for (size_t i = 0; i < count; i++)
			out[step * i] = (uint8_t)to_sample(from[i], 255);
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

static void combine(const float *y, const float *u, const float *v,
	const struct gy_yuv_factors *factors, float *lanes, size_t columns)
{
	const struct gy_yuv_factors by = *factors;

	for (size_t i = 0; i < columns; i++) {
		const float grey = (y[i] - by.black) * by.luma;

		lanes[4 * i] = grey + (v[i] - by.grey) * by.red_v;
		lanes[4 * i + 1] =
			grey + (u[i] - by.grey) * by.green_u + (v[i] - by.grey) * by.green_v;
		lanes[4 * i + 2] = grey + (u[i] - by.grey) * by.blue_u;
		lanes[4 * i + 3] = 1;
	}
}

static void separate(
	const float *lanes, float *to, size_t columns, const struct gy_yuv_weights *weights)
{
	const struct gy_yuv_weights by = *weights;

	for (size_t i = 0; i < columns; i++)
		to[i] = clamp(lanes[4 * i], 0, 1) * by.of[0] +
			clamp(lanes[4 * i + 1], 0, 1) * by.of[1] +
			clamp(lanes[4 * i + 2], 0, 1) * by.of[2] + by.zero;
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
