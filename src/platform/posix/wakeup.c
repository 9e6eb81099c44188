/* SPDX-License-Identifier: MIT */
/* Implements wake-ups with a pipe. */
#include "platform/descriptor.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

/* Returns the milliseconds until the deadline, rounded up, so that the deadline has passed when
 * they end. */
static int milliseconds(uint64_t deadline)
{
	uint64_t now = gy_now(), left;

	if (deadline == GY_NEVER)
		return -1;
	left = deadline > now ? deadline - now : 0;
	left = left / GY_MILLISECOND + (left % GY_MILLISECOND != 0);
	return left < INT_MAX ? (int)left : INT_MAX;
}

int gy_poll(struct pollfd *fds, unsigned count, uint64_t deadline)
{
	for (;;) {
		int ready = poll(fds, (nfds_t)count, milliseconds(deadline));

		if (ready > 0 || (ready < 0 && errno != EINTR))
			return ready;
		if (deadline <= gy_now())
			return 0;
	}
}

static void prepare(int fd)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

enum geyser_result gy_wakeup_create(struct gy_wakeup *out)
{
	int ends[2];

	*out = GY_NO_WAKEUP;
	if (pipe(ends) < 0)
		return gy_fail_errno("pipe");
	prepare(ends[0]);
	prepare(ends[1]);
	*out = (struct gy_wakeup){.fd = ends[0], .raise = ends[1]};
	return GEYSER_OK;
}

/* The pipe holds one count of all raises that weren't read, as an eventfd does. The pipe may be
 * empty for a moment during this call, and is readable again right after. */
void gy_wakeup_raise(const struct gy_wakeup *wakeup)
{
	uint64_t total = 1, count;

	while (read(wakeup->fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		total += count;
	if (write(wakeup->raise, &total, sizeof(total)) < 0)
		return; /* can't happen: the pipe has room for thousands of counts */
}

void gy_wakeup_clear(const struct gy_wakeup *wakeup)
{
	uint64_t count;

	while (read(wakeup->fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		;
}

void gy_wakeup_close(struct gy_wakeup *wakeup)
{
	if (wakeup->fd >= 0)
		(void)close(wakeup->fd);
	if (wakeup->raise >= 0)
		(void)close(wakeup->raise);
	*wakeup = GY_NO_WAKEUP;
}
