/* SPDX-License-Identifier: MIT */
/* For tests of the double: processes that are expected to end, and peers. */
#ifndef GY_DOUBLE_TEST_SUPPORT_H
#define GY_DOUBLE_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/types.h>

#include <IOSurface/IOSurface.h>
#include <apple_double.h>

/* A forked process that runs it says so and is aborted. */
void expect_death(void (*body)(void), const char *text);
/* A forked process that runs it doesn't get to its end. */
void expect_end(void (*body)(void));

/* This program anew, with one of the modes given to peers_run, and a socket to it. environment:
 * NULL, or VARIABLE=value. */
struct peer {
	pid_t pid;
	int socket;
	int errors; /* its stderr */
};
struct peer peer_start(const char *mode, const char *environment);
/* Waits for its end; returns its exit status. */
int peer_end(struct peer *peer, char *errors, size_t size);
void peer_kill(struct peer *peer);
/* A byte, for "it is done" and "go on". */
void tell(int socket);
void listen_to(int socket);

struct mode {
	const char *name;
	int (*run)(int socket);
};
/* If this process is a peer: runs its mode and returns true, with its exit status. */
bool peers_run(int argc, char **argv, const struct mode *modes, int *status);

/* A BGRA surface, of 64 x 16 texels unless told otherwise; 0 leaves a property out. */
IOSurfaceRef surface_of(size_t width, size_t height, size_t row, size_t bytes, bool global);
IOSurfaceRef surface_new(void);

#endif
