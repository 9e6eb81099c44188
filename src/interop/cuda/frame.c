/* SPDX-License-Identifier: MIT */
/* Waits for and signals a stream's frames on CUDA streams. */
#include "interop/cuda/context.h"

#include "base/error.h"

enum geyser_result geyser_cuda_frame_wait(struct geyser_frame *frame, struct CUstream_st *stream)
{
	struct geyser_point point;
	enum geyser_result result;

	if (!frame)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "frame is NULL");
	result = geyser_frame_wait_point(frame, &point);
	if (result != GEYSER_OK || !point.event)
		return result;
	return geyser_cuda_event_wait(point.event, point.value, stream);
}

/* Blocks until the CUDA stream's work is done. A frame without a signal point counts as done when
 * it is submitted or released, so its work must be done before that. */
static enum geyser_result finish(struct CUstream_st *stream)
{
	static const uint8_t any[16];
	struct gy_cuda_scope scope;
	enum geyser_result outcome = gy_cuda_enter(any, stream, &scope);
	int result;

	if (outcome != GEYSER_OK)
		return outcome;
	result = scope.cuda->StreamSynchronize(stream);
	if (result != GY_CU_SUCCESS)
		outcome = gy_cuda_fail(scope.cuda, result, "cuStreamSynchronize");
	gy_cuda_leave(&scope);
	return outcome;
}

enum geyser_result geyser_cuda_frame_signal(struct geyser_frame *frame, struct CUstream_st *stream)
{
	struct geyser_point point;
	enum geyser_result result;

	if (!frame)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "frame is NULL");
	result = geyser_frame_signal_point(frame, &point);
	if (result == GEYSER_ERROR_UNSUPPORTED)
		return finish(stream);
	if (result != GEYSER_OK)
		return result;
	result = geyser_cuda_event_signal(point.event, point.value, stream);
	if (result != GEYSER_OK)
		/* the CPU signals instead, so that no peer waits for ever */
		(void)geyser_event_signal(point.event, point.value);
	return result;
}
