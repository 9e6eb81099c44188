/* SPDX-License-Identifier: MIT */
/* Declarations of the CUDA driver's functions, types and constants that the library uses. With
 * these the library builds without CUDA's headers. Where cuda.h is installed, tests/cuda/declared.c
 * compares the declarations with it. */
#ifndef GY_INTEROP_CUDA_DRIVER_H
#define GY_INTEROP_CUDA_DRIVER_H

#include <geyser/cuda.h>

struct CUextMemory_st;
struct CUextSemaphore_st;

/* values of CUresult */
enum {
	GY_CU_SUCCESS = 0,
	GY_CU_INVALID_VALUE = 1,
	GY_CU_OUT_OF_MEMORY = 2,
	GY_CU_CALL_REQUIRES_NEWER_DRIVER = 36,
	GY_CU_DEVICE_UNAVAILABLE = 46,
	GY_CU_NO_DEVICE = 100,
	GY_CU_INVALID_CONTEXT = 201,
	GY_CU_ECC_UNCORRECTABLE = 214,
	GY_CU_INVALID_HANDLE = 400,
	GY_CU_ILLEGAL_ADDRESS = 700,
	GY_CU_LAUNCH_TIMEOUT = 702,
	GY_CU_CONTEXT_IS_DESTROYED = 709,
	GY_CU_HOST_MEMORY_ALREADY_REGISTERED = 712,
	GY_CU_HARDWARE_STACK_ERROR = 714,
	GY_CU_LAUNCH_FAILED = 719,
	GY_CU_NOT_PERMITTED = 800,
	GY_CU_NOT_SUPPORTED = 801,
};

enum { GY_CU_MEMORYTYPE_HOST = 1, GY_CU_MEMORYTYPE_ARRAY = 3, GY_CU_MEMORYTYPE_UNIFIED = 4 };

#define GY_CU_EXTERNAL_MEMORY_OPAQUE_FD 1
#define GY_CU_EXTERNAL_MEMORY_DEDICATED 1u
#define GY_CU_EXTERNAL_SEMAPHORE_TIMELINE_FD 9
#define GY_CU_ARRAY3D_LAYERED 0x01u
#define GY_CU_ARRAY3D_SURFACE_LDST 0x02u
#define GY_CU_ARRAY3D_COLOR_ATTACHMENT 0x20u
#define GY_CU_MEMHOSTREGISTER_PORTABLE 0x01u
#define GY_CU_MEMHOSTREGISTER_DEVICEMAP 0x02u
#define GY_CU_MEMHOSTREGISTER_READ_ONLY 0x08u
#define GY_CU_POINTER_ATTRIBUTE_MEMORY_TYPE 2
/* This value and all below are no pointers but name default streams. */
#define GY_CU_STREAM_PER_THREAD 2

/* CUDA_EXTERNAL_MEMORY_HANDLE_DESC; after it CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC, which has no
 * size. */
struct gy_cu_memory {
	int type;
	union {
		int fd;
		void *pointers[2];
	} handle;
	unsigned long long size;
	unsigned int flags, reserved[16];
};

struct gy_cu_semaphore {
	int type;
	union {
		int fd;
		void *pointers[2];
	} handle;
	unsigned int flags, reserved[16];
};

/* CUDA_EXTERNAL_MEMORY_BUFFER_DESC */
struct gy_cu_buffer {
	unsigned long long offset, size;
	unsigned int flags, reserved[16];
};

/* CUDA_ARRAY3D_DESCRIPTOR */
struct gy_cu_array {
	size_t width, height, depth;
	unsigned int format, channels, flags;
};

/* CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC */
struct gy_cu_mipmapped_array {
	unsigned long long offset;
	struct gy_cu_array array;
	unsigned int levels, reserved[16];
};

/* CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS and CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS. For a timeline
 * semaphore only the value counts. */
struct gy_cu_point {
	unsigned long long value;
	unsigned char others[64];
	unsigned int flags, reserved[16];
};

/* The source or destination part of CUDA_MEMCPY3D, then the whole struct. */
struct gy_cu_place {
	size_t x, y, z, level;
	int type;
	const void *host;
	unsigned long long pointer;
	struct CUarray_st *array;
	void *reserved;
	size_t pitch, height;
};

struct gy_cu_copy {
	struct gy_cu_place from, to;
	size_t width, height, depth; /* in bytes, rows and slices */
};

/* The driver's functions. All return a CUresult. */
struct gy_cuda {
	int (*Init)(unsigned int flags);
	int (*DriverGetVersion)(int *version);
	int (*GetErrorName)(int error, const char **name);
	int (*GetErrorString)(int error, const char **text);
	int (*DeviceGetCount)(int *count);
	int (*DeviceGet)(int *device, int ordinal);
	int (*DeviceGetName)(char *name, int size, int device);
	int (*DeviceGetUuid)(void *uuid, int device);
	int (*DevicePrimaryCtxGetState)(int device, unsigned int *flags, int *active);
	int (*DevicePrimaryCtxRetain)(struct CUctx_st **context, int device);
	int (*DevicePrimaryCtxRelease)(int device);
	int (*CtxGetCurrent)(struct CUctx_st **context);
	int (*CtxPushCurrent)(struct CUctx_st *context);
	int (*CtxPopCurrent)(struct CUctx_st **context);
	int (*CtxGetDevice)(int *device);
	int (*StreamGetCtx)(struct CUstream_st *stream, struct CUctx_st **context);
	int (*StreamSynchronize)(struct CUstream_st *stream);
	int (*LaunchHostFunc)(struct CUstream_st *stream, void (*function)(void *data), void *data);
	int (*ImportExternalMemory)(struct CUextMemory_st **out, const struct gy_cu_memory *desc);
	int (*DestroyExternalMemory)(struct CUextMemory_st *memory);
	int (*ExternalMemoryGetMappedBuffer)(unsigned long long *out, struct CUextMemory_st *memory,
		const struct gy_cu_buffer *desc);
	int (*ExternalMemoryGetMappedMipmappedArray)(struct CUmipmappedArray_st **out,
		struct CUextMemory_st *memory, const struct gy_cu_mipmapped_array *desc);
	int (*MipmappedArrayGetLevel)(
		struct CUarray_st **out, struct CUmipmappedArray_st *array, unsigned int level);
	int (*MipmappedArrayDestroy)(struct CUmipmappedArray_st *array);
	int (*MemFree)(unsigned long long pointer);
	int (*MemHostRegister)(void *data, size_t size, unsigned int flags);
	int (*MemHostUnregister)(void *data);
	int (*MemHostGetDevicePointer)(unsigned long long *out, void *data, unsigned int flags);
	int (*PointerGetAttribute)(void *out, int attribute, unsigned long long pointer);
	int (*MemcpyAsync)(unsigned long long to, unsigned long long from, size_t size,
		struct CUstream_st *stream);
	int (*Memcpy3DAsync)(const struct gy_cu_copy *copy, struct CUstream_st *stream);
	int (*ImportExternalSemaphore)(
		struct CUextSemaphore_st **out, const struct gy_cu_semaphore *desc);
	int (*DestroyExternalSemaphore)(struct CUextSemaphore_st *semaphore);
	int (*WaitExternalSemaphoresAsync)(struct CUextSemaphore_st *const *semaphores,
		const struct gy_cu_point *points, unsigned int count, struct CUstream_st *stream);
	int (*SignalExternalSemaphoresAsync)(struct CUextSemaphore_st *const *semaphores,
		const struct gy_cu_point *points, unsigned int count, struct CUstream_st *stream);
	int (*CtxGetId)(struct CUctx_st *context, unsigned long long *id); /* NULL before CUDA 12 */
};

/* Gives the driver's functions. The first call loads and initializes the driver, for the life of
 * the process. Any thread. Errors: UNSUPPORTED, with the reason. */
enum geyser_result gy_cuda_open(const struct gy_cuda **out);

/* Returns the library's error for a CUresult that is no success. Records the error detail with the
 * call's name and CUDA's description. */
enum geyser_result gy_cuda_fail(const struct gy_cuda *cuda, int result, const char *call);

/* Finds the device with this UUID. Errors: MISMATCH (there is none), as gy_cuda_fail. */
enum geyser_result gy_cuda_find_device(
	const struct gy_cuda *cuda, const uint8_t uuid[16], int *out);

/* A UUID as nvidia-smi writes it. */
struct gy_cuda_uuid_text {
	char text[48];
};

struct gy_cuda_uuid_text gy_cuda_uuid_text(const uint8_t uuid[16]);

#endif
