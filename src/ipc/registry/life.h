/* SPDX-License-Identifier: MIT */
/* Whether exporters live, by their locks. A look takes a shared lock for a moment, which no process
 * takes for a sign of life. */
#ifndef GY_IPC_REGISTRY_LIFE_H
#define GY_IPC_REGISTRY_LIFE_H

#include "ipc/registry/registry.h"

enum gy_life {
	GY_LIFE_ALIVE,
	GY_LIFE_DEAD,    /* its lock is there, and free */
	GY_LIFE_GONE,    /* its lock file is gone */
	GY_LIFE_UNKNOWN, /* errno says why: no descriptor, no memory */
};

enum gy_life gy_registry_probe(const struct gy_registry *registry, uint64_t instance);

/* Opens the lock file of a dead exporter and takes a shared lock: no exporter can begin to use the
 * file until the descriptor is closed. The caller owns it. -1 if there is no such file, or if the
 * exporter lives. */
int gy_registry_hold_dead(const struct gy_registry *registry, uint64_t instance);

/* Tells whether that exporter lives: whether it holds its lock. Errors: LIMIT, OUT_OF_MEMORY:
 * *alive is not known then. */
enum geyser_result gy_registry_is_alive(
	const struct gy_registry *registry, uint64_t instance, bool *alive);

/* As gy_registry_is_alive, in all registries. Errors: also as gy_registries_open, except that
 * without a registry no exporter lives. */
enum geyser_result gy_registries_is_alive(uint64_t instance, bool *alive);

#endif
