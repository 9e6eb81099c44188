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

/* ---- planes ---- */

static uint32_t planes_of(const struct geyser_texture_desc *desc)
{
	return geyser_format_get_info(desc->format)->planes;
}

/* Returns the format of a plane's texels. */
static const struct geyser_format_info *texels_of(
	const struct geyser_texture_desc *desc, uint32_t plane)
{
	return geyser_format_get_info(geyser_format_get_info(desc->format)->plane[plane].format);
}

static struct geyser_plane_extent extent_of(const struct geyser_texture_desc *desc, uint32_t plane)
{
	struct geyser_plane_extent out;

	(void)geyser_format_get_plane_extent(desc->format, plane, desc->width, desc->height, &out);
	return out;
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
	const struct geyser_texture_desc *desc, uint32_t plane, uint64_t offset,
	struct gy_cuda_import *import)
{
	const struct geyser_format_info *info = texels_of(desc, plane);
	const struct geyser_plane_extent extent = extent_of(desc, plane);
	struct geyser_cuda_texture *texture = &import->planes[plane];
	const struct gy_cu_mipmapped_array array = {
		.offset = offset,
		.array.width = extent.width,
		.array.height = extent.height,
		.array.depth = desc->depth > 1    ? desc->depth
			       : desc->layers > 1 ? desc->layers
						  : 0,
		.array.format = info->cuda.array_format,
		.array.channels = info->cuda.channels,
		.array.flags = array_flags(desc, info, texture->writable),
		.levels = desc->mip_levels,
	};
	int result = cuda->ExternalMemoryGetMappedMipmappedArray(
		&texture->mipmapped_array, import->memory, &array);

	if (result != GY_CU_SUCCESS)
		return refuse(cuda, result, "cuExternalMemoryGetMappedMipmappedArray");
	result = cuda->MipmappedArrayGetLevel(&texture->array, texture->mipmapped_array, 0);
	if (result != GY_CU_SUCCESS)
		return refuse(cuda, result, "cuMipmappedArrayGetLevel");
	return GEYSER_OK;
}

/* Gives each plane an array. */
static enum geyser_result map_arrays(const struct gy_cuda *cuda,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	struct gy_cuda_import *import)
{
	enum geyser_result result = GEYSER_OK;

	for (uint32_t i = 0; i < planes_of(desc) && result == GEYSER_OK; i++)
		result = map_array(cuda, desc, i, native->planes[i].offset, import);
	return result;
}

/* Checks that the plane's rows are in the memory, from plane 0's offset on. */
static enum geyser_result check_rows(const struct geyser_texture_desc *desc, uint32_t plane,
	const struct geyser_native_texture *native)
{
	const struct geyser_plane_extent extent = extent_of(desc, plane);
	const uint64_t offset = native->planes[plane].offset;
	const uint64_t pitch = native->planes[plane].row_pitch;

	if (offset >= native->planes[0].offset && offset <= native->size &&
		pitch >= extent.row_bytes && (native->size - offset) / pitch >= extent.height)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_MISMATCH,
		"the memory has %" PRIu64 " bytes: %u rows of %" PRIu64 " from %" PRIu64
		" on don't fit (plane %u of %s)",
		native->size, extent.height, pitch, offset, plane,
		geyser_format_name(desc->format));
}

/* Gives each plane a pointer into one buffer, which begins with plane 0. */
static enum geyser_result map_rows(const struct gy_cuda *cuda,
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native,
	struct gy_cuda_import *import)
{
	const struct gy_cu_buffer buffer = {
		.offset = native->planes[0].offset,
		.size = native->size - native->planes[0].offset,
	};
	enum geyser_result outcome = GEYSER_OK;
	int result;

	for (uint32_t i = 0; i < planes_of(desc) && outcome == GEYSER_OK; i++)
		outcome = check_rows(desc, i, native);
	if (outcome != GEYSER_OK)
		return outcome;
	result = cuda->ExternalMemoryGetMappedBuffer(&import->buffer, import->memory, &buffer);
	if (result != GY_CU_SUCCESS)
		return refuse(cuda, result, "cuExternalMemoryGetMappedBuffer");
	for (uint32_t i = 0; i < planes_of(desc); i++) {
		struct geyser_cuda_texture *texture = &import->planes[i];

		texture->pointer = import->buffer + native->planes[i].offset - buffer.offset;
		texture->row_pitch = (size_t)native->planes[i].row_pitch;
		texture->slice_pitch = texture->row_pitch * extent_of(desc, i).height;
		texture->size = texture->slice_pitch;
	}
	return GEYSER_OK;
}

static enum geyser_result check_format(const struct geyser_texture_desc *desc)
{
	for (uint32_t i = 0; i < planes_of(desc); i++)
		if (!texels_of(desc, i)->cuda.array_format)
			return gy_fail(GEYSER_ERROR_UNSUPPORTED,
				"format %s: CUDA has no array of it: make the texture with "
				"GEYSER_USAGE_LINEAR",
				geyser_format_name(desc->format));
	return GEYSER_OK;
}

/* Refuses memory whose planes aren't those of the format. */
static enum geyser_result check_planes(
	const struct geyser_texture_desc *desc, const struct geyser_native_texture *native)
{
	if (native->plane_count == planes_of(desc))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "memory of %u planes: %s has %u",
		native->plane_count, geyser_format_name(desc->format), planes_of(desc));
}

enum geyser_result gy_cuda_import_device(const struct gy_cuda *cuda,
	const struct geyser_texture_desc *desc, struct geyser_native_texture *native,
	struct gy_cuda_import *import)
{
	const bool rows = native->planes[0].row_pitch != 0;
	enum geyser_result result = check_planes(desc, native);

	if (result == GEYSER_OK && !rows)
		result = check_format(desc);
	if (result == GEYSER_OK)
		result = import_memory(cuda, native, import);
	if (result != GEYSER_OK)
		return result;
	return rows ? map_rows(cuda, desc, native, import) : map_arrays(cuda, desc, native, import);
}

/* ---- host memory ---- */

/* Pins the memory for all contexts, so that a second context needn't pin it again. Returns the
 * device pointer, or 0 if there is none. */
static unsigned long long pin(const struct gy_cuda *cuda, const struct geyser_mapping *mapping,
	struct gy_cuda_import *import)
{
	unsigned int flags = GY_CU_MEMHOSTREGISTER_PORTABLE | GY_CU_MEMHOSTREGISTER_DEVICEMAP;
	unsigned long long pointer = 0;
	int result;

	if (!import->planes[0].writable)
		flags |= GY_CU_MEMHOSTREGISTER_READ_ONLY;
	result = cuda->MemHostRegister(mapping->data, mapping->size, flags);
	import->registered = result == GY_CU_SUCCESS;
	if (result != GY_CU_SUCCESS && result != GY_CU_HOST_MEMORY_ALREADY_REGISTERED)
		return 0;
	result = cuda->MemHostGetDevicePointer(&pointer, mapping->data, 0);
	return result == GY_CU_SUCCESS ? pointer : 0;
}

void gy_cuda_import_host(const struct gy_cuda *cuda, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping, struct gy_cuda_import *import)
{
	const uint32_t count = planes_of(geyser_texture_get_desc(texture));
	const unsigned long long pointer = pin(cuda, mapping, import);
	struct geyser_subresource sub;

	for (uint32_t i = 0; i < count; i++) {
		struct geyser_cuda_texture *plane = &import->planes[i];

		(void)geyser_texture_get_subresource(texture, i, 0, 0, &sub);
		plane->host = true;
		plane->row_pitch = sub.row_pitch;
		/* a texture of one plane may have several layers and mip levels */
		plane->slice_pitch = count > 1 ? sub.slice_pitch : mapping->slice_pitch;
		plane->size = count > 1 ? sub.size : mapping->size;
		if (pointer)
			plane->pointer = pointer + sub.offset;
		else
			plane->path = GEYSER_PATH_COPY;
	}
}

/* ---- undoing ---- */

void gy_cuda_import_undo(struct gy_cuda_import *import, void *mapped)
{
	const struct gy_cuda *cuda = import->home.cuda;

	for (uint32_t i = 0; i < GEYSER_FORMAT_PLANES_MAX; i++)
		if (import->planes[i].mipmapped_array)
			(void)cuda->MipmappedArrayDestroy(import->planes[i].mipmapped_array);
	if (import->buffer)
		(void)cuda->MemFree(import->buffer);
	if (import->memory)
		(void)cuda->DestroyExternalMemory(import->memory);
	if (import->registered)
		(void)cuda->MemHostUnregister(mapped);
}
