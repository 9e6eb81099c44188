/* SPDX-License-Identifier: MIT */
/* Helpers for tests of the double: processes that are expected to end, and peers. */
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

/* Runs the body in a forked process. The double must print the text and abort that process. */
void expect_death(void (*body)(void), const char *text);
/* Runs the body in a forked process, which must end before the body returns. */
void expect_end(void (*body)(void));

/* Another process of this program, and a socket to it. mode: one of those given to peers_run.
 * environment: NULL, or VARIABLE=value. */
struct peer {
	pid_t pid;
	int socket;
	int errors; /* the peer's stderr */
};
struct peer peer_start(const char *mode, const char *environment);
/* Waits for the peer's end. Returns its exit status. */
int peer_end(struct peer *peer, char *errors, size_t size);
void peer_kill(struct peer *peer);
/* Send and await a byte, by which peer and test order their steps. */
void tell(int socket);
void listen_to(int socket);

struct mode {
	const char *name;
	int (*run)(int socket);
};
/* If this process is a peer, runs its mode, sets *status and returns true. */
bool peers_run(int argc, char **argv, const struct mode *modes, int *status);

/* Make a BGRA surface. surface_new: of 64 x 16 texels. A property of 0 isn't set. */
IOSurfaceRef surface_of(size_t width, size_t height, size_t row, size_t bytes, bool global);
IOSurfaceRef surface_new(void);

#endif
