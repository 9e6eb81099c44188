/* SPDX-License-Identifier: MIT */
/*
 * Memory for a process whose sandbox refuses shm_open: Mach memory entries. An entry is a port and
 * has no descriptor. So each entry gets a stand-in: one end of a socket pair. A copy of the
 * stand-in that a socket has carried back into this process still names the entry. In another
 * process the stand-in names nothing.
 */
#ifndef GY_PLATFORM_APPLE_MACH_MEMORY_H
#define GY_PLATFORM_APPLE_MACH_MEMORY_H

#include <geyser/geyser.h>

/* Allocates memory as gy_memory_create and gy_memory_create_published do. The caller owns the
 * stand-in. Errors: OUT_OF_MEMORY, LIMIT, SYSTEM. */
enum geyser_result gy_mach_memory_create(uint64_t size, int *out);
enum geyser_result gy_mach_memory_create_published(uint64_t size, int *out, void **data);

/* Returns whether the descriptor stands for an entry. If it does, *size becomes the entry's size,
 * and *writable tells whether the entry may be mapped for writing. */
bool gy_mach_memory_find(int fd, uint64_t *size, bool *writable);

/* Maps the entry that the descriptor stands for. Returns NULL with errno after a failure: EBADF if
 * the descriptor stands for none. */
void *gy_mach_memory_map(int fd, size_t size, bool writable);

/* Frees the entries whose stand-ins are all closed. A mapping keeps its memory. */
void gy_mach_memory_sweep(void);

#endif
