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

/* ---- callbacks ---- */

/* Both stand around each call of the program's own code. A thread of the library's that drops
 * references calls the first one when it starts. */
void gy_callback_begin(void);
void gy_callback_end(void);

/* Whether this thread runs a callback. Such a thread must not wait for callbacks of other threads:
 * one of those may wait for this thread in the same way. */
bool gy_callback_is_running(void);

#endif
