/* SPDX-License-Identifier: MIT */
/* A manager: a backend with its device, the process's connections to others, and what is counted. */
#ifndef GY_CORE_MANAGER_H
#define GY_CORE_MANAGER_H

#include "backend/backend.h"
#include "ipc/ipc.h"

#include <pthread.h>
#include <stdatomic.h>

/* Bytes; see struct geyser_memory_usage. */
struct gy_memory_counters {
	_Atomic uint64_t held, exported, imported;
};

struct geyser_manager {
	_Atomic uint32_t references; /* the caller's, and one for each object */
	const struct gy_backend *backend;
	void *device;
	struct gy_ipc *ipc;
	uint64_t import_timeout_ns;
	char application[GY_APPLICATION_MAX + 1];
	struct gy_memory_counters textures, events;

	/* Of a backend with a device: the events made here, whose holders are told of its loss. */
	pthread_mutex_t lock;
	struct gy_watched *watched;
};

/* Embedded in what is told of its manager's loss. */
struct gy_watched {
	struct gy_watched *next, **link;
	void (*lose)(struct gy_watched *watched);
};

void gy_manager_watch(struct geyser_manager *manager, struct gy_watched *watched);
void gy_manager_unwatch(struct geyser_manager *manager, struct gy_watched *watched);

/* Its device is lost. */
bool gy_manager_is_lost(const struct geyser_manager *manager);

/* A manager on a device that is open already; it is the manager's on success. */
enum geyser_result gy_manager_create(const struct geyser_manager_desc *desc,
	const struct gy_backend *backend, void *device, struct geyser_manager **out);
struct geyser_manager *gy_manager_ref(struct geyser_manager *manager);
void gy_manager_unref(struct geyser_manager *manager);

#endif
