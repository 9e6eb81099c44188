/* SPDX-License-Identifier: MIT */
/* Connects to an exporter by its instance. */
#ifndef GY_IPC_IMPORTER_CONNECT_H
#define GY_IPC_IMPORTER_CONNECT_H

#include "ipc/registry/registry.h"

/* Connects a new socket to that exporter, until the deadline. registry NULL: the exporter may be in
 * any registry. The caller owns *out. *pid is the process that listens, of this user. Don't call
 * this for the exporter of this process: see gy_exporter_connect. Errors: STALE (the exporter is
 * gone), PERMISSION (it runs as another user), TIMEOUT, LIMIT, NO_RUNTIME_DIR (its socket has no
 * address). */
enum geyser_result gy_registry_connect(const struct gy_registry *registry, uint64_t instance,
	uint64_t deadline, int *out, pid_t *pid);

/* Connects the caller's socket, which stays the caller's, to that exporter in any registry. After
 * an error the socket can only be closed. stop_fd: -1, or a descriptor: when it becomes readable,
 * the call ends with BUSY within milliseconds. Other errors: as gy_registry_connect. */
enum geyser_result gy_registries_connect_socket(
	int socket, uint64_t instance, uint64_t deadline, int stop_fd, pid_t *pid);

#endif
