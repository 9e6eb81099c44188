/* SPDX-License-Identifier: MIT */
/* Imports GPU memory as arrays or device pointers, and host memory as pinned memory. */
#include "interop/cuda/import.h"

#include "base/error.h"

#include <inttypes.h>

/* Translates a failure to import. The descriptions passed are valid, so CUDA_ERROR_INVALID_VALUE
 * means that the driver doesn't support them. */
static enum geyser_result refuse(const struct gy_cuda *cuda, int result, const char *call)
{
	const enum geyser_result outcome = gy_cuda_fail(cuda, result, call);

	return result == GY_CU_INVALID_VALUE ? GEYSER_ERROR_UNSUPPORTED : outcome;
}

/* ---- GPU memory ---- */

static enum geyser_result import_memory(const struct gy_cuda *cuda,
	struct geyser_native_texture *native, struct gy_cuda_import *import)
{
	const struct gy_cu_memory memory = {
		.type = GY_CU_EXTERNAL_MEMORY_OPAQUE_FD,
		.handle.fd = native->fd,
		.size = native->size,
		.flags = native->dedicated ? GY_CU_EXTERNAL_MEMORY_DEDICATED : 0,
	};
	const int result = cuda->ImportExternalMemory(&import->memory, &memory);

	if (result != GY_CU_SUCCESS)
		return refuse(cuda, result, "cuImportExternalMemory");
	native->fd = -1; /* the driver owns the descriptor now */
	return GEYSER_OK;
}

/*
 * Chooses the array's flags. Drivers refuse CUDA_ARRAY3D_DEPTH_TEXTURE for imported memory. Without
 * it, a depth array has the plain format of its bits and can't be bound to a surface.
 *
 * Kernels write into an array only through a surface, so an array for reading only lacks the flag
 * for surfaces. NVIDIA's driver 580 doesn't enforce the flag.
 */
static unsigned int array_flags(const struct geyser_texture_desc *desc,
	const struct geyser_format_info *info, bool writable)
{
	unsigned int flags = desc->layers > 1 ? GY_CU_ARRAY3D_LAYERED : 0;

	if (info->depth)
		return flags;
	if (desc->usage & GEYSER_USAGE_RENDER_ATTACHMENT)
		flags |= GY_CU_ARRAY3D_COLOR_ATTACHMENT;
	return writable ? flags | GY_CU_ARRAY3D_SURFACE_LDST : flags;
}

static enum geyser_result map_array(const struct gy_cuda *cuda,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	struct gy_cuda_import *import)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	const struct gy_cu_mipmapped_array array = {
		.offset = native->planes[0].offset,
		.array.width = desc->width,
		.array.height = desc->height,
		.array.depth = desc->depth > 1    ? desc->depth
			       : desc->layers > 1 ? desc->layers
						  : 0,
		.array.format = info->cuda.array_format,
		.array.channels = info->cuda.channels,
		.array.flags = array_flags(desc, info, import->texture.writable),
		.levels = desc->mip_levels,
	};
	struct geyser_cuda_texture *texture = &import->texture;
	int result = cuda->ExternalMemoryGetMappedMipmappedArray(
		&texture->mipmapped_array, import->memory, &array);

	if (result != GY_CU_SUCCESS)
		return refuse(cuda, result, "cuExternalMemoryGetMappedMipmappedArray");
	result = cuda->MipmappedArrayGetLevel(&texture->array, texture->mipmapped_array, 0);
	if (result != GY_CU_SUCCESS)
		return refuse(cuda, result, "cuMipmappedArrayGetLevel");
	return GEYSER_OK;
}

/* Maps memory with a linear layout as a device pointer. */
static enum geyser_result map_rows(const struct gy_cuda *cuda,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	struct gy_cuda_import *import)
{
	const uint64_t pitch = native->planes[0].row_pitch, size = pitch * desc->height;
	const struct gy_cu_buffer buffer = {
		.offset = native->planes[0].offset,
		.size = native->size - native->planes[0].offset,
	};
	struct geyser_cuda_texture *texture = &import->texture;
	int result;

	if (native->size < buffer.offset || buffer.size < size)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"the memory has %" PRIu64 " bytes: %u rows of %" PRIu64 " from %" PRIu64
			" on don't fit",
			native->size, desc->height, pitch, native->planes[0].offset);
	result = cuda->ExternalMemoryGetMappedBuffer(&texture->pointer, import->memory, &buffer);
	if (result != GY_CU_SUCCESS)
		return refuse(cuda, result, "cuExternalMemoryGetMappedBuffer");
	texture->row_pitch = (size_t)pitch;
	texture->slice_pitch = texture->size = (size_t)size;
	return GEYSER_OK;
}

static enum geyser_result check_format(const struct geyser_texture_desc *desc)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);

	if (info->cuda.array_format)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"format %s: CUDA has no array of it: make the texture with GEYSER_USAGE_LINEAR",
		info->name);
}

enum geyser_result gy_cuda_import_device(const struct gy_cuda *cuda,
	const struct geyser_texture_desc *desc, struct geyser_native_texture *native,
	struct gy_cuda_import *import)
{
	const bool rows = native->planes[0].row_pitch != 0;
	enum geyser_result result = rows ? GEYSER_OK : check_format(desc);

	import->texture.path = GEYSER_PATH_ZERO_COPY;
	if (result == GEYSER_OK)
		result = import_memory(cuda, native, import);
	if (result != GEYSER_OK)
		return result;
	return rows ? map_rows(cuda, desc, native, import) : map_array(cuda, desc, native, import);
}

/* ---- host memory ---- */

/* Pins the memory for all contexts, so that a second context needn't pin it again. Returns false if
 * there is no device pointer. */
static bool pin(const struct gy_cuda *cuda, void *data, size_t size, struct gy_cuda_import *import)
{
	unsigned int flags = GY_CU_MEMHOSTREGISTER_PORTABLE | GY_CU_MEMHOSTREGISTER_DEVICEMAP;
	int result;

	if (!import->texture.writable)
		flags |= GY_CU_MEMHOSTREGISTER_READ_ONLY;
	result = cuda->MemHostRegister(data, size, flags);
	import->registered = result == GY_CU_SUCCESS;
	if (result != GY_CU_SUCCESS && result != GY_CU_HOST_MEMORY_ALREADY_REGISTERED)
		return false;
	return cuda->MemHostGetDevicePointer(&import->texture.pointer, data, 0) == GY_CU_SUCCESS;
}

void gy_cuda_import_host(const struct gy_cuda *cuda, const struct geyser_mapping *mapping,
	struct gy_cuda_import *import)
{
	struct geyser_cuda_texture *texture = &import->texture;

	texture->host = true;
	texture->row_pitch = mapping->row_pitch;
	texture->slice_pitch = mapping->slice_pitch;
	texture->size = mapping->size;
	if (pin(cuda, mapping->data, mapping->size, import))
		return;
	texture->pointer = 0;
	texture->path = GEYSER_PATH_COPY;
}

/* ---- undoing ---- */

void gy_cuda_import_undo(struct gy_cuda_import *import, void *mapped)
{
	const struct gy_cuda *cuda = import->home.cuda;

	if (import->texture.mipmapped_array)
		(void)cuda->MipmappedArrayDestroy(import->texture.mipmapped_array);
	if (import->memory && import->texture.pointer)
		(void)cuda->MemFree(import->texture.pointer);
	if (import->memory)
		(void)cuda->DestroyExternalMemory(import->memory);
	if (import->registered)
		(void)cuda->MemHostUnregister(mapped);
}
