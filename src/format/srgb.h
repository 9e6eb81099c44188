/* SPDX-License-Identifier: MIT */
/* sRGB's transfer function (IEC 61966-2-1) as tables, exact for every 32-bit float.
 *
 * From an encoded value u in 0 to 1, the linear value is
 *   u / 12.92                     if u <= 0.04045
 *   ((u + 0.055) / 1.055) ^ 2.4   otherwise */
#ifndef GY_FORMAT_SRGB_H
#define GY_FORMAT_SRGB_H

#include <stdint.h>

/* The linear value of each byte: the bits of the nearest 32-bit float. */
extern const uint32_t gy_srgb_linear[256];

/* Gives the byte of a linear value by the value's bits as a 32-bit float. A step is a range of
 * floats with the same upper 16 bits, from 2^-13 on. The byte changes at most once within a step,
 * from `before` to before + 1. The entry of the step is before << 16, plus 0x10000 minus the low 16
 * bits of the first float whose byte is before + 1. Without a change it is before << 16. So the
 * byte is (entry + low 16 bits) >> 16. */
#define GY_SRGB_STEPS 1664
#define GY_SRGB_FIRST 0x39000000u /* the bits of 2^-13, whose byte is 0 */
#define GY_SRGB_LAST 0x3F7FFFFFu  /* the bits of the largest float below 1, whose byte is 255 */
extern const uint32_t gy_srgb_steps[GY_SRGB_STEPS];

static inline uint32_t gy_srgb_encode(uint32_t bits)
{
	return (gy_srgb_steps[(bits - GY_SRGB_FIRST) >> 16] + (bits & 0xFFFF)) >> 16;
}

#endif
