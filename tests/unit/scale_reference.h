/* SPDX-License-Identifier: MIT */
/* A slow way to scale in double precision, with which the library's is compared. Places are
 * numbers in the source, so a turn is a change of places. It shares nothing with the library. */
#ifndef SCALE_REFERENCE_H
#define SCALE_REFERENCE_H

#include <geyser/convert.h>

/* A way to scale. */
struct scale_reference {
	uint32_t width, height; /* of the destination */
	struct geyser_rect crop;
	enum geyser_filter filter;
	enum geyser_orientation orientation;
	/* the place of a chroma sample among two columns and two rows: 0, 0.5 or 1 */
	double across, down;
};

/* The samples that a picture's plane has: how many texels a sample stands for, across and down. */
struct scale_grid {
	unsigned int columns, rows;
};

/* Returns a sample of the source. */
typedef double scale_reference_at(const void *source, unsigned int lane, uint32_t x, uint32_t y);

/* Returns the sample x, y of the destination, made of those of one plane. Chroma that becomes
 * colours is interpolated at the nearest texel: `between`. */
double scale_reference_sample(const struct scale_reference *how, struct scale_grid from,
	struct scale_grid to, bool between, scale_reference_at *at, const void *source,
	unsigned int lane, uint32_t x, uint32_t y);

#endif
