/* SPDX-License-Identifier: MIT */
/* What textures and events have in common: a manager, references, an export, an import. */
#ifndef GY_CORE_OBJECT_H
#define GY_CORE_OBJECT_H

#include "core/manager.h"

#include "base/later.h"

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
