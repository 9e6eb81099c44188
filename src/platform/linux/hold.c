/* SPDX-License-Identifier: MIT */
#include "platform/lock.h"

#include <sys/mman.h>
#include <unistd.h>

#define SIZE 4096 /* any size will do: the mapping is never accessed */

/* The mapping keeps the file open, and no child inherits the mapping. The kernel frees a dead
 * process's mappings before it closes the process's descriptors. */
void gy_hold_take(int fd, struct gy_hold *out)
{
	void *page = mmap(NULL, SIZE, PROT_NONE, MAP_SHARED, fd, 0);

	*out = (struct gy_hold){.pid = getpid(), .fd = fd};
	if (page == MAP_FAILED)
		return; /* this file system allows no mappings: keep the descriptor */
	if (madvise(page, SIZE, MADV_DONTFORK) < 0) {
		(void)munmap(page, SIZE);
		return;
	}
	out->page = page;
	(void)close(fd);
	out->fd = -1;
}

/* A forked child doesn't have the mapping. Its own memory may have another mapping at that
 * address. */
void gy_hold_release(struct gy_hold *hold)
{
	if (hold->page && hold->pid == getpid())
		(void)munmap(hold->page, SIZE);
	if (hold->fd >= 0)
		(void)close(hold->fd);
	*hold = GY_NO_HOLD;
}
