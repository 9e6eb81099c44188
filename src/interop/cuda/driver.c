/* SPDX-License-Identifier: MIT */
/* Loads libcuda, lists its devices, and translates its errors into the library's. */
#include "interop/cuda/driver.h"

#include "base/error.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libcuda.so.1"

/* ---- errors ---- */

static enum geyser_result classify(int result)
{
	switch (result) {
	case GY_CU_OUT_OF_MEMORY:
		return GEYSER_ERROR_OUT_OF_MEMORY;
	case GY_CU_NO_DEVICE:
	case GY_CU_CALL_REQUIRES_NEWER_DRIVER:
	case GY_CU_NOT_SUPPORTED:
		return GEYSER_ERROR_UNSUPPORTED;
	case GY_CU_INVALID_VALUE:
	case GY_CU_INVALID_HANDLE:
	case GY_CU_INVALID_CONTEXT:
	case GY_CU_CONTEXT_IS_DESTROYED:
		return GEYSER_ERROR_INVALID_ARGUMENT;
	case GY_CU_NOT_PERMITTED:
		return GEYSER_ERROR_PERMISSION;
	/* after each of these errors the context is unusable */
	case GY_CU_DEVICE_UNAVAILABLE:
	case GY_CU_ECC_UNCORRECTABLE:
	case GY_CU_ILLEGAL_ADDRESS:
	case GY_CU_LAUNCH_TIMEOUT:
	case GY_CU_LAUNCH_FAILED:
		return GEYSER_ERROR_DEVICE_LOST;
	default:
		if (result >= GY_CU_HARDWARE_STACK_ERROR && result <= GY_CU_LAUNCH_FAILED)
			return GEYSER_ERROR_DEVICE_LOST;
		return GEYSER_ERROR_SYSTEM;
	}
}

enum geyser_result gy_cuda_fail(const struct gy_cuda *cuda, int result, const char *call)
{
	const char *name = NULL, *text = NULL;

	(void)cuda->GetErrorName(result, &name);
	(void)cuda->GetErrorString(result, &text);
	return gy_fail(classify(result), "%s: %s (CUresult %d): %s", call,
		name ? name : "an unknown error", result, text ? text : "no description");
}

/* ---- the library ---- */

/* Never closed: threads that the driver has started need its code. */
static struct {
	pthread_once_t once;
	enum geyser_result result;
	char why[256];
	struct gy_cuda cuda;
} opened = {.once = PTHREAD_ONCE_INIT};

/* Records the reason that every gy_cuda_open will give. */
static void refuse(enum geyser_result result, const char *why)
{
	opened.result = result;
	(void)snprintf(opened.why, sizeof(opened.why), "%s", why);
}

/* The symbol of each function in struct gy_cuda, in its newest version. */
#define FUNCTIONS(X)                                                                        \
	X(Init, "cuInit")                                                                   \
	X(DriverGetVersion, "cuDriverGetVersion")                                           \
	X(GetErrorName, "cuGetErrorName")                                                   \
	X(GetErrorString, "cuGetErrorString")                                               \
	X(DeviceGetCount, "cuDeviceGetCount")                                               \
	X(DeviceGet, "cuDeviceGet")                                                         \
	X(DeviceGetName, "cuDeviceGetName")                                                 \
	X(DeviceGetUuid, "cuDeviceGetUuid_v2")                                              \
	X(DevicePrimaryCtxGetState, "cuDevicePrimaryCtxGetState")                           \
	X(DevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain")                               \
	X(DevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2")                          \
	X(CtxGetCurrent, "cuCtxGetCurrent")                                                 \
	X(CtxPushCurrent, "cuCtxPushCurrent_v2")                                            \
	X(CtxPopCurrent, "cuCtxPopCurrent_v2")                                              \
	X(CtxGetDevice, "cuCtxGetDevice")                                                   \
	X(StreamGetCtx, "cuStreamGetCtx")                                                   \
	X(StreamSynchronize, "cuStreamSynchronize")                                         \
	X(LaunchHostFunc, "cuLaunchHostFunc")                                               \
	X(ImportExternalMemory, "cuImportExternalMemory")                                   \
	X(DestroyExternalMemory, "cuDestroyExternalMemory")                                 \
	X(ExternalMemoryGetMappedBuffer, "cuExternalMemoryGetMappedBuffer")                 \
	X(ExternalMemoryGetMappedMipmappedArray, "cuExternalMemoryGetMappedMipmappedArray") \
	X(MipmappedArrayGetLevel, "cuMipmappedArrayGetLevel")                               \
	X(MipmappedArrayDestroy, "cuMipmappedArrayDestroy")                                 \
	X(MemFree, "cuMemFree_v2")                                                          \
	X(MemHostRegister, "cuMemHostRegister_v2")                                          \
	X(MemHostUnregister, "cuMemHostUnregister")                                         \
	X(MemHostGetDevicePointer, "cuMemHostGetDevicePointer_v2")                          \
	X(PointerGetAttribute, "cuPointerGetAttribute")                                     \
	X(MemcpyAsync, "cuMemcpyAsync")                                                     \
	X(Memcpy3DAsync, "cuMemcpy3DAsync_v2")                                              \
	X(ImportExternalSemaphore, "cuImportExternalSemaphore")                             \
	X(DestroyExternalSemaphore, "cuDestroyExternalSemaphore")                           \
	X(WaitExternalSemaphoresAsync, "cuWaitExternalSemaphoresAsync")                     \
	X(SignalExternalSemaphoresAsync, "cuSignalExternalSemaphoresAsync")

/* Fills in the functions. Returns the symbol of the first one that is missing, or NULL. */
static const char *load(void *library, struct gy_cuda *cuda)
{
#define LOAD(name, symbol)                              \
	*(void **)&cuda->name = dlsym(library, symbol); \
	if (!cuda->name)                                \
		return symbol;
	FUNCTIONS(LOAD)
#undef LOAD
	*(void **)&cuda->CtxGetId = dlsym(library, "cuCtxGetId");
	return NULL;
}

static void open_driver(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	const char *missing;
	char why[192];
	int result;

	if (!library) {
		const char *error = dlerror();

		(void)snprintf(why, sizeof(why), "no CUDA: %s: install NVIDIA's driver",
			error ? error : LIBRARY);
		refuse(GEYSER_ERROR_UNSUPPORTED, why);
		return;
	}
	missing = load(library, &opened.cuda);
	if (missing) {
		(void)snprintf(why, sizeof(why),
			"no CUDA: " LIBRARY " has no %s: CUDA 11.4 or later is needed", missing);
		refuse(GEYSER_ERROR_UNSUPPORTED, why);
		return;
	}
	result = opened.cuda.Init(0);
	if (result != GY_CU_SUCCESS) {
		(void)gy_cuda_fail(&opened.cuda, result, "no CUDA: cuInit");
		refuse(GEYSER_ERROR_UNSUPPORTED, geyser_error_detail());
	}
}

enum geyser_result gy_cuda_open(const struct gy_cuda **out)
{
	(void)pthread_once(&opened.once, open_driver);
	*out = &opened.cuda;
	return opened.result == GEYSER_OK ? GEYSER_OK : gy_fail(opened.result, "%s", opened.why);
}

/* ---- devices ---- */

struct gy_cuda_uuid_text gy_cuda_uuid_text(const uint8_t uuid[16])
{
	struct gy_cuda_uuid_text out = {"GPU-"};
	size_t used = 4;

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out.text[used++] = '-';
		(void)snprintf(out.text + used, sizeof(out.text) - used, "%02x", uuid[i]);
		used += 2;
	}
	return out;
}

static enum geyser_result describe_device(
	const struct gy_cuda *cuda, int ordinal, struct geyser_cuda_device *out)
{
	int result = cuda->DeviceGet(&out->device, ordinal);

	if (result != GY_CU_SUCCESS)
		return gy_cuda_fail(cuda, result, "cuDeviceGet");
	result = cuda->DeviceGetName(out->name, sizeof(out->name), out->device);
	if (result != GY_CU_SUCCESS)
		return gy_cuda_fail(cuda, result, "cuDeviceGetName");
	result = cuda->DeviceGetUuid(out->uuid, out->device);
	if (result != GY_CU_SUCCESS)
		return gy_cuda_fail(cuda, result, "cuDeviceGetUuid");
	return GEYSER_OK;
}

static enum geyser_result describe(const struct gy_cuda *cuda, struct geyser_cuda_info *out)
{
	enum geyser_result outcome = GEYSER_OK;
	int count = 0, result = cuda->DriverGetVersion(&out->driver_version);

	if (result != GY_CU_SUCCESS)
		return gy_cuda_fail(cuda, result, "cuDriverGetVersion");
	result = cuda->DeviceGetCount(&count);
	if (result != GY_CU_SUCCESS)
		return gy_cuda_fail(cuda, result, "cuDeviceGetCount");
	if (count <= 0)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"CUDA's driver is there but has no device (CUDA_VISIBLE_DEVICES?)");
	for (int i = 0; outcome == GEYSER_OK && i < count && i < (int)GEYSER_CUDA_DEVICES_MAX; i++)
		outcome = describe_device(cuda, i, &out->devices[out->device_count++]);
	return outcome;
}

enum geyser_result geyser_cuda_get_info(struct geyser_cuda_info *out)
{
	const struct gy_cuda *cuda;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_cuda_info){0};
	result = gy_cuda_open(&cuda);
	if (result == GEYSER_OK)
		result = describe(cuda, out);
	if (result != GEYSER_OK)
		*out = (struct geyser_cuda_info){0};
	return result;
}

enum geyser_result gy_cuda_find_device(const struct gy_cuda *cuda, const uint8_t uuid[16], int *out)
{
	struct geyser_cuda_info info = {0};
	enum geyser_result result = describe(cuda, &info);

	if (result != GEYSER_OK)
		return result;
	for (uint32_t i = 0; i < info.device_count; i++)
		if (memcmp(info.devices[i].uuid, uuid, sizeof(info.devices[i].uuid)) == 0) {
			*out = info.devices[i].device;
			return GEYSER_OK;
		}
	return gy_fail(GEYSER_ERROR_MISMATCH,
		"the manager's device is %s, which is none of CUDA's %u: make the manager on one "
		"that CUDA has (GEYSER_VULKAN_DEVICE, CUDA_VISIBLE_DEVICES)",
		gy_cuda_uuid_text(uuid).text, info.device_count);
}
