/* SPDX-License-Identifier: MIT */
/* The names of the files in a registry; registry.h lists them. For the registry's own sources. */
#ifndef GY_IPC_REGISTRY_FILES_H
#define GY_IPC_REGISTRY_FILES_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define GY_INSTANCE_FILE_SIZE 32
#define GY_LOCK_SUFFIX ".lock"
#define GY_SOCKET_SUFFIX ".sock"
#define GY_NAMES_FILE ".names"

/* Bytes that a socket address has left for the directory's path. */
#define GY_ADDRESS_PATH_MAX                               \
	(sizeof(((struct sockaddr_un *)NULL)->sun_path) - \
		sizeof("/0123456789abcdef" GY_SOCKET_SUFFIX))

static inline void gy_instance_file(
	char name[GY_INSTANCE_FILE_SIZE], uint64_t instance, const char *suffix)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
		name[i] = digits[instance >> (60 - 4 * i) & 15];
	memcpy(name + 16, suffix, strlen(suffix) + 1);
}

static inline void gy_id_file(char name[GY_INSTANCE_FILE_SIZE], uint32_t id)
{
	(void)snprintf(name, GY_INSTANCE_FILE_SIZE, "id-%08" PRIx32, id);
}

/* Reads "0123456789abcdef" and that suffix; false if the name is another. */
bool gy_registry_read_name(const char *name, const char *suffix, uint64_t *instance);

#endif
