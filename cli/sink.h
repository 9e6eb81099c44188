/*
 * Writes frames: as raw texels or y4m to one file or pipe, or each as a PNG.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_SINK_H
#define GEYSER_CLI_SINK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <geyser/stream.h>

#include "converted.h"
#include "y4m.h"

enum sink_kind {
	SINK_NONE,
	SINK_RAW,
	SINK_Y4M,    /* raw texels of video that describe themselves */
	SINK_PNG,    /* one PNG */
	SINK_NUMBER, /* a PNG for each frame, numbered from 1 */
};

struct sink {
	enum sink_kind kind;
	const char *path;          /* borrowed */
	enum geyser_format format; /* the caller may set it; NONE: that of the frames */
	struct converted converted;
	const char *stream; /* the stream's name, for messages; borrowed */
	uint64_t frames;    /* how many were written */
	/* raw: a message has told what the texels alone don't show */
	bool told;
	int fd;                          /* raw, y4m: -1 until the first frame */
	struct geyser_texture_desc desc; /* raw, y4m: of the first frame */
	/* y4m: the caller sets its rate before the first frame; that sets the other members */
	struct y4m y4m;
	unsigned char *planes; /* y4m: a frame that has to be repacked; owned */
};

enum sink_result {
	SINK_WRITTEN,
	SINK_INTERRUPTED, /* a signal ended the wait for a pipe that was full or had no reader */
	SINK_GONE,        /* the reader of the pipe has gone */
	SINK_FAILED,      /* a message was printed */
};

/* Chooses where frames go. path NULL: nowhere. If kind is SINK_NONE, the path's ending decides.
 * Makes no file yet. Prints what is wrong and returns the exit status, or STATUS_OK. */
int sink_choose(const char *stream, const char *path, enum sink_kind kind, struct sink *out);

enum sink_result sink_write(struct sink *sink, struct geyser_frame *frame);

/* Whether the reader of the pipe that frames go to has gone. */
bool sink_is_gone(const struct sink *sink);

/* Closes the file that is open. Returns false after a message. */
bool sink_close(struct sink *sink);

#endif
