/* SPDX-License-Identifier: MIT */
/* What textures and events have in common: a manager, references, an export, an import. */
#ifndef GY_CORE_OBJECT_H
#define GY_CORE_OBJECT_H

#include "backend/backend.h"
#include "base/later.h"
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

struct gy_attachment;

struct gy_object {
	_Atomic uint32_t references;
	struct gy_later end; /* put off while a lock is held */
	struct gy_attachment *_Atomic attachments;
	struct geyser_manager *manager;
	struct gy_memory_counters *counters;
	uint64_t bytes;
	struct gy_export export;
	/* only if imported */
	struct gy_peer *peer;
	struct gy_handle_fields source; /* id 0: a stream's, which has no handle */
};

/* An answer to an import, on its way to becoming an object. */
struct gy_incoming {
	struct gy_message answer;
	int fd; /* to be closed by whoever asked */
	struct gy_peer *peer;
	struct gy_handle_fields source;
};

/* A manager on a device that is open already; it is the manager's on success. */
enum geyser_result gy_manager_create(const struct geyser_manager_desc *desc,
	const struct gy_backend *backend, void *device, struct geyser_manager **out);
struct geyser_manager *gy_manager_ref(struct geyser_manager *manager);
void gy_manager_unref(struct geyser_manager *manager);

/* With one reference, and one to the manager; counts the bytes. incoming: NULL if it was made here,
 * else its peer becomes the object's. */
void gy_object_init(struct gy_object *object, struct geyser_manager *manager,
	enum gy_handle_kind kind, uint64_t bytes, const struct gy_incoming *incoming);

/* Ends export, import and counting, drops the manager: before the object is freed. */
void gy_object_finish(struct gy_object *object);

void gy_object_ref(struct gy_object *object);

/* Drops a reference. True if it was the last one: the object then still counts one reference, which
 * the caller owns, so that callbacks at the object's end may take references and drop them. */
bool gy_object_unref(struct gy_object *object);

/* Whether the caller's reference is the only one. */
bool gy_object_is_unshared(const struct gy_object *object);

/* As geyser_texture_attach and geyser_texture_attached. */
enum geyser_result gy_object_attach(
	struct gy_object *object, const void *key, void *data, void (*destroy)(void *data));
void *gy_object_attached(const struct gy_object *object, const void *key);

/* Destroys the attached data, also data that is attached meanwhile. Call this after the last unref,
 * while the object is whole. In a forked child it destroys nothing. */
void gy_object_detach_all(struct gy_object *object);

enum geyser_result gy_object_export(struct gy_object *object, struct geyser_handle *out);
enum geyser_result gy_object_unexport(struct gy_object *object);

/* Checks the handle and asks its exporter, until the deadline. With twin it asks for an event's
 * semaphore. That is no import of its own: release the peer with NULL. */
enum geyser_result gy_incoming_ask(struct geyser_manager *manager,
	const struct geyser_handle *handle, enum gy_handle_kind kind, bool twin, uint64_t deadline,
	struct gy_incoming *out);

/* Closes the fd; gives the peer back as well if no object has taken it. */
void gy_incoming_finish(struct gy_incoming *incoming, bool taken);

#endif
