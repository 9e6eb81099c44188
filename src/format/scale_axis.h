/* SPDX-License-Identifier: MIT */
/* Which samples of the source make a sample of the destination, in one direction. */
#ifndef GY_FORMAT_SCALE_AXIS_H
#define GY_FORMAT_SCALE_AXIS_H

#include <geyser/convert.h>

/* One direction of a picture, or of a component. */
struct gy_axis_side {
	uint32_t length; /* of the picture, in texels */
	/* A sample stands for so many texels, 1 or 2. */
	unsigned int texels;
	/* Where the first sample lies, in halves of a texel from the picture's start. 1 is the
	 * middle of the first texel. */
	int first;
};

struct gy_axis {
	struct gy_axis_side source, destination;
	uint32_t samples; /* of the source */
	enum {
		GY_AXIS_PICK,         /* the nearest sample */
		GY_AXIS_MIX,          /* the two samples around, by their distance */
		GY_AXIS_MIX_AT_TEXEL, /* those around the middle of the nearest texel */
		GY_AXIS_AVERAGE,      /* all that the destination's sample covers */
	} mode;
};

/* Chooses the mode for a filter. The source's samples are chroma that becomes colours if `between`:
 * even the nearest texel then has chroma of its own. */
void gy_axis_set_filter(struct gy_axis *axis, enum geyser_filter filter, bool between);

/* Samples of the source that follow each other, and their weights. The sum of these is 1. */
struct gy_tap {
	uint32_t first, count;
	double weight[3]; /* of the first one, of those in the middle, of the last one */
};

struct gy_tap gy_axis_tap(const struct gy_axis *axis, uint32_t sample);

/* Returns the weight of a sample, counted from the first one; 0 beyond the last one. */
static inline double gy_tap_weight(const struct gy_tap *tap, uint32_t index)
{
	return index >= tap->count       ? 0
	       : index == 0              ? tap->weight[0]
	       : index + 1 == tap->count ? tap->weight[2]
					 : tap->weight[1];
}

#endif
