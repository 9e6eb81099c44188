/* SPDX-License-Identifier: MIT */
/* Mach's clock. */
#ifndef GY_DOUBLE_MACH_TIME_H
#define GY_DOUBLE_MACH_TIME_H

#include <mach/kern_return.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mach_timebase_info {
	uint32_t numer;
	uint32_t denom;
};
typedef struct mach_timebase_info *mach_timebase_info_t;
typedef struct mach_timebase_info mach_timebase_info_data_t;

/* One unit of mach_absolute_time is numer / denom nanoseconds. */
kern_return_t mach_timebase_info(mach_timebase_info_t info);
uint64_t mach_absolute_time(void);

#ifdef __cplusplus
}
#endif

#endif
