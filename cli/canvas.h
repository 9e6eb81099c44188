/*
 * Drawing plain colours straight into texels, for the test patterns.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_CANVAS_H
#define GEYSER_CLI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <geyser/format.h>

/* Texels of one layer in memory. */
struct canvas {
	enum geyser_format format;
	uint32_t width, height;
	unsigned char *data; /* borrowed */
	size_t row_pitch;
};

/* As on a screen: 65535 is full. All are opaque. */
struct colour {
	uint16_t red, green, blue;
};

#define TEXEL_MAX 8u /* bytes; every size here divides it */

/* Formats of few channels get what they can hold: one channel the luminance, two red and green. */
bool canvas_holds(enum geyser_format format);

/* Writes one texel, and returns its size. */
uint32_t canvas_encode(enum geyser_format format, struct colour colour, unsigned char *out);

/* What isn't on the canvas is left out. */
void canvas_fill(const struct canvas *canvas, uint32_t x, uint32_t y, uint32_t width,
	uint32_t height, struct colour colour);

/* Copies row y to the rows after it, up to but without end. */
void canvas_repeat(const struct canvas *canvas, uint32_t y, uint32_t end);

#endif
