/* SPDX-License-Identifier: MIT */
#include "base/system.h"

#include <errno.h>
#include <string.h>

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

const char *gy_program_name(void)
{
	return program_invocation_short_name;
}
