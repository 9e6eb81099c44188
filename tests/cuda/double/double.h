/* SPDX-License-Identifier: MIT */
/* Declarations that the parts of the double share. The double exports CUDA's names. */
#ifndef TESTS_CUDA_DOUBLE_H
#define TESTS_CUDA_DOUBLE_H

#include "interop/cuda/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No header declares the exported functions: the library looks them up by name. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define CALL __attribute__((visibility("default")))

struct CUctx_st {
	int device;
	unsigned long long id;
	unsigned int references; /* of a primary context */
	bool alive;
};

struct CUstream_st {
	struct CUctx_st *context;
};

/* Each function calls this first. Returns the error that it must fail with, or GY_CU_SUCCESS. */
int double_enter(const char *name, bool needs_context);
#define ENTER(needs_context)                                         \
	do {                                                         \
		int entered = double_enter(__func__, needs_context); \
		if (entered != GY_CU_SUCCESS)                        \
			return entered;                              \
	} while (0)

void double_count(int change);
struct CUctx_st *double_context(void);

/* Returns whether the stream belongs to the current context, as the stream of a call must. */
bool double_stream_fits(const struct CUstream_st *stream);

#endif
