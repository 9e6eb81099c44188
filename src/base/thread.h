/* SPDX-License-Identifier: MIT */
/* Starts the library's own threads, and tells which threads run callbacks. */
#ifndef GY_BASE_THREAD_H
#define GY_BASE_THREAD_H

#include "base/error.h"

#include <pthread.h>

/* Starts a thread with the given name. The thread blocks all signals, because the program's own
 * threads handle the program's signals. name is a constant of at most 15 bytes. stack is the stack
 * size in bytes; 0 means the system's default. Errors: OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_thread_start(
	pthread_t *thread, const char *name, size_t stack, void *(*run)(void *data), void *data);

/* ---- callbacks ---- */

/* Each call of the program's own code within a call of the library goes between these two
 * functions. The callback's failures then don't change this thread's error detail. */
void gy_callback_begin(struct gy_kept_detail *kept);
void gy_callback_end(const struct gy_kept_detail *kept);

/* Marks this thread as a thread of the library that runs nothing but callbacks. */
void gy_callback_thread(void);

/* Returns whether this thread runs a callback. Such a thread must not wait for the callbacks of
 * another thread, because that thread may wait for this thread in the same way. */
bool gy_callback_is_running(void);

#endif
