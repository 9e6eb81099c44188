/*
 * Child processes of the demo: each is waited for with a limit, and until a signal comes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_CHILD_H
#define GEYSER_CLI_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	const char *name; /* for messages; borrowed */
	pid_t pid;
	int end;     /* readable once it has ended */
	int output;  /* the reading end of its stdout, or -1 */
	int signals; /* from signals_open; borrowed */
};

/* Starts argv[0], looked for on PATH if it has no slash, with empty stdin and the default signals.
 * All print what is wrong and return false. */
bool child_start(char *const argv[], const char *name, int signals, bool piped, struct child *out);

/* Reads so many lines of its stdout. */
bool child_read_lines(
	struct child *child, unsigned lines, uint64_t limit_ns, char *text, size_t size);

/* False after a message if it has ended or a signal has come; looks, doesn't wait. */
bool child_is_well(const struct child *child);

/* Waits for the end; true if its exit status is 0. After false it is killed already. */
bool child_finish(struct child *child, uint64_t limit_ns);

/* Kills and reaps it if that wasn't done yet, and closes what belongs to it. */
void child_end(struct child *child);

#endif
