/* SPDX-License-Identifier: MIT */
/* Random bytes from the kernel, for tokens, ids and instances. */
#ifndef GY_IPC_RANDOM_H
#define GY_IPC_RANDOM_H

#include "base/error.h"

#include <sys/random.h>

/* Up to 256 bytes, which the kernel gives whole. Errors: SYSTEM. */
static inline enum geyser_result gy_random(void *bytes, size_t count)
{
	if (getrandom(bytes, count, 0) == (ssize_t)count)
		return GEYSER_OK;
	return gy_fail_errno("getrandom");
}

#endif
