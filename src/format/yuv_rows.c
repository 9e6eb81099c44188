/* SPDX-License-Identifier: MIT */
/* The steps of yuv_rows.h, compiled as those of convert_rows.c. The build names the table,
 * GY_YUV_KERNELS. */
#include "format/yuv_rows.h"

typedef uint16_t __attribute__((aligned(1), may_alias)) any16;

static void read_bytes(const uint8_t *from, float *to, size_t count, size_t step)
{
	/* with a constant step the compiler can vectorize */
	if (step == 1)
		for (size_t i = 0; i < count; i++)
			to[i] = from[i];
	else if (step == 2)
		for (size_t i = 0; i < count; i++)
			to[i] = from[2 * i];
	else
		for (size_t i = 0; i < count; i++)
			to[i] = from[step * i];
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

static void blend(float *samples, const float *second, size_t count, float weight)
{
	for (size_t i = 0; i < count; i++)
		samples[i] += (second[i] - samples[i]) * weight;
}

static void widen(const float *samples, float *to, size_t count, float before, float after)
{
	for (size_t i = 0; i < count; i++) {
		to[2 * i] = samples[i + 1] + (samples[i] - samples[i + 1]) * before;
		to[2 * i + 1] = samples[i + 1] + (samples[i + 2] - samples[i + 1]) * after;
	}
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

const struct gy_yuv_kernels GY_YUV_KERNELS = {read_bytes, read_words, blend, widen, combine};
