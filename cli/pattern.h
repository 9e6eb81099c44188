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
	PATTERN_BARS,  /* colour bars, which move */
	PATTERN_RAMP,  /* gray, red, green and blue from dark to full, which move */
	PATTERN_NOISE, /* every bit random but for alpha; the same for the same frame and size */
	PATTERN_CLOCK, /* the frame's number and time as large digits, and a hand that goes round */
};

/* PATTERN_NONE after an error message that lists all. */
enum pattern parse_pattern(const char *text);

/* Draws frame 1, 2, 3, …, which is shown at time_ns; canvas_holds(canvas->format). */
void pattern_draw(
	enum pattern pattern, uint64_t frame, uint64_t time_ns, const struct canvas *canvas);

/* PATTERN_CLOCK's; see pattern_clock.c. */
void clock_draw(uint64_t frame, uint64_t time_ns, const struct canvas *canvas);

#endif
