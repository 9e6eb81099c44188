/* SPDX-License-Identifier: MIT */
/* Implements wake-ups with eventfd, and pollers with epoll. */
#include "platform/descriptor.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define BATCH 16

int gy_poll(struct pollfd *fds, unsigned count, uint64_t deadline)
{
	for (;;) {
		uint64_t now = gy_now();
		struct timespec left = gy_timespec(deadline > now ? deadline - now : 0);
		int ready = ppoll(fds, count, deadline == GY_NEVER ? NULL : &left, NULL);

		if (ready > 0 || (ready < 0 && errno != EINTR))
			return ready;
		if (deadline <= now)
			return 0;
	}
}

/* ---- wake-ups ---- */

enum geyser_result gy_wakeup_create(struct gy_wakeup *out)
{
	*out = GY_NO_WAKEUP;
	out->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return out->fd >= 0 ? GEYSER_OK : gy_fail_errno("eventfd");
}

void gy_wakeup_raise(const struct gy_wakeup *wakeup)
{
	const uint64_t one = 1;

	if (write(wakeup->fd, &one, sizeof(one)) < 0)
		return; /* the counter is full, and the descriptor readable */
}

void gy_wakeup_clear(const struct gy_wakeup *wakeup)
{
	uint64_t count;

	if (read(wakeup->fd, &count, sizeof(count)) < 0)
		return; /* the descriptor wasn't readable */
}

void gy_wakeup_close(struct gy_wakeup *wakeup)
{
	if (wakeup->fd >= 0)
		(void)close(wakeup->fd);
	*wakeup = GY_NO_WAKEUP;
}

/* ---- waiting for many ---- */

int gy_poller_create(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

int gy_poller_add(int poller, int fd, enum gy_readiness events, uint64_t key)
{
	struct epoll_event event = {
		.events = events == GY_HUNG_UP ? EPOLLRDHUP : EPOLLIN,
		.data.u64 = key,
	};

	return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

void gy_poller_remove(int poller, int fd)
{
	(void)epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL);
}

int gy_poller_wait(int poller, struct gy_ready *out, int room, int timeout_ms)
{
	struct epoll_event events[BATCH];
	const struct timespec moment = gy_timespec(GY_MILLISECOND);
	int count = epoll_wait(poller, events, room < BATCH ? room : BATCH, timeout_ms);

	if (count < 0 && errno != EINTR)
		(void)nanosleep(&moment, NULL); /* the caller tries again: prevent a tight loop */
	for (int i = 0; i < count; i++) {
		bool hung_up = events[i].events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR);

		out[i] = (struct gy_ready){.key = events[i].data.u64};
		if (events[i].events & EPOLLIN)
			out[i].events |= GY_READABLE;
		if (hung_up)
			out[i].events |= GY_HUNG_UP;
	}
	return count;
}
