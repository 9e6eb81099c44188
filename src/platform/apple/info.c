/* SPDX-License-Identifier: MIT */
/* Tells which features this system has. */
#include "platform/platform.h"

#include <sys/event.h>
#include <unistd.h>

void gy_platform_info(struct geyser_system_info *out)
{
	int fd = kqueue();

	*out = (struct geyser_system_info){.pidfd = fd >= 0};
	if (fd >= 0)
		(void)close(fd);
	out->sealing = out->future_write = gy_memory_probe() == GEYSER_OK;
}
