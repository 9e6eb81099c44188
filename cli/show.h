/*
 * What the command lines of play and replay have in common.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_SHOW_H
#define GEYSER_CLI_SHOW_H

#include "media.h"
#include "options.h"

take_option show_take_buffers, show_take_subscribers;

/* The options that both commands have. */
#define SHOW_ROWS                                                                                  \
	{'b', "buffers", "N", "use N buffers, 2 to 16; by default 3", .take = show_take_buffers},  \
		{'L', "lossless", NULL, "wait for subscribers that get every frame",               \
			FLAG(struct show_options, lossless)},                                      \
		{'t', "timeout", "S",                                                              \
			"let such a subscriber keep the stream waiting for S seconds, by default " \
			"5; then go on without it until it takes frames again",                    \
			TIMEOUT(struct show_options, timeout_ns)},                                 \
		{'w', "wait-subscribers", "N", "wait for N subscribers before the first frame",    \
			.take = show_take_subscribers},                                            \
		BACKEND_ROW(struct show_options),                                                  \
		{'s', "stats", NULL, "at the end say on stderr how late frames were published",    \
			FLAG(struct show_options, stats)},                                         \
	{                                                                                          \
		'v', "verbose", NULL, "show progress on stderr even if that is no terminal",       \
			FLAG(struct show_options, verbose)                                         \
	}

/* Reads the command line into the options, and runs the function with them. Returns the exit
 * status. */
int show_command(const struct syntax *syntax, int argc, char **argv,
	int (*run)(const struct show_options *options, int signals), struct show_options *options);

#endif
