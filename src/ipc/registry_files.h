/* SPDX-License-Identifier: MIT */
/* The registry's file names, for registry.c, claim.c and connect.c. */
#ifndef GY_IPC_REGISTRY_FILES_H
#define GY_IPC_REGISTRY_FILES_H

#include "ipc/registry.h"

#include "base/error.h"
#include "platform/platform.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME_SIZE 32
#define LOCK GY_REGISTRY_LOCK_SUFFIX
#define SOCKET ".sock"

/* Bytes that a socket address has left for the directory's path. */
#define ADDRESS_PATH_MAX \
	(sizeof(((struct sockaddr_un *)NULL)->sun_path) - sizeof("/0123456789abcdef" SOCKET))

static inline void instance_name(char name[NAME_SIZE], uint64_t instance, const char *suffix)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
		name[i] = digits[instance >> (60 - 4 * i) & 15];
	memcpy(name + 16, suffix, strlen(suffix) + 1);
}

static inline void id_name(char name[NAME_SIZE], uint32_t id)
{
	(void)snprintf(name, NAME_SIZE, "id-%08" PRIx32, id);
}

/* A path may be longer than a socket address holds: then it goes through the directory's
 * descriptor, where the system has a path for that. False where it hasn't. */
static inline bool compose_address(
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

/* Why no other process reaches what is registered there. */
static inline enum geyser_result no_address(const char *path)
{
	return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
		"registry (%.300s): its path has %zu bytes, and this system's sockets leave room "
		"for %zu, so a process imports only what it exports itself: to share with others, "
		"set XDG_RUNTIME_DIR to a directory with a shorter path in all of them",
		path, strlen(path), ADDRESS_PATH_MAX);
}

#endif
