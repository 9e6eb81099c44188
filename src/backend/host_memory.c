/* SPDX-License-Identifier: MIT */
/* Sealed host memory under a texture of any backend. */
#include "backend/backend.h"

#include "base/error.h"
#include "platform/platform.h"

#include <inttypes.h>

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
