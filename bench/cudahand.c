#include "cudahand.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

void cudahand_require(int result, const char *what)
{
	if (result != 0)
		die("%s: CUresult %d", what, result);
}

/* Returns the index of the device with this UUID; -1 if there is none. */
static int find_device(const struct geyser_cuda_info *info, const uint8_t uuid[16])
{
	for (uint32_t i = 0; i < info->device_count; i++)
		if (memcmp(info->devices[i].uuid, uuid, 16) == 0)
			return info->devices[i].device;
	return -1;
}

bool cudahand_possible(const uint8_t uuid[16], char *why, size_t size)
{
	struct geyser_cuda_info info;

	if (geyser_cuda_get_info(&info) != GEYSER_OK)
		(void)snprintf(why, size, "%s", geyser_error_detail());
	else if (find_device(&info, uuid) < 0)
		(void)snprintf(why, size, "no CUDA on Vulkan's device");
	else
		return true;
	return false;
}

#define FUNCTIONS(X)                                               \
	X(DevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain")      \
	X(DevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2") \
	X(CtxPushCurrent, "cuCtxPushCurrent_v2")                   \
	X(StreamCreate, "cuStreamCreate")                          \
	X(StreamDestroy, "cuStreamDestroy_v2")                     \
	X(StreamSynchronize, "cuStreamSynchronize")                \
	X(MemAlloc, "cuMemAlloc_v2")                               \
	X(MemFree, "cuMemFree_v2")                                 \
	X(MemHostRegister, "cuMemHostRegister_v2")                 \
	X(MemHostUnregister, "cuMemHostUnregister")                \
	X(MemsetD8Async, "cuMemsetD8Async")                        \
	X(MemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2")                 \
	X(MemcpyDtoH, "cuMemcpyDtoH_v2")

static void load(void *library, struct cudahand *hand)
{
#define LOAD(name, symbol)                              \
	*(void **)&hand->name = dlsym(library, symbol); \
	if (!hand->name)                                \
		die("libcuda.so.1 has no %s", symbol);
	FUNCTIONS(LOAD)
#undef LOAD
}

void cudahand_open(struct cudahand *hand, const uint8_t uuid[16])
{
	void *library = dlopen("libcuda.so.1", RTLD_NOW);
	struct geyser_cuda_info info;

	*hand = (struct cudahand){.device = -1};
	require(geyser_cuda_get_info(&info), "CUDA's devices");
	if (!library)
		die("%s", dlerror());
	load(library, hand);
	hand->device = find_device(&info, uuid);
	cudahand_require(
		hand->DevicePrimaryCtxRetain(&hand->context, hand->device), "the primary context");
	cudahand_require(hand->CtxPushCurrent(hand->context), "making it current");
	cudahand_require(hand->StreamCreate(&hand->stream, 1), "a stream");
}

void cudahand_close(struct cudahand *hand)
{
	cudahand_require(hand->StreamSynchronize(hand->stream), "the stream's end");
	cudahand_require(hand->StreamDestroy(hand->stream), "destroying the stream");
	cudahand_require(hand->DevicePrimaryCtxRelease(hand->device), "the context's end");
}
