/* SPDX-License-Identifier: MIT */
/* The double's memory, which is allocated, imported or pinned, and copies of memory. */
#include "double.h"
#include "pages.h"
#include "surface.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAVAPIPE_HEADER 4096
#define LAVAPIPE_ALIGNMENT 16
#define RANGES 256

struct CUextMemory_st {
	struct CUctx_st *context;
	uint8_t *data;
	size_t size;
};

struct CUarray_st {
	uint8_t *data;
	size_t row, pitch, height; /* bytes of a row, bytes from row to row, rows */
	unsigned int flags;
};

struct CUmipmappedArray_st {
	struct CUctx_st *context;
	struct CUarray_st level;
};

/* The ranges of addresses that the driver knows. */
enum kind { UNUSED, ALLOCATED, MAPPED, PINNED };

static struct range {
	enum kind kind;
	uint8_t *data;
	size_t size;
} ranges[RANGES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void add_range(enum kind kind, uint8_t *data, size_t size)
{
	size_t i = 0;

	(void)pthread_mutex_lock(&lock);
	while (i < RANGES && ranges[i].kind != UNUSED)
		i++;
	if (i == RANGES)
		abort();
	ranges[i] = (struct range){kind, data, size};
	(void)pthread_mutex_unlock(&lock);
	double_count(1);
}

/* Removes one range of that kind that begins at `data`. Returns false if there is none. */
static bool remove_range(enum kind kind, const uint8_t *data)
{
	bool found = false;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < RANGES && !found; i++)
		if (ranges[i].kind == kind && ranges[i].data == data) {
			ranges[i].kind = UNUSED;
			found = true;
		}
	(void)pthread_mutex_unlock(&lock);
	if (found)
		double_count(-1);
	return found;
}

/* Returns the kind of the range that has all these bytes. */
static enum kind kind_of(const uint8_t *data, size_t size)
{
	enum kind kind = UNUSED;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < RANGES && kind == UNUSED; i++)
		if (ranges[i].kind != UNUSED && data >= ranges[i].data &&
			data < ranges[i].data + ranges[i].size &&
			size <= (size_t)(ranges[i].data + ranges[i].size - data))
			kind = ranges[i].kind;
	(void)pthread_mutex_unlock(&lock);
	return kind;
}

static enum kind kind_at(const uint8_t *data)
{
	return kind_of(data, 1);
}

static uint8_t *address(unsigned long long pointer)
{
	return (uint8_t *)(uintptr_t)pointer;
}

/* ---- allocated ---- */

CALL int cuMemAlloc_v2(unsigned long long *out, size_t size)
{
	uint8_t *data;

	ENTER(true);
	data = calloc(1, size);
	if (!data)
		return GY_CU_OUT_OF_MEMORY;
	add_range(ALLOCATED, data, size);
	*out = (uintptr_t)data;
	return GY_CU_SUCCESS;
}

CALL int cuMemFree_v2(unsigned long long pointer)
{
	ENTER(true);
	if (remove_range(MAPPED, address(pointer)))
		return GY_CU_SUCCESS;
	if (!remove_range(ALLOCATED, address(pointer)))
		return GY_CU_INVALID_VALUE;
	free(address(pointer));
	return GY_CU_SUCCESS;
}

/* ---- imported ---- */

CALL int cuImportExternalMemory(struct CUextMemory_st **out, const struct gy_cu_memory *desc)
{
	struct stat status;
	void *data;

	ENTER(true);
	if (desc->type != GY_CU_EXTERNAL_MEMORY_OPAQUE_FD || fstat(desc->handle.fd, &status) != 0 ||
		(unsigned long long)status.st_size < desc->size)
		return GY_CU_INVALID_VALUE;
	data = mmap(NULL, LAVAPIPE_HEADER + desc->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		desc->handle.fd, 0);
	if (data == MAP_FAILED)
		return GY_CU_OUT_OF_MEMORY;
	(void)close(desc->handle.fd);
	*out = malloc(sizeof(**out));
	if (!*out)
		abort();
	**out = (struct CUextMemory_st){double_context(), data, desc->size};
	double_count(1);
	return GY_CU_SUCCESS;
}

CALL int cuDestroyExternalMemory(struct CUextMemory_st *memory)
{
	ENTER(true);
	if (memory->context != double_context())
		return GY_CU_INVALID_CONTEXT;
	(void)munmap(memory->data, LAVAPIPE_HEADER + memory->size);
	free(memory);
	double_count(-1);
	return GY_CU_SUCCESS;
}

CALL int cuExternalMemoryGetMappedBuffer(
	unsigned long long *out, struct CUextMemory_st *memory, const struct gy_cu_buffer *desc)
{
	uint8_t *data = memory->data + LAVAPIPE_HEADER + desc->offset;

	ENTER(true);
	if (desc->flags != 0 || desc->size == 0 || desc->offset > memory->size ||
		desc->size > memory->size - desc->offset)
		return GY_CU_INVALID_VALUE;
	add_range(MAPPED, data, (size_t)desc->size);
	*out = (uintptr_t)data;
	return GY_CU_SUCCESS;
}

static size_t element(const struct gy_cu_array *array)
{
	static const struct {
		unsigned int format;
		size_t size;
	} formats[] = {{0x01, 1}, {0x02, 2}, {0x03, 4}, {0x08, 1}, {0x09, 2}, {0x0a, 4}, {0x10, 2},
		{0x20, 4}};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].format == array->format)
			return formats[i].size * array->channels;
	return 0;
}

/* As CUDA's documentation says, an element has 1, 2 or 4 channels, and a picture a width and a
 * height. An array's offset is a multiple of the alignment that images have in lavapipe. */
static bool is_valid(const struct gy_cu_mipmapped_array *desc)
{
	const struct gy_cu_array *array = &desc->array;

	return element(array) &&
	       (array->channels == 1 || array->channels == 2 || array->channels == 4) &&
	       array->width > 0 && array->height > 0 && desc->offset % LAVAPIPE_ALIGNMENT == 0;
}

/* Maps one layer and one level: the double doesn't know lavapipe's layout of more. */
CALL int cuExternalMemoryGetMappedMipmappedArray(struct CUmipmappedArray_st **out,
	struct CUextMemory_st *memory, const struct gy_cu_mipmapped_array *desc)
{
	const size_t row = element(&desc->array) * desc->array.width;
	const size_t pitch = (row + 63) / 64 * 64;

	ENTER(true);
	if (!is_valid(desc) || desc->array.depth > 0 || desc->levels != 1 ||
		desc->offset > memory->size ||
		pitch * desc->array.height > memory->size - desc->offset)
		return GY_CU_INVALID_VALUE;
	*out = malloc(sizeof(**out));
	if (!*out)
		abort();
	**out = (struct CUmipmappedArray_st){
		double_context(),
		{memory->data + LAVAPIPE_HEADER + desc->offset, row, pitch, desc->array.height,
			desc->array.flags},
	};
	double_count(1);
	return GY_CU_SUCCESS;
}

CALL int cuMipmappedArrayGetLevel(
	struct CUarray_st **out, struct CUmipmappedArray_st *array, unsigned int level)
{
	ENTER(true);
	if (level != 0)
		return GY_CU_INVALID_VALUE;
	*out = &array->level;
	return GY_CU_SUCCESS;
}

CALL int cuMipmappedArrayDestroy(struct CUmipmappedArray_st *array)
{
	ENTER(true);
	if (array->context != double_context())
		return GY_CU_INVALID_CONTEXT;
	free(array);
	double_count(-1);
	return GY_CU_SUCCESS;
}

/* As the driver, makes a surface only of an array that was made for surfaces. */
CALL int cuSurfObjectCreate(unsigned long long *out, const struct cu_resource *resource)
{
	const struct CUarray_st *array = resource->of.array;

	ENTER(true);
	if (resource->type != CU_RESOURCE_ARRAY || resource->flags != 0 || !array ||
		!(array->flags & GY_CU_ARRAY3D_SURFACE_LDST))
		return GY_CU_INVALID_VALUE;
	double_count(1);
	*out = (uintptr_t)array;
	return GY_CU_SUCCESS;
}

CALL int cuSurfObjectDestroy(unsigned long long surface)
{
	ENTER(true);
	if (!surface)
		return GY_CU_INVALID_VALUE;
	double_count(-1);
	return GY_CU_SUCCESS;
}

/* ---- pinned ---- */

/* As the driver (580.159), refuses pages that may only be read unless the flag for such pages is
 * set.
 */
CALL int cuMemHostRegister_v2(void *data, size_t size, unsigned int flags)
{
	ENTER(true);
	if (!(flags & GY_CU_MEMHOSTREGISTER_READ_ONLY) && !pages_may_be_written(data, size))
		return GY_CU_INVALID_VALUE;
	if (kind_at(data) == PINNED)
		return GY_CU_HOST_MEMORY_ALREADY_REGISTERED;
	add_range(PINNED, data, size);
	return GY_CU_SUCCESS;
}

CALL int cuMemHostUnregister(void *data)
{
	ENTER(true);
	return remove_range(PINNED, data) ? GY_CU_SUCCESS : 713;
}

CALL int cuMemHostGetDevicePointer_v2(unsigned long long *out, void *data, unsigned int flags)
{
	ENTER(true);
	*out = (uintptr_t)data;
	return flags == 0 && kind_at(data) == PINNED ? GY_CU_SUCCESS : GY_CU_INVALID_VALUE;
}

CALL int cuPointerGetAttribute(void *out, int attribute, unsigned long long pointer)
{
	const enum kind kind = kind_at(address(pointer));

	ENTER(true);
	if (attribute != GY_CU_POINTER_ATTRIBUTE_MEMORY_TYPE || kind == UNUSED)
		return GY_CU_INVALID_VALUE;
	*(unsigned int *)out = kind == PINNED ? 1 : 2;
	return GY_CU_SUCCESS;
}

/* ---- copies and fills ---- */

/* Returns whether these bytes begin in memory that the driver knows, and end outside of it. */
static bool runs_out(const uint8_t *data, size_t size)
{
	return kind_at(data) != UNUSED && kind_of(data, size) == UNUSED;
}

CALL int cuMemcpyAsync(
	unsigned long long to, unsigned long long from, size_t size, struct CUstream_st *stream)
{
	ENTER(true);
	if (!double_stream_fits(stream))
		return GY_CU_INVALID_HANDLE;
	if (runs_out(address(to), size) || runs_out(address(from), size))
		return GY_CU_INVALID_VALUE;
	memmove(address(to), address(from), size);
	return GY_CU_SUCCESS;
}

CALL int cuMemcpyDtoH_v2(void *to, unsigned long long from, size_t size)
{
	ENTER(true);
	if (kind_of(address(from), size) == UNUSED)
		return GY_CU_INVALID_VALUE;
	memcpy(to, address(from), size);
	return GY_CU_SUCCESS;
}

CALL int cuMemcpyHtoD_v2(unsigned long long to, const void *from, size_t size)
{
	ENTER(true);
	if (kind_of(address(to), size) == UNUSED)
		return GY_CU_INVALID_VALUE;
	memcpy(address(to), from, size);
	return GY_CU_SUCCESS;
}

CALL int cuMemsetD32Async(
	unsigned long long pointer, unsigned int value, size_t count, struct CUstream_st *stream)
{
	ENTER(true);
	if (kind_of(address(pointer), 4 * count) == UNUSED || !double_stream_fits(stream))
		return GY_CU_INVALID_VALUE;
	for (size_t i = 0; i < count; i++)
		memcpy(address(pointer) + 4 * i, &value, 4);
	return GY_CU_SUCCESS;
}

/* Returns the address of a place, or NULL if the driver has no such memory, or less of it than the
 * copy takes. */
static uint8_t *base_of(const struct gy_cu_copy *copy, const struct gy_cu_place *place,
	size_t *pitch, size_t *height)
{
	const size_t rows = (copy->depth - 1) * place->height + copy->height;
	const size_t size = (rows - 1) * place->pitch + copy->width;

	*pitch = place->pitch;
	*height = place->height;
	if (place->type == GY_CU_MEMORYTYPE_ARRAY) {
		*pitch = place->array->pitch;
		*height = place->array->height;
		return copy->width > place->array->row || copy->height > place->array->height
			       ? NULL
			       : place->array->data;
	}
	if (place->type == GY_CU_MEMORYTYPE_HOST)
		return (uint8_t *)(uintptr_t)place->host;
	return kind_of(address(place->pointer), size) == UNUSED ? NULL : address(place->pointer);
}

CALL int cuMemcpy3DAsync_v2(const struct gy_cu_copy *copy, struct CUstream_st *stream)
{
	size_t from_pitch, from_height, to_pitch, to_height;
	const uint8_t *from = base_of(copy, &copy->from, &from_pitch, &from_height);
	uint8_t *to = base_of(copy, &copy->to, &to_pitch, &to_height);

	ENTER(true);
	if (!from || !to || !double_stream_fits(stream) || from_pitch < copy->width ||
		to_pitch < copy->width)
		return GY_CU_INVALID_VALUE;
	for (size_t z = 0; z < copy->depth; z++)
		for (size_t y = 0; y < copy->height; y++)
			memcpy(to + (z * to_height + y) * to_pitch,
				from + (z * from_height + y) * from_pitch, copy->width);
	return GY_CU_SUCCESS;
}
