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

#include <geyser/stream.h>

#include "outfile.h"

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
	const struct geyser_color *color; /* writing: what the numbers mean; NULL: not known */
};

struct png_reader {
	int fd; /* owned, but for stdin */
	struct spng_ctx *context;
	const char *name; /* for messages; borrowed */
	uint32_t width, height;
	bool deep; /* 16 bits a channel */
	bool interlaced;
	bool interrupted; /* a signal ended a wait for more of it: no message says so */
	int error;        /* errno of a read that failed */
	unsigned char buffer[1 << 16];
	size_t filled, taken; /* of the buffer */
};

/* Opens the file ("-" is stdin) and reads its header. All print what is wrong and return false. */
bool png_open(const char *path, struct png_reader *out);

/* Decodes row by row straight into the texels, which have the picture's size. Fails if the format
 * can't hold the picture exactly; the texels are then partly written. */
bool png_read(struct png_reader *reader, const struct png_texels *texels);

/* Call this after png_read. Names on stderr the metadata of the PNG that a texture can't hold, such
 * as its colour profile and orientation. */
void png_tell_dropped(struct png_reader *reader);
void png_close(struct png_reader *reader);

/* Writes a whole PNG; the format must have a layout. -srgb formats and colours of that kind get an
 * sRGB chunk, other colours that are known a cICP chunk. */
bool png_write(struct outfile *file, const struct png_texels *texels);

#endif
