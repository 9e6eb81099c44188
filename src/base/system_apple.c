/* SPDX-License-Identifier: MIT */
#include "base/system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *gy_error_text(int error, char text[GY_ERROR_TEXT_SIZE])
{
	if (strerror_r(error, text, GY_ERROR_TEXT_SIZE) != 0)
		(void)snprintf(text, GY_ERROR_TEXT_SIZE, "error %d", error);
	return text;
}

/* macOS has no nice value of a thread. */
void gy_thread_lower(void)
{
}

const char *gy_program_name(void)
{
	return getprogname();
}

/* ---- threads: a thread can name only itself ---- */

struct start {
	const char *name;
	void *(*run)(void *data);
	void *data;
};

static void *run_named(void *data)
{
	struct start start = *(struct start *)data;

	free(data);
	(void)pthread_setname_np(start.name);
	return start.run(start.data);
}

int gy_thread_create(pthread_t *thread, const pthread_attr_t *attributes, const char *name,
	void *(*run)(void *data), void *data)
{
	struct start *start = malloc(sizeof(*start));
	int error;

	if (!start)
		return ENOMEM;
	*start = (struct start){.name = name, .run = run, .data = data};
	error = pthread_create(thread, attributes, run_named, start);
	if (error)
		free(start);
	return error;
}
