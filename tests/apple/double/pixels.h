/* SPDX-License-Identifier: MIT */
#ifndef GY_DOUBLE_PIXELS_H
#define GY_DOUBLE_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a surface can have a format: shared/apple.md's table of what is known. */
enum double_surface_support {
	DOUBLE_YES,
	DOUBLE_PROBE_YES, /* nobody knows: works here unless GEYSER_DOUBLE_PROBE=none */
	DOUBLE_PROBE_NO,  /* nobody knows: doesn't work here unless GEYSER_DOUBLE_PROBE=all */
	DOUBLE_REFUSED,   /* validation ends the process */
};

struct double_pixels {
	uint16_t format; /* MTLPixelFormat */
	uint8_t bytes;
	uint8_t channels;
	enum double_channel {
		DOUBLE_UNORM8,
		DOUBLE_SRGB8,
		DOUBLE_FLOAT16,
		DOUBLE_FLOAT32,
		DOUBLE_UNORM10_2,
		DOUBLE_OTHER, /* can't be cleared */
		DOUBLE_DEPTH,
		DOUBLE_COMPRESSED,
	} channel;
	bool blue_first;
	enum double_surface_support surface;
};

/* Dies for a format that is not in the table. */
const struct double_pixels *double_pixels_of(unsigned long format);
bool double_pixels_on_surface(const struct double_pixels *pixels);
/* A texel of that colour. */
void double_pixels_clear(const struct double_pixels *pixels, const double color[4], void *texel);

#endif
