/*
 * Test patterns: moving pictures that depend on nothing but the frame's number and the rate.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_PATTERN_H
#define GEYSER_CLI_PATTERN_H

#include <geyser/stream.h>

#include "canvas.h"

enum pattern {
	PATTERN_NONE,
	PATTERN_BARS, /* colour bars, which move */
	PATTERN_RAMP, /* gray, red, green and blue from dark to full, which move */
	/* random bits, but for alpha; they depend on the frame's number and size only */
	PATTERN_NOISE,
	/* the frame's number and time as large digits, and a block that moves each second */
	PATTERN_CLOCK,
};

/* Returns the pattern; PATTERN_NONE after a message that lists all patterns. */
enum pattern parse_pattern(const char *text);

/* Draws a frame, counted from 1, which is shown at time_ns. The canvas must have a format for which
 * canvas_holds is true. */
void pattern_draw(
	enum pattern pattern, uint64_t frame, uint64_t time_ns, const struct canvas *canvas);

/* Whether pattern_draw_texture can draw in this format: a format of the canvas, or video. */
bool pattern_holds(enum geyser_format format);

/* Draws a frame as pattern_draw does into a texture of one layer and mip level, mapped at data.
 * Video is drawn in colours first, and converted by the frame's colour. Returns false after a
 * message. */
bool pattern_draw_texture(enum pattern pattern, uint64_t frame,
	const struct geyser_frame_info *info, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping);

/* Draws PATTERN_CLOCK (pattern_clock.c). */
void clock_draw(uint64_t frame, uint64_t time_ns, const struct canvas *canvas);

#endif
