/* SPDX-License-Identifier: MIT */
/* Copies mip level 0 of one plane of a texture to, and from, rows in memory. */
#include "interop/cuda/import.h"

#include "base/error.h"

struct copy {
	struct geyser_texture *texture;
	uint32_t plane;
	unsigned long long pointer;
	size_t row_pitch; /* bytes between the starts of two rows at the pointer */
	struct CUstream_st *stream;
	bool to_texture;
	size_t row, rows, slices; /* bytes of a row, number of rows, number of slices */
};

/* Checks the arguments and fills in the sizes. */
static enum geyser_result begin(struct copy *copy)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(copy->texture);
	const enum geyser_result result = gy_cuda_check_plane(copy->texture, copy->plane);
	struct geyser_plane_extent extent;

	if (result != GEYSER_OK)
		return result;
	if (!copy->pointer)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "pointer is 0");
	(void)geyser_format_get_plane_extent(
		desc->format, copy->plane, desc->width, desc->height, &extent);
	copy->row = (size_t)extent.row_bytes;
	copy->rows = extent.height;
	copy->slices = desc->depth > desc->layers ? desc->depth : desc->layers;
	if (copy->row_pitch == 0)
		copy->row_pitch = copy->row;
	if (copy->row_pitch >= copy->row)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"row_pitch (%zu): a row of %u %s has %zu bytes", copy->row_pitch, extent.width,
		geyser_format_name(geyser_format_get_info(desc->format)->plane[copy->plane].format),
		copy->row);
}

/* Describes the pointer's side of the copy. cuMemcpy3D can't tell by itself that a pointer is plain
 * host memory, so the type says so where CUDA doesn't know the pointer. */
static struct gy_cu_place place_of_pointer(const struct gy_cuda *cuda, const struct copy *copy)
{
	struct gy_cu_place place = {.pitch = copy->row_pitch, .height = copy->rows};
	unsigned int type;

	if (cuda->PointerGetAttribute(&type, GY_CU_POINTER_ATTRIBUTE_MEMORY_TYPE, copy->pointer) ==
		GY_CU_SUCCESS) {
		place.type = GY_CU_MEMORYTYPE_UNIFIED;
		place.pointer = copy->pointer;
	} else {
		place.type = GY_CU_MEMORYTYPE_HOST;
		place.host = (const void *)(uintptr_t)copy->pointer;
	}
	return place;
}

/* Describes the texture's side of the copy. */
static struct gy_cu_place place_of_plane(const struct gy_cuda_plane *plane)
{
	const struct geyser_cuda_texture *texture = plane->texture;
	struct gy_cu_place place = {.pitch = texture->row_pitch};

	if (texture->array)
		return (struct gy_cu_place){
			.type = GY_CU_MEMORYTYPE_ARRAY, .array = texture->array};
	place.height = texture->slice_pitch / texture->row_pitch;
	if (texture->pointer) {
		place.type = GY_CU_MEMORYTYPE_UNIFIED;
		place.pointer = texture->pointer;
	} else {
		place.type = GY_CU_MEMORYTYPE_HOST;
		place.host = plane->mapped;
	}
	return place;
}

/* Whether the rows of both sides have the same layout, so that one linear copy does all of them. */
static bool is_one_row(const struct copy *copy, const struct gy_cu_place *texture)
{
	return texture->type == GY_CU_MEMORYTYPE_UNIFIED && texture->pitch == copy->row_pitch &&
	       (copy->slices == 1 || texture->height == copy->rows);
}

static int copy_row(
	const struct gy_cuda *cuda, const struct copy *copy, const struct gy_cu_place *texture)
{
	const size_t size = copy->row_pitch * (copy->rows * copy->slices - 1) + copy->row;

	return copy->to_texture
		       ? cuda->MemcpyAsync(texture->pointer, copy->pointer, size, copy->stream)
		       : cuda->MemcpyAsync(copy->pointer, texture->pointer, size, copy->stream);
}

static int copy_rows(
	const struct gy_cuda *cuda, const struct copy *copy, const struct gy_cu_place *texture)
{
	const struct gy_cu_place pointer = place_of_pointer(cuda, copy);
	const struct gy_cu_copy copy3d = {
		.from = copy->to_texture ? pointer : *texture,
		.to = copy->to_texture ? *texture : pointer,
		.width = copy->row,
		.height = copy->rows,
		.depth = copy->slices,
	};

	return cuda->Memcpy3DAsync(&copy3d, copy->stream);
}

static enum geyser_result put_on_stream(
	const struct gy_cuda *cuda, const struct copy *copy, const struct gy_cuda_plane *plane)
{
	const struct gy_cu_place place = place_of_plane(plane);
	const bool one = is_one_row(copy, &place);
	int result;

	if (copy->to_texture && !plane->texture->writable)
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"the texture is shared for reading only; a publisher lets its subscribers "
			"write into frames by GEYSER_USAGE_WRITERS");
	result = one ? copy_row(cuda, copy, &place) : copy_rows(cuda, copy, &place);
	if (result == GY_CU_SUCCESS)
		return GEYSER_OK;
	return gy_cuda_fail(cuda, result, one ? "cuMemcpyAsync" : "cuMemcpy3DAsync");
}

static enum geyser_result run(struct copy *copy)
{
	struct gy_cuda_plane plane;
	struct gy_cuda_scope scope;
	enum geyser_result result = begin(copy);

	if (result == GEYSER_OK)
		result = gy_cuda_import(copy->texture, copy->plane, copy->stream, &scope, &plane);
	if (result != GEYSER_OK)
		return result;
	result = put_on_stream(scope.cuda, copy, &plane);
	gy_cuda_leave(&scope);
	return result;
}

enum geyser_result geyser_cuda_texture_copy_plane_to(struct geyser_texture *texture, uint32_t plane,
	unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream)
{
	struct copy copy = {
		.texture = texture,
		.plane = plane,
		.pointer = pointer,
		.row_pitch = row_pitch,
		.stream = stream,
	};

	return run(&copy);
}

enum geyser_result geyser_cuda_texture_copy_plane_from(struct geyser_texture *texture,
	uint32_t plane, unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream)
{
	struct copy copy = {
		.texture = texture,
		.plane = plane,
		.pointer = pointer,
		.row_pitch = row_pitch,
		.stream = stream,
		.to_texture = true,
	};

	return run(&copy);
}

enum geyser_result geyser_cuda_texture_copy_to(struct geyser_texture *texture,
	unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream)
{
	const enum geyser_result result =
		gy_cuda_check_colour(texture, "geyser_cuda_texture_copy_plane_to");

	return result == GEYSER_OK
		       ? geyser_cuda_texture_copy_plane_to(texture, 0, pointer, row_pitch, stream)
		       : result;
}

enum geyser_result geyser_cuda_texture_copy_from(struct geyser_texture *texture,
	unsigned long long pointer, size_t row_pitch, struct CUstream_st *stream)
{
	const enum geyser_result result =
		gy_cuda_check_colour(texture, "geyser_cuda_texture_copy_plane_from");

	return result == GEYSER_OK
		       ? geyser_cuda_texture_copy_plane_from(texture, 0, pointer, row_pitch, stream)
		       : result;
}
