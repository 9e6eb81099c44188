/* SPDX-License-Identifier: MIT */
/*
 * What is called of CUDA's driver, declared as its header has it, so that the library builds
 * without: tests/cuda/declared.c compares the two where that header is.
 */
#ifndef GY_INTEROP_CUDA_DRIVER_H
#define GY_INTEROP_CUDA_DRIVER_H

#include <geyser/cuda.h>

struct CUextMemory_st;
struct CUextSemaphore_st;

/* CUresult */
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
#define GY_CU_STREAM_PER_THREAD 2 /* and what is less: no pointers, but the default streams */

/* CUDA_EXTERNAL_MEMORY_HANDLE_DESC, and of semaphores, which have no size */
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

/* CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS and _WAIT_PARAMS: of a timeline the value alone counts */
struct gy_cu_point {
	unsigned long long value;
	unsigned char others[64];
	unsigned int flags, reserved[16];
};

/* One end of CUDA_MEMCPY3D, and all of it */
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
	size_t width, height, depth; /* bytes, rows, slices */
};

/* Name, symbol, parameters. All return a CUresult. */
#define GY_CU_FUNCTIONS(X)                                                                        \
	X(Init, "cuInit", (unsigned int flags))                                                   \
	X(DriverGetVersion, "cuDriverGetVersion", (int *version))                                 \
	X(GetErrorName, "cuGetErrorName", (int error, const char **name))                         \
	X(GetErrorString, "cuGetErrorString", (int error, const char **text))                     \
	X(DeviceGetCount, "cuDeviceGetCount", (int *count))                                       \
	X(DeviceGet, "cuDeviceGet", (int *device, int ordinal))                                   \
	X(DeviceGetName, "cuDeviceGetName", (char *name, int size, int device))                   \
	X(DeviceGetUuid, "cuDeviceGetUuid_v2", (void *uuid, int device))                          \
	X(DevicePrimaryCtxGetState, "cuDevicePrimaryCtxGetState",                                 \
		(int device, unsigned int *flags, int *active))                                   \
	X(DevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain",                                     \
		(struct CUctx_st * *context, int device))                                         \
	X(DevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", (int device))                  \
	X(CtxGetCurrent, "cuCtxGetCurrent", (struct CUctx_st * *context))                         \
	X(CtxPushCurrent, "cuCtxPushCurrent_v2", (struct CUctx_st * context))                     \
	X(CtxPopCurrent, "cuCtxPopCurrent_v2", (struct CUctx_st * *context))                      \
	X(CtxGetDevice, "cuCtxGetDevice", (int *device))                                          \
	X(StreamGetCtx, "cuStreamGetCtx",                                                         \
		(struct CUstream_st * stream, struct CUctx_st * *context))                        \
	X(StreamSynchronize, "cuStreamSynchronize", (struct CUstream_st * stream))                \
	X(LaunchHostFunc, "cuLaunchHostFunc",                                                     \
		(struct CUstream_st * stream, void (*function)(void *data), void *data))          \
	X(ImportExternalMemory, "cuImportExternalMemory",                                         \
		(struct CUextMemory_st * *out, const struct gy_cu_memory *desc))                  \
	X(DestroyExternalMemory, "cuDestroyExternalMemory", (struct CUextMemory_st * memory))     \
	X(ExternalMemoryGetMappedBuffer, "cuExternalMemoryGetMappedBuffer",                       \
		(unsigned long long *out, struct CUextMemory_st *memory,                          \
			const struct gy_cu_buffer *desc))                                         \
	X(ExternalMemoryGetMappedMipmappedArray, "cuExternalMemoryGetMappedMipmappedArray",       \
		(struct CUmipmappedArray_st * *out, struct CUextMemory_st * memory,               \
			const struct gy_cu_mipmapped_array *desc))                                \
	X(MipmappedArrayGetLevel, "cuMipmappedArrayGetLevel",                                     \
		(struct CUarray_st * *out, struct CUmipmappedArray_st * array,                    \
			unsigned int level))                                                      \
	X(MipmappedArrayDestroy, "cuMipmappedArrayDestroy", (struct CUmipmappedArray_st * array)) \
	X(MemFree, "cuMemFree_v2", (unsigned long long pointer))                                  \
	X(MemHostRegister, "cuMemHostRegister_v2", (void *data, size_t size, unsigned int flags)) \
	X(MemHostUnregister, "cuMemHostUnregister", (void *data))                                 \
	X(MemHostGetDevicePointer, "cuMemHostGetDevicePointer_v2",                                \
		(unsigned long long *out, void *data, unsigned int flags))                        \
	X(PointerGetAttribute, "cuPointerGetAttribute",                                           \
		(void *out, int attribute, unsigned long long pointer))                           \
	X(MemcpyAsync, "cuMemcpyAsync",                                                           \
		(unsigned long long to, unsigned long long from, size_t size,                     \
			struct CUstream_st *stream))                                              \
	X(Memcpy3DAsync, "cuMemcpy3DAsync_v2",                                                    \
		(const struct gy_cu_copy *copy, struct CUstream_st *stream))                      \
	X(ImportExternalSemaphore, "cuImportExternalSemaphore",                                   \
		(struct CUextSemaphore_st * *out, const struct gy_cu_semaphore *desc))            \
	X(DestroyExternalSemaphore, "cuDestroyExternalSemaphore",                                 \
		(struct CUextSemaphore_st * semaphore))                                           \
	X(WaitExternalSemaphoresAsync, "cuWaitExternalSemaphoresAsync",                           \
		(struct CUextSemaphore_st *const *semaphores, const struct gy_cu_point *points,   \
			unsigned int count, struct CUstream_st *stream))                          \
	X(SignalExternalSemaphoresAsync, "cuSignalExternalSemaphoresAsync",                       \
		(struct CUextSemaphore_st *const *semaphores, const struct gy_cu_point *points,   \
			unsigned int count, struct CUstream_st *stream))

/* Those that CUDA 11 lacks: NULL there. */
#define GY_CU_OPTIONAL(X) \
	X(CtxGetId, "cuCtxGetId", (struct CUctx_st * context, unsigned long long *id))

struct gy_cuda {
#define GY_CU_MEMBER(name, symbol, parameters) int(*name) parameters;
	GY_CU_FUNCTIONS(GY_CU_MEMBER)
	GY_CU_OPTIONAL(GY_CU_MEMBER)
#undef GY_CU_MEMBER
};

/* The driver, opened and initialized, for good. Errors: UNSUPPORTED, with the reason. */
enum geyser_result gy_cuda_open(const struct gy_cuda **out);

/* The failure of a call in geyser's terms, with CUDA's words. */
enum geyser_result gy_cuda_fail(const struct gy_cuda *cuda, int result, const char *call);

/* The device with that UUID. Errors: MISMATCH (there is none), as gy_cuda_fail. */
enum geyser_result gy_cuda_find_device(
	const struct gy_cuda *cuda, const uint8_t uuid[16], int *out);

/* As nvidia-smi writes it. */
struct gy_cuda_uuid_text {
	char text[48];
};

struct gy_cuda_uuid_text gy_cuda_uuid_text(const uint8_t uuid[16]);

#endif
