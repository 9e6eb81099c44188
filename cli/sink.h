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

#include <geyser/geyser.h>

enum sink_kind {
	SINK_NONE,
	SINK_RAW,
	SINK_PNG,    /* a single one */
	SINK_NUMBER, /* PNGs, numbered from 1 */
};

struct sink {
	enum sink_kind kind;
	const char *path; /* borrowed */
	int signals;      /* from signals_open; borrowed */
	uint64_t frames;  /* written */
	int fd;           /* raw: -1 until the first frame */
	bool piped;       /* raw: neither a file nor a device, so that writing may have to wait */
	struct geyser_texture_desc desc; /* raw: of the first frame */
};

enum sink_result {
	SINK_WRITTEN,
	SINK_INTERRUPTED, /* by a signal, while a pipe was full */
	SINK_FAILED,      /* after a message */
};

/* path NULL: nowhere. Touches no file yet. Prints what is wrong and returns the exit status, or
 * STATUS_OK. */
int sink_choose(const char *path, int signals, struct sink *out);

enum sink_result sink_write(struct sink *sink, struct geyser_texture *texture);

/* Closes what is open; false after a message. */
bool sink_close(struct sink *sink);

#endif
