/*
 * What a file is, by its first bytes: so that a film isn't taken for pixels.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MAGIC_H
#define GEYSER_CLI_MAGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <geyser/format.h>

/* So many first bytes tell of every kind. */
#define MAGIC_SIZE 32u

enum magic_class {
	MAGIC_PNG,
	MAGIC_PICTURE, /* another one that ffmpeg reads */
	MAGIC_VIDEO,   /* or sound: ffmpeg reads it */
	MAGIC_PACKED,  /* unpack is a program that writes what is in it to stdout */
	MAGIC_OTHER,
};

struct magic {
	const char *name; /* "a JPEG picture" */
	enum magic_class class;
	const char *unpack; /* of MAGIC_PACKED: "gzip -dc" */
};

/* NULL if the bytes may well be raw texels. */
const struct magic *magic_find(const unsigned char *data, size_t size);

/* Raw texels of a command line, and what they are for. */
struct magic_use {
	const char *input;   /* the file; "-" is stdin */
	const char *command; /* what follows: "geyser send cam", "geyser share --raw -" */
	enum geyser_format format;
	uint32_t width, height;
	bool single; /* one picture */
};

/* Says that these bytes are no raw texels, if they aren't, with the command line that works. */
bool magic_refuse(const struct magic_use *use, const unsigned char *data, size_t size);

/* The same for what must be a PNG. */
bool magic_refuse_picture(const char *input, const unsigned char *data, size_t size);

/* ffmpeg's name of the texels ("rgba"), or NULL if it has none. */
const char *magic_pixel_format(enum geyser_format format);

#endif
