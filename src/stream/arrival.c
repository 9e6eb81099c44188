/* SPDX-License-Identifier: MIT */
#include "stream/arrival.h"

#include "base/clock.h"
#include "base/error.h"

enum geyser_result gy_arrival_init(struct gy_arrival *arrival)
{
	enum geyser_result result = gy_registry_open(true, &arrival->registry);

	arrival->watch = NULL;
	arrival->closed = false;
	if (result != GEYSER_OK)
		return result;
	result = gy_watch_create(arrival->registry.fd, arrival->registry.path,
		GY_REGISTRY_LOCK_SUFFIX, &arrival->watch);
	if (result != GEYSER_OK)
		gy_registry_close(&arrival->registry);
	return result;
}

void gy_arrival_finish(struct gy_arrival *arrival)
{
	gy_watch_destroy(arrival->watch);
	arrival->watch = NULL;
	gy_registry_close(&arrival->registry);
}

/* Which changes there were matters little: whoever waits looks at the whole. */
enum geyser_result gy_arrival_wait(struct gy_arrival *arrival, uint64_t deadline, int stop_fd)
{
	struct pollfd fds[2] = {
		{.fd = gy_watch_fd(arrival->watch), .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN},
	};

	for (;;) {
		if (gy_watch_drain(arrival->watch, &arrival->closed))
			return GEYSER_OK;
		if (deadline != GY_NEVER && gy_now() >= deadline)
			return gy_fail(GEYSER_ERROR_TIMEOUT, "nothing has changed in %.300s",
				arrival->registry.path);
		if (gy_poll(fds, 2, deadline) < 0)
			return gy_fail_errno("poll");
		if (fds[1].revents)
			return gy_fail(GEYSER_ERROR_BUSY, "waiting was ended");
	}
}
