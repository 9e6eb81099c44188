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

/* Starts a hold of the file; takes fd over. */
void gy_hold_take(int fd, struct gy_hold *out);

/* Ends the hold, and with it the locks. In a forked child it only closes. GY_NO_HOLD is fine. */
void gy_hold_release(struct gy_hold *hold);

/* Locks one byte of a file through this descriptor, until gy_byte_unlock or until the descriptor is
 * closed. The file need not have that byte. Never waits: false with errno, EAGAIN or EACCES if
 * another descriptor holds the lock. An exclusive lock needs a descriptor open for writing, a
 * shared lock one open for reading. */
bool gy_byte_lock(int fd, uint64_t offset, bool exclusive);
bool gy_byte_unlock(int fd, uint64_t offset);

/* Whether another descriptor has a lock on that byte, of any kind. Takes no lock. */
bool gy_byte_is_locked(int fd, uint64_t offset);

#endif
