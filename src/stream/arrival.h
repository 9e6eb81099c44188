/* SPDX-License-Identifier: MIT */
/* Waits for changes of the registry: an exporter or a publisher comes, ends or dies. */
#ifndef GY_STREAM_ARRIVAL_H
#define GY_STREAM_ARRIVAL_H

#include "ipc/ipc.h"
#include "platform/descriptor.h"

struct gy_arrival {
	struct gy_registries registries;
	struct gy_watch *watch; /* the descriptor of the watch never changes */
	bool closed; /* a lock file was closed, so an exporter has ended; the caller clears this */
};

/* Begins to watch all registries. Makes missing ones where that is possible. Errors: as
 * gy_registries_open, LIMIT, SYSTEM. */
enum geyser_result gy_arrival_init(struct gy_arrival *arrival);
void gy_arrival_finish(struct gy_arrival *arrival);

/* Blocks until something has changed since the last call. Errors: TIMEOUT, BUSY (stop_fd is
 * readable; -1: none), SYSTEM. */
enum geyser_result gy_arrival_wait(struct gy_arrival *arrival, uint64_t deadline, int stop_fd);

#endif
