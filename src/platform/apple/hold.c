/* SPDX-License-Identifier: MIT */
#include "platform/lock.h"

#include <unistd.h>

/* A mapping would keep the file open on this system, but not the file's locks, so the descriptor is
 * kept instead. */
void gy_hold_take(int fd, struct gy_hold *out)
{
	*out = (struct gy_hold){.pid = getpid(), .fd = fd};
}

void gy_hold_release(struct gy_hold *hold)
{
	if (hold->fd >= 0)
		(void)close(hold->fd);
	*hold = GY_NO_HOLD;
}
