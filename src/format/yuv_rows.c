/* SPDX-License-Identifier: MIT */
/* The steps of yuv_rows.h, compiled as those of convert_rows.c. The build names the table,
 * GY_YUV_KERNELS. */
#include "format/yuv_rows.h"

#include "format/convert_rows.h"
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
	uint8_t bytes[GY_CONVERT_CHUNK];

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

static inline float weigh(const float colours[3], struct gy_yuv_weights by)
{
	return colours[0] * by.of[0] + colours[1] * by.of[1] + colours[2] * by.of[2] + by.zero;
}

static void separate(const float *lanes, float *const to[3], size_t columns,
	const struct gy_yuv_weights weights[3])
{
	const struct gy_yuv_weights y = weights[0], cb = weights[1], cr = weights[2];
	float *restrict const out_y = to[0], *restrict const out_cb = to[1],
			      *restrict const out_cr = to[2];

	for (size_t i = 0; i < columns; i++) {
		const float colours[3] = {clamp(lanes[4 * i], 0, 1), clamp(lanes[4 * i + 1], 0, 1),
			clamp(lanes[4 * i + 2], 0, 1)};

		out_y[i] = weigh(colours, y);
		out_cb[i] = weigh(colours, cb);
		out_cr[i] = weigh(colours, cr);
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
