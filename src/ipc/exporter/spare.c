/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/spare.h"

#include <fcntl.h>
#include <unistd.h>

bool gy_spare_lend(struct gy_spare *spare)
{
	if (spare->fd < 0)
		return false;
	gy_spare_close(spare);
	return true;
}

void gy_spare_restore(struct gy_spare *spare)
{
	if (spare->fd < 0)
		spare->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void gy_spare_close(struct gy_spare *spare)
{
	if (spare->fd >= 0)
		(void)close(spare->fd);
	spare->fd = -1;
}
