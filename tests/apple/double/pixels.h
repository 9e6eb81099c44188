/* SPDX-License-Identifier: MIT */
#ifndef GY_DOUBLE_PIXELS_H
#define GY_DOUBLE_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a surface can have a format, as far as Apple's documentation and programs show. */
enum double_surface_support {
	DOUBLE_YES,
	DOUBLE_PROBE_YES, /* not known: works here unless GEYSER_DOUBLE_PROBE=none */
	DOUBLE_PROBE_NO,  /* not known: doesn't work here unless GEYSER_DOUBLE_PROBE=all */
	DOUBLE_REFUSED,   /* Metal's validation layer ends the process */
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

/* Aborts if the format isn't in the table. */
const struct double_pixels *double_pixels_of(unsigned long format);
bool double_pixels_on_surface(const struct double_pixels *pixels);
/* Writes a texel of that colour: red, green, blue and alpha. */
void double_pixels_clear(const struct double_pixels *pixels, const double color[4], void *texel);

#endif
