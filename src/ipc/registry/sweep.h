/* SPDX-License-Identifier: MIT */
/* Removes the entries of dead exporters, in small pieces. */
#ifndef GY_IPC_REGISTRY_SWEEP_H
#define GY_IPC_REGISTRY_SWEEP_H

#include "ipc/registry/registry.h"

struct gy_sweep;

/* Begins a sweep of a registry, which must stay open; NULL if there is no memory or descriptor for
 * it. */
struct gy_sweep *gy_sweep_create(const struct gy_registry *registry);

/* Does a small piece of the sweep. True if there is more to do. */
bool gy_sweep_step(struct gy_sweep *sweep);

/* Frees the sweep; NULL is fine. forked: only closes its descriptors, in a forked child. */
void gy_sweep_destroy(struct gy_sweep *sweep, bool forked);

#endif
