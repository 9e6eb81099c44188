/* SPDX-License-Identifier: MIT */
/* A slow conversion of video in double precision, with which the library's is compared. It shares
 * nothing with the library: layouts and equations are written here a second time. */
#ifndef YUV_REFERENCE_H
#define YUV_REFERENCE_H

#include <geyser/convert.h>

struct yuv_picture {
	const struct geyser_pixels *pixels;
	bool limited;
	/* the place of a chroma sample among two columns and two rows: 0, 0.5 or 1 */
	double across, down;
};

unsigned int yuv_reference_bits(enum geyser_format format);

/* The samples of a component: 0 Y, 1 Cb, 2 Cr. */
uint32_t yuv_reference_columns(const struct geyser_pixels *pixels, unsigned int component);
uint32_t yuv_reference_rows(const struct geyser_pixels *pixels, unsigned int component);

/* Returns a sample as it is in memory. */
unsigned int yuv_reference_sample(
	const struct geyser_pixels *pixels, unsigned int component, uint32_t x, uint32_t y);

/* Returns what a component is at a texel. Luma is 0 to 1, chroma -0.5 to 0.5. */
double yuv_reference_normal(
	const struct yuv_picture *picture, unsigned int component, uint32_t x, uint32_t y);

void yuv_reference_colours(unsigned int matrix, const double yuv[3], double rgb[3]);
void yuv_reference_video(unsigned int matrix, const double rgb[3], double yuv[3]);

/* Returns the sample, not rounded, for a component. */
double yuv_reference_store(const struct yuv_picture *picture, unsigned int component, double value);

/* Returns a component of the source; outside of the picture, that of its edge. */
typedef double yuv_reference_at(const void *source, unsigned int component, double x, double y);

/* Returns the sample x, y of a component, made of those of the source that share it. from is 0 for
 * colours. */
double yuv_reference_shared(enum geyser_format from, const struct yuv_picture *to,
	yuv_reference_at *at, const void *source, unsigned int component, uint32_t x, uint32_t y);

/* Returns a component where the source has fewer samples than the destination. */
double yuv_reference_between(const struct yuv_picture *picture, enum geyser_format to,
	unsigned int component, double x, double y);

#endif
