/* SPDX-License-Identifier: MIT */
/* Times are nanoseconds on CLOCK_MONOTONIC. A deadline of GY_NEVER means that there is no
 * deadline. */
#ifndef GY_BASE_CLOCK_H
#define GY_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define GY_NEVER UINT64_MAX
#define GY_MICROSECOND UINT64_C(1000)
#define GY_MILLISECOND UINT64_C(1000000)
#define GY_SECOND UINT64_C(1000000000)

static inline uint64_t gy_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * GY_SECOND + (uint64_t)now.tv_nsec;
}

/* Returns the absolute deadline of a relative timeout. Returns GY_NEVER if the sum overflows. */
static inline uint64_t gy_deadline(uint64_t timeout_ns)
{
	uint64_t deadline;

	if (timeout_ns == GY_NEVER || __builtin_add_overflow(gy_now(), timeout_ns, &deadline))
		return GY_NEVER;
	return deadline;
}

static inline uint64_t gy_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Returns the nanoseconds left until the deadline, or 0 if the deadline has passed. */
static inline uint64_t gy_time_left(uint64_t deadline)
{
	uint64_t now;

	if (deadline == GY_NEVER)
		return GY_NEVER;
	now = gy_now();
	return deadline > now ? deadline - now : 0;
}

static inline struct timespec gy_timespec(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / GY_SECOND),
		.tv_nsec = (long)(ns % GY_SECOND),
	};
}

#endif
