/* SPDX-License-Identifier: MIT */
/* A manager: a backend's device, the process's connections to other processes, and counters of
 * shared memory. */
#ifndef GY_CORE_MANAGER_H
#define GY_CORE_MANAGER_H

#include "backend/backend.h"
#include "ipc/ipc.h"

#include <pthread.h>
#include <stdatomic.h>

/* In bytes; see struct geyser_memory_usage. */
struct gy_memory_counters {
	_Atomic uint64_t held, exported, imported;
};

struct geyser_manager {
	_Atomic uint32_t references; /* the caller has one, and each object has one */
	const struct gy_backend *backend;
	void *device;
	struct gy_ipc *ipc;
	uint64_t import_timeout_ns;
	char application[GY_APPLICATION_MAX + 1];
	struct gy_memory_counters textures, events;

	/* The lock guards the list of objects that must learn of the device's loss. The list is
	 * used only with backends that have devices. */
	pthread_mutex_t lock;
	struct gy_watched *watched;
};

/* Embedded in an object that must learn of the loss of its manager's device. lose() runs on any
 * thread, perhaps with the manager's lock held, and perhaps twice. */
struct gy_watched {
	struct gy_watched *next, **link;
	void (*lose)(struct gy_watched *watched);
};

/* Lets the loss of the device call watched->lose. If the device is lost already, calls lose() at
 * once. */
void gy_manager_watch(struct geyser_manager *manager, struct gy_watched *watched);

/* Undoes gy_manager_watch, if it was called. Afterwards lose() neither runs nor is called. */
void gy_manager_unwatch(struct geyser_manager *manager, struct gy_watched *watched);

/* Whether the manager's device is lost. */
bool gy_manager_is_lost(const struct geyser_manager *manager);

/* Makes a manager on an open device. On success the manager owns the device. Errors: as
 * geyser_manager_create. */
enum geyser_result gy_manager_create(const struct geyser_manager_desc *desc,
	const struct gy_backend *backend, void *device, struct geyser_manager **out);

/* Takes a reference and returns the manager. */
struct geyser_manager *gy_manager_ref(struct geyser_manager *manager);

/* Drops a reference. The last one closes the device. */
void gy_manager_unref(struct geyser_manager *manager);

#endif
