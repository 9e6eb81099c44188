/*
 * Compares the declarations of src/interop/cuda/driver.h with CUDA's own header. It doesn't compile
 * if they differ. It is built only if CUDA's header is installed.
 */
#include <cuda.h>

#include "interop/cuda/driver.h"

#include <stdio.h>

// NOLINTBEGIN(bugprone-macro-parentheses,bugprone-sizeof-expression): they are members
#define SAME_NUMBER(ours, theirs) _Static_assert((long)(ours) == (long)(theirs), #theirs)
#define SAME_SIZE(ours, theirs) _Static_assert(sizeof(ours) == sizeof(theirs), #theirs)
#define SAME_PLACE(ours, member, theirs, their_member)                                            \
	_Static_assert(                                                                           \
		offsetof(ours, member) == offsetof(theirs, their_member) &&                       \
			sizeof(((ours *)NULL)->member) == sizeof(((theirs *)NULL)->their_member), \
		#theirs "." #their_member)

SAME_NUMBER(GY_CU_SUCCESS, CUDA_SUCCESS);
SAME_NUMBER(GY_CU_INVALID_VALUE, CUDA_ERROR_INVALID_VALUE);
SAME_NUMBER(GY_CU_OUT_OF_MEMORY, CUDA_ERROR_OUT_OF_MEMORY);
SAME_NUMBER(GY_CU_CALL_REQUIRES_NEWER_DRIVER, CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER);
SAME_NUMBER(GY_CU_DEVICE_UNAVAILABLE, CUDA_ERROR_DEVICE_UNAVAILABLE);
SAME_NUMBER(GY_CU_NO_DEVICE, CUDA_ERROR_NO_DEVICE);
SAME_NUMBER(GY_CU_INVALID_CONTEXT, CUDA_ERROR_INVALID_CONTEXT);
SAME_NUMBER(GY_CU_ECC_UNCORRECTABLE, CUDA_ERROR_ECC_UNCORRECTABLE);
SAME_NUMBER(GY_CU_INVALID_HANDLE, CUDA_ERROR_INVALID_HANDLE);
SAME_NUMBER(GY_CU_ILLEGAL_ADDRESS, CUDA_ERROR_ILLEGAL_ADDRESS);
SAME_NUMBER(GY_CU_LAUNCH_TIMEOUT, CUDA_ERROR_LAUNCH_TIMEOUT);
SAME_NUMBER(GY_CU_CONTEXT_IS_DESTROYED, CUDA_ERROR_CONTEXT_IS_DESTROYED);
SAME_NUMBER(GY_CU_HOST_MEMORY_ALREADY_REGISTERED, CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
SAME_NUMBER(GY_CU_HARDWARE_STACK_ERROR, CUDA_ERROR_HARDWARE_STACK_ERROR);
SAME_NUMBER(GY_CU_LAUNCH_FAILED, CUDA_ERROR_LAUNCH_FAILED);
SAME_NUMBER(GY_CU_NOT_PERMITTED, CUDA_ERROR_NOT_PERMITTED);
SAME_NUMBER(GY_CU_NOT_SUPPORTED, CUDA_ERROR_NOT_SUPPORTED);
SAME_NUMBER(GY_CU_MEMORYTYPE_HOST, CU_MEMORYTYPE_HOST);
SAME_NUMBER(GY_CU_MEMORYTYPE_ARRAY, CU_MEMORYTYPE_ARRAY);
SAME_NUMBER(GY_CU_MEMORYTYPE_UNIFIED, CU_MEMORYTYPE_UNIFIED);
SAME_NUMBER(GY_CU_EXTERNAL_MEMORY_OPAQUE_FD, CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD);
SAME_NUMBER(GY_CU_EXTERNAL_MEMORY_DEDICATED, CUDA_EXTERNAL_MEMORY_DEDICATED);
SAME_NUMBER(GY_CU_EXTERNAL_SEMAPHORE_TIMELINE_FD,
	CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD);
SAME_NUMBER(GY_CU_ARRAY3D_LAYERED, CUDA_ARRAY3D_LAYERED);
SAME_NUMBER(GY_CU_ARRAY3D_SURFACE_LDST, CUDA_ARRAY3D_SURFACE_LDST);
SAME_NUMBER(GY_CU_ARRAY3D_COLOR_ATTACHMENT, CUDA_ARRAY3D_COLOR_ATTACHMENT);
SAME_NUMBER(GY_CU_MEMHOSTREGISTER_PORTABLE, CU_MEMHOSTREGISTER_PORTABLE);
SAME_NUMBER(GY_CU_MEMHOSTREGISTER_DEVICEMAP, CU_MEMHOSTREGISTER_DEVICEMAP);
SAME_NUMBER(GY_CU_MEMHOSTREGISTER_READ_ONLY, CU_MEMHOSTREGISTER_READ_ONLY);
SAME_NUMBER(GY_CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_MEMORY_TYPE);

SAME_SIZE(struct gy_cu_memory, CUDA_EXTERNAL_MEMORY_HANDLE_DESC);
SAME_PLACE(struct gy_cu_memory, type, CUDA_EXTERNAL_MEMORY_HANDLE_DESC, type);
SAME_PLACE(struct gy_cu_memory, handle, CUDA_EXTERNAL_MEMORY_HANDLE_DESC, handle);
SAME_PLACE(struct gy_cu_memory, handle.fd, CUDA_EXTERNAL_MEMORY_HANDLE_DESC, handle.fd);
SAME_PLACE(struct gy_cu_memory, size, CUDA_EXTERNAL_MEMORY_HANDLE_DESC, size);
SAME_PLACE(struct gy_cu_memory, flags, CUDA_EXTERNAL_MEMORY_HANDLE_DESC, flags);

SAME_SIZE(struct gy_cu_semaphore, CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC);
SAME_PLACE(struct gy_cu_semaphore, type, CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC, type);
SAME_PLACE(struct gy_cu_semaphore, handle, CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC, handle);
SAME_PLACE(struct gy_cu_semaphore, flags, CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC, flags);

SAME_SIZE(struct gy_cu_buffer, CUDA_EXTERNAL_MEMORY_BUFFER_DESC);
SAME_PLACE(struct gy_cu_buffer, offset, CUDA_EXTERNAL_MEMORY_BUFFER_DESC, offset);
SAME_PLACE(struct gy_cu_buffer, size, CUDA_EXTERNAL_MEMORY_BUFFER_DESC, size);
SAME_PLACE(struct gy_cu_buffer, flags, CUDA_EXTERNAL_MEMORY_BUFFER_DESC, flags);

SAME_SIZE(struct gy_cu_array, CUDA_ARRAY3D_DESCRIPTOR);
SAME_PLACE(struct gy_cu_array, width, CUDA_ARRAY3D_DESCRIPTOR, Width);
SAME_PLACE(struct gy_cu_array, height, CUDA_ARRAY3D_DESCRIPTOR, Height);
SAME_PLACE(struct gy_cu_array, depth, CUDA_ARRAY3D_DESCRIPTOR, Depth);
SAME_PLACE(struct gy_cu_array, format, CUDA_ARRAY3D_DESCRIPTOR, Format);
SAME_PLACE(struct gy_cu_array, channels, CUDA_ARRAY3D_DESCRIPTOR, NumChannels);
SAME_PLACE(struct gy_cu_array, flags, CUDA_ARRAY3D_DESCRIPTOR, Flags);

SAME_SIZE(struct gy_cu_mipmapped_array, CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC);
SAME_PLACE(
	struct gy_cu_mipmapped_array, array, CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC, arrayDesc);
SAME_PLACE(
	struct gy_cu_mipmapped_array, levels, CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC, numLevels);

SAME_SIZE(struct gy_cu_point, CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS);
SAME_SIZE(struct gy_cu_point, CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS);
SAME_PLACE(struct gy_cu_point, value, CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS, params.fence.value);
SAME_PLACE(struct gy_cu_point, value, CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS, params.fence.value);
SAME_PLACE(struct gy_cu_point, flags, CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS, flags);
SAME_PLACE(struct gy_cu_point, flags, CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS, flags);

SAME_SIZE(struct gy_cu_copy, CUDA_MEMCPY3D);
#define SAME_END(ours, theirs)                                                       \
	SAME_PLACE(struct gy_cu_copy, ours.x, CUDA_MEMCPY3D, theirs##XInBytes);      \
	SAME_PLACE(struct gy_cu_copy, ours.y, CUDA_MEMCPY3D, theirs##Y);             \
	SAME_PLACE(struct gy_cu_copy, ours.z, CUDA_MEMCPY3D, theirs##Z);             \
	SAME_PLACE(struct gy_cu_copy, ours.level, CUDA_MEMCPY3D, theirs##LOD);       \
	SAME_PLACE(struct gy_cu_copy, ours.type, CUDA_MEMCPY3D, theirs##MemoryType); \
	SAME_PLACE(struct gy_cu_copy, ours.host, CUDA_MEMCPY3D, theirs##Host);       \
	SAME_PLACE(struct gy_cu_copy, ours.pointer, CUDA_MEMCPY3D, theirs##Device);  \
	SAME_PLACE(struct gy_cu_copy, ours.array, CUDA_MEMCPY3D, theirs##Array);     \
	SAME_PLACE(struct gy_cu_copy, ours.pitch, CUDA_MEMCPY3D, theirs##Pitch);     \
	SAME_PLACE(struct gy_cu_copy, ours.height, CUDA_MEMCPY3D, theirs##Height)
SAME_END(from, src);
SAME_END(to, dst);
SAME_PLACE(struct gy_cu_copy, width, CUDA_MEMCPY3D, WidthInBytes);
SAME_PLACE(struct gy_cu_copy, depth, CUDA_MEMCPY3D, Depth);

// NOLINTEND(bugprone-macro-parentheses,bugprone-sizeof-expression)

/* The public types convert to CUDA's without a cast. */
static enum geyser_result pass(struct geyser_texture *texture, struct geyser_event *event)
{
	struct geyser_cuda_texture seen = {.device = 0};
	CUdeviceptr pointer = seen.pointer, *const address = &seen.pointer;
	CUstream stream = NULL;
	CUmipmappedArray mipmapped = seen.mipmapped_array;
	CUcontext context = seen.context;
	CUarray array = seen.array;
	CUdevice device = seen.device;

	(void)mipmapped;
	(void)context;
	(void)array;
	(void)device;
	if (geyser_cuda_event_wait(event, 1, stream) != GEYSER_ERROR_INVALID_ARGUMENT)
		return GEYSER_ERROR_MISMATCH;
	return geyser_cuda_texture_copy_to(texture, pointer + *address, 0, stream);
}

/* Checks that CUDA's format in each row of formats.def has the row's number of bytes. */
static int wrong_formats(void)
{
	int wrong = 0;

	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const struct geyser_format_info *info = geyser_format_get_info(i);
		const CUarray_format format = (CUarray_format)info->cuda.array_format;
		const unsigned int bytes =
			format == CU_AD_FORMAT_UNSIGNED_INT8 || format == CU_AD_FORMAT_SIGNED_INT8
				? 1
			: format == CU_AD_FORMAT_UNSIGNED_INT16 ||
					format == CU_AD_FORMAT_SIGNED_INT16 ||
					format == CU_AD_FORMAT_HALF
				? 2
			: format == CU_AD_FORMAT_UNSIGNED_INT32 ||
					format == CU_AD_FORMAT_SIGNED_INT32 ||
					format == CU_AD_FORMAT_FLOAT
				? 4
				: 0;

		if (format != 0 && bytes * info->cuda.channels != info->bytes_per_texel) {
			(void)printf("%s: CUarray_format %#x is wrong\n", info->name, format);
			wrong++;
		}
	}
	return wrong;
}

int main(void)
{
	return pass(NULL, NULL) == GEYSER_ERROR_INVALID_ARGUMENT && wrong_formats() == 0 ? 0 : 1;
}
