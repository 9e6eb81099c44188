/* SPDX-License-Identifier: MIT */
/* Threads of the library's own. */
#ifndef GY_BASE_THREAD_H
#define GY_BASE_THREAD_H

#include "base/error.h"

#include <pthread.h>

/* Starts one under this name (15 bytes at most, a constant) with every signal blocked: the
 * program's signals are for its own threads. stack: bytes, 0 for the system's default. Errors:
 * OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_thread_start(
	pthread_t *thread, const char *name, size_t stack, void *(*run)(void *data), void *data);

/* ---- callbacks ---- */

/* Call these two around each call of the program's own code that happens within a call of the
 * library. The callback's failures then don't change this thread's error detail. */
void gy_callback_begin(struct gy_kept_detail *kept);
void gy_callback_end(const struct gy_kept_detail *kept);

/* Marks this thread, one of the library, as one that runs callbacks only. */
void gy_callback_thread(void);

/* Whether this thread runs a callback. Such a thread must not wait for callbacks of other threads:
 * one of those may wait for this thread in the same way. */
bool gy_callback_is_running(void);

#endif
