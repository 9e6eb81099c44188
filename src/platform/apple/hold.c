/* SPDX-License-Identifier: MIT */
#include "platform/lock.h"

#include <unistd.h>

/* A mapping holds the file here, but not its locks. */
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
