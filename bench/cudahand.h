/*
 * CUDA's driver, opened at run time: a context, a stream and memory of our own on the device that
 * Vulkan is on.
 */
#ifndef BENCH_CUDAHAND_H
#define BENCH_CUDAHAND_H

#include <geyser/cuda.h>

#include "bench.h"

#define CUDAHAND_FUNCTIONS(X)                                                                     \
	X(DevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain",                                     \
		(struct CUctx_st * *context, int device))                                         \
	X(DevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", (int device))                  \
	X(CtxPushCurrent, "cuCtxPushCurrent_v2", (struct CUctx_st * context))                     \
	X(StreamCreate, "cuStreamCreate", (struct CUstream_st * *stream, unsigned int flags))     \
	X(StreamDestroy, "cuStreamDestroy_v2", (struct CUstream_st * stream))                     \
	X(StreamSynchronize, "cuStreamSynchronize", (struct CUstream_st * stream))                \
	X(MemAlloc, "cuMemAlloc_v2", (unsigned long long *pointer, size_t size))                  \
	X(MemFree, "cuMemFree_v2", (unsigned long long pointer))                                  \
	X(MemHostRegister, "cuMemHostRegister_v2", (void *data, size_t size, unsigned int flags)) \
	X(MemHostUnregister, "cuMemHostUnregister", (void *data))                                 \
	X(MemsetD8Async, "cuMemsetD8Async",                                                       \
		(unsigned long long to, unsigned char value, size_t count,                        \
			struct CUstream_st *stream))                                              \
	X(MemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2",                                                \
		(unsigned long long to, const void *from, size_t size,                            \
			struct CUstream_st *stream))                                              \
	X(MemcpyDtoH, "cuMemcpyDtoH_v2", (void *to, unsigned long long from, size_t size))

struct cudahand {
#define CUDAHAND_MEMBER(name, symbol, parameters) int(*name) parameters;
	CUDAHAND_FUNCTIONS(CUDAHAND_MEMBER)
#undef CUDAHAND_MEMBER
	int device;
	struct CUctx_st *context; /* the primary one, current */
	struct CUstream_st *stream;
};

/* Dies unless a call has succeeded. */
void cudahand_require(int result, const char *what);

/* Whether CUDA has the device with that UUID; if not, why. Opens nothing on it. */
bool cudahand_possible(const uint8_t uuid[16], char *why, size_t size);
void cudahand_open(struct cudahand *hand, const uint8_t uuid[16]);
void cudahand_close(struct cudahand *hand);

#endif
