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

/* This many of a file's first bytes are enough to recognize every kind. */
#define MAGIC_SIZE 32u

enum magic_class {
	MAGIC_PNG,
	MAGIC_PICTURE, /* another picture that ffmpeg reads */
	MAGIC_VIDEO,   /* video or sound that ffmpeg reads */
	MAGIC_PACKED,  /* a packed file; the command unpack writes the unpacked file to stdout */
	MAGIC_OTHER,
};

struct magic {
	const char *name; /* "a JPEG picture" */
	enum magic_class class;
	const char *unpack; /* the command for MAGIC_PACKED: "gzip -dc" */
};

/* Returns the kind of a file with these first bytes; NULL if they may be raw texels. */
const struct magic *magic_find(const unsigned char *data, size_t size);

/* The input of a command that expects raw texels, for the command line that a refusal suggests. */
struct magic_use {
	const char *input; /* the file; "-" is stdin */
	/* the second part of that line: "geyser send cam", "geyser share --raw -" */
	const char *command;
	const char *expected; /* what the input should be; NULL: raw texels */
	enum geyser_format format;
	uint32_t width, height;
	bool single; /* the command takes one picture only */
};

/* Returns whether the bytes begin another kind of file. If so, prints that, and a command line that
 * works. */
bool magic_refuse(const struct magic_use *use, const unsigned char *data, size_t size);

/* Does the same for an input that must be a PNG. */
bool magic_refuse_picture(const char *input, const unsigned char *data, size_t size);

#endif
