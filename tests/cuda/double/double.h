/* SPDX-License-Identifier: MIT */
/* What the parts of the double share; it exports CUDA's own names. */
#ifndef TESTS_CUDA_DOUBLE_H
#define TESTS_CUDA_DOUBLE_H

#include "interop/cuda/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No header declares them: the library looks them up by name. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define CALL __attribute__((visibility("default")))

struct CUctx_st {
	int device;
	unsigned long long id;
	unsigned int references; /* of a primary one */
	bool alive;
};

struct CUstream_st {
	struct CUctx_st *context;
};

/* The result that a call of that name is to have before it does anything. */
int double_enter(const char *name, bool needs_context);
#define ENTER(needs_context)                                         \
	do {                                                         \
		int entered = double_enter(__func__, needs_context); \
		if (entered != GY_CU_SUCCESS)                        \
			return entered;                              \
	} while (0)

void double_count(int change);
struct CUctx_st *double_context(void);

/* It is of the current context, as a call's stream must be. */
bool double_stream_fits(const struct CUstream_st *stream);

#endif
