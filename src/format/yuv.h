/* SPDX-License-Identifier: MIT */
/* Conversion of YUV planes to colour formats. No format of the table has planes yet: the layouts
 * below become rows of it. */
#ifndef GY_FORMAT_YUV_H
#define GY_FORMAT_YUV_H

#include <geyser/convert.h>

struct gy_convert_kernels;

/* Where the samples of one component are. A row has one sample in each `step` samples of the plane,
 * from the sample `offset` on. */
struct gy_yuv_component {
	unsigned int plane, offset, step;
};

struct gy_yuv_layout {
	struct gy_yuv_component y, u, v;
	/* A chroma sample stands for two columns and for so many rows of luma: 1 or 2. */
	unsigned int rows;
	/* Bits of a sample. With more than 8, a sample is a 16-bit word, and its bits are the upper
	 * ones. */
	unsigned int bits;
};

extern const struct gy_yuv_layout gy_yuv_nv12, gy_yuv_nv16, gy_yuv_p010, gy_yuv_i420, gy_yuv_yuy2,
	gy_yuv_uyvy;

/* The place of a chroma sample among the columns or the rows of luma that it stands for. */
enum gy_siting {
	GY_SITING_FIRST,  /* at the first one */
	GY_SITING_CENTER, /* in the middle of both */
};

struct gy_yuv {
	const struct gy_yuv_layout *layout;
	struct {
		const void *data; /* borrowed; samples of 16 bits need no alignment */
		size_t row_pitch; /* bytes */
	} planes[3];
	/* The code point of ITU-T H.273: 1 BT.709, 4 FCC, 5 or 6 BT.601, 7 SMPTE 240M, 9 BT.2020 */
	unsigned int matrix;
	bool limited;                /* the range of the samples */
	enum gy_siting across, down; /* of columns, and of rows */
};

/* Converts all texels of the destination from planes that have them. Planes of chroma have half of
 * the columns and rows, rounded up. Between chroma samples the chroma is interpolated, and beyond
 * the outer ones it stays the same. The results are the encoded R'G'B', as in the planes: no
 * transfer function is applied, so the destination can't be an -srgb format. Each is within 1 of
 * the exact result in a unorm format of 8 or 10 bits. Errors: INVALID_ARGUMENT (matrix),
 * UNSUPPORTED (destination's format). */
enum geyser_result gy_yuv_convert(const struct gy_convert_kernels *kernels,
	const struct gy_yuv *source, const struct geyser_pixels *destination);

#endif
