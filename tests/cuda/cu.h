/*
 * CUDA's driver as the tests use it, opened as the library does; and memory of its own to compare
 * with. All of it is for the thread that runs the test, unless it says otherwise, and fails the
 * test when something is not as expected.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_CUDA_CU_H
#define TESTS_CUDA_CU_H

#include "gpu.h"
#include "surface.h"

#include <geyser/cuda.h>

struct cu {
	int (*Init)(unsigned int flags);
	int (*DeviceGet)(int *device, int ordinal);
	int (*DeviceGetUuid)(void *uuid, int device);
	int (*DevicePrimaryCtxRetain)(struct CUctx_st **context, int device);
	int (*DevicePrimaryCtxRelease)(int device);
	int (*CtxCreate)(struct CUctx_st **context, unsigned int flags, int device);
	int (*CtxDestroy)(struct CUctx_st *context);
	int (*CtxGetCurrent)(struct CUctx_st **context);
	int (*CtxPushCurrent)(struct CUctx_st *context);
	int (*CtxPopCurrent)(struct CUctx_st **context);
	int (*StreamCreate)(struct CUstream_st **stream, unsigned int flags);
	int (*StreamDestroy)(struct CUstream_st *stream);
	int (*StreamSynchronize)(struct CUstream_st *stream);
	int (*StreamQuery)(struct CUstream_st *stream);
	int (*MemAlloc)(unsigned long long *pointer, size_t size);
	int (*MemFree)(unsigned long long pointer);
	int (*MemcpyDtoH)(void *to, unsigned long long from, size_t size);
	int (*MemcpyHtoD)(unsigned long long to, const void *from, size_t size);
	int (*MemsetD32Async)(unsigned long long to, unsigned int value, size_t count,
		struct CUstream_st *stream);
	int (*SurfObjectCreate)(unsigned long long *surface, const struct cu_resource *resource);
	int (*SurfObjectDestroy)(unsigned long long surface);
	/* the double's alone: else NULL */
	int (*double_alive)(void);
	void (*double_fail)(const char *name, int result);
};

extern struct cu cu;
extern bool cu_is_double;

void expect_cuda(int result, const char *call, const char *file, int line);
#define cuda(call) expect_cuda((call), #call, __FILE__, __LINE__)

/* Whether a suite can run; says that it is skipped if not. The driver is open then, and its first
 * device's primary context is kept until the process ends, but not current. */
bool has_cuda(void);

/* A test with a Vulkan or a host manager. Of a real driver's descriptors no test can say which of
 * them stay open. */
int setup_vulkan(void **state);
int setup_host(void **state);
int teardown_cuda(void **state);
#define vulkan_test(function) cmocka_unit_test_setup_teardown(function, setup_vulkan, teardown_cuda)
#define host_test(function) cmocka_unit_test_setup_teardown(function, setup_host, teardown_cuda)

/* ---- memory of the device's, in the first device's primary context ---- */

struct cu_memory {
	unsigned long long pointer;
	size_t size;
};

/* That context becomes current, until cu_leave. */
void cu_enter(void);
void cu_leave(void);
struct CUstream_st *cu_stream(void);

struct cu_memory cu_allocate(size_t size);
void cu_free(struct cu_memory *memory);

/* Bytes of the pattern that fill_texture makes, in rows at a pitch; of depth32float numbers from a
 * half to one, and of depth24plus not the byte that is anybody's. */
void cu_write(const struct cu_memory *memory, const struct geyser_texture_desc *desc, size_t pitch,
	uint32_t seed);
bool cu_holds(const struct cu_memory *memory, const struct geyser_texture_desc *desc, size_t pitch,
	uint32_t seed);

/* The same by the CPU, through a mapping of the texture. */
void cu_fill_texture(struct geyser_texture *texture, uint32_t seed);
bool cu_texture_holds(struct geyser_texture *texture, uint32_t seed);

/* The texture's own rows, wherever its path allows an address. */
bool pointer_holds(const struct geyser_cuda_texture *texture,
	const struct geyser_texture_desc *desc, uint32_t seed);

size_t row_bytes(const struct geyser_texture_desc *desc);

#endif
