/* SPDX-License-Identifier: MIT */
/* Conversion from and to the formats of video, GEYSER_FORMAT_TYPE_YUV. */
#ifndef GY_FORMAT_YUV_H
#define GY_FORMAT_YUV_H

#include <geyser/convert.h>

struct gy_convert_kernels;
struct gy_geometry;

/* Where the samples of one component are. A row has one sample in each `step` samples of the plane,
 * from the sample `offset` on. */
struct gy_yuv_component {
	unsigned int plane, offset, step;
};

struct gy_yuv_layout {
	struct gy_yuv_component component[3]; /* Y, Cb, Cr */
	/* A chroma sample stands for so many columns and rows of luma: 1 or 2. */
	unsigned int columns, rows;
	/* Bits of a sample. With more than 8, a sample is a 16-bit word, and its bits are the upper
	 * ones. */
	unsigned int bits;
};

/* Returns where a format's samples are. It must be a format of video. */
struct gy_yuv_layout gy_yuv_layout_of(enum geyser_format format);

/* Returns where a sample of a component is: Y, Cb or Cr in this row and, counted in samples of the
 * component, column. */
void *gy_yuv_sample_at(const struct geyser_pixels *pixels, const struct gy_yuv_layout *layout,
	unsigned int component, uint32_t row, uint32_t column);

/* Describes a part of a row of colours, as they are encoded: an -srgb format becomes the format
 * with the same bytes. */
struct geyser_pixels gy_yuv_part_of(
	const struct geyser_pixels *pixels, uint32_t row, uint32_t first, uint32_t columns);

/* What the samples mean. */
struct gy_yuv_meaning {
	double red, blue; /* the weights of red and blue in luma */
	bool limited;     /* the range of the samples */
	/* Where a chroma sample lies among the columns and rows of luma that it stands for, in
	 * halves of the distance from the first to the second: 0, 1 or 2. */
	int across, down;
};

/* Tells where chroma lies; the matrix and the range don't matter. The options may be NULL. */
struct gy_yuv_meaning gy_yuv_siting_of(const struct geyser_convert_options *options);

/* Resolves the options of a conversion, which may be NULL. Errors: UNSUPPORTED, naming a matrix
 * that isn't one of weights. */
enum geyser_result gy_yuv_meaning_of(
	const struct geyser_convert_options *options, struct gy_yuv_meaning *out);

/* Converts all texels between two formats, at least one of which is of video. Checks nothing. */
void gy_yuv_convert(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination, const struct gy_yuv_meaning *meaning);

/* The same to another size, of a part of the source, or upright. */
void gy_yuv_convert_scaled(const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct geyser_pixels *destination,
	const struct gy_yuv_meaning *meaning, const struct gy_geometry *geometry);

#endif
