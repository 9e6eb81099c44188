/* SPDX-License-Identifier: MIT */
/* The common part of textures and events: the manager, the reference count, and the object's export
 * or import. */
#ifndef GY_CORE_OBJECT_H
#define GY_CORE_OBJECT_H

#include "core/manager.h"

#include "base/later.h"

struct gy_user_data;

struct gy_object {
	_Atomic uint32_t references;
	struct gy_later end; /* used if the last unref comes while a lock is held */
	struct gy_user_data *_Atomic user_data;
	struct geyser_manager *manager;
	struct gy_memory_counters *counters;
	uint64_t bytes;
	enum geyser_memory_kind memory;
	struct gy_export export;
	/* Both are zero unless a peer process exported the object. */
	struct gy_peer *peer;
	struct gy_handle_fields source; /* id 0: an object of a stream, which has no handle */
};

/* An exporter's answer to an import, before an object is made of it. */
struct gy_incoming {
	struct gy_message answer;
	int fd; /* owned; gy_incoming_finish closes it */
	struct gy_peer *peer;
	struct gy_handle_fields source;
};

/* Initializes an object with one reference. Takes a reference to the manager and adds the bytes,
 * which are of this kind of memory, to the manager's counters. incoming: NULL if this process made
 * the object; otherwise the object takes over its peer. */
void gy_object_init(struct gy_object *object, struct geyser_manager *manager,
	enum gy_handle_kind kind, uint64_t bytes, enum geyser_memory_kind memory,
	const struct gy_incoming *incoming);

/* Ends the object's export or import, subtracts its bytes from the counters, and drops the
 * reference to the manager. Call this before the object is freed. */
void gy_object_finish(struct gy_object *object);

/* Whether no other process can know of the object, and no data is attached to it. The caller holds
 * the lock of struct gy_ipc. */
bool gy_object_is_bare(const struct gy_object *object);

/* Works like gy_object_finish for a bare object. The caller holds the lock of struct gy_ipc, and
 * another reference to the manager. */
void gy_object_finish_bare(struct gy_object *object);

/* Takes a reference. Any thread. */
void gy_object_ref(struct gy_object *object);

/* Drops a reference. Returns true if it was the last one. The object then counts one reference
 * again, which the caller owns: callbacks at the object's end may take references and drop them. */
bool gy_object_unref(struct gy_object *object);

/* Whether the caller's reference is the only one. */
bool gy_object_is_unshared(const struct gy_object *object);

/* These do the work of geyser_texture_attach and geyser_texture_attached for any object. */
enum geyser_result gy_object_attach(
	struct gy_object *object, const void *key, void *data, void (*destroy)(void *data));
void *gy_object_attached(const struct gy_object *object, const void *key);

/* Destroys all attached data, including data that a destroy function attaches meanwhile. Call this
 * after the last unref, while the object can still be used. In a forked child no destroy function
 * is called. */
void gy_object_detach_all(struct gy_object *object);

/* These do the work of geyser_texture_export and geyser_texture_unexport for any object. */
enum geyser_result gy_object_export(struct gy_object *object, struct geyser_handle *out);
enum geyser_result gy_object_unexport(struct gy_object *object);

/* Checks the handle and requests the object from its exporter. Blocks until the answer or the
 * deadline. semaphore: requests an event's native semaphore, which is no import of its own: release
 * the peer with gy_peer_release and NULL. Errors: as geyser_texture_import. */
enum geyser_result gy_incoming_request(struct geyser_manager *manager,
	const struct geyser_handle *handle, enum gy_handle_kind kind, bool semaphore,
	uint64_t deadline, struct gy_incoming *out);

/* Closes the descriptor. taken: an object has taken over the peer; otherwise releases the peer and
 * any IOSurface in the answer. */
void gy_incoming_finish(struct gy_incoming *incoming, bool taken);

#endif
