/* SPDX-License-Identifier: MIT */
/* CUDA contexts. A scope is one call's time in a context; a home remembers the context of a CUDA
 * object that outlives the call. */
#ifndef GY_INTEROP_CUDA_CONTEXT_H
#define GY_INTEROP_CUDA_CONTEXT_H

#include "interop/cuda/driver.h"

/* A call's stay in a context, from gy_cuda_enter to gy_cuda_leave. */
struct gy_cuda_scope {
	const struct gy_cuda *cuda;
	struct CUctx_st *context;
	/* The context's id: a later context may get the same address. 0 before CUDA 12. */
	unsigned long long id;
	int device;
	bool pushed, retained; /* what gy_cuda_leave has to undo */
};

/* Makes a context current: the stream's; else the one that is current; else the primary context of
 * the device with this UUID (all zero: of CUDA's first device). The caller calls gy_cuda_leave
 * after success. Errors: UNSUPPORTED (no CUDA), MISMATCH (the context is on another device), as
 * gy_cuda_fail. */
enum geyser_result gy_cuda_enter(
	const uint8_t uuid[16], struct CUstream_st *stream, struct gy_cuda_scope *out);

/* Undoes gy_cuda_enter. A second call does nothing. */
void gy_cuda_leave(struct gy_cuda_scope *scope);

/* The context of a CUDA object: to find the object again, and to destroy it there. */
struct gy_cuda_home {
	const struct gy_cuda *cuda;
	struct CUctx_st *context;
	unsigned long long id;
	int device;
	bool retained; /* the context is a primary one, and the home holds a reference to it */
};

void gy_cuda_home_init(struct gy_cuda_home *home, const struct gy_cuda_scope *scope);

/* Whether the scope's context is the home's. */
bool gy_cuda_home_is(const struct gy_cuda_home *home, const struct gy_cuda_scope *scope);

/* Makes the home's context current, to destroy objects in it. Returns false if the context is gone,
 * and its objects with it. */
bool gy_cuda_home_enter(const struct gy_cuda_home *home);
void gy_cuda_home_leave(const struct gy_cuda_home *home);
void gy_cuda_home_finish(struct gy_cuda_home *home);

#endif
