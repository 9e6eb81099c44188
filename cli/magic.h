/*
 * Recognizes kinds of files by their first bytes, so that a film isn't taken for pixels.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MAGIC_H
#define GEYSER_CLI_MAGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <geyser/format.h>

/* How many of a file's first bytes are needed to recognize every kind. */
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

/* Returns the kind of a file with these first bytes; NULL if they may be raw texels. */
const struct magic *magic_find(const unsigned char *data, size_t size);

/* A command's input of raw texels, for the command line that a refusal suggests. */
struct magic_use {
	const char *input;   /* the file; "-" is stdin */
	const char *command; /* what follows: "geyser send cam", "geyser share --raw -" */
	enum geyser_format format;
	uint32_t width, height;
	bool single; /* one picture */
};

/* If these bytes are another kind of file, prints that, with a command line that works, and returns
 * true. */
bool magic_refuse(const struct magic_use *use, const unsigned char *data, size_t size);

/* As magic_refuse, for an input that must be a PNG. */
bool magic_refuse_picture(const char *input, const unsigned char *data, size_t size);

/* Returns ffmpeg's name of the format ("rgba"), or NULL if ffmpeg has none. */
const char *magic_pixel_format(enum geyser_format format);

#endif
