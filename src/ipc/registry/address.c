/* SPDX-License-Identifier: MIT */
#include "ipc/registry/address.h"
#include "ipc/registry/files.h"

#include "base/error.h"
#include "platform/platform.h"

#include <stdio.h>
#include <string.h>

bool gy_registry_address(
	const struct gy_registry *registry, const char *name, struct sockaddr_un *out)
{
	char alias[64];
	int length;

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	length = snprintf(out->sun_path, sizeof(out->sun_path), "%s/%s", registry->path, name);
	if (length > 0 && (size_t)length < sizeof(out->sun_path))
		return true;
	if (!gy_directory_alias(registry->fd, alias, sizeof(alias)))
		return false;
	(void)snprintf(out->sun_path, sizeof(out->sun_path), "%s/%s", alias, name);
	return true;
}

/* Only Linux has an alias for any directory. */
bool gy_registry_is_too_long(const char *path)
{
	char alias[64];

	return strlen(path) > GY_ADDRESS_PATH_MAX && !gy_directory_alias(-1, alias, sizeof(alias));
}

enum geyser_result gy_registry_fail_no_address(const char *path)
{
	return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
		"registry (%.300s): its path has %zu bytes, and this system's sockets leave room "
		"for %zu, so a process imports only what it exports itself: to share with other "
		"processes, set XDG_RUNTIME_DIR to a directory with a shorter path in all of them",
		path, strlen(path), GY_ADDRESS_PATH_MAX);
}
