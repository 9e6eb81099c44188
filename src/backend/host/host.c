/* SPDX-License-Identifier: MIT */
/* The host backend: textures in sealed shared memory. It works on every machine, and is the
 * reference for the other backends. */
#include "backend/backend.h"

#include "base/error.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

struct host_texture {
	struct gy_backend_texture base;
	struct gy_host_memory memory;
};

static enum geyser_result host_open(bool automatic, void **device)
{
	(void)automatic;
	*device = NULL;
	return gy_memory_probe();
}

static void host_close(void *device)
{
	(void)device;
}

static uint32_t host_format_usage(
	void *device, const struct geyser_format_info *info, enum geyser_dimension dimension)
{
	(void)device;
	if (info->type == GEYSER_FORMAT_TYPE_YUV && dimension != GEYSER_DIMENSION_2D)
		return 0;
	return info->usage | GEYSER_USAGE_HOST_MEMORY | GEYSER_USAGE_LINEAR |
	       (gy_memory_has_dma_buf() ? GEYSER_USAGE_DMA_BUF : 0);
}

static enum geyser_result allocate(struct host_texture **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a texture");
	return GEYSER_OK;
}

/* Ends the making of a texture. After a failure it frees the texture. */
static enum geyser_result finish(
	struct host_texture *texture, enum geyser_result result, struct gy_backend_texture **out)
{
	if (result == GEYSER_OK)
		*out = &texture->base;
	else
		free(texture);
	return result;
}

static enum geyser_result host_texture_create(void *device, const struct geyser_texture_desc *desc,
	bool published, struct gy_backend_texture **out)
{
	struct host_texture *texture;
	enum geyser_result result = allocate(&texture);

	(void)device;
	if (result != GEYSER_OK)
		return result;
	gy_layout_of(desc, &texture->base.layout);
	return finish(
		texture, gy_host_memory_create(&texture->base, published, &texture->memory), out);
}

static enum geyser_result check_native(const struct geyser_native_texture *native)
{
	if (native->type == GEYSER_NATIVE_OPAQUE_FD || native->type == GEYSER_NATIVE_DMA_BUF)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"native type (%d): the host backend can't read a device's memory; make the "
			"texture with GEYSER_USAGE_HOST_MEMORY",
			(int)native->type);
	if (native->type != GEYSER_NATIVE_MEMFD)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"native type (%d): the host backend imports GEYSER_NATIVE_MEMFD only",
			(int)native->type);
	return GEYSER_OK;
}

static enum geyser_result host_texture_import(void *device, const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms,
	struct gy_backend_texture **out)
{
	struct host_texture *texture;
	enum geyser_result result = check_native(native);

	(void)device;
	if (result == GEYSER_OK)
		result = allocate(&texture);
	if (result != GEYSER_OK)
		return result;
	return finish(texture,
		gy_host_memory_import(&texture->base, desc, native, terms, &texture->memory), out);
}

static enum geyser_result host_texture_share(struct gy_backend_texture *base)
{
	gy_host_memory_share(((struct host_texture *)base)->memory.fd, &base->layout);
	return GEYSER_OK;
}

static enum geyser_result host_texture_describe(
	struct gy_backend_texture *base, struct geyser_native_texture *out)
{
	const struct host_texture *texture = (const struct host_texture *)base;

	gy_host_memory_describe(&texture->memory, &base->layout, out);
	return GEYSER_OK;
}

static enum geyser_result host_texture_convert(struct gy_backend_texture *base,
	enum geyser_native_type type, struct geyser_native_texture *out)
{
	const struct host_texture *texture = (const struct host_texture *)base;

	return gy_host_memory_convert(texture->memory.fd, &base->layout, type, out);
}

static enum geyser_result host_texture_map(
	struct gy_backend_texture *base, enum geyser_access access, void **data)
{
	const struct host_texture *texture = (const struct host_texture *)base;

	(void)access;
	*data = (char *)texture->memory.data + base->layout.offset;
	return GEYSER_OK;
}

static void host_texture_prefault(struct gy_backend_texture *base)
{
	const struct host_texture *texture = (const struct host_texture *)base;

	gy_memory_prefault(texture->memory.data, texture->memory.size, base->writable);
}

static void host_texture_unmap(struct gy_backend_texture *base)
{
	(void)base; /* the memory stays mapped */
}

static void host_texture_destroy(struct gy_backend_texture *base)
{
	struct host_texture *texture = (struct host_texture *)base;

	gy_host_memory_finish(&texture->memory);
	free(texture);
}

static bool host_texture_rest(struct gy_backend_texture *base)
{
	(void)base; /* clearing the texture costs less than new pages do */
	return true;
}

static enum geyser_result host_texture_renew(
	struct gy_backend_texture *base, const struct geyser_texture_desc *desc)
{
	const struct host_texture *texture = (const struct host_texture *)base;

	(void)desc;
	memset(texture->memory.data, 0, texture->memory.size);
	return GEYSER_OK;
}

const struct gy_backend gy_host_backend = {
	.kind = GEYSER_BACKEND_HOST,
	.name = "host",
	.open = host_open,
	.close = host_close,
	.format_usage = host_format_usage,
	.texture_create = host_texture_create,
	.texture_import = host_texture_import,
	.texture_share = host_texture_share,
	.texture_describe = host_texture_describe,
	.texture_convert = host_texture_convert,
	.texture_map = host_texture_map,
	.texture_prefault = host_texture_prefault,
	.texture_unmap = host_texture_unmap,
	.texture_destroy = host_texture_destroy,
	.texture_rest = host_texture_rest,
	.texture_renew = host_texture_renew,
};
