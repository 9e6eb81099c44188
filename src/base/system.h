/* SPDX-License-Identifier: MIT */
/* What even errors and threads ask of the operating system; src/platform has it. */
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
