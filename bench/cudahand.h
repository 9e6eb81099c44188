/*
 * CUDA's driver, opened at run time: a context, a stream and memory of our own on the device that
 * Vulkan is on.
 */
#ifndef BENCH_CUDAHAND_H
#define BENCH_CUDAHAND_H

#include <geyser/cuda.h>

#include "bench.h"

struct cudahand {
	int (*DevicePrimaryCtxRetain)(struct CUctx_st **context, int device);
	int (*DevicePrimaryCtxRelease)(int device);
	int (*CtxPushCurrent)(struct CUctx_st *context);
	int (*StreamCreate)(struct CUstream_st **stream, unsigned int flags);
	int (*StreamDestroy)(struct CUstream_st *stream);
	int (*StreamSynchronize)(struct CUstream_st *stream);
	int (*MemAlloc)(unsigned long long *pointer, size_t size);
	int (*MemFree)(unsigned long long pointer);
	int (*MemHostRegister)(void *data, size_t size, unsigned int flags);
	int (*MemHostUnregister)(void *data);
	int (*MemsetD8Async)(unsigned long long to, unsigned char value, size_t count,
		struct CUstream_st *stream);
	int (*MemcpyHtoDAsync)(
		unsigned long long to, const void *from, size_t size, struct CUstream_st *stream);
	int (*MemcpyDtoH)(void *to, unsigned long long from, size_t size);
	int device;
	struct CUctx_st *context; /* the device's primary context, which is current */
	struct CUstream_st *stream;
};

/* Ends the program unless the call has succeeded. */
void cudahand_require(int result, const char *what);

/* Whether CUDA has the device with that UUID; if not, writes why. Opens nothing on the device. */
bool cudahand_possible(const uint8_t uuid[16], char *why, size_t size);
void cudahand_open(struct cudahand *hand, const uint8_t uuid[16]);
void cudahand_close(struct cudahand *hand);

#endif
