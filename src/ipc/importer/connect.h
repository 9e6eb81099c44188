/* SPDX-License-Identifier: MIT */
/* Connects to an exporter by its instance. */
#ifndef GY_IPC_IMPORTER_CONNECT_H
#define GY_IPC_IMPORTER_CONNECT_H

#include "ipc/registry/registry.h"

/* Connects to that exporter, until the deadline. The caller owns *out. *pid is the process that
 * listens, of this user. stop_fd: -1, or a descriptor: when it becomes readable, the call ends with
 * BUSY within milliseconds. Don't call this for the exporter of this process: see
 * gy_exporter_connect. Errors: BUSY, STALE (the exporter is gone), PERMISSION (it runs as another
 * user), TIMEOUT, LIMIT, NO_RUNTIME_DIR (its socket has no address). */
enum geyser_result gy_registry_connect(const struct gy_registry *registry, uint64_t instance,
	uint64_t deadline, int stop_fd, int *out, pid_t *pid);

/* As gy_registry_connect, for an exporter in any registry. */
enum geyser_result gy_registries_connect(
	uint64_t instance, uint64_t deadline, int stop_fd, int *out, pid_t *pid);

/* As gy_registries_connect, with the caller's socket, which stays the caller's. After an error it
 * can only be closed. */
enum geyser_result gy_registries_connect_socket(
	int socket, uint64_t instance, uint64_t deadline, int stop_fd, pid_t *pid);

#endif
