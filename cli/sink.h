/*
 * Where frames go to: one file or pipe with raw texels, or a PNG for each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_SINK_H
#define GEYSER_CLI_SINK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <geyser/stream.h>

enum sink_kind {
	SINK_NONE,
	SINK_RAW,
	SINK_PNG,    /* a single one */
	SINK_NUMBER, /* PNGs, numbered from 1 */
};

struct sink {
	enum sink_kind kind;
	const char *path;                /* borrowed */
	const char *stream;              /* its name, for messages; borrowed */
	uint64_t frames;                 /* written */
	bool told;                       /* raw: what the texels alone don't show */
	int fd;                          /* raw: -1 until the first frame */
	struct geyser_texture_desc desc; /* raw: of the first frame */
};

enum sink_result {
	SINK_WRITTEN,
	SINK_INTERRUPTED, /* by a signal, while a pipe was full or had no reader yet */
	SINK_GONE,        /* the pipe's reader has gone */
	SINK_FAILED,      /* after a message */
};

/* Chooses where frames go. path NULL: nowhere. kind SINK_NONE: the path's ending decides. Touches
 * no file yet. Prints what is wrong and returns the exit status, or STATUS_OK. */
int sink_choose(const char *stream, const char *path, enum sink_kind kind, struct sink *out);

enum sink_result sink_write(struct sink *sink, struct geyser_frame *frame);

/* Whether the reader of the pipe that frames go to has gone. */
bool sink_is_gone(const struct sink *sink);

/* Closes what is open; false after a message. */
bool sink_close(struct sink *sink);

#endif
