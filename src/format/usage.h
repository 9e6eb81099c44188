/* SPDX-License-Identifier: MIT */
/* The names of usages, for messages. */
#ifndef GY_FORMAT_USAGE_H
#define GY_FORMAT_USAGE_H

#include <stdint.h>

struct gy_usage_text {
	char text[160]; /* has room for all names */
};

/* Returns "COPY_SRC, COPY_DST" for GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST, and "none" for 0.
 * Bits that are no usage are left out. */
struct gy_usage_text gy_usage_text(uint32_t usage);

#endif
