/*
 * geyser send: send.c reads the command line, sender.c publishes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_SEND_H
#define GEYSER_CLI_SEND_H

#include <geyser/stream.h>

#include "pattern.h"

struct send_options {
	const char *name, *application;
	const char *input; /* NULL: the pattern */
	enum geyser_format format;
	enum pattern pattern;
	uint32_t width, height;
	uint32_t rate_num, rate_den; /* 0: not paced */
	uint32_t buffers;            /* 0: the library's default */
	uint32_t subscribers;        /* to wait for */
	uint64_t frames;             /* 0: no limit */
	uint64_t timeout_ns;
	enum geyser_backend backend;
	bool loop, lossless, host_memory, verbose;
};

/* Returns the exit status. signals is from signals_open. */
int send_stream(const struct send_options *options, int signals);

#endif
