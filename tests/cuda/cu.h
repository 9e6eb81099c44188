/*
 * CUDA's driver for the tests, which open it as the library does, and device memory to compare
 * with. The functions are for the thread that runs the test, unless they say otherwise. They fail
 * the test when something is not as expected.
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
	/* functions of the double; NULL with a real driver */
	int (*double_alive)(void);
	void (*double_fail)(const char *name, int result);
};

extern struct cu cu;
extern bool cu_is_double;

void expect_cuda(int result, const char *call, const char *file, int line);
#define cuda(call) expect_cuda((call), #call, __FILE__, __LINE__)

/* Returns whether the suite can run, or prints that it is skipped. Opens the driver, and retains
 * the primary context of its first device until the process ends, without making it current. */
bool has_cuda(void);

/* The fixtures of tests with a Vulkan or a host manager. With a real driver they don't count
 * descriptors, since a driver may keep some open. */
int setup_vulkan(void **state);
int setup_host(void **state);
int teardown_cuda(void **state);
#define vulkan_test(function) cmocka_unit_test_setup_teardown(function, setup_vulkan, teardown_cuda)
#define host_test(function) cmocka_unit_test_setup_teardown(function, setup_host, teardown_cuda)

/* ---- device memory, in the primary context of the first device ---- */

struct cu_memory {
	unsigned long long pointer;
	size_t size;
};

/* Makes that context current, until cu_leave. */
void cu_enter(void);
void cu_leave(void);
struct CUstream_st *cu_stream(void);

struct cu_memory cu_allocate(size_t size);
void cu_free(struct cu_memory *memory);

/* Write and compare the pattern of fill_texture, in rows at a pitch. depth32float has numbers
 * between 0.5 and 1, and the unused byte of depth24plus isn't compared. */
void cu_write(const struct cu_memory *memory, const struct geyser_texture_desc *desc, size_t pitch,
	uint32_t seed);
bool cu_holds(const struct cu_memory *memory, const struct geyser_texture_desc *desc, size_t pitch,
	uint32_t seed);

/* The CPU does the same through a mapping of the texture. */
void cu_fill_texture(struct geyser_texture *texture, uint32_t seed);
bool cu_texture_holds(struct geyser_texture *texture, uint32_t seed);

/* Compares the texture's own rows, if its path gives an address. */
bool pointer_holds(const struct geyser_cuda_texture *texture,
	const struct geyser_texture_desc *desc, uint32_t seed);

size_t row_bytes(const struct geyser_texture_desc *desc);

#endif
