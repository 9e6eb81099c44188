/* SPDX-License-Identifier: MIT */
/* Manages sealed host memory, which a texture of any backend may use. */
#include "backend/backend.h"

#include "base/error.h"
#include "platform/platform.h"

#include <inttypes.h>
#include <unistd.h>

/* Checks that the peer has allocated the texels' memory. Otherwise this process would pay for pages
 * that it touches. One page may be missing, because a page costs this process no more than the
 * peer's ring does. */
static enum geyser_result check_allocated(uint64_t allocated, const struct gy_layout *layout)
{
	if (allocated >= layout->size || layout->size <= gy_memory_round(1))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_MISMATCH,
		"the memory has %" PRIu64 " bytes allocated: its texels take %" PRIu64
		"; allocate them before you share the memory (posix_fallocate)",
		allocated, layout->size);
}

/* Checks memory that a peer describes: its size is within the limit, and its pages are
 * allocated. Reduces the size to the pages that the texels take. */
static enum geyser_result check_peers(struct gy_memory_info *memory, const struct gy_layout *layout,
	const struct gy_import_terms *terms)
{
	const uint64_t end = gy_memory_round(layout->offset + layout->size);
	enum geyser_result result;

	if (end < memory->size)
		memory->size = end;
	result = gy_import_check_size(terms, memory->size);
	return result == GEYSER_OK ? check_allocated(memory->allocated, layout) : result;
}

/* Compares the description from a peer or the caller with the memory itself. Fills in where the
 * texels lie, how many bytes to map, and whether they may be mapped for writing. */
static enum geyser_result check_memory(const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms,
	struct gy_layout *layout, struct gy_memory_info *out)
{
	enum geyser_result result;

	result = gy_memory_check(native->fd, out);
	if (result == GEYSER_OK && native->size > out->size)
		result = gy_fail(GEYSER_ERROR_MISMATCH,
			"size (%" PRIu64 " bytes): the memory has %" PRIu64, native->size,
			out->size);
	if (result == GEYSER_OK)
		result = gy_layout_check_planes(desc, native, out->size, layout);
	if (result == GEYSER_OK && terms->from_peer)
		result = check_peers(out, layout, terms);
	if (result == GEYSER_OK)
		out->writable = out->writable && !terms->read_only;
	return result;
}

/* Works like gy_memory_map. If the fd is open for reading only, *writable becomes false. */
static enum geyser_result map(int fd, size_t size, bool *writable, void **data)
{
	enum geyser_result result = gy_memory_map(fd, size, *writable, data);

	if (result != GEYSER_ERROR_PERMISSION || !*writable)
		return result;
	*writable = false;
	return gy_memory_map(fd, size, false, data);
}

static const char memory_name[] = "geyser-texture";

/* Other processes get the descriptor, so it is sealed once this process's writable mapping is
 * made. */
static enum geyser_result allocate_published(uint64_t size, struct gy_host_memory *out)
{
	return gy_memory_create_published(memory_name, size, &out->fd, &out->data);
}

static enum geyser_result allocate_shared(uint64_t size, struct gy_host_memory *out)
{
	enum geyser_result result = gy_memory_create(memory_name, size, &out->fd);

	if (result != GEYSER_OK)
		return result;
	result = gy_memory_map(out->fd, (size_t)size, true, &out->data);
	if (result != GEYSER_OK)
		(void)close(out->fd);
	return result;
}

/* Allocates whole pages and maps them for writing. */
static enum geyser_result allocate(uint64_t size, bool published, struct gy_host_memory *out)
{
	const uint64_t whole = gy_memory_round(size); /* a dma-buf consists of whole pages */
	enum geyser_result result =
		published ? allocate_published(whole, out) : allocate_shared(whole, out);

	if (result == GEYSER_OK)
		out->size = (size_t)whole;
	else
		*out = (struct gy_host_memory){.fd = -1};
	return result;
}

enum geyser_result gy_host_memory_create(
	struct gy_backend_texture *texture, bool published, struct gy_host_memory *out)
{
	enum geyser_result result = allocate(texture->layout.size, published, out);

	texture->bytes = out->size;
	texture->writable = true;
	return result;
}

enum geyser_result gy_host_memory_import(struct gy_backend_texture *texture,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	const struct gy_import_terms *terms, struct gy_host_memory *out)
{
	struct gy_memory_info memory;
	enum geyser_result result = check_memory(desc, native, terms, &texture->layout, &memory);

	if (result == GEYSER_OK)
		result = map(native->fd, (size_t)memory.size, &memory.writable, &out->data);
	if (result != GEYSER_OK)
		return result;
	out->fd = native->fd;
	out->size = (size_t)memory.size;
	texture->bytes = gy_memory_round(memory.size);
	texture->writable = memory.writable;
	return GEYSER_OK;
}

void gy_host_memory_share(int fd, const struct gy_layout *layout)
{
	if (gy_memory_allocated(fd) < layout->size)
		gy_memory_fill(fd, layout->offset, layout->size);
}

void gy_host_memory_finish(struct gy_host_memory *memory)
{
	if (!memory->data)
		return;
	(void)close(memory->fd);
	gy_memory_unmap(memory->data, memory->size);
}

void gy_host_memory_describe(const struct gy_host_memory *memory, const struct gy_layout *layout,
	struct geyser_native_texture *out)
{
	*out = (struct geyser_native_texture){
		.type = GEYSER_NATIVE_MEMFD,
		.fd = memory->fd,
		.size = memory->size,
	};
	gy_layout_describe(layout, out);
}

enum geyser_result gy_host_memory_convert(int fd, const struct gy_layout *layout,
	enum geyser_native_type type, struct geyser_native_texture *out)
{
	uint64_t size = gy_memory_round(layout->offset + layout->size);
	struct gy_memory_info memory;
	enum geyser_result result;

	if (type != GEYSER_NATIVE_DMA_BUF)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"native type (%d): host memory can be GEYSER_NATIVE_MEMFD or _DMA_BUF",
			(int)type);
	result = gy_memory_check(fd, &memory);
	if (result != GEYSER_OK)
		return result;
	if (!memory.writable)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"dma-buf: the memory is sealed against writing, as a stream's buffers are; "
			"make the stream with GEYSER_USAGE_DMA_BUF or GEYSER_USAGE_WRITERS");
	*out = (struct geyser_native_texture){
		.type = GEYSER_NATIVE_DMA_BUF,
		.size = size,
	};
	gy_layout_describe(layout, out);
	result = gy_memory_to_dma_buf(fd, size, &out->fd);
	return result;
}
