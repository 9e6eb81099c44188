/* SPDX-License-Identifier: MIT */
/* Threads of the library's own. */
#ifndef GY_BASE_THREAD_H
#define GY_BASE_THREAD_H

#include <geyser/geyser.h>

#include <pthread.h>

/* Starts one under this name (15 bytes at most, a constant) with every signal blocked: the
 * program's signals are for its own threads. stack: bytes, 0 for the system's default. Errors:
 * OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_thread_start(
	pthread_t *thread, const char *name, size_t stack, void *(*run)(void *data), void *data);

#endif
