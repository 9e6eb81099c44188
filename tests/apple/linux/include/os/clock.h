/* SPDX-License-Identifier: MIT */
#ifndef GY_DOUBLE_OS_CLOCK_H
#define GY_DOUBLE_OS_CLOCK_H

#include <stdint.h>

typedef uint32_t os_clockid_t;
enum { OS_CLOCK_MACH_ABSOLUTE_TIME = 32 };

#endif
