/* SPDX-License-Identifier: MIT */
/* Rows of a picture that is cropped, turned upright and scaled.
 *
 * Crop and orientation only change where the first sample of the source lies and how far its
 * neighbours are. So the code below scales an upright picture, whose columns may be the rows of the
 * source. All sums have double precision. */
#ifndef GY_FORMAT_SCALE_H
#define GY_FORMAT_SCALE_H

#include "format/convert_rows.h"
#include "format/geometry.h"
#include "format/scale_axis.h"
#include "format/yuv.h"

/* The most columns that a scaler makes at once. */
#define GY_SCALE_COLUMNS (GY_CONVERT_CHUNK + 2)

/* Makes rows of one component of video, or rows of colours. */
struct gy_scaler {
	const struct gy_convert_kernels *kernels;
	enum geyser_format format; /* of colours; 0 for a component of video */
	unsigned int bits;         /* of a component's sample */
	unsigned int lanes;        /* 1 for a component, 4 for colours */
	/* The first sample of the upright picture, and the bytes to its neighbours. */
	const uint8_t *origin;
	ptrdiff_t right, below;
	size_t size; /* bytes of a sample, or of a texel */
	struct gy_axis columns, rows;
	/* The columns that were asked for last, and two rows of the source that have these columns
	 * already. */
	uint32_t first, count;
	struct gy_tap taps[GY_SCALE_COLUMNS];
	uint32_t most; /* of the counts of the taps */
	int64_t row[2];
	double *line[2]; /* borrowed: lanes * GY_SCALE_COLUMNS numbers each */
};

/* Prepares a scaler for colours, whose rows have 4 float lanes a texel, as columns × rows texels.
 * memory has 8 * GY_SCALE_COLUMNS numbers; it and the pixels are borrowed. */
void gy_scaler_init_colours(struct gy_scaler *scaler, const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct gy_geometry *geometry, uint32_t columns,
	uint32_t rows, double *memory);

/* The same for one component of video: Y, Cb or Cr. Its rows have the numbers that are in memory.
 * `to` is the layout of the destination, or NULL for colours. memory has 2 * GY_SCALE_COLUMNS
 * numbers. */
void gy_scaler_init_component(struct gy_scaler *scaler, const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct gy_geometry *geometry,
	const struct gy_yuv_meaning *meaning, unsigned int component,
	const struct gy_yuv_layout *to, const struct geyser_pixels *destination, double *memory);

/* Tells whether each texel of the destination is one of the source. */
bool gy_scaler_picks(const struct gy_scaler *scaler);

/* Copies the texels that the destination's row has in these columns, which gy_scaler_picks. */
void gy_scaler_pick(
	struct gy_scaler *scaler, uint32_t row, uint32_t first, uint32_t count, void *out);

/* Makes a part of a row of the destination. count is at most GY_SCALE_COLUMNS. */
void gy_scaler_make(
	struct gy_scaler *scaler, uint32_t row, uint32_t first, uint32_t count, float *out);

#endif
