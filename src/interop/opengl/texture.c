/* SPDX-License-Identifier: MIT */
/* Textures as GL textures: which of three ways is used, and the life of the result. */
#include "interop/opengl/gl.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- GL objects ---- */

static void finish(struct gy_gl_item *item)
{
	struct geyser_gl_texture *const texture = (struct geyser_gl_texture *)item;
	const struct geyser_gl *const gl = item->gl;

	for (uint32_t i = 0; i < texture->plane_count; i++) {
		struct gy_gl_plane *const plane = &texture->planes[i];

		if (plane->name)
			gl->f.DeleteTextures(1, &plane->name);
		if (plane->image)
			(void)gl->egl.DestroyImageKHR(gl->display, plane->image);
		plane->name = 0;
		plane->image = NULL;
	}
	if (texture->memory)
		gl->f.DeleteMemoryObjectsEXT(1, &texture->memory);
	texture->memory = 0;
}

static void free_texture(struct gy_gl_item *item)
{
	struct geyser_gl_texture *const texture = (struct geyser_gl_texture *)item;

	if (texture->imported)
		geyser_texture_unref(texture->texture);
	free(texture);
}

/* ---- the three ways ---- */

/* Makes copied textures if `why` says that the driver can't do better, and keeps the reason for the
 * caller. Other failures are the machine's, such as no memory, and are returned. */
static enum geyser_result copy_instead(struct geyser_gl_texture *texture, enum geyser_result why)
{
	if (why != GEYSER_ERROR_UNSUPPORTED && why != GEYSER_ERROR_SYSTEM)
		return why;
	finish(&texture->item);
	(void)snprintf(texture->reason, sizeof(texture->reason), "%s", geyser_error_detail());
	return gy_gl_copy_create(texture);
}

/* Refuses memory in which the texture's planes aren't told apart: a modifier may have planes of its
 * own. A texture of one plane takes any. */
static enum geyser_result check_planes(
	const struct geyser_gl_texture *texture, const struct geyser_native_texture *native)
{
	if (texture->plane_count == 1 || native->plane_count == texture->plane_count)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"memory of %u planes (modifier 0x%" PRIx64 "): %s has %u; it is copied",
		native->plane_count, native->modifier, geyser_format_name(texture->desc.format),
		texture->plane_count);
}

static enum geyser_result import_memory(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native)
{
	const struct geyser_gl *const gl = texture->item.gl;
	enum geyser_result result =
		gy_gl_check_device(gl, "texture", native->device_uuid, native->driver_uuid);

	if (result != GEYSER_OK)
		return result;
	result = check_planes(texture, native);
	if (result == GEYSER_OK)
		result = gl->info.memory_object_fd
				 ? gy_gl_memory_import(texture, native)
				 : gy_fail(GEYSER_ERROR_UNSUPPORTED,
					   "GL_EXT_memory_object_fd is missing: Vulkan's memory is "
					   "copied");
	return result == GEYSER_OK ? GEYSER_OK : copy_instead(texture, result);
}

static enum geyser_result import_image(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native)
{
	enum geyser_result result = check_planes(texture, native);

	if (result == GEYSER_OK)
		result = gy_gl_image_import(texture, native);
	return result == GEYSER_OK ? GEYSER_OK : copy_instead(texture, result);
}

/* Imports host memory as a dma-buf if both GL and the machine can do that. */
static enum geyser_result import_host_memory(struct geyser_gl_texture *texture)
{
	struct geyser_native_texture native;
	enum geyser_result result;

	texture->host_memory = true;
	if (!texture->item.gl->info.dma_buf_import)
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"host memory, and this GL takes no dma-bufs "
			"(EGL_EXT_image_dma_buf_import): it is copied");
	else if (texture->target != GY_GL_TEXTURE_2D || texture->desc.mip_levels > 1)
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"host memory of %u layers, %u slices and %u levels: dma-bufs have one of "
			"each",
			texture->desc.layers, texture->desc.depth, texture->desc.mip_levels);
	else
		result = geyser_texture_export_native_as(
			texture->texture, GEYSER_NATIVE_DMA_BUF, &native);
	if (result != GEYSER_OK)
		return copy_instead(texture, result);
	result = import_image(texture, &native);
	geyser_native_texture_release(&native);
	return result;
}

static enum geyser_result import_native(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native)
{
	switch (native->type) {
	case GEYSER_NATIVE_OPAQUE_FD:
		return import_memory(texture, native);
	case GEYSER_NATIVE_DMA_BUF:
		return import_image(texture, native);
	default:
		return import_host_memory(texture);
	}
}

static enum geyser_result make_texture(struct geyser_gl_texture *texture)
{
	struct geyser_native_texture native;
	struct gy_gl_state state;
	enum geyser_result result = gy_gl_planes(texture);

	if (result == GEYSER_OK)
		result = geyser_texture_export_native(texture->texture, &native);
	if (result != GEYSER_OK)
		return result;
	gy_gl_keep(texture->item.gl, GY_GL_KEEP_TEXTURE, texture->target, &state);
	result = import_native(texture, &native);
	gy_gl_restore(texture->item.gl, &state);
	geyser_native_texture_release(&native);
	return result;
}

/* ---- making one ---- */

static uint32_t target_of(const struct geyser_texture_desc *desc)
{
	if (desc->depth > 1)
		return GY_GL_TEXTURE_3D;
	return desc->layers > 1 ? GY_GL_TEXTURE_2D_ARRAY : GY_GL_TEXTURE_2D;
}

static enum geyser_result create_texture(struct geyser_gl *gl, struct geyser_texture *texture,
	bool imported, struct geyser_gl_texture **out)
{
	struct geyser_gl_texture *const made = calloc(1, sizeof(*made));
	enum geyser_result result;

	if (!made)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a texture");
	gy_gl_item_init(&made->item, gl, finish, free_texture);
	made->imported = imported;
	made->texture = imported ? geyser_texture_ref(texture) : texture;
	made->desc = *geyser_texture_get_desc(texture);
	made->desc.label = NULL;
	made->target = target_of(&made->desc);
	result = make_texture(made);
	if (result == GEYSER_OK)
		*out = made;
	else
		gy_gl_item_end(&made->item);
	return result;
}

enum geyser_result geyser_gl_texture_import(
	struct geyser_gl *gl, struct geyser_texture *texture, struct geyser_gl_texture **out)
{
	enum geyser_result result;

	if (out)
		*out = NULL;
	if (!texture || !out)
		return gy_fail(
			GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", texture ? "out" : "texture");
	result = gy_gl_enter(gl);
	return result == GEYSER_OK ? create_texture(gl, texture, true, out) : result;
}

enum geyser_result geyser_gl_texture_get_info(
	const struct geyser_gl_texture *texture, struct geyser_gl_texture_info *out)
{
	if (out)
		*out = (struct geyser_gl_texture_info){.reason = ""};
	if (texture && out && geyser_format_is_video(texture->desc.format))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): it is video; call geyser_gl_texture_get_plane_info for each "
			"plane",
			geyser_format_name(texture->desc.format));
	return geyser_gl_texture_get_plane_info(texture, 0, out);
}

enum geyser_result geyser_gl_texture_get_plane_info(
	const struct geyser_gl_texture *texture, uint32_t plane, struct geyser_gl_texture_info *out)
{
	if (out)
		*out = (struct geyser_gl_texture_info){.reason = ""};
	if (!texture || !out)
		return gy_fail(
			GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", texture ? "out" : "texture");
	if (plane >= texture->plane_count)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"plane (%" PRIu32 "): %s has %" PRIu32, plane,
			geyser_format_name(texture->desc.format), texture->plane_count);
	*out = gy_gl_plane_info(texture, plane);
	return GEYSER_OK;
}

/* Without a current context, the GL objects stay until the next call in a thread that has the
 * context, or until geyser_gl_destroy. */
void geyser_gl_texture_destroy(struct geyser_gl_texture *texture)
{
	if (!texture)
		return;
	if (!texture->item.gl->destroyed && gy_gl_enter(texture->item.gl) != GEYSER_OK)
		gy_gl_item_died(&texture->item);
	else
		gy_gl_item_end(&texture->item);
}

/* ---- GL textures attached to a texture ---- */

struct geyser_gl_texture *gy_gl_texture_find(
	const struct geyser_gl *gl, const struct geyser_texture *texture)
{
	return geyser_texture_attached(texture, gl);
}

enum geyser_result gy_gl_texture_kept(
	struct geyser_gl *gl, struct geyser_texture *texture, struct geyser_gl_texture **out)
{
	enum geyser_result result;

	*out = gy_gl_texture_find(gl, texture);
	if (*out)
		return GEYSER_OK;
	result = create_texture(gl, texture, false, out);
	if (result != GEYSER_OK)
		return result;
	result = geyser_texture_attach(texture, gl, &(*out)->item, gy_gl_item_died);
	if (result != GEYSER_OK)
		gy_gl_item_end(&(*out)->item);
	return result;
}

/* ---- use ---- */

static enum geyser_result check_access(enum geyser_access access)
{
	if (access >= GEYSER_ACCESS_READ && access <= GEYSER_ACCESS_READ_WRITE)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"access (%d): it must be READ, WRITE or READ_WRITE, 1 to 3", (int)access);
}

/* Makes the texture's contents visible to GL. For a copied texture the CPU reads the mapping. The
 * waits in GL's command stream don't delay the CPU, so GL must finish them first. */
static enum geyser_result bring(struct geyser_gl_texture *texture, enum geyser_access access)
{
	enum geyser_result result = GEYSER_OK;

	if (texture->path == GEYSER_PATH_ZERO_COPY) {
		gy_gl_events_acquire(texture);
		return gy_gl_check(texture->item.gl, "glWaitSemaphoreEXT");
	}
	if (texture->item.gl->waited)
		result = gy_gl_finish(texture->item.gl);
	if (result == GEYSER_OK && access & GEYSER_ACCESS_READ)
		result = gy_gl_copy_upload(texture);
	return result;
}

enum geyser_result gy_gl_texture_begin(struct geyser_gl_texture *texture, enum geyser_access access)
{
	enum geyser_result result = check_access(access);

	if (result == GEYSER_OK && access & ~geyser_texture_access(texture->texture))
		result = gy_fail(GEYSER_ERROR_PERMISSION,
			"access (%d): the texture is shared for reading only; a publisher lets its "
			"subscribers write into frames by GEYSER_USAGE_WRITERS",
			(int)access);
	if (result == GEYSER_OK && texture->acquired)
		result = gy_fail(GEYSER_ERROR_BUSY,
			"the texture is acquired already (access %d): release it first",
			(int)texture->acquired);
	if (result == GEYSER_OK)
		result = bring(texture, access);
	if (result == GEYSER_OK)
		texture->acquired = access;
	return result;
}

/* Makes GL's drawing visible outside. The CPU may be the next to read host memory, and GL's
 * commands don't delay the CPU, so GL must finish first. */
static enum geyser_result take_back(struct geyser_gl_texture *texture, enum geyser_access access)
{
	const struct geyser_gl *const gl = texture->item.gl;

	if (texture->path == GEYSER_PATH_COPY)
		return access & GEYSER_ACCESS_WRITE ? gy_gl_copy_download(texture) : GEYSER_OK;
	texture->signal_pending = true;
	if (texture->host_memory && access & GEYSER_ACCESS_WRITE)
		return gy_gl_finish(gl);
	gl->f.Flush();
	return gy_gl_check(gl, "glFlush");
}

enum geyser_result gy_gl_texture_end(struct geyser_gl_texture *texture, enum geyser_access access)
{
	const enum geyser_access acquired = texture->acquired;
	enum geyser_result result = check_access(access);

	if (result == GEYSER_OK && !acquired)
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"the texture isn't acquired: each release follows an acquire");
	else if (result == GEYSER_OK && access & ~acquired)
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"access (%d): the texture is acquired for %d", (int)access, (int)acquired);
	texture->acquired = 0;
	return result == GEYSER_OK ? take_back(texture, access) : result;
}

enum geyser_result geyser_gl_texture_acquire(
	struct geyser_gl_texture *texture, enum geyser_access access)
{
	enum geyser_result result;

	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	result = gy_gl_enter(texture->item.gl);
	return result == GEYSER_OK ? gy_gl_texture_begin(texture, access) : result;
}

enum geyser_result geyser_gl_texture_release(
	struct geyser_gl_texture *texture, enum geyser_access access)
{
	enum geyser_result result;

	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	result = gy_gl_enter(texture->item.gl);
	return result == GEYSER_OK ? gy_gl_texture_end(texture, access) : result;
}
