/* SPDX-License-Identifier: MIT */
/* Gets random bytes from the kernel, for tokens, ids and instances. */
#ifndef GY_PLATFORM_RANDOM_H
#define GY_PLATFORM_RANDOM_H

#include "base/error.h"

#include "platform/platform.h"

/* Fills in count random bytes, 256 at most. Errors: SYSTEM. */
static inline enum geyser_result gy_random(void *bytes, size_t count)
{
	return gy_system_random(bytes, count) ? GEYSER_OK : gy_fail_errno("random bytes");
}

#endif
