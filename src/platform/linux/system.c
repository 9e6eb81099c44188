/* SPDX-License-Identifier: MIT */
#include "base/system.h"
#include "platform/platform.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

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

size_t gy_runtime_directory(char *path, size_t size, const char **name)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	*name = "XDG_RUNTIME_DIR";
	if (!runtime)
		runtime = "";
	(void)snprintf(path, size, "%s", runtime);
	return strlen(runtime);
}

/* Any path reaches the directory through its descriptor. */
bool gy_directory_alias(int directory, char *path, size_t size)
{
	(void)snprintf(path, size, "/proc/self/fd/%d", directory);
	return true;
}

/* So few bytes the kernel gives whole. */
bool gy_system_random(void *bytes, size_t count)
{
	return getrandom(bytes, count, 0) == (ssize_t)count;
}
