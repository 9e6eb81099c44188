/* SPDX-License-Identifier: MIT */
/* The names of usages, for messages, and the row alignment within a usage. */
#ifndef GY_FORMAT_USAGE_H
#define GY_FORMAT_USAGE_H

#include <stdint.h>

/* The bits of a usage that hold GEYSER_ROW_ALIGNMENT. */
#define GY_USAGE_ROW_ALIGNMENT UINT32_C(0xffff0000)

/* Returns the row alignment of a resolved usage in bytes; 1: none. */
static inline uint32_t gy_usage_row_alignment(uint32_t usage)
{
	return usage >> 16 ? usage >> 16 : 1;
}

struct gy_usage_text {
	char text[160]; /* has room for all names */
};

/* Returns "COPY_SRC, COPY_DST" for GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST, and "none" for 0.
 * Bits that are no usage are left out. */
struct gy_usage_text gy_usage_text(uint32_t usage);

#endif
