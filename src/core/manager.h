/* SPDX-License-Identifier: MIT */
/* A manager: a backend's device, the process's connections to other processes, and counters of
 * shared memory. */
#ifndef GY_CORE_MANAGER_H
#define GY_CORE_MANAGER_H

#include "backend/backend.h"
#include "core/pool.h"
#include "ipc/ipc.h"
#include "sync/spin.h"

#include <pthread.h>
#include <stdatomic.h>

/* In bytes; see struct geyser_memory_usage. */
struct gy_memory_counters {
	_Atomic uint64_t held, exported, imported;
};

/* Something that runs while a manager has streams. begin returns a token for end, or NULL. */
struct gy_activity {
	void *(*begin)(void);
	void (*end)(void *token);
};

#define GY_MEMORY_KINDS (GEYSER_MEMORY_STREAM + 1)

struct geyser_manager {
	_Atomic uint32_t references; /* the caller has one, and each object has one */
	const struct gy_backend *backend;
	void *device;
	struct gy_ipc *ipc;
	uint64_t import_timeout_ns;
	struct gy_spin spin; /* the setting of new events, publishers and subscribers */
	char application[GY_APPLICATION_MAX + 1];
	struct gy_memory_counters textures, events;
	/* by kind; a backend counts its staging itself */
	struct gy_memory_count memory[GY_MEMORY_KINDS];
	struct gy_pool pool;

	/* The lock guards the members below. The list has the events that must learn of the
	 * device's loss; it is used only with backends that have devices. */
	pthread_mutex_t lock;
	struct gy_watched *watched;
	uint32_t streams;                   /* the number of publishers and subscribers */
	const struct gy_activity *activity; /* NULL: none is wanted */
	void *activity_token;               /* not NULL while the activity runs */
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

/* Counts a publisher or subscriber (change 1), or its end (-1). */
void gy_manager_count_stream(struct geyser_manager *manager, int change);

/* Sets the activity that runs while the manager has a publisher or subscriber, or takes it away
 * with NULL. Returns whether the activity runs as it should: begin may have returned NULL. */
bool gy_manager_set_activity(struct geyser_manager *manager, const struct gy_activity *activity);

/* Makes a manager on an open device. On success the manager owns the device. Errors: as
 * geyser_manager_create. */
enum geyser_result gy_manager_create(const struct geyser_manager_desc *desc,
	const struct gy_backend *backend, void *device, struct geyser_manager **out);

/* ---- memory.c ---- */

/* Counts memory that was made (change 1) or is gone (-1). */
void gy_manager_count_memory(
	struct geyser_manager *manager, enum geyser_memory_kind kind, uint64_t bytes, int change);

/* ---- references ---- */

/* Takes a reference and returns the manager. */
struct geyser_manager *gy_manager_ref(struct geyser_manager *manager);

/* Drops a reference. The last one closes the device. */
void gy_manager_unref(struct geyser_manager *manager);

#endif
