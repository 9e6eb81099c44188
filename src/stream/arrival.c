/* SPDX-License-Identifier: MIT */
#include "stream/arrival.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdalign.h>
#include <sys/inotify.h>
#include <unistd.h>

/* A lock file is open for writing as long as its exporter lives, and nobody else opens one so: its
 * closing is a death. */
#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_CLOSE_WRITE)

enum geyser_result gy_arrival_init(struct gy_arrival *arrival)
{
	enum geyser_result result = gy_registry_open(true, &arrival->registry);

	arrival->inotify = -1;
	arrival->closed = false;
	if (result != GEYSER_OK)
		return result;
	arrival->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (arrival->inotify >= 0 &&
		inotify_add_watch(arrival->inotify, arrival->registry.path, CHANGES) >= 0)
		return GEYSER_OK;
	result = gy_fail_errno("watching %.300s", arrival->registry.path);
	gy_arrival_finish(arrival);
	return result;
}

void gy_arrival_finish(struct gy_arrival *arrival)
{
	if (arrival->inotify >= 0)
		(void)close(arrival->inotify);
	arrival->inotify = -1;
	gy_registry_close(&arrival->registry);
}

/* Which changes there were matters little: whoever waits looks at the whole. */
static bool drain(struct gy_arrival *arrival)
{
	alignas(struct inotify_event) char bytes[4096];
	bool any = false;
	ssize_t size;

	while ((size = read(arrival->inotify, bytes, sizeof(bytes))) > 0) {
		const struct inotify_event *event;

		any = true;
		for (char *at = bytes; at < bytes + size; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			arrival->closed = arrival->closed || (event->mask & IN_CLOSE_WRITE);
		}
	}
	return any;
}

/* Rounded up, so that the deadline has passed when it ends. */
static int poll_timeout(uint64_t deadline)
{
	uint64_t now = gy_now(), left;

	if (deadline == GY_NEVER)
		return -1;
	left = deadline > now ? (deadline - now + GY_MILLISECOND - 1) / GY_MILLISECOND : 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

enum geyser_result gy_arrival_wait(struct gy_arrival *arrival, uint64_t deadline, int stop_fd)
{
	struct pollfd fds[2] = {
		{.fd = arrival->inotify, .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN},
	};

	for (;;) {
		if (drain(arrival))
			return GEYSER_OK;
		if (deadline != GY_NEVER && gy_now() >= deadline)
			return gy_fail(GEYSER_ERROR_TIMEOUT, "nothing has changed in %.300s",
				arrival->registry.path);
		if (poll(fds, 2, poll_timeout(deadline)) < 0 && errno != EINTR)
			return gy_fail_errno("poll");
		if (fds[1].revents)
			return gy_fail(GEYSER_ERROR_BUSY, "waiting was ended");
	}
}
