/* SPDX-License-Identifier: MIT */
/* Reads and writes little-endian numbers in byte arrays. The arrays need no alignment, and the byte
 * order of the machine doesn't matter. */
#ifndef GY_BASE_BYTES_H
#define GY_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline void gy_put_le(uint8_t *bytes, size_t count, uint64_t value)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t gy_get_le(const uint8_t *bytes, size_t count)
{
	uint64_t value = 0;

	for (size_t i = 0; i < count; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

#endif
