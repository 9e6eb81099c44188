/*
 * Test patterns: moving pictures that depend on nothing but the frame's number and the rate.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_PATTERN_H
#define GEYSER_CLI_PATTERN_H

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

/* Draws PATTERN_CLOCK (pattern_clock.c). */
void clock_draw(uint64_t frame, uint64_t time_ns, const struct canvas *canvas);

#endif
