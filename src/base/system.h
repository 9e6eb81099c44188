/* SPDX-License-Identifier: MIT */
/* Declares the calls of the operating system that errors and threads need. system_linux.c and
 * system_apple.c implement them. */
#ifndef GY_BASE_SYSTEM_H
#define GY_BASE_SYSTEM_H

#include <pthread.h>
#include <stddef.h>

#define GY_ERROR_TEXT_SIZE 128

/* Returns the sentence for an errno, in English whatever the locale is. The result is either text
 * itself or a string that is never freed. */
const char *gy_error_text(int error, char text[GY_ERROR_TEXT_SIZE]);

/* Calls pthread_create and names the thread for debuggers. name has at most 15 bytes and must never
 * be freed. Returns 0, or the error number of pthread_create. */
int gy_thread_create(pthread_t *thread, const pthread_attr_t *attributes, const char *name,
	void *(*run)(void *data), void *data);

/* Lowers the calling thread's priority, where the system has one for threads: work of other threads
 * goes before. */
void gy_thread_lower(void);

/* Returns the file name of the running program. The string is never freed. */
const char *gy_program_name(void);

#endif
