/* SPDX-License-Identifier: MIT */
/* Writes durations in messages that people read. */
#ifndef GY_BASE_DURATION_H
#define GY_BASE_DURATION_H

#include "base/clock.h"

#include <stdio.h>

#define GY_DURATION_SIZE 32

/* Writes a duration with a suitable unit: "1.5 s", "20 ms", "3 µs". Returns text. From 999.5 on,
 * the three digits would be 1e+03 of a unit. */
static inline const char *gy_duration(uint64_t ns, char text[GY_DURATION_SIZE])
{
	if (ns >= 1000 * GY_SECOND - 500 * GY_MILLISECOND)
		(void)snprintf(text, GY_DURATION_SIZE, "%.0f s", (double)ns / 1e9);
	else if (ns >= GY_SECOND - GY_SECOND / 2000)
		(void)snprintf(text, GY_DURATION_SIZE, "%.3g s", (double)ns / 1e9);
	else if (ns >= GY_MILLISECOND - GY_MILLISECOND / 2000)
		(void)snprintf(text, GY_DURATION_SIZE, "%.3g ms", (double)ns / 1e6);
	else
		(void)snprintf(text, GY_DURATION_SIZE, "%.3g µs", (double)ns / 1e3);
	return text;
}

#endif
