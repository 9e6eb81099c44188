/* SPDX-License-Identifier: MIT */
/* The steps that sum up rows of a picture that is scaled. A column has 1 or 4 numbers, its lanes.
 */
#ifndef GY_FORMAT_SCALE_ROWS_H
#define GY_FORMAT_SCALE_ROWS_H

#include "format/scale_axis.h"

#include <stddef.h>

struct gy_scale_kernels {
	/* Adds a sample of each column, times the weight that its tap has for this index, to a row.
	 * Index 0 comes first, and sets the row. */
	void (*weigh_columns)(const float *samples, const struct gy_tap *taps, uint32_t index,
		size_t columns, unsigned int lanes, double *row);
	/* Adds a row times its weight, or sets the sums. */
	void (*weigh_row)(const double *row, double weight, bool set, size_t count, double *sums);
	void (*round)(const double *sums, float *out, size_t count);
};

extern const struct gy_scale_kernels gy_scale_kernels_base;
#ifdef GY_HAVE_CONVERT_AVX2
extern const struct gy_scale_kernels gy_scale_kernels_avx2;
#endif

#endif
