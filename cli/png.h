/*
 * PNG to texels and back, exactly or not at all.
 *
 * SPDX-License-Identifier: MIT
 *
 * Formats that PNG can hold: r, rg, rgba and bgra8unorm (also -srgb), r, rg and rgba16uint, and
 * rgb10a2unorm, whose values are scaled to 16 bits, v16 = round(v10 * 65535 / 1023). One channel is
 * gray, two are red and green with blue 0 and no alpha.
 */
#ifndef GEYSER_CLI_PNG_H
#define GEYSER_CLI_PNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <geyser/geyser.h>

struct spng_ctx;

/* How a format's texels relate to PNG samples. */
struct png_layout {
	enum geyser_format format;
	uint8_t channels;   /* 1, 2 or 4 */
	uint8_t bits;       /* a colour channel: 8, 16, or 10 in one 32-bit word */
	uint8_t alpha_bits; /* of the fourth channel */
	bool bgra;          /* blue comes first in memory */
};

/* NULL if PNG can't hold the format exactly. */
const struct png_layout *png_layout(enum geyser_format format);

/* A value of so many bits as a 16-bit one of the same share of the maximum, rounded; and back. */
uint16_t png_widen(uint32_t value, unsigned bits);
uint32_t png_narrow(uint16_t value, unsigned bits);

/* Texels of one layer in memory. */
struct png_texels {
	enum geyser_format format;
	uint32_t width, height;
	unsigned char *data; /* borrowed */
	size_t row_pitch;
};

struct png_reader {
	FILE *file; /* owned */
	struct spng_ctx *context;
	const char *name; /* for messages; borrowed */
	uint32_t width, height;
	bool deep; /* 16 bits a channel */
	bool interlaced;
};

/* Opens the file ("-" is stdin) and reads its header. All print what is wrong and return false. */
bool png_open(const char *path, struct png_reader *out);

/* Decodes row by row straight into the texels, which have the picture's size. Fails if the format
 * can't hold the picture exactly; the texels are then partly written. */
bool png_read(struct png_reader *reader, const struct png_texels *texels);
void png_close(struct png_reader *reader);

/* Writes a whole PNG; the format must have a layout. -srgb formats get an sRGB chunk. */
bool png_write(FILE *file, const char *name, const struct png_texels *texels);

#endif
