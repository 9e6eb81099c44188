/* SPDX-License-Identifier: MIT */
#include "interop/cuda/context.h"

#include "base/error.h"

#include <string.h>

static bool is_zero(const uint8_t uuid[16])
{
	static const uint8_t zero[16];

	return memcmp(uuid, zero, sizeof(zero)) == 0;
}

/* ---- entering a context ---- */

/* Whether the stream is a real handle. The small values below it name the default streams of the
 * current context, which cuStreamGetCtx can't resolve. */
static bool is_handle(const struct CUstream_st *stream)
{
	return (uintptr_t)stream > GY_CU_STREAM_PER_THREAD;
}

/* Gives the stream's context, or the current one, or NULL if none is current. */
static enum geyser_result find_context(
	const struct gy_cuda *cuda, struct CUstream_st *stream, struct CUctx_st **out)
{
	int result;

	*out = NULL;
	if (is_handle(stream)) {
		result = cuda->StreamGetCtx(stream, out);
		return result == GY_CU_SUCCESS ? GEYSER_OK
					       : gy_cuda_fail(cuda, result, "cuStreamGetCtx");
	}
	result = cuda->CtxGetCurrent(out);
	return result == GY_CU_SUCCESS ? GEYSER_OK : gy_cuda_fail(cuda, result, "cuCtxGetCurrent");
}

/* Retains the primary context of the device with this UUID; all zero: of the first device. */
static enum geyser_result retain_primary(struct gy_cuda_scope *scope, const uint8_t uuid[16])
{
	const struct gy_cuda *cuda = scope->cuda;
	enum geyser_result outcome = GEYSER_OK;
	int device = 0, result = GY_CU_SUCCESS;

	if (is_zero(uuid))
		result = cuda->DeviceGet(&device, 0);
	else
		outcome = gy_cuda_find_device(cuda, uuid, &device);
	if (result != GY_CU_SUCCESS)
		return gy_cuda_fail(cuda, result, "cuDeviceGet");
	if (outcome != GEYSER_OK)
		return outcome;
	result = cuda->DevicePrimaryCtxRetain(&scope->context, device);
	if (result != GY_CU_SUCCESS)
		return gy_cuda_fail(cuda, result, "cuDevicePrimaryCtxRetain");
	scope->device = device;
	scope->retained = true;
	return GEYSER_OK;
}

/* Makes the scope's context current if it isn't. */
static enum geyser_result push(struct gy_cuda_scope *scope)
{
	const struct gy_cuda *cuda = scope->cuda;
	struct CUctx_st *current = NULL;
	int result = cuda->CtxGetCurrent(&current);

	if (result == GY_CU_SUCCESS && current != scope->context) {
		result = cuda->CtxPushCurrent(scope->context);
		scope->pushed = result == GY_CU_SUCCESS;
	}
	if (result == GY_CU_SUCCESS)
		result = cuda->CtxGetDevice(&scope->device);
	if (result == GY_CU_SUCCESS && cuda->CtxGetId)
		result = cuda->CtxGetId(scope->context, &scope->id);
	return result == GY_CU_SUCCESS ? GEYSER_OK
				       : gy_cuda_fail(cuda, result, "entering the context");
}

/* Checks that the context is on the device with this UUID; all zero: on any device. */
static enum geyser_result check_device(
	const struct gy_cuda_scope *scope, const uint8_t uuid[16], bool of_stream)
{
	uint8_t ours[16];
	int wanted, result;
	enum geyser_result outcome;

	if (is_zero(uuid))
		return GEYSER_OK;
	result = scope->cuda->DeviceGetUuid(ours, scope->device);
	if (result != GY_CU_SUCCESS)
		return gy_cuda_fail(scope->cuda, result, "cuDeviceGetUuid");
	if (memcmp(ours, uuid, sizeof(ours)) == 0)
		return GEYSER_OK;
	outcome = gy_cuda_find_device(scope->cuda, uuid, &wanted);
	if (outcome != GEYSER_OK)
		return outcome;
	return gy_fail(GEYSER_ERROR_MISMATCH,
		"%s is on device %d (%s), the memory is on device %d (%s): %s that one",
		of_stream ? "the stream" : "the current context", scope->device,
		gy_cuda_uuid_text(ours).text, wanted, gy_cuda_uuid_text(uuid).text,
		of_stream ? "make a stream on" : "make a context current that is on");
}

enum geyser_result gy_cuda_enter(
	const uint8_t uuid[16], struct CUstream_st *stream, struct gy_cuda_scope *out)
{
	enum geyser_result result;

	*out = (struct gy_cuda_scope){0};
	result = gy_cuda_open(&out->cuda);
	if (result == GEYSER_OK)
		result = find_context(out->cuda, stream, &out->context);
	if (result == GEYSER_OK && !out->context)
		result = retain_primary(out, uuid);
	if (result == GEYSER_OK)
		result = push(out);
	if (result == GEYSER_OK)
		result = check_device(out, uuid, is_handle(stream));
	if (result != GEYSER_OK)
		gy_cuda_leave(out);
	return result;
}

void gy_cuda_leave(struct gy_cuda_scope *scope)
{
	struct CUctx_st *popped;

	if (scope->pushed)
		(void)scope->cuda->CtxPopCurrent(&popped);
	if (scope->retained)
		(void)scope->cuda->DevicePrimaryCtxRelease(scope->device);
	scope->pushed = scope->retained = false;
}

/* ---- homes ---- */

/* Retains the context if it is its device's primary context. CUDA destroys a primary context with
 * its last release, which must not come before gy_cuda_home_finish. */
static bool keep_primary(const struct gy_cuda_scope *scope)
{
	const struct gy_cuda *cuda = scope->cuda;
	struct CUctx_st *primary = NULL;
	unsigned int flags;
	int active = 0;

	if (cuda->DevicePrimaryCtxGetState(scope->device, &flags, &active) != GY_CU_SUCCESS ||
		!active || cuda->DevicePrimaryCtxRetain(&primary, scope->device) != GY_CU_SUCCESS)
		return false;
	if (primary == scope->context)
		return true;
	(void)cuda->DevicePrimaryCtxRelease(scope->device);
	return false;
}

void gy_cuda_home_init(struct gy_cuda_home *home, const struct gy_cuda_scope *scope)
{
	*home = (struct gy_cuda_home){
		.cuda = scope->cuda,
		.context = scope->context,
		.id = scope->id,
		.device = scope->device,
		.retained = keep_primary(scope),
	};
}

bool gy_cuda_home_is(const struct gy_cuda_home *home, const struct gy_cuda_scope *scope)
{
	return home->context == scope->context && home->id == scope->id;
}

bool gy_cuda_home_enter(const struct gy_cuda_home *home)
{
	return home->cuda->CtxPushCurrent(home->context) == GY_CU_SUCCESS;
}

void gy_cuda_home_leave(const struct gy_cuda_home *home)
{
	struct CUctx_st *popped;

	(void)home->cuda->CtxPopCurrent(&popped);
}

void gy_cuda_home_finish(struct gy_cuda_home *home)
{
	if (home->retained)
		(void)home->cuda->DevicePrimaryCtxRelease(home->device);
	home->retained = false;
}
