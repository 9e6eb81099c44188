/* SPDX-License-Identifier: MIT */
/* Sealed host memory under a texture of any backend. */
#include "backend/backend.h"

#include "base/error.h"
#include "platform/platform.h"

#include <inttypes.h>
#include <unistd.h>

enum geyser_result gy_host_memory_check(const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, struct gy_layout *layout, uint64_t *size,
	bool *writable)
{
	enum geyser_result result;

	if (native->plane_count != 1)
		return gy_fail(GEYSER_ERROR_MISMATCH, "plane_count (%u): this format has 1",
			native->plane_count);
	result = gy_memory_check(native->fd, size, writable);
	if (result == GEYSER_OK && native->size > *size)
		result = gy_fail(GEYSER_ERROR_MISMATCH,
			"size (%" PRIu64 " bytes): the memory has %" PRIu64, native->size, *size);
	if (result == GEYSER_OK)
		result = gy_layout_check(
			desc, native->planes[0].offset, native->planes[0].row_pitch, *size, layout);
	return result;
}

enum geyser_result gy_host_memory_map(int fd, size_t size, bool *writable, void **data)
{
	enum geyser_result result = gy_memory_map(fd, size, *writable, data);

	if (result != GEYSER_ERROR_PERMISSION || !*writable)
		return result;
	*writable = false;
	return gy_memory_map(fd, size, false, data);
}

/* The fd is the memory's on success. */
static enum geyser_result map_all(struct gy_backend_texture *texture, int fd, uint64_t size,
	bool writable, struct gy_host_memory *out)
{
	enum geyser_result result = gy_host_memory_map(fd, (size_t)size, &writable, &out->data);

	if (result != GEYSER_OK)
		return result;
	out->fd = fd;
	out->size = (size_t)size;
	texture->bytes = gy_memory_round(size);
	texture->writable = writable;
	return GEYSER_OK;
}

enum geyser_result gy_host_memory_create(
	struct gy_backend_texture *texture, struct gy_host_memory *out)
{
	uint64_t size = gy_memory_round(texture->layout.size); /* a dma-buf is whole pages */
	enum geyser_result result;
	int fd;

	result = gy_memory_create("geyser-texture", size, &fd);
	if (result != GEYSER_OK)
		return result;
	result = map_all(texture, fd, size, true, out);
	if (result != GEYSER_OK)
		(void)close(fd);
	return result;
}

enum geyser_result gy_host_memory_import(struct gy_backend_texture *texture,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	struct gy_host_memory *out)
{
	bool writable;
	uint64_t size;
	enum geyser_result result =
		gy_host_memory_check(desc, native, &texture->layout, &size, &writable);

	return result == GEYSER_OK ? map_all(texture, native->fd, size, writable, out) : result;
}

void gy_host_memory_finish(struct gy_host_memory *memory)
{
	if (!memory->data)
		return;
	gy_memory_unmap(memory->data, memory->size);
	(void)close(memory->fd);
}

void gy_host_memory_describe(const struct gy_host_memory *memory, const struct gy_layout *layout,
	struct geyser_native_texture *out)
{
	*out = (struct geyser_native_texture){
		.type = GEYSER_NATIVE_MEMFD,
		.fd = memory->fd,
		.size = memory->size,
		.plane_count = 1,
		.planes[0] = {.offset = layout->offset, .row_pitch = layout->row_pitch},
	};
}

enum geyser_result gy_host_memory_convert(int fd, const struct gy_layout *layout,
	enum geyser_native_type type, struct geyser_native_texture *out)
{
	uint64_t size = gy_memory_round(layout->offset + layout->size);
	enum geyser_result result;

	if (type != GEYSER_NATIVE_DMA_BUF)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"native type (%d): host memory can be GEYSER_NATIVE_MEMFD or _DMA_BUF",
			(int)type);
	*out = (struct geyser_native_texture){
		.type = GEYSER_NATIVE_DMA_BUF,
		.size = size,
		.plane_count = 1,
		.planes[0] = {.offset = layout->offset, .row_pitch = layout->row_pitch},
	};
	result = gy_memory_to_dma_buf(fd, size, &out->fd);
	return result;
}
