/* SPDX-License-Identifier: MIT */
#include "core/texture.h"

#include "base/clock.h"
#include "base/error.h"
#include "format/usage.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct geyser_texture {
	struct gy_object object;
	struct geyser_texture_desc desc; /* resolved; owns the label */
	struct gy_backend_texture *texture;
	char *label;
	/* A frame of a stream is drawn when the event `ready` has reached the value. NULL: nothing
	 * to wait for. */
	struct geyser_event *ready;
	uint64_t ready_value;
	bool mirrored; /* the texture is a copy of the exporter's texture */
	/* the texture is a buffer of a rendition: the publisher converts its frames */
	bool rendered;
	/* the texture is a buffer of a stream that this process subscribes to */
	bool of_subscriber;
};

static const struct gy_backend *backend_of(const struct geyser_texture *texture)
{
	return texture->object.manager->backend;
}

enum geyser_result gy_texture_describe(
	struct geyser_texture *texture, struct gy_message *answer, int *fd)
{
	enum geyser_result result =
		backend_of(texture)->texture_describe(texture->texture, &answer->texture.native);

	if (result != GEYSER_OK)
		return result;
	gy_texture_set_left(texture);
	answer->type = GY_WIRE_TEXTURE;
	answer->texture.desc = texture->desc;
	/* importers read the alignment off the pitch, and earlier versions refuse these bits */
	answer->texture.desc.usage &= ~GY_USAGE_ROW_ALIGNMENT;
	*fd = answer->texture.native.fd;
	return GEYSER_OK;
}

void gy_texture_end_description(const struct geyser_texture *texture, int fd)
{
	if (texture->texture->describes_anew && fd >= 0)
		(void)close(fd);
}

enum geyser_result gy_texture_share(struct geyser_texture *texture)
{
	const struct gy_backend *backend = backend_of(texture);

	return backend->texture_share ? backend->texture_share(texture->texture) : GEYSER_OK;
}

/* Describes a texture to an importer. The ipc layer calls this with its lock held, so this function
 * reads only members that never change. */
static enum geyser_result describe(
	struct gy_export *export, bool semaphore, struct gy_message *answer, int *fd)
{
	struct geyser_texture *texture =
		(struct geyser_texture *)((char *)export -
					  offsetof(struct geyser_texture, object.export));

	if (semaphore)
		return gy_fail(GEYSER_ERROR_PROTOCOL, "a texture has no semaphore");
	return gy_texture_describe(texture, answer, fd);
}

/* Makes a texture without the backend's part. */
static enum geyser_result allocate(
	const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	struct geyser_texture *texture = calloc(1, sizeof(*texture));

	if (!texture)
		goto no_memory;
	texture->desc = *desc;
	if (desc->label) {
		texture->label = strdup(desc->label);
		if (!texture->label)
			goto free_texture;
		texture->desc.label = texture->label;
	}
	*out = texture;
	return GEYSER_OK;

free_texture:
	free(texture);
no_memory:
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a texture");
}

static void deallocate(struct geyser_texture *texture)
{
	free(texture->label);
	free(texture);
}

static void complete(struct geyser_texture *texture, struct geyser_manager *manager,
	const struct gy_incoming *incoming)
{
	gy_object_init(&texture->object, manager, GY_HANDLE_TEXTURE, texture->texture->bytes,
		incoming ? GEYSER_MEMORY_IMPORTED : texture->texture->kind, incoming);
	texture->object.export.describe = describe;
	texture->object.export.describes_anew = texture->texture->describes_anew;
}

enum geyser_result gy_texture_check_create(
	const struct geyser_manager *manager, struct geyser_texture **out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	return GEYSER_OK;
}

/* gy_desc_resolve has already refused usages that the format never has. This function refuses those
 * that this backend lacks. */
enum geyser_result gy_texture_check_support(
	struct geyser_manager *manager, const struct geyser_texture_desc *desc)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	enum geyser_dimension dimension = desc->depth > 1    ? GEYSER_DIMENSION_3D
					  : desc->layers > 1 ? GEYSER_DIMENSION_2D_ARRAY
							     : GEYSER_DIMENSION_2D;
	uint32_t usage = manager->backend->format_usage(manager->device, info, dimension);
	const char *refusal = NULL;

	if ((desc->usage & ~usage & ~(GEYSER_USAGE_WRITERS | GY_USAGE_ROW_ALIGNMENT)) == 0)
		return GEYSER_OK;
	if (!usage && manager->backend->format_refusal)
		refusal = manager->backend->format_refusal(manager->device, info, dimension);
	if (refusal)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "format %s: %s", info->name, refusal);
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"usage (%s): the %s backend offers %s for %s in this dimension",
		gy_usage_text(desc->usage).text, manager->backend->name, gy_usage_text(usage).text,
		info->name);
}

enum geyser_result gy_texture_make(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, gy_texture_maker *make, void *data,
	struct geyser_texture **out)
{
	enum geyser_result result = gy_texture_check_create(manager, out);
	struct geyser_texture_desc resolved;
	struct geyser_texture *texture = NULL;

	if (result == GEYSER_OK)
		result = gy_desc_resolve("desc", desc, &resolved);
	if (result == GEYSER_OK)
		result = allocate(&resolved, &texture);
	if (result != GEYSER_OK)
		return result;
	result = make(manager, &texture->desc, data, &texture->texture);
	if (result != GEYSER_OK) {
		deallocate(texture);
		return result;
	}
	complete(texture, manager, NULL);
	*out = texture;
	return GEYSER_OK;
}

/* Makes the backend's part of a texture, or finds one in the pool. If memory or descriptors run
 * out, those of the pool are freed. data: whether the texture is published. */
static enum geyser_result make_any(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, void *data, struct gy_backend_texture **out)
{
	enum geyser_result result = gy_texture_check_support(manager, desc);
	const struct gy_backend *backend = manager->backend;
	const bool *published = data;

	if (result != GEYSER_OK)
		return result;
	*out = gy_pool_take(&manager->pool, desc, *published);
	if (*out)
		return GEYSER_OK;
	result = backend->texture_create(manager->device, desc, *published, out);
	if ((result == GEYSER_ERROR_LIMIT || result == GEYSER_ERROR_OUT_OF_MEMORY) &&
		gy_pool_trim(&manager->pool, 0))
		result = backend->texture_create(manager->device, desc, *published, out);
	if (result != GEYSER_OK)
		return result;
	(*out)->published = *published;
	(*out)->recyclable = !(desc->usage & GEYSER_USAGE_GLOBAL_ID);
	return GEYSER_OK;
}

enum geyser_result geyser_texture_create(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	bool published = false;

	return gy_texture_make(manager, desc, make_any, &published, out);
}

/* udmabuf refuses memory that is sealed against writing, so a texture with GEYSER_USAGE_DMA_BUF
 * stays unsealed. */
enum geyser_result gy_texture_create_published(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	bool published = desc && !(desc->usage & (GEYSER_USAGE_WRITERS | GEYSER_USAGE_DMA_BUF));

	return gy_texture_make(manager, desc, make_any, &published, out);
}

struct geyser_texture *geyser_texture_ref(struct geyser_texture *texture)
{
	if (texture)
		gy_object_ref(&texture->object);
	return texture;
}

static void end(struct geyser_texture *texture)
{
	/* End the export first, then free the memory, then close the device. */
	struct geyser_manager *manager = gy_manager_ref(texture->object.manager);

	gy_object_finish(&texture->object);
	if (texture->ready &&
		geyser_event_wait(texture->ready, texture->ready_value, 0) != GEYSER_OK)
		gy_texture_set_left(texture); /* the device may still draw into the memory */
	gy_pool_give(&manager->pool, &texture->desc, texture->texture);
	geyser_event_unref(texture->ready);
	gy_manager_unref(manager);
	deallocate(texture);
}

/* Ends a texture whose last reference is dropped. Destroys attached data first: a destroy function
 * may take a reference and keep it. */
static void end_last(struct gy_later *later)
{
	struct geyser_texture *texture =
		(struct geyser_texture *)((char *)later -
					  offsetof(struct geyser_texture, object.end));

	do {
		gy_object_detach_all(&texture->object);
		if (gy_object_is_unshared(&texture->object)) {
			end(texture);
			return;
		}
	} while (gy_object_unref(&texture->object));
}

void geyser_texture_unref(struct geyser_texture *texture)
{
	if (!texture || !gy_object_unref(&texture->object))
		return;
	if (!gy_later_put_off(&texture->object.end, end_last))
		end_last(&texture->object.end);
}

const struct geyser_texture_desc *geyser_texture_get_desc(const struct geyser_texture *texture)
{
	return texture ? &texture->desc : NULL;
}

/* ---- data that callers attach ---- */

enum geyser_result geyser_texture_attach(
	struct geyser_texture *texture, const void *key, void *data, void (*destroy)(void *data))
{
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	return gy_object_attach(&texture->object, key, data, destroy);
}

void *geyser_texture_attached(const struct geyser_texture *texture, const void *key)
{
	return texture ? gy_object_attached(&texture->object, key) : NULL;
}

/* ---- access ---- */

/* Says why this process may not write into the texture. */
static const char *refusal(const struct geyser_texture *texture)
{
	if (texture->mirrored)
		return "the frame is a copy in host memory, for reading only; in a stream with "
		       "GEYSER_USAGE_WRITERS a subscriber may write if it can import the buffers";
	if (texture->of_subscriber)
		return "a subscriber gets a stream's frames for reading only, unless the publisher "
		       "makes the stream with GEYSER_USAGE_WRITERS";
	return "the exporter shares this texture for reading only";
}

enum geyser_result gy_texture_check_write(const struct geyser_texture *texture, const char *what)
{
	if (texture->texture->writable)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_PERMISSION, "%s: %s", what, refusal(texture));
}

static enum geyser_result check_access(
	const struct geyser_texture *texture, enum geyser_access access)
{
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	if ((int)access < GEYSER_ACCESS_READ || access > GEYSER_ACCESS_READ_WRITE)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"access (%d): it must be one of enum geyser_access", (int)access);
	if (!(access & GEYSER_ACCESS_WRITE))
		return GEYSER_OK;
	return gy_texture_check_write(
		texture, access == GEYSER_ACCESS_WRITE ? "access (2)" : "access (3)");
}

enum geyser_access geyser_texture_access(const struct geyser_texture *texture)
{
	return texture && texture->texture->writable ? GEYSER_ACCESS_READ_WRITE
						     : GEYSER_ACCESS_READ;
}

enum geyser_result gy_texture_begin_access(
	struct geyser_texture *texture, enum geyser_access access)
{
	const enum geyser_result result = check_access(texture, access);

	if (result != GEYSER_OK || !texture->ready)
		return result;
	return geyser_event_wait(
		texture->ready, texture->ready_value, texture->object.manager->import_timeout_ns);
}

enum geyser_result geyser_texture_map(
	struct geyser_texture *texture, enum geyser_access access, struct geyser_mapping *out)
{
	enum geyser_result result;
	struct gy_backend_texture *backing;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_mapping){0};
	result = gy_texture_begin_access(texture, access);
	if (result != GEYSER_OK)
		return result;
	backing = texture->texture;
	result = backend_of(texture)->texture_map(backing, access, &out->data);
	if (result != GEYSER_OK)
		return result;
	out->row_pitch = (size_t)backing->layout.row_pitch;
	out->slice_pitch = (size_t)backing->layout.slice_pitch;
	out->size = (size_t)backing->layout.size;
	return GEYSER_OK;
}

enum geyser_path geyser_texture_path(const struct geyser_texture *texture)
{
	if (!texture)
		return GEYSER_PATH_ZERO_COPY;
	if (texture->rendered)
		return GEYSER_PATH_CONVERTED;
	return texture->mirrored ? GEYSER_PATH_COPY : texture->texture->path;
}

enum geyser_path geyser_texture_map_path(const struct geyser_texture *texture)
{
	return texture ? texture->texture->map_path : GEYSER_PATH_ZERO_COPY;
}

void gy_texture_set_ready(
	struct geyser_texture *texture, struct geyser_event *event, uint64_t value)
{
	if (texture->ready != event) {
		geyser_event_unref(texture->ready);
		texture->ready = geyser_event_ref(event);
	}
	texture->ready_value = value;
}

void gy_texture_set_mirrored(struct geyser_texture *texture)
{
	texture->mirrored = true;
}

void gy_texture_set_rendered(struct geyser_texture *texture)
{
	texture->rendered = true;
}

void gy_texture_set_of_subscriber(struct geyser_texture *texture)
{
	texture->of_subscriber = true;
}

void gy_texture_set_left(struct geyser_texture *texture)
{
	atomic_store(&texture->texture->left, true);
}

bool gy_texture_is_bare(const struct geyser_texture *texture)
{
	return gy_object_is_unshared(&texture->object) && gy_object_is_bare(&texture->object);
}

void gy_texture_end_bare(struct geyser_texture *texture)
{
	const struct gy_backend *backend = backend_of(texture);

	gy_object_finish_bare(&texture->object);
	backend->texture_destroy(texture->texture);
	geyser_event_unref(texture->ready);
	deallocate(texture);
}

struct gy_backend_texture *gy_texture_backing(struct geyser_texture *texture)
{
	return texture->texture;
}

struct geyser_manager *gy_texture_manager(struct geyser_texture *texture)
{
	return texture->object.manager;
}

bool gy_texture_uploads(const struct geyser_texture *texture)
{
	return texture->texture->uploads;
}

void gy_texture_upload(struct geyser_texture *texture)
{
	backend_of(texture)->texture_upload(texture->texture);
}

void gy_texture_prefault(struct geyser_texture *texture)
{
	const struct gy_backend *backend = backend_of(texture);

	if (backend->texture_prefault)
		backend->texture_prefault(texture->texture);
}

void geyser_texture_unmap(struct geyser_texture *texture)
{
	if (texture)
		backend_of(texture)->texture_unmap(texture->texture);
}

enum geyser_result geyser_texture_get_subresource(const struct geyser_texture *texture,
	uint32_t plane, uint32_t mip_level, uint32_t layer, struct geyser_subresource *out)
{
	const struct geyser_texture_desc *desc;
	uint32_t planes;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_subresource){0};
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	desc = &texture->desc;
	planes = geyser_format_get_info(desc->format)->planes;
	if (plane >= planes || mip_level >= desc->mip_levels || layer >= desc->layers)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"plane %u, mip level %u, layer %u: the texture has %u, %u and %u of them",
			plane, mip_level, layer, planes, desc->mip_levels, desc->layers);
	gy_layout_subresource(desc, &texture->texture->layout, plane, mip_level, layer, out);
	return GEYSER_OK;
}

/* ---- sharing ---- */

enum geyser_result geyser_texture_export(struct geyser_texture *texture, struct geyser_handle *out)
{
	enum geyser_result result = texture ? gy_texture_share(texture) : GEYSER_OK;

	if (texture && result == GEYSER_OK)
		return gy_object_export(&texture->object, out);
	if (out)
		memset(out, 0, sizeof(*out));
	return texture ? result : gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
}

enum geyser_result geyser_texture_unexport(struct geyser_texture *texture)
{
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	return gy_object_unexport(&texture->object);
}

/* A texture in host memory can be imported even if this backend offers no dma-buf or linear usage:
 * host memory is the same with and without those. */
static enum geyser_result check_incoming_support(struct geyser_manager *manager,
	const struct gy_incoming *incoming, const struct geyser_texture_desc *desc)
{
	struct geyser_texture_desc needed = *desc;

	if (incoming->answer.texture.native.type == GEYSER_NATIVE_MEMFD)
		needed.usage &= ~(GEYSER_USAGE_DMA_BUF | GEYSER_USAGE_LINEAR);
	return gy_texture_check_support(manager, &needed);
}

/* Checks the exporter's descriptor like one from a caller, since a peer may be hostile. Then
 * compares it with the expected descriptor, if there is one. */
static enum geyser_result check_incoming(struct geyser_manager *manager,
	const struct gy_incoming *incoming, const struct geyser_texture_desc *expected,
	struct geyser_texture_desc *out)
{
	enum geyser_result result =
		gy_desc_resolve("exporter's", &incoming->answer.texture.desc, out);

	if (result != GEYSER_OK)
		return GEYSER_ERROR_PROTOCOL;
	if (expected)
		result = gy_desc_compare(out, expected);
	return result == GEYSER_OK ? check_incoming_support(manager, incoming, out) : result;
}

enum geyser_result gy_texture_adopt(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	const struct gy_import_terms *terms, const struct gy_incoming *incoming,
	struct geyser_texture **out)
{
	struct geyser_texture *texture = NULL;
	enum geyser_result result = allocate(desc, &texture);

	if (result != GEYSER_OK)
		return result;
	texture->desc.usage &= ~GY_USAGE_ROW_ALIGNMENT; /* the memory has the rows that it has */
	result = manager->backend->texture_import(
		manager->device, &texture->desc, native, terms, &texture->texture);
	if (result != GEYSER_OK) {
		deallocate(texture);
		return result;
	}
	if (terms->read_only)
		texture->texture->writable = false;
	complete(texture, manager, incoming);
	*out = texture;
	return GEYSER_OK;
}

enum geyser_result gy_texture_accept(struct geyser_manager *manager, struct gy_incoming *incoming,
	const struct geyser_texture_desc *expected, const struct gy_import_terms *terms,
	struct geyser_texture **out)
{
	struct geyser_native_texture native;
	struct geyser_texture_desc desc;
	enum geyser_result result = check_incoming(manager, incoming, expected, &desc);

	if (result == GEYSER_OK) {
		native = incoming->answer.texture.native;
		native.fd = incoming->fd;
		result = gy_texture_adopt(manager, &desc, &native, terms, incoming, out);
	}
	if (result == GEYSER_OK)
		incoming->fd = -1; /* the texture owns the descriptor now */
	gy_incoming_finish(incoming, result == GEYSER_OK);
	return result;
}

static enum geyser_result import_texture(struct geyser_manager *manager,
	const struct geyser_handle *handle, const struct geyser_texture_desc *expected,
	struct geyser_texture **out)
{
	const struct gy_import_terms terms = {.from_peer = true};
	struct gy_incoming incoming;
	enum geyser_result result = gy_incoming_request(manager, handle, GY_HANDLE_TEXTURE, false,
		gy_deadline(manager->import_timeout_ns), &incoming);

	return result == GEYSER_OK ? gy_texture_accept(manager, &incoming, expected, &terms, out)
				   : result;
}

enum geyser_result geyser_texture_import(struct geyser_manager *manager,
	const struct geyser_handle *handle, const struct geyser_texture_desc *expected,
	struct geyser_texture **out)
{
	enum geyser_result result = gy_texture_check_create(manager, out);
	struct geyser_texture_desc resolved;

	if (result == GEYSER_OK && expected)
		result = gy_desc_resolve("expected", expected, &resolved);
	if (result != GEYSER_OK)
		return result;
	return import_texture(manager, handle, expected ? &resolved : NULL, out);
}

enum geyser_result geyser_texture_importers(
	struct geyser_texture *texture, struct geyser_importers *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_importers){0};
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	gy_exporter_count_importers(
		texture->object.manager->ipc->exporter, &texture->object.export, out);
	return GEYSER_OK;
}

enum geyser_result geyser_texture_importers_fd(struct geyser_texture *texture, int *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = -1;
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	return gy_exporter_importers_fd(
		texture->object.manager->ipc->exporter, &texture->object.export, out);
}
