/* SPDX-License-Identifier: MIT */
/* Implements the poller with kqueue. A forked child doesn't inherit its parent's kqueues: their
 * descriptor numbers are free there. The fork handlers close the numbers at once, before anything
 * else gets them, so they close nothing. */
#include "platform/descriptor.h"

#include "base/clock.h"

#include <fcntl.h>
#include <sys/event.h>

#define BATCH 16

_Static_assert(sizeof(void *) >= sizeof(uint64_t), "a key travels as a pointer");

int gy_poller_create(void)
{
	int poller = kqueue();

	if (poller >= 0)
		(void)fcntl(poller, F_SETFD, FD_CLOEXEC);
	return poller;
}

/* EV_CLEAR reports unread data only once. With GY_HUNG_UP alone another thread reads the data. */
int gy_poller_add(int poller, int fd, enum gy_readiness events, uint64_t key)
{
	struct kevent change;

	EV_SET(&change, fd, EVFILT_READ, events == GY_HUNG_UP ? EV_ADD | EV_CLEAR : EV_ADD, 0, 0,
		(void *)(uintptr_t)key);
	return kevent(poller, &change, 1, NULL, 0, NULL) < 0 ? -1 : 0;
}

void gy_poller_remove(int poller, int fd)
{
	struct kevent change;

	EV_SET(&change, fd, EVFILT_READ, EV_DELETE, 0, 0, NULL);
	(void)kevent(poller, &change, 1, NULL, 0, NULL);
}

int gy_poller_wait(int poller, struct gy_ready *out, int room, int timeout_ms)
{
	struct timespec timeout = gy_timespec((uint64_t)timeout_ms * GY_MILLISECOND);
	struct kevent events[BATCH];
	int count = kevent(poller, NULL, 0, events, room < BATCH ? room : BATCH,
		timeout_ms < 0 ? NULL : &timeout);

	for (int i = 0; i < count; i++) {
		out[i] = (struct gy_ready){
			.key = (uintptr_t)events[i].udata,
			.events = GY_READABLE,
		};
		if (events[i].flags & EV_EOF)
			out[i].events |= GY_HUNG_UP;
	}
	return count;
}
