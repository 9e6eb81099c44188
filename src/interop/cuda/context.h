/* SPDX-License-Identifier: MIT */
/* Which context a call works in, and where what it makes there stays. */
#ifndef GY_INTEROP_CUDA_CONTEXT_H
#define GY_INTEROP_CUDA_CONTEXT_H

#include "interop/cuda/driver.h"

/* A call's stay in a context. */
struct gy_cuda_scope {
	const struct gy_cuda *cuda;
	struct CUctx_st *context;
	unsigned long long
		id; /* of the context, as another may get its address; 0 before CUDA 12 */
	int device;
	bool pushed, retained; /* undone by gy_cuda_leave */
};

/* Enters the stream's context, or the current one, or the primary one of the device with that UUID
 * (all zero: of the first). Errors: UNSUPPORTED (no CUDA), MISMATCH (the context is on another
 * device), as gy_cuda_fail. */
enum geyser_result gy_cuda_enter(
	const uint8_t uuid[16], struct CUstream_st *stream, struct gy_cuda_scope *out);
void gy_cuda_leave(struct gy_cuda_scope *scope);

/* Where something was made, to find it again and to undo it. */
struct gy_cuda_home {
	const struct gy_cuda *cuda;
	struct CUctx_st *context;
	unsigned long long id;
	int device;
	bool retained; /* it is the primary context, which we keep */
};

void gy_cuda_home_init(struct gy_cuda_home *home, const struct gy_cuda_scope *scope);
bool gy_cuda_home_is(const struct gy_cuda_home *home, const struct gy_cuda_scope *scope);

/* Enters it to undo; false: the context is gone, and what was in it too. */
bool gy_cuda_home_enter(const struct gy_cuda_home *home);
void gy_cuda_home_leave(const struct gy_cuda_home *home);
void gy_cuda_home_finish(struct gy_cuda_home *home);

#endif
