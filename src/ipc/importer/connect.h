/* SPDX-License-Identifier: MIT */
/* Connecting to an exporter by its instance. */
#ifndef GY_IPC_IMPORTER_CONNECT_H
#define GY_IPC_IMPORTER_CONNECT_H

#include "ipc/registry/registry.h"

/* Connects to that exporter, until the deadline. The caller owns *out; *pid is the process that
 * listens, of this user. stop_fd: -1, or a descriptor: when it becomes readable, the call ends with
 * BUSY within milliseconds. Not for this process's own exporter: see gy_server_connect. Errors:
 * BUSY, STALE (gone), PERMISSION (another user's), TIMEOUT, LIMIT, NO_RUNTIME_DIR (its socket has
 * no address). */
enum geyser_result gy_registry_connect(const struct gy_registry *registry, uint64_t instance,
	uint64_t deadline, int stop_fd, int *out, pid_t *pid);

/* As gy_registry_connect, in the registry in which that exporter is. */
enum geyser_result gy_registries_connect(
	uint64_t instance, uint64_t deadline, int stop_fd, int *out, pid_t *pid);

#endif
