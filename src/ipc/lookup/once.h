/* SPDX-License-Identifier: MIT */
/* A connection for one lookup. */
#ifndef GY_IPC_LOOKUP_ONCE_H
#define GY_IPC_LOOKUP_ONCE_H

#include "ipc/registry/registry.h"

/* Connects a socket to that exporter, which may be this process. registry NULL: the exporter may be
 * in any registry. The caller owns *out. Errors: as gy_registry_connect; STALE also if the exporter
 * has ended, and a child of it keeps its socket open. */
enum geyser_result gy_lookup_connect(
	const struct gy_registry *registry, uint64_t instance, uint64_t deadline, int *out);

#endif
