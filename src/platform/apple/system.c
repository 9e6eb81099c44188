/* SPDX-License-Identifier: MIT */
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

bool gy_system_random(void *bytes, size_t count)
{
	return getentropy(bytes, count) == 0;
}

pid_t gy_process_id(void)
{
	return getpid(); /* libSystem caches the value */
}

/* ---- places ---- */

/* The second place is the user's own temporary directory. A sandboxed program gets its container's
 * directory. */
bool gy_runtime_place(unsigned index, struct gy_runtime_place *out)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	size_t size = sizeof(out->parent), length;

	*out = (struct gy_runtime_place){.folder = "geyser"};
	if (index == 0) {
		out->name = "XDG_RUNTIME_DIR";
		(void)snprintf(out->parent, size, "%s", runtime ? runtime : "");
		return true;
	}
	if (index > 1)
		return false;
	out->name = "the user's temporary directory";
	/* the length includes the final 0 */
	length = confstr(_CS_DARWIN_USER_TEMP_DIR, out->parent, size);
	if (length < 2)
		out->parent[0] = '\0';
	else
		length--;
	while (length < size && length > 1 && out->parent[length - 1] == '/')
		out->parent[--length] = '\0';
	return true;
}

bool gy_directory_make(const char *path)
{
	struct stat status;

	if (mkdir(path, 0700) < 0)
		return false;
	if (lstat(path, &status) < 0)
		return false;
	return (status.st_mode & 0777) == 0700 ||
	       fchmodat(AT_FDCWD, path, 0700, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A path through /dev/fd can't name an entry of a directory. */
bool gy_directory_alias(int directory, char *path, size_t size)
{
	(void)directory;
	(void)path;
	(void)size;
	return false;
}

const char *gy_application_group(void)
{
	const char *group = getenv("GEYSER_APP_GROUP");

	return group && *group ? group : NULL;
}

/* ---- the kernel ---- */

/* Only the Vulkan backend calls this function, and Apple builds don't have that backend. */
bool gy_platform_has_gpu(void)
{
	return false;
}
