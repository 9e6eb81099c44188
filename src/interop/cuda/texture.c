/* SPDX-License-Identifier: MIT */
/* Finds or makes a texture's imports, and keeps them attached to the texture. */
#include "interop/cuda/import.h"

#include "base/error.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct gy_cuda_imports {
	pthread_mutex_t lock;
	struct geyser_texture *texture; /* holds no reference: the texture owns this struct */
	bool described;
	struct geyser_native_texture native; /* without its descriptor */
	bool mapped, writable;
	struct geyser_mapping mapping;
	struct gy_cuda_import *first;
};

static const char key;

/* ---- life ---- */

static void destroy_import(struct gy_cuda_imports *imports, struct gy_cuda_import *import)
{
	if (gy_cuda_home_enter(&import->home)) {
		gy_cuda_import_undo(import, imports->mapping.data);
		gy_cuda_home_leave(&import->home);
	}
	gy_cuda_home_finish(&import->home);
	free(import);
}

static void destroy_imports(void *data)
{
	struct gy_cuda_imports *imports = data;
	struct gy_cuda_import *next;

	for (struct gy_cuda_import *import = imports->first; import; import = next) {
		next = import->next;
		destroy_import(imports, import);
	}
	if (imports->mapped)
		geyser_texture_unmap(imports->texture);
	(void)pthread_mutex_destroy(&imports->lock);
	free(imports);
}

/* Gives the texture's imports, and attaches them if there are none. If two threads attach at once,
 * both get those that came first. */
static enum geyser_result find_imports(struct geyser_texture *texture, struct gy_cuda_imports **out)
{
	enum geyser_result result;

	*out = geyser_texture_attached(texture, &key);
	if (*out)
		return GEYSER_OK;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an import");
	(void)pthread_mutex_init(&(*out)->lock, NULL);
	(*out)->texture = texture;
	result = geyser_texture_attach(texture, &key, *out, destroy_imports);
	if (result == GEYSER_OK)
		return GEYSER_OK;
	destroy_imports(*out);
	*out = result == GEYSER_ERROR_EXISTS ? geyser_texture_attached(texture, &key) : NULL;
	return *out ? GEYSER_OK : result;
}

/* ---- the texture's memory ---- */

enum geyser_result gy_cuda_check_colour(const struct geyser_texture *texture, const char *call)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);

	if (!desc || !geyser_format_is_video(desc->format))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"format (%s): it is video; %s takes one plane of it",
		geyser_format_name(desc->format), call);
}

enum geyser_result gy_cuda_check_plane(const struct geyser_texture *texture, uint32_t plane)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	uint32_t count;

	if (!desc)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	count = geyser_format_get_info(desc->format)->planes;
	if (plane < count)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "plane (%" PRIu32 "): %s has %" PRIu32, plane,
		geyser_format_name(desc->format), count);
}

static enum geyser_result check_type(enum geyser_native_type type)
{
	if (type == GEYSER_NATIVE_OPAQUE_FD || type == GEYSER_NATIVE_MEMFD)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the texture's memory is %s, which CUDA doesn't import: make it on a Vulkan "
		"manager without GEYSER_USAGE_DMA_BUF, or on a host manager",
		type == GEYSER_NATIVE_DMA_BUF ? "a dma-buf" : "an IOSurface");
}

/* Describes the texture's memory. The caller releases *out, also after a failure. */
static enum geyser_result describe(
	struct gy_cuda_imports *imports, struct geyser_native_texture *out)
{
	enum geyser_result result = geyser_texture_export_native(imports->texture, out);

	if (result != GEYSER_OK)
		return result;
	imports->native = *out;
	imports->native.fd = -1;
	imports->described = true;
	/* host memory works with any device, whichever device made it */
	if (out->type == GEYSER_NATIVE_MEMFD)
		memset(imports->native.device_uuid, 0, sizeof(out->device_uuid));
	return check_type(out->type);
}

/* Fills in imports->native once; later calls only check the type. */
static enum geyser_result describe_once(struct gy_cuda_imports *imports)
{
	struct geyser_native_texture native;
	enum geyser_result result;

	if (imports->described)
		return check_type(imports->native.type);
	result = describe(imports, &native);
	geyser_native_texture_release(&native);
	return result;
}

/* Maps a texture in host memory, for writing if this process may write. */
static enum geyser_result map_once(struct gy_cuda_imports *imports)
{
	enum geyser_result result;

	if (imports->mapped)
		return GEYSER_OK;
	result = geyser_texture_map(imports->texture, GEYSER_ACCESS_READ_WRITE, &imports->mapping);
	imports->writable = result == GEYSER_OK;
	if (result == GEYSER_ERROR_PERMISSION)
		result =
			geyser_texture_map(imports->texture, GEYSER_ACCESS_READ, &imports->mapping);
	imports->mapped = result == GEYSER_OK;
	return result;
}

/* ---- importing ---- */

/* Sets the members that are the same for all planes. */
static void set_common(struct gy_cuda_import *import, const struct gy_cuda_scope *scope,
	enum geyser_path path, bool writable)
{
	for (uint32_t i = 0; i < GEYSER_FORMAT_PLANES_MAX; i++)
		import->planes[i] = (struct geyser_cuda_texture){
			.device = scope->device,
			.context = scope->context,
			.path = path,
			.writable = writable,
		};
}

static enum geyser_result import_host(struct gy_cuda_imports *imports,
	const struct gy_cuda_scope *scope, struct gy_cuda_import *import)
{
	const enum geyser_result result = map_once(imports);

	if (result != GEYSER_OK)
		return result;
	set_common(import, scope, geyser_texture_path(imports->texture), imports->writable);
	gy_cuda_import_host(scope->cuda, imports->texture, &imports->mapping, import);
	return GEYSER_OK;
}

static enum geyser_result import_device(struct gy_cuda_imports *imports,
	const struct gy_cuda_scope *scope, struct gy_cuda_import *import)
{
	struct geyser_native_texture native;
	enum geyser_result result = describe(imports, &native);

	set_common(import, scope, GEYSER_PATH_ZERO_COPY,
		(geyser_texture_access(imports->texture) & GEYSER_ACCESS_WRITE) != 0);
	if (result == GEYSER_OK)
		result = gy_cuda_import_device(
			scope->cuda, geyser_texture_get_desc(imports->texture), &native, import);
	geyser_native_texture_release(&native);
	return result;
}

static enum geyser_result make_import(struct gy_cuda_imports *imports,
	const struct gy_cuda_scope *scope, struct gy_cuda_import **out)
{
	struct gy_cuda_import *import = calloc(1, sizeof(*import));
	enum geyser_result result;

	if (!import)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an import");
	gy_cuda_home_init(&import->home, scope);
	result = imports->native.type == GEYSER_NATIVE_MEMFD
			 ? import_host(imports, scope, import)
			 : import_device(imports, scope, import);
	if (result != GEYSER_OK) {
		destroy_import(imports, import);
		return result;
	}
	import->next = imports->first;
	imports->first = import;
	*out = import;
	return GEYSER_OK;
}

static enum geyser_result find_import(struct gy_cuda_imports *imports,
	const struct gy_cuda_scope *scope, struct gy_cuda_import **out)
{
	for (*out = imports->first; *out; *out = (*out)->next)
		if (gy_cuda_home_is(&(*out)->home, scope))
			return GEYSER_OK;
	return make_import(imports, scope, out);
}

/* Enters the context and finds or makes the import there. Needs the imports' lock. */
static enum geyser_result enter_and_find(struct gy_cuda_imports *imports,
	struct CUstream_st *stream, struct gy_cuda_scope *scope, struct gy_cuda_import **out)
{
	enum geyser_result result = describe_once(imports);

	if (result == GEYSER_OK)
		result = gy_cuda_enter(imports->native.device_uuid, stream, scope);
	if (result != GEYSER_OK)
		return result;
	result = find_import(imports, scope, out);
	if (result != GEYSER_OK)
		gy_cuda_leave(scope);
	return result;
}

/* Gives one plane of an import. */
static struct gy_cuda_plane plane_of(
	const struct gy_cuda_imports *imports, const struct gy_cuda_import *import, uint32_t plane)
{
	struct geyser_subresource sub;

	(void)geyser_texture_get_subresource(imports->texture, plane, 0, 0, &sub);
	return (struct gy_cuda_plane){
		.texture = &import->planes[plane],
		.mapped = imports->mapped ? (const char *)imports->mapping.data + sub.offset : NULL,
	};
}

enum geyser_result gy_cuda_import(struct geyser_texture *texture, uint32_t plane,
	struct CUstream_st *stream, struct gy_cuda_scope *scope, struct gy_cuda_plane *out)
{
	struct gy_cuda_imports *imports;
	struct gy_cuda_import *import;
	const struct gy_cuda *cuda;
	enum geyser_result result;

	result = gy_cuda_open(&cuda);
	if (result == GEYSER_OK)
		result = find_imports(texture, &imports);
	if (result != GEYSER_OK)
		return result;
	(void)pthread_mutex_lock(&imports->lock);
	result = enter_and_find(imports, stream, scope, &import);
	if (result == GEYSER_OK)
		*out = plane_of(imports, import, plane);
	(void)pthread_mutex_unlock(&imports->lock);
	return result;
}

enum geyser_result geyser_cuda_texture_plane(
	struct geyser_texture *texture, uint32_t plane, struct geyser_cuda_texture *out)
{
	struct gy_cuda_plane found;
	struct gy_cuda_scope scope;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_cuda_texture){0};
	result = gy_cuda_check_plane(texture, plane);
	if (result == GEYSER_OK)
		result = gy_cuda_import(texture, plane, NULL, &scope, &found);
	if (result != GEYSER_OK)
		return result;
	*out = *found.texture;
	gy_cuda_leave(&scope);
	return GEYSER_OK;
}

enum geyser_result geyser_cuda_texture(
	struct geyser_texture *texture, struct geyser_cuda_texture *out)
{
	const enum geyser_result result =
		gy_cuda_check_colour(texture, "geyser_cuda_texture_plane");

	if (result == GEYSER_OK)
		return geyser_cuda_texture_plane(texture, 0, out);
	if (out)
		*out = (struct geyser_cuda_texture){0};
	return result;
}
