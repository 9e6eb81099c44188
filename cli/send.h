/*
 * geyser send: send.c reads the command line, sender.c publishes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_SEND_H
#define GEYSER_CLI_SEND_H

#include <geyser/stream.h>

#include "colour.h"
#include "common.h"
#include "pattern.h"

struct send_options {
	const char *name, *application;
	const char *input;         /* the file; NULL: the pattern is drawn */
	enum geyser_format format; /* NONE: that of the input, which is y4m */
	enum pattern pattern;
	struct size size; /* 0: that of the input, which is y4m */
	struct colour_choice colour;
	uint32_t rate_num, rate_den; /* frames a second; 0: as fast as they come */
	uint32_t buffers;            /* 0: the library's default */
	uint32_t row_alignment;      /* bytes; 0: none */
	/* the number of subscribers to wait for before the first frame */
	uint32_t subscribers;
	uint64_t frames; /* the most frames to send; 0: no limit */
	uint64_t timeout_ns;
	enum geyser_backend backend;
	bool loop, lossless, host_memory, verbose;
};

/* Publishes the stream and returns the exit status. Completes the options by what a y4m says.
 * signals is the descriptor of signals_open. */
int send_stream(struct send_options *options, int signals);

#endif
