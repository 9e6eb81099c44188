/* SPDX-License-Identifier: MIT */
/* Textures in sealed shared memory: the reference, on every machine. */
#include "backend/backend.h"

#include "base/error.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <unistd.h>

struct host_texture {
	struct gy_backend_texture base;
	int fd;
	void *data; /* the whole memory, mapped as long as the texture lives */
	size_t size;
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
	(void)dimension;
	return info->usage | GEYSER_USAGE_HOST_MEMORY;
}

/* On success the fd is the texture's. */
static enum geyser_result wrap(int fd, uint64_t size, bool writable, const struct gy_layout *layout,
	struct gy_backend_texture **out)
{
	struct host_texture *texture = calloc(1, sizeof(*texture));
	enum geyser_result result;

	if (!texture)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a texture");
	result = gy_host_memory_map(fd, (size_t)size, &writable, &texture->data);
	if (result != GEYSER_OK) {
		free(texture);
		return result;
	}
	texture->fd = fd;
	texture->size = (size_t)size;
	texture->base = (struct gy_backend_texture){
		.backend = &gy_host_backend,
		.bytes = gy_memory_round(size),
		.writable = writable,
		.layout = *layout,
	};
	*out = &texture->base;
	return GEYSER_OK;
}

static enum geyser_result host_texture_create(
	void *device, const struct geyser_texture_desc *desc, struct gy_backend_texture **out)
{
	enum geyser_result result;
	struct gy_layout layout;
	uint64_t size;
	int fd;

	(void)device;
	gy_layout_of(desc, &layout);
	size = gy_memory_round(layout.size); /* a dma-buf is whole pages */
	result = gy_memory_create("geyser-texture", size, &fd);
	if (result != GEYSER_OK)
		return result;
	result = wrap(fd, size, true, &layout, out);
	if (result != GEYSER_OK)
		(void)close(fd);
	return result;
}

static enum geyser_result check_native(const struct geyser_native_texture *native)
{
	if (native->type == GEYSER_NATIVE_OPAQUE_FD || native->type == GEYSER_NATIVE_DMA_BUF)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"native type (%d): a device's memory can't be read here; whoever makes the "
			"texture with GEYSER_USAGE_HOST_MEMORY can share it with the host backend",
			(int)native->type);
	if (native->type != GEYSER_NATIVE_MEMFD)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"native type (%d): the host backend imports GEYSER_NATIVE_MEMFD only",
			(int)native->type);
	return GEYSER_OK;
}

static enum geyser_result host_texture_import(void *device, const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, struct gy_backend_texture **out)
{
	enum geyser_result result = check_native(native);
	struct gy_layout layout;
	bool writable;
	uint64_t size;

	(void)device;
	if (result == GEYSER_OK)
		result = gy_host_memory_check(desc, native, &layout, &size, &writable);
	if (result != GEYSER_OK)
		return result;
	return wrap(native->fd, size, writable, &layout, out);
}

static enum geyser_result host_texture_describe(
	struct gy_backend_texture *base, struct geyser_native_texture *out)
{
	const struct host_texture *texture = (const struct host_texture *)base;

	*out = (struct geyser_native_texture){
		.type = GEYSER_NATIVE_MEMFD,
		.fd = texture->fd,
		.size = texture->size,
		.plane_count = 1,
		.planes[0] = {.offset = base->layout.offset, .row_pitch = base->layout.row_pitch},
	};
	return GEYSER_OK;
}

static enum geyser_result host_texture_convert(struct gy_backend_texture *base,
	enum geyser_native_type type, struct geyser_native_texture *out)
{
	const struct host_texture *texture = (const struct host_texture *)base;

	return gy_host_memory_convert(texture->fd, &base->layout, type, out);
}

static enum geyser_result host_texture_map(
	struct gy_backend_texture *base, enum geyser_access access, void **data)
{
	const struct host_texture *texture = (const struct host_texture *)base;

	(void)access;
	*data = (char *)texture->data + base->layout.offset;
	return GEYSER_OK;
}

static void host_texture_prefault(struct gy_backend_texture *base)
{
	const struct host_texture *texture = (const struct host_texture *)base;

	gy_memory_prefault(texture->data, texture->size, base->writable);
}

static void host_texture_unmap(struct gy_backend_texture *base)
{
	(void)base; /* it stays mapped */
}

static void host_texture_destroy(struct gy_backend_texture *base)
{
	struct host_texture *texture = (struct host_texture *)base;

	gy_memory_unmap(texture->data, texture->size);
	(void)close(texture->fd);
	free(texture);
}

const struct gy_backend gy_host_backend = {
	.kind = GEYSER_BACKEND_HOST,
	.name = "host",
	.open = host_open,
	.close = host_close,
	.format_usage = host_format_usage,
	.texture_create = host_texture_create,
	.texture_import = host_texture_import,
	.texture_describe = host_texture_describe,
	.texture_convert = host_texture_convert,
	.texture_map = host_texture_map,
	.texture_prefault = host_texture_prefault,
	.texture_unmap = host_texture_unmap,
	.texture_destroy = host_texture_destroy,
};
