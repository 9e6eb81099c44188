/* SPDX-License-Identifier: MIT */
/*
 * Waiting for the registry to change: somebody begins to export or publish, stops, or dies.
 */
#ifndef GY_STREAM_ARRIVAL_H
#define GY_STREAM_ARRIVAL_H

#include "ipc/registry/registry.h"
#include "platform/descriptor.h"

struct gy_arrival {
	struct gy_registries registries;
	struct gy_watch *watch; /* its descriptor stays the same */
	bool closed; /* a lock file was: its exporter has ended. For the caller to clear */
};

/* Begins to watch all registries; makes those that don't exist, where that is possible. Errors: as
 * gy_registries_open, LIMIT, SYSTEM. */
enum geyser_result gy_arrival_init(struct gy_arrival *arrival);
void gy_arrival_finish(struct gy_arrival *arrival);

/* Until something has changed since the last call: GEYSER_OK. Errors: TIMEOUT, BUSY (stop_fd,
 * unless -1, is readable), SYSTEM. */
enum geyser_result gy_arrival_wait(struct gy_arrival *arrival, uint64_t deadline, int stop_fd);

#endif
