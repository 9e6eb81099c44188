/*
 * Child processes of the demo. Each wait for a child ends at its limit, or when a signal comes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_CHILD_H
#define GEYSER_CLI_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	const char *name; /* the program's name in messages; borrowed */
	pid_t pid;
	int end;     /* readable once the child has ended */
	int output;  /* the reading end of the child's stdout, or -1 */
	int signals; /* from signals_open; borrowed */
};

/* Starts argv[0]; without a slash in its name it is looked for on PATH. The child has an empty
 * stdin and the default signals. All functions here print what is wrong and return false. */
bool child_start(char *const argv[], const char *name, int signals, bool piped, struct child *out);

/* Reads this many lines of the child's stdout. */
bool child_read_lines(
	struct child *child, unsigned lines, uint64_t limit_ns, char *text, size_t size);

/* Checks the child without waiting. Prints a message and returns false if the child has ended or a
 * signal has come. */
bool child_is_well(const struct child *child);

/* Waits until the child ends and returns whether its exit status is 0. Kills the child if it hasn't
 * ended within limit_ns. */
bool child_finish(struct child *child, uint64_t limit_ns);

/* Kills and reaps the child if that wasn't done yet, and closes its descriptors. */
void child_end(struct child *child);

#endif
