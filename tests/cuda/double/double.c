/*
 * A double of CUDA's driver in host memory, for machines without a real one. It checks the rules
 * that the library must follow, and counts live objects. It has two devices, the first with the
 * UUID in CUDA_DOUBLE_UUID (32 hexadecimal digits). Streams do their work at once.
 *
 * The memory of an opaque descriptor has lavapipe's layout: a file whose pixels begin at byte 4096,
 * in rows of a multiple of 64 bytes. As lavapipe, the double has no external semaphores.
 *
 * SPDX-License-Identifier: MIT
 */
#include "double.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES 2
#define STACK 16

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int alive;
static bool initialized;
static uint8_t uuids[DEVICES][16];
static struct CUctx_st primary[DEVICES];
static unsigned long long next_id = 1;

static _Thread_local struct CUctx_st *stack[STACK];
static _Thread_local unsigned depth;
static _Thread_local bool in_host_function;

/* ---- for the tests ---- */

static struct {
	char name[64];
	int result;
} failing;

CALL int double_alive(void)
{
	return alive;
}

CALL void double_fail(const char *name, int result)
{
	(void)pthread_mutex_lock(&lock);
	(void)snprintf(failing.name, sizeof(failing.name), "%s", name);
	failing.result = result;
	(void)pthread_mutex_unlock(&lock);
}

int double_enter(const char *name, bool needs_context)
{
	int result = GY_CU_SUCCESS;

	(void)pthread_mutex_lock(&lock);
	if (in_host_function)
		result = GY_CU_NOT_PERMITTED;
	else if (!initialized)
		result = 3; /* CUDA_ERROR_NOT_INITIALIZED */
	else if (needs_context && (depth == 0 || !stack[depth - 1]->alive))
		result = GY_CU_INVALID_CONTEXT;
	if (strcmp(failing.name, name) == 0) {
		result = failing.result;
		failing.name[0] = '\0';
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

void double_count(int change)
{
	alive += change;
}

struct CUctx_st *double_context(void)
{
	return depth ? stack[depth - 1] : NULL;
}

/* ---- the driver and its devices ---- */

CALL int cuInit(unsigned int flags)
{
	const char *text = getenv("CUDA_DOUBLE_UUID");
	unsigned int byte;

	if (flags != 0)
		return GY_CU_INVALID_VALUE;
	for (size_t i = 0; text && i < 16 && sscanf(text + 2 * i, "%2x", &byte) == 1; i++)
		uuids[0][i] = (uint8_t)byte;
	for (size_t i = 0; i < 16; i++)
		uuids[1][i] = (uint8_t)~uuids[0][i];
	for (int i = 0; i < DEVICES; i++)
		primary[i] = (struct CUctx_st){.device = i, .id = next_id++};
	initialized = true;
	return GY_CU_SUCCESS;
}

CALL int cuDriverGetVersion(int *version)
{
	*version = 12000;
	return GY_CU_SUCCESS;
}

CALL int cuGetErrorName(int error, const char **name)
{
	*name = error == GY_CU_OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_OF_DOUBLE";
	return GY_CU_SUCCESS;
}

CALL int cuGetErrorString(int error, const char **text)
{
	*text = error == GY_CU_OUT_OF_MEMORY ? "out of memory" : "refused by the double";
	return GY_CU_SUCCESS;
}

CALL int cuDeviceGetCount(int *count)
{
	ENTER(false);
	*count = DEVICES;
	return GY_CU_SUCCESS;
}

CALL int cuDeviceGet(int *device, int ordinal)
{
	ENTER(false);
	*device = ordinal;
	return ordinal >= 0 && ordinal < DEVICES ? GY_CU_SUCCESS : 101;
}

CALL int cuDeviceGetName(char *name, int size, int device)
{
	ENTER(false);
	(void)snprintf(name, (size_t)size, "double %d", device);
	return GY_CU_SUCCESS;
}

CALL int cuDeviceGetUuid_v2(void *uuid, int device)
{
	ENTER(false);
	memcpy(uuid, uuids[device], 16);
	return GY_CU_SUCCESS;
}

/* ---- contexts ---- */

CALL int cuDevicePrimaryCtxGetState(int device, unsigned int *flags, int *active)
{
	ENTER(false);
	*flags = 0;
	*active = primary[device].references > 0;
	return GY_CU_SUCCESS;
}

CALL int cuDevicePrimaryCtxRetain(struct CUctx_st **context, int device)
{
	ENTER(false);
	(void)pthread_mutex_lock(&lock);
	if (primary[device].references++ == 0)
		primary[device].id = next_id++;
	primary[device].alive = true;
	*context = &primary[device];
	(void)pthread_mutex_unlock(&lock);
	double_count(1);
	return GY_CU_SUCCESS;
}

CALL int cuDevicePrimaryCtxRelease_v2(int device)
{
	ENTER(false);
	(void)pthread_mutex_lock(&lock);
	if (--primary[device].references == 0)
		primary[device].alive = false;
	(void)pthread_mutex_unlock(&lock);
	double_count(-1);
	return GY_CU_SUCCESS;
}

CALL int cuCtxCreate_v2(struct CUctx_st **out, unsigned int flags, int device)
{
	struct CUctx_st *context;

	ENTER(false);
	context = calloc(1, sizeof(*context));
	if (!context || flags != 0 || depth == STACK)
		abort();
	*context = (struct CUctx_st){.device = device, .id = next_id++, .alive = true};
	stack[depth++] = context;
	*out = context;
	double_count(1);
	return GY_CU_SUCCESS;
}

CALL int cuCtxDestroy_v2(struct CUctx_st *context)
{
	ENTER(false);
	if (depth && stack[depth - 1] == context)
		depth--;
	free(context);
	double_count(-1);
	return GY_CU_SUCCESS;
}

CALL int cuCtxGetCurrent(struct CUctx_st **context)
{
	ENTER(false);
	*context = double_context();
	return GY_CU_SUCCESS;
}

CALL int cuCtxPushCurrent_v2(struct CUctx_st *context)
{
	ENTER(false);
	if (!context->alive)
		return GY_CU_INVALID_CONTEXT;
	if (depth == STACK)
		abort();
	stack[depth++] = context;
	return GY_CU_SUCCESS;
}

CALL int cuCtxPopCurrent_v2(struct CUctx_st **context)
{
	ENTER(true);
	*context = stack[--depth];
	return GY_CU_SUCCESS;
}

CALL int cuCtxGetDevice(int *device)
{
	ENTER(true);
	*device = double_context()->device;
	return GY_CU_SUCCESS;
}

CALL int cuCtxGetId(struct CUctx_st *context, unsigned long long *id)
{
	ENTER(false);
	*id = context->id;
	return GY_CU_SUCCESS;
}

/* ---- streams ---- */

bool double_stream_fits(const struct CUstream_st *stream)
{
	return (uintptr_t)stream <= GY_CU_STREAM_PER_THREAD || stream->context == double_context();
}

CALL int cuStreamCreate(struct CUstream_st **out, unsigned int flags)
{
	ENTER(true);
	(void)flags;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		abort();
	(*out)->context = double_context();
	double_count(1);
	return GY_CU_SUCCESS;
}

CALL int cuStreamDestroy_v2(struct CUstream_st *stream)
{
	ENTER(true);
	free(stream);
	double_count(-1);
	return GY_CU_SUCCESS;
}

CALL int cuStreamGetCtx(struct CUstream_st *stream, struct CUctx_st **context)
{
	ENTER(false);
	*context = stream->context;
	return GY_CU_SUCCESS;
}

CALL int cuStreamSynchronize(struct CUstream_st *stream)
{
	ENTER(true);
	return double_stream_fits(stream) ? GY_CU_SUCCESS : GY_CU_INVALID_HANDLE;
}

CALL int cuStreamQuery(struct CUstream_st *stream)
{
	ENTER(true);
	return double_stream_fits(stream) ? GY_CU_SUCCESS : GY_CU_INVALID_HANDLE;
}

CALL int cuLaunchHostFunc(struct CUstream_st *stream, void (*function)(void *data), void *data)
{
	ENTER(true);
	if (!double_stream_fits(stream))
		return GY_CU_INVALID_HANDLE;
	in_host_function = true;
	function(data);
	in_host_function = false;
	return GY_CU_SUCCESS;
}

/* ---- semaphores: none ---- */

CALL int cuImportExternalSemaphore(
	struct CUextSemaphore_st **out, const struct gy_cu_semaphore *desc)
{
	ENTER(true);
	(void)out;
	(void)desc;
	return GY_CU_NOT_SUPPORTED;
}

CALL int cuDestroyExternalSemaphore(struct CUextSemaphore_st *semaphore)
{
	(void)semaphore;
	return GY_CU_NOT_SUPPORTED;
}

CALL int cuWaitExternalSemaphoresAsync(struct CUextSemaphore_st *const *semaphores,
	const struct gy_cu_point *points, unsigned int count, struct CUstream_st *stream)
{
	(void)semaphores;
	(void)points;
	(void)count;
	(void)stream;
	return GY_CU_NOT_SUPPORTED;
}

CALL int cuSignalExternalSemaphoresAsync(struct CUextSemaphore_st *const *semaphores,
	const struct gy_cu_point *points, unsigned int count, struct CUstream_st *stream)
{
	return cuWaitExternalSemaphoresAsync(semaphores, points, count, stream);
}
