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

/* A colour as a screen shows it: 65535 is full intensity. All colours are opaque. */
struct colour {
	uint16_t red, green, blue;
};

#define TEXEL_MAX 8u /* bytes; the size of every texel divides it */

/* Whether canvas_encode can write this format. A format of one channel gets the luminance, a format
 * of two channels gets red and green. */
bool canvas_holds(enum geyser_format format);

/* Writes one texel to out and returns its size in bytes. */
uint32_t canvas_encode(enum geyser_format format, struct colour colour, unsigned char *out);

/* Fills a rectangle. The part of it outside the canvas is clipped. */
void canvas_fill(const struct canvas *canvas, uint32_t x, uint32_t y, uint32_t width,
	uint32_t height, struct colour colour);

/* Copies row y to all rows from y + 1 to end - 1. */
void canvas_repeat(const struct canvas *canvas, uint32_t y, uint32_t end);

#endif
