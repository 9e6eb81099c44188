/* SPDX-License-Identifier: MIT */
#include "base/system.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#define LOWER_NICE 10

const char *gy_error_text(int error, char text[GY_ERROR_TEXT_SIZE])
{
	const char *known = strerrordesc_np(error);

	(void)text;
	return known ? known : "unknown error";
}

int gy_thread_create(pthread_t *thread, const pthread_attr_t *attributes, const char *name,
	void *(*run)(void *data), void *data)
{
	int error = pthread_create(thread, attributes, run, data);

	if (!error)
		(void)pthread_setname_np(*thread, name);
	return error;
}

/* On Linux a nice value belongs to a thread, and who 0 is the calling one. */
void gy_thread_lower(void)
{
	(void)setpriority(PRIO_PROCESS, 0, LOWER_NICE);
}

const char *gy_program_name(void)
{
	return program_invocation_short_name;
}
