/* SPDX-License-Identifier: MIT */
/* The operating system's calls that errors and threads need (system_linux.c, system_apple.c). */
#ifndef GY_BASE_SYSTEM_H
#define GY_BASE_SYSTEM_H

#include <pthread.h>
#include <stddef.h>

#define GY_ERROR_TEXT_SIZE 128

/* The sentence for an errno, in English whatever the locale: text, or one that lives for ever. */
const char *gy_error_text(int error, char text[GY_ERROR_TEXT_SIZE]);

/* pthread_create, with a name for debuggers: 15 bytes at most, and it lives for ever. */
int gy_thread_create(pthread_t *thread, const pthread_attr_t *attributes, const char *name,
	void *(*run)(void *data), void *data);

/* The running program's file name; lives for ever. */
const char *gy_program_name(void);

#endif
