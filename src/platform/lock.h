/* SPDX-License-Identifier: MIT */
/* Declares file locks that end with the process that took them. */
#ifndef GY_PLATFORM_LOCK_H
#define GY_PLATFORM_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Keeps a file open, and so keeps the locks taken through it, for as long as the process lives.
 * Every child inherits descriptors, even a child made by clone, for which no fork handlers run.
 * Such a descriptor would keep the locks of a dead parent. On Linux the hold is therefore a mapping
 * that no child inherits, and needs no descriptor. On other systems the hold is the descriptor.
 */
struct gy_hold {
	pid_t pid;  /* the process that took the hold; 0: no hold */
	int fd;     /* -1 if the mapping is enough */
	void *page; /* the mapping, or NULL */
};

#define GY_NO_HOLD ((struct gy_hold){.fd = -1})

/* Starts a hold of the file, and takes over fd. */
void gy_hold_take(int fd, struct gy_hold *out);

/* Ends the hold, and with it the locks. A forked child only closes its descriptor. GY_NO_HOLD is
 * fine. */
void gy_hold_release(struct gy_hold *hold);

/* Locks one byte of a file through this descriptor. The lock ends when the descriptor is closed.
 * The file need not have that byte. An exclusive lock needs a descriptor that is open for writing,
 * a shared lock needs one that is open for reading. Never waits. Returns false with errno: EAGAIN
 * or EACCES if another descriptor holds the lock. */
bool gy_byte_lock(int fd, uint64_t offset, bool exclusive);

/* Returns whether another descriptor holds a lock of any kind on that byte. Takes no lock. */
bool gy_byte_is_locked(int fd, uint64_t offset);

#endif
