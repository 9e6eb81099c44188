/* SPDX-License-Identifier: MIT */
/* The socket addresses of exporters. */
#ifndef GY_IPC_REGISTRY_ADDRESS_H
#define GY_IPC_REGISTRY_ADDRESS_H

#include "ipc/registry/registry.h"

#include <sys/un.h>

/* Writes the address of a socket with that file name. A path may be longer than an address holds:
 * the address then goes through the directory's descriptor, where the system has a path for that.
 * False where it hasn't. */
bool gy_registry_address(
	const struct gy_registry *registry, const char *name, struct sockaddr_un *out);

/* Whether no address leads to the registry's sockets, because its path is too long. */
bool gy_registry_is_too_long(const char *path);

/* Fails, and says why no other process reaches what is registered there. */
enum geyser_result gy_registry_fail_no_address(const char *path);

#endif
