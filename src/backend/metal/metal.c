/* SPDX-License-Identifier: MIT */
/* Makes textures on an IOSurface, in sealed host memory, or in private storage. Has the backend's
 * table of functions. */
#include "backend/metal/mtl.h"

#include "base/error.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

static enum geyser_result check(
	const struct mtl_device *device, const struct geyser_texture_desc *desc)
{
	bool wide = desc->width > desc->height;
	uint32_t limit = desc->depth > 1 ? 2048 : device->limit;
	uint32_t side = wide ? desc->width : desc->height;

	if (gy_mtl_is_inherited(device))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"the manager was made before fork: the child must make its own");
	if (side <= limit)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_LIMIT, "%s (%u): %s has %u at most", wide ? "width" : "height",
		side, device->info.name, limit);
}

static enum geyser_result allocate(
	struct mtl_device *device, const struct geyser_texture_desc *desc, struct mtl_texture **out)
{
	enum geyser_result result = check(device, desc);
	struct mtl_texture *texture = result == GEYSER_OK ? calloc(1, sizeof(*texture)) : NULL;

	if (result == GEYSER_OK && !texture)
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a texture");
	if (result != GEYSER_OK)
		return result;
	gy_surface_locks_init(&texture->locks);
	texture->base.writable = true;
	texture->device = device;
	texture->desc = *desc;
	*out = texture;
	return GEYSER_OK;
}

static void texture_destroy(struct gy_backend_texture *base)
{
	struct mtl_texture *texture = (struct mtl_texture *)base;
	bool inherited = gy_mtl_is_inherited(texture->device);

	if (!inherited)
		gy_mtl_view_release(texture);
	if (texture->surface && !inherited) {
		IOSurfaceDecrementUseCount(texture->surface);
		CFRelease(texture->surface);
	}
	gy_host_memory_finish(&texture->host);
	gy_surface_locks_finish(&texture->locks);
	free(texture);
}

/* Ends the making of a texture. After a failure it destroys the texture. */
static enum geyser_result finish(
	struct mtl_texture *texture, enum geyser_result result, struct gy_backend_texture **out)
{
	if (result == GEYSER_OK)
		*out = &texture->base;
	else
		texture_destroy(&texture->base);
	return result;
}

/* ---- on an IOSurface ---- */

/* Takes over the surface. The use count tells programs that recycle surfaces that this one is in
 * use. */
static enum geyser_result wrap_surface(struct mtl_texture *texture, IOSurfaceRef surface)
{
	enum geyser_result result;

	texture->memory = MTL_SURFACE;
	texture->surface = surface;
	IOSurfaceIncrementUseCount(surface);
	texture->base.bytes = IOSurfaceGetAllocSize(surface);
	texture->base.kind = GEYSER_MEMORY_IOSURFACE;
	result = gy_surface_get_layout(surface, &texture->desc, &texture->base.layout);
	return result == GEYSER_OK ? gy_mtl_view(texture) : result;
}

static enum geyser_result create_surface(struct mtl_texture *texture)
{
	IOSurfaceRef surface;
	enum geyser_result result =
		gy_surface_create(&texture->desc, gy_mtl_row_alignment(texture), &surface);

	return result == GEYSER_OK ? wrap_surface(texture, surface) : result;
}

/* ---- in host memory ---- */

static enum geyser_result create_host(struct mtl_texture *texture, bool published)
{
	enum geyser_result result;

	gy_surface_lay_out(&texture->desc, gy_mtl_row_alignment(texture), &texture->base.layout);
	result = gy_host_memory_create(&texture->base, published, &texture->host);
	if (result == GEYSER_OK)
		gy_mtl_view_host(texture);
	return result;
}

/* ---- life ---- */

static enum geyser_result texture_create(void *device, const struct geyser_texture_desc *desc,
	bool published, struct gy_backend_texture **out)
{
	struct mtl_texture *texture;
	enum geyser_result result;

	if (desc->mip_levels > 1)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"mip_levels (%u): memory that others open has 1; use "
			"geyser_metal_texture_create_private",
			desc->mip_levels);
	result = allocate(device, desc, &texture);
	if (result != GEYSER_OK)
		return result;
	return finish(texture,
		desc->usage & GEYSER_USAGE_HOST_MEMORY ? create_host(texture, published)
						       : create_surface(texture),
		out);
}

/* Makes a mirror, which is only a target of copies. Copies work with rows of any length, but a
 * plane must begin at a multiple of its texels' size. */
static enum geyser_result mirror_create(
	void *device, const struct geyser_texture_desc *desc, struct gy_backend_texture **out)
{
	struct mtl_texture *texture;
	enum geyser_result result = allocate(device, desc, &texture);

	if (result != GEYSER_OK)
		return result;
	gy_layout_of(desc, &texture->base.layout);
	if (texture->base.layout.further_count)
		gy_surface_lay_out(desc, 1, &texture->base.layout);
	result = gy_host_memory_create(&texture->base, true, &texture->host);
	if (result == GEYSER_OK)
		result = gy_mtl_wrap_host(texture);
	return finish(texture, result, out);
}

static enum geyser_result import_surface(
	struct mtl_texture *texture, const struct geyser_native_texture *native)
{
	enum geyser_result result = gy_surface_check(native->object, &texture->desc);

	if (result == GEYSER_OK)
		result = wrap_surface(texture, native->object);
	if (result != GEYSER_OK && texture->surface) { /* the caller keeps the surface */
		IOSurfaceDecrementUseCount(texture->surface);
		texture->surface = NULL;
	}
	return result;
}

/* Metal may have no texture in the memory. It then reads a copy, if the caller promises to upload
 * each frame into it (terms->uploads). What Metal would draw there doesn't get into the memory. */
static enum geyser_result import_host(struct mtl_texture *texture,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms)
{
	enum geyser_result result = gy_host_memory_import(
		&texture->base, &texture->desc, native, terms, &texture->host);

	if (result == GEYSER_OK)
		gy_mtl_view_host(texture);
	if (result != GEYSER_OK || texture->textures[0] || texture->base.writable ||
		!terms->uploads || texture->desc.mip_levels > 1)
		return result;
	result = gy_mtl_view_uploaded(texture);
	if (result != GEYSER_OK)
		texture->host.fd = -1; /* the caller keeps the descriptor */
	return result;
}

static enum geyser_result texture_import(void *device, const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms,
	struct gy_backend_texture **out)
{
	struct mtl_texture *texture;
	enum geyser_result result = allocate(device, desc, &texture);

	if (result != GEYSER_OK)
		return result;
	if (native->type == GEYSER_NATIVE_IOSURFACE)
		result = import_surface(texture, native);
	else if (native->type == GEYSER_NATIVE_MEMFD)
		result = import_host(texture, native, terms);
	else
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"native type (%d): the metal backend imports GEYSER_NATIVE_IOSURFACE and "
			"_MEMFD",
			(int)native->type);
	return finish(texture, result, out);
}

enum geyser_result gy_metal_create_private(void *device, const struct geyser_texture_desc *desc,
	void *handle, struct gy_backend_texture **out)
{
	struct mtl_texture *texture;
	enum geyser_result result = allocate(device, desc, &texture);

	if (result != GEYSER_OK)
		return result;
	texture->memory = MTL_PRIVATE;
	gy_layout_of(desc, &texture->base.layout);
	texture->base.bytes = gy_memory_round(texture->base.layout.size);
	texture->base.kind = GEYSER_MEMORY_DEVICE;
	return finish(texture, gy_mtl_view_private(texture, handle), out);
}

/* ---- pools ---- */

/* A texture on a discrete GPU has a copy there, which this process can't clear. A label stays with
 * the surface for good. */
static bool texture_rest(struct gy_backend_texture *base)
{
	struct mtl_texture *texture = (struct mtl_texture *)base;

	if (texture->memory == MTL_PRIVATE || !texture->device->apple || texture->desc.label ||
		gy_surface_is_mapped(&texture->locks))
		return false;
	return !texture->surface || gy_surface_rest(texture->surface);
}

/* Clears the texture, whether or not the system has taken the surface's memory. */
static enum geyser_result texture_renew(
	struct gy_backend_texture *base, const struct geyser_texture_desc *desc)
{
	struct mtl_texture *texture = (struct mtl_texture *)base;

	texture->desc.label = desc->label;
	gy_mtl_set_label(texture);
	if (texture->surface)
		return gy_surface_renew(texture->surface);
	memset(texture->host.data, 0, texture->host.size);
	return GEYSER_OK;
}

/* ---- sharing ---- */

static enum geyser_result refuse_private(void)
{
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the texture is in private storage: it crosses processes by "
		"geyser_metal_texture_shared_handle in an NSXPCConnection, and can't be mapped");
}

bool gy_metal_is_private(const struct gy_backend_texture *texture)
{
	return ((const struct mtl_texture *)texture)->memory == MTL_PRIVATE;
}

static enum geyser_result texture_share(struct gy_backend_texture *base)
{
	const struct mtl_texture *texture = (const struct mtl_texture *)base;

	if (gy_metal_is_private(base))
		return refuse_private();
	if (texture->memory == MTL_HOST)
		gy_host_memory_share(texture->host.fd, &base->layout);
	return GEYSER_OK;
}

static enum geyser_result texture_describe(
	struct gy_backend_texture *base, struct geyser_native_texture *out)
{
	const struct mtl_texture *texture = (const struct mtl_texture *)base;

	if (!texture->surface) {
		gy_host_memory_describe(&texture->host, &base->layout, out);
		return GEYSER_OK;
	}
	*out = (struct geyser_native_texture){
		.type = GEYSER_NATIVE_IOSURFACE,
		.fd = -1,
		.object = (void *)texture->surface,
		.size = base->bytes,
	};
	gy_layout_describe(&base->layout, out);
	return GEYSER_OK;
}

static enum geyser_result texture_convert(struct gy_backend_texture *base,
	enum geyser_native_type type, struct geyser_native_texture *out)
{
	const struct mtl_texture *texture = (const struct mtl_texture *)base;

	if (texture->memory == MTL_HOST)
		return gy_host_memory_convert(texture->host.fd, &base->layout, type, out);
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"native type (%d): the texture's memory is an IOSurface (%d)", (int)type,
		(int)GEYSER_NATIVE_IOSURFACE);
}

enum geyser_result gy_metal_surface(const struct gy_backend_texture *base, void **out)
{
	const struct mtl_texture *texture = (const struct mtl_texture *)base;

	*out = (void *)texture->surface;
	if (*out)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "the texture is in %s, on no IOSurface",
		texture->memory == MTL_HOST ? "host memory" : "private storage");
}

/* ---- the CPU's access ---- */

static enum geyser_result texture_map(
	struct gy_backend_texture *base, enum geyser_access access, void **data)
{
	struct mtl_texture *texture = (struct mtl_texture *)base;
	enum geyser_result result = GEYSER_OK;
	void *memory = texture->host.data;

	if (texture->memory == MTL_PRIVATE)
		return refuse_private();
	if (texture->memory == MTL_SURFACE)
		result = gy_surface_map(texture->surface, &texture->locks,
			access & GEYSER_ACCESS_WRITE, gy_mtl_synchronize, texture, &memory);
	if (result == GEYSER_OK)
		*data = (char *)memory + base->layout.offset;
	return result;
}

static void texture_unmap(struct gy_backend_texture *base)
{
	struct mtl_texture *texture = (struct mtl_texture *)base;

	if (texture->memory == MTL_SURFACE)
		gy_surface_unmap(texture->surface, &texture->locks);
}

/* ---- the backend as the core sees it ---- */

static enum geyser_result open_default(bool automatic, void **out)
{
	(void)automatic; /* no other backend does as well as Metal */
	return gy_metal_adopt(NULL, out);
}

static bool is_lost(void *device)
{
	return gy_loss_is_noted(&((struct mtl_device *)device)->loss);
}

static void on_lost(void *device, void (*callback)(void *user), void *user)
{
	gy_loss_watch(&((struct mtl_device *)device)->loss, callback, user);
}

const struct gy_backend gy_metal_backend = {
	.kind = GEYSER_BACKEND_METAL,
	.name = "metal",
	.open = open_default,
	.close = gy_mtl_device_close,
	.format_usage = gy_mtl_format_usage,
	.format_refusal = gy_mtl_format_refusal,
	.texture_create = texture_create,
	.texture_import = texture_import,
	.texture_share = texture_share,
	.texture_describe = texture_describe,
	.texture_convert = texture_convert,
	.texture_map = texture_map,
	.texture_unmap = texture_unmap,
	.texture_upload = gy_mtl_texture_upload,
	.texture_destroy = texture_destroy,
	.texture_rest = texture_rest,
	.texture_renew = texture_renew,
	.lost = is_lost,
	.on_lost = on_lost,
	.event_create = gy_mtl_event_create,
	.event_signal = gy_mtl_event_signal,
	.event_destroy = gy_mtl_event_destroy,
	.mirror_create = mirror_create,
	.texture_copy = gy_mtl_texture_copy,
};
