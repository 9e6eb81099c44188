/* SPDX-License-Identifier: MIT */
#include "platform/linux/linux.h"
#include "platform/platform.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static void probe_seals(struct geyser_system_info *out)
{
	int fd = memfd_create("geyser-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return;
	out->future_write = fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0;
	out->sealing = fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
	(void)close(fd);
}

/* The word differs from the expected value. futex_waitv then returns at once with EAGAIN, if the
 * kernel has that call. */
static bool probe_waitv(void)
{
	uint32_t word = 0;
	struct futex_waitv waiter = {
		.uaddr = (uintptr_t)&word, .val = 1, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG};

	return syscall(SYS_futex_waitv, &waiter, 1, 0, NULL, CLOCK_MONOTONIC) < 0 &&
	       errno == EAGAIN;
}

void gy_platform_info(struct geyser_system_info *out)
{
	int fd = pidfd_open(getpid(), 0);

	*out = (struct geyser_system_info){.pidfd = fd >= 0};
	if (fd >= 0)
		(void)close(fd);
	out->futex_waitv = probe_waitv();
	probe_seals(out);
}
