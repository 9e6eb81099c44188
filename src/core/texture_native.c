/* SPDX-License-Identifier: MIT */
/* Textures by the native memory that they are in: descriptors and surfaces that a program exports
 * and imports by itself, without a handle. */
#include "core/texture.h"

#include "base/error.h"
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Describes the texture's memory with a descriptor or surface that the caller owns. any: the
 * memory's own type will do; otherwise converts it to the given type. */
static enum geyser_result export_native(struct geyser_texture *texture, bool any,
	enum geyser_native_type type, struct geyser_native_texture *out)
{
	const struct gy_backend *backend = gy_texture_manager(texture)->backend;
	struct gy_backend_texture *backing = gy_texture_backing(texture);
	enum geyser_result result = gy_texture_share(texture);

	if (result == GEYSER_OK)
		result = backend->texture_describe(backing, out);
	if (result != GEYSER_OK)
		return result;
	gy_texture_set_left(texture);
	if (!any && out->type != type)
		gy_texture_end_description(texture, out->fd);
	if (!any && out->type != type && backend->texture_convert)
		return backend->texture_convert(backing, type, out);
	if (!any && out->type != type)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"native type (%d): the texture's memory is of type %d", (int)type,
			(int)out->type);
	if (out->object) {
		out->object = gy_surface_retain(out->object);
		return GEYSER_OK;
	}
	if (backing->describes_anew)
		return GEYSER_OK;
	result = gy_memory_check_leaves(out->fd);
	if (result != GEYSER_OK)
		return result;
	out->fd = fcntl(out->fd, F_DUPFD_CLOEXEC, 0);
	return out->fd >= 0 ? GEYSER_OK : gy_fail_errno("duplicating a descriptor");
}

static enum geyser_result check_export(
	struct geyser_texture *texture, struct geyser_native_texture *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_native_texture){.fd = -1};
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	return GEYSER_OK;
}

enum geyser_result geyser_texture_export_native(
	struct geyser_texture *texture, struct geyser_native_texture *out)
{
	enum geyser_result result = check_export(texture, out);

	if (result != GEYSER_OK)
		return result;
	result = export_native(texture, true, GEYSER_NATIVE_MEMFD, out);
	if (result != GEYSER_OK)
		*out = (struct geyser_native_texture){.fd = -1};
	return result;
}

enum geyser_result geyser_texture_export_native_as(struct geyser_texture *texture,
	enum geyser_native_type type, struct geyser_native_texture *out)
{
	enum geyser_result result = check_export(texture, out);

	if (result == GEYSER_OK &&
		((int)type < GEYSER_NATIVE_MEMFD || type > GEYSER_NATIVE_IOSURFACE))
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"native type (%d): it must be one of enum geyser_native_type", (int)type);
	if (result != GEYSER_OK)
		return result;
	result = export_native(texture, false, type, out);
	if (result != GEYSER_OK)
		*out = (struct geyser_native_texture){.fd = -1};
	return result;
}

void geyser_native_texture_release(struct geyser_native_texture *native)
{
	if (!native)
		return;
	if (native->fd >= 0)
		(void)close(native->fd);
	native->fd = -1;
	gy_surface_release(native->object);
	native->object = NULL;
}

/* No limits: the caller vouches for memory that it imports by descriptor. */
static const struct gy_import_terms callers_terms = {.from_peer = false};

/* Imports an IOSurface. The caller keeps its own reference to the surface. */
static enum geyser_result adopt_object(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	struct geyser_texture **out)
{
	struct geyser_native_texture copy = *native;
	enum geyser_result result;

	copy.fd = -1;
	copy.object = gy_surface_retain(native->object);
	result = gy_texture_adopt(manager, desc, &copy, &callers_terms, NULL, out);
	if (result != GEYSER_OK)
		gy_surface_release(copy.object);
	return result;
}

/* Imports a copy of the caller's descriptor; the caller keeps its own. The manager's counters count
 * such memory as held, not imported, because no exporter's object belongs to it. */
static enum geyser_result adopt_copy(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	struct geyser_texture **out)
{
	struct geyser_native_texture copy = *native;
	enum geyser_result result;

	if (native->type == GEYSER_NATIVE_IOSURFACE)
		return adopt_object(manager, desc, native, out);
	copy.object = NULL;
	copy.fd = fcntl(native->fd, F_DUPFD_CLOEXEC, 0);
	if (copy.fd < 0 && errno == EBADF)
		return gy_fail(
			GEYSER_ERROR_INVALID_ARGUMENT, "fd (%d): it is not open", native->fd);
	if (copy.fd < 0)
		return gy_fail_errno("duplicating a descriptor");
	result = gy_texture_adopt(manager, desc, &copy, &callers_terms, NULL, out);
	if (result != GEYSER_OK)
		(void)close(copy.fd);
	return result;
}

enum geyser_result geyser_texture_import_native(struct geyser_manager *manager,
	const struct geyser_native_texture *native, const struct geyser_texture_desc *desc,
	struct geyser_texture **out)
{
	enum geyser_result result = gy_texture_check_create(manager, out);
	struct geyser_texture_desc resolved;

	if (result == GEYSER_OK && !native)
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "native is NULL");
	if (result == GEYSER_OK)
		result = gy_desc_resolve("desc", desc, &resolved);
	if (result == GEYSER_OK)
		result = gy_texture_check_support(manager, &resolved);
	if (result != GEYSER_OK)
		return result;
	return adopt_copy(manager, &resolved, native, out);
}
