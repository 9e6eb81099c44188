/*
 * PNG to texels and back, exactly or not at all.
 *
 * SPDX-License-Identifier: MIT
 *
 * Formats that PNG can hold: r, rg, rgba and bgra8unorm (also -srgb), r, rg and rgba16unorm and
 * -uint, and rgb10a2unorm, whose values are scaled to 16 bits, v16 = round(v10 * 65535 / 1023). One
 * channel is gray, two are red and green with blue 0 and no alpha.
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
	/* This format has the same bytes. Its numbers are a PNG's: encoded, and 0 to 1. */
	enum geyser_format numbers;
	uint8_t channels; /* 1, 2 or 4 */
	uint8_t bits;     /* of a colour channel: 8, 16, or 10 within a 32-bit word */
};

/* Returns how a format is stored in a PNG; NULL if a PNG can't hold it exactly. */
const struct png_layout *png_layout(enum geyser_format format);

/* Returns what a message about a format without a layout advises: to write a raw file, or to
 * convert to a format that a PNG holds. */
const char *png_advice(enum geyser_format format);

/* Converts `count` texels, which follow one another on both sides. */
void png_convert_row(enum geyser_format from, const void *texels, enum geyser_format to, void *out,
	uint32_t count);

/* Texels of one layer in memory. */
struct png_texels {
	enum geyser_format format;
	uint32_t width, height;
	unsigned char *data; /* borrowed */
	size_t row_pitch;
	/* for png_write: the meaning of the numbers; NULL: not known */
	const struct geyser_color *color;
};

struct png_reader {
	int fd; /* owned, unless it is stdin */
	struct spng_ctx *context;
	const char *name; /* the file's name in messages; borrowed */
	uint32_t width, height;
	bool deep; /* the picture has 16 bits a channel */
	bool interlaced;
	bool interrupted; /* a signal ended a wait for input; no message was printed */
	int error;        /* the errno of a read that failed */
	unsigned char buffer[1 << 16];
	size_t filled, taken; /* bytes of the buffer */
};

/* Opens the file ("-" is stdin) and reads its header. All functions print what is wrong and return
 * false. */
bool png_open(const char *path, struct png_reader *out);

/* Decodes row by row straight into the texels, which have the picture's size. Fails if the format
 * can't hold the picture exactly; the texels may then be partly written. */
bool png_read(struct png_reader *reader, const struct png_texels *texels);

/* Tells on stderr which metadata of the PNG a texture can't hold, such as its colour profile and
 * orientation. Call this after png_read. */
void png_tell_dropped(struct png_reader *reader);
void png_close(struct png_reader *reader);

/* Writes a whole PNG. The format must have a layout. An -srgb format or an sRGB colour gets an sRGB
 * chunk; another known colour gets a cICP chunk. */
bool png_write(struct outfile *file, const struct png_texels *texels);

#endif
