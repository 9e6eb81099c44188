/* SPDX-License-Identifier: MIT */
/* The steps of scale_rows.h, compiled as those of convert_rows.c. The build names the table,
 * GY_SCALE_KERNELS. */
#include "format/scale_rows.h"

/* The compiler makes fast loops only where it knows how many lanes there are. A column without a
 * sample of this index has the weight 0, and the sample may be infinite. */
static inline void weigh_lanes(const float *samples, const struct gy_tap *taps, uint32_t index,
	size_t columns, unsigned int lanes, double *row)
{
	for (size_t i = 0; i < columns; i++) {
		const double weight = gy_tap_weight(&taps[i], index);

		if (index > 0 && weight == 0)
			continue;
		for (unsigned int lane = 0; lane < lanes; lane++) {
			const double product = weight * (double)samples[lanes * i + lane];
			double *const out = &row[lanes * i + lane];

			*out = index == 0 ? product : *out + product;
		}
	}
}

static void weigh_columns(const float *samples, const struct gy_tap *taps, uint32_t index,
	size_t columns, unsigned int lanes, double *row)
{
	if (lanes == 1)
		weigh_lanes(samples, taps, index, columns, 1, row);
	else
		weigh_lanes(samples, taps, index, columns, 4, row);
}

static void weigh_row(const double *row, double weight, bool set, size_t count, double *sums)
{
	if (set)
		for (size_t i = 0; i < count; i++)
			sums[i] = row[i] * weight;
	else
		for (size_t i = 0; i < count; i++)
			sums[i] += row[i] * weight;
}

static void round_sums(const double *sums, float *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		out[i] = (float)sums[i];
}

const struct gy_scale_kernels GY_SCALE_KERNELS = {
	.weigh_columns = weigh_columns,
	.weigh_row = weigh_row,
	.round = round_sums,
};
