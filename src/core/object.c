/* SPDX-License-Identifier: MIT */
#include "core/object.h"

#include "base/error.h"

#include <string.h>
#include <unistd.h>

void gy_object_init(struct gy_object *object, struct geyser_manager *manager,
	enum gy_handle_kind kind, uint64_t bytes, enum geyser_memory_kind memory,
	const struct gy_incoming *incoming)
{
	atomic_init(&object->references, 1);
	atomic_init(&object->user_data, NULL);
	object->manager = gy_manager_ref(manager);
	object->counters = kind == GY_HANDLE_TEXTURE ? &manager->textures : &manager->events;
	object->bytes = bytes;
	object->memory = memory;
	object->export.kind = kind;
	object->export.backend = manager->backend->kind;
	gy_manager_count_memory(manager, memory, bytes, 1);
	if (incoming) {
		object->peer = incoming->peer;
		object->source = incoming->source;
		atomic_fetch_add(&object->counters->imported, bytes);
	} else {
		atomic_fetch_add(&object->counters->held, bytes);
	}
}

/* Objects of a stream have no handle, so the peer doesn't count them as imports. */
static const struct gy_handle_fields *handle_of(const struct gy_handle_fields *source)
{
	return source->id ? source : NULL;
}

/* Subtracts the bytes from the counters and drops the reference to the manager. */
static void leave_manager(struct gy_object *object)
{
	struct gy_memory_counters *counters = object->counters;

	gy_manager_count_memory(object->manager, object->memory, object->bytes, -1);
	atomic_fetch_sub(
		object->source.kind ? &counters->imported : &counters->held, object->bytes);
	gy_manager_unref(object->manager);
}

void gy_object_finish(struct gy_object *object)
{
	(void)gy_object_unexport(object);
	gy_exporter_remove(object->manager->ipc->exporter, &object->export);
	if (object->source.kind)
		gy_peer_release(object->peer, handle_of(&object->source));
	leave_manager(object);
}

bool gy_object_is_bare(const struct gy_object *object)
{
	return !object->export.listed && !object->export.importable && !object->source.kind &&
	       !atomic_load_explicit(&object->user_data, memory_order_acquire);
}

void gy_object_finish_bare(struct gy_object *object)
{
	leave_manager(object);
}

void gy_object_ref(struct gy_object *object)
{
	atomic_fetch_add_explicit(&object->references, 1, memory_order_relaxed);
}

bool gy_object_unref(struct gy_object *object)
{
	if (atomic_fetch_sub_explicit(&object->references, 1, memory_order_acq_rel) > 1)
		return false;
	atomic_store_explicit(&object->references, 1, memory_order_relaxed);
	return true;
}

bool gy_object_is_unshared(const struct gy_object *object)
{
	return atomic_load_explicit(&object->references, memory_order_acquire) == 1;
}

enum geyser_result gy_object_export(struct gy_object *object, struct geyser_handle *out)
{
	enum geyser_result result;
	bool changed;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	memset(out, 0, sizeof(*out));
	if (gy_manager_is_lost(object->manager))
		return gy_fail(GEYSER_ERROR_DEVICE_LOST,
			"the device is lost: make a new manager and everything with it anew");
	result = gy_exporter_add(object->manager->ipc->exporter, &object->export, out, &changed);
	if (changed)
		atomic_fetch_add(&object->counters->exported, object->bytes);
	return result;
}

enum geyser_result gy_object_unexport(struct gy_object *object)
{
	bool changed;

	gy_exporter_withdraw(object->manager->ipc->exporter, &object->export, &changed);
	if (changed)
		atomic_fetch_sub(&object->counters->exported, object->bytes);
	return GEYSER_OK;
}

enum geyser_result gy_incoming_request(struct geyser_manager *manager,
	const struct geyser_handle *handle, enum gy_handle_kind kind, bool semaphore,
	uint64_t deadline, struct gy_incoming *out)
{
	enum geyser_result result = gy_handle_decode(handle, &out->source);

	out->fd = -1;
	out->peer = NULL;
	if (result != GEYSER_OK)
		return result;
	if (out->source.kind != kind)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"handle of the wrong kind (%s): expected the handle of an object of kind "
			"%s",
			gy_handle_kind_name(out->source.kind), gy_handle_kind_name(kind));
	return gy_importer_import(manager->ipc->importer, &out->source, semaphore,
		manager->application, deadline, &out->answer, &out->fd, &out->peer);
}

void gy_incoming_finish(struct gy_incoming *incoming, bool taken)
{
	if (incoming->fd >= 0)
		(void)close(incoming->fd);
	incoming->fd = -1;
	if (taken)
		return;
	gy_surface_drop(&incoming->answer);
	gy_peer_release(incoming->peer, handle_of(&incoming->source));
}
