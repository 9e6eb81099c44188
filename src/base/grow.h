/* SPDX-License-Identifier: MIT */
/* Grows arrays by one item at a time. */
#ifndef GY_BASE_GROW_H
#define GY_BASE_GROW_H

#include <stdlib.h>

/* Makes room for one more item after the count items of the array. *room is the number of items
 * that fit, 0 at first; item_size is in bytes. Returns the array, which may have moved. Returns
 * NULL if there is no memory; the old array is then unchanged. The caller owns the array, and frees
 * it with free. */
static inline void *gy_grow(void *all, size_t count, size_t *room, size_t item_size)
{
	const size_t more = *room ? 2 * *room : 16;
	void *grown;

	if (count < *room)
		return all;
	grown = realloc(all, more * item_size);
	if (grown)
		*room = more;
	return grown;
}

#endif
