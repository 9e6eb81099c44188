/*
 * Forked children of a test. A helper has a pipe in each direction. The functions fail the test
 * when something is not as expected, and are for the thread that runs the test unless they say
 * otherwise. They need no support.h, so that the tests of internal functions can use them, too.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_PEER_HELPER_H
#define TESTS_PEER_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* ---- children ---- */

/* Forks a child that exits at once with the result of run. SIGALRM ends it after 60 seconds. */
pid_t start_child(int (*run)(void *data), void *data);

/* Does the same and waits for the child, which must exit with 0. */
void in_child(int (*run)(void *data), void *data);

/* ---- helpers ---- */

struct helper {
	pid_t pid;
	int orders;  /* the test writes to it; once it is closed, the helper reads the end */
	int reports; /* the test reads from it */
};

/* Forks a child that exits at once with the result of work, which gets its own ends of the pipes.
 * SIGALRM ends the child after 100 seconds. */
struct helper start_helper(int (*work)(int orders, int reports, void *data), void *data);

/* Write and read `size` bytes. */
void order_helper(const struct helper *helper, const void *bytes, size_t size);
void hear_helper(const struct helper *helper, void *bytes, size_t size);

/* Write one byte, for wait_for_prompt; wait for the byte of say_ready. */
void prompt_helper(const struct helper *helper);
void await_helper(const struct helper *helper);

/* For the helper: write the byte; wait for a byte. Return false if the test has closed the pipe. */
bool say_ready(int reports);
bool wait_for_prompt(int orders);

/* Closes the pipes and waits for the helper, which must exit with 0. A helper has copies of the
 * pipes of the helpers that were started before it: end the last one first. */
void end_helper(const struct helper *helper);

/* Kills the helper, waits for it and closes the pipes. */
void kill_helper(const struct helper *helper);

#endif
