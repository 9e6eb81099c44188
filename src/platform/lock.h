/* SPDX-License-Identifier: MIT */
/* Locks on files that end with the process that took them. */
#ifndef GY_PLATFORM_LOCK_H
#define GY_PLATFORM_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Keeps an open file, and so the locks taken through it, for as long as the process lives. A child
 * inherits descriptors, also one made by clone without fork's handlers, and with a descriptor it
 * would keep a dead parent's locks. On Linux the hold is therefore a mapping that no child
 * inherits, and costs no descriptor. Elsewhere it is the descriptor.
 */
struct gy_hold {
	pid_t pid;  /* of the process that took it; 0: nothing is held */
	int fd;     /* -1 if the mapping is enough */
	void *page; /* NULL if there is none */
};

#define GY_NO_HOLD ((struct gy_hold){.fd = -1})

/* Takes fd over. */
void gy_hold_take(int fd, struct gy_hold *out);

/* Ends the hold, and with it the locks. In a forked child it only closes. GY_NO_HOLD is fine. */
void gy_hold_release(struct gy_hold *hold);

/* One byte of a file, which need not be there, locked through this descriptor until that is closed
 * or gy_byte_unlock. Never waits: false with errno, EAGAIN or EACCES if somebody else holds it.
 * exclusive needs a descriptor open for writing, a shared lock one open for reading. */
bool gy_byte_lock(int fd, uint64_t offset, bool exclusive);
bool gy_byte_unlock(int fd, uint64_t offset);

/* Whether anybody else holds that byte in any way. Takes no lock. */
bool gy_byte_is_locked(int fd, uint64_t offset);

#endif
