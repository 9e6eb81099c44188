/* SPDX-License-Identifier: MIT */
#include "stream/arrival.h"

#include "base/clock.h"
#include "base/error.h"

/* How often to check whether a registry was removed, or whether another place can hold one now. No
 * descriptor reports that for every place. */
#define LOOK_EVERY GY_SECOND

static enum geyser_result watch_all(struct gy_arrival *arrival)
{
	enum geyser_result result = GEYSER_OK;

	for (unsigned i = 0; i < arrival->registries.count && result == GEYSER_OK; i++) {
		const struct gy_registry *registry = &arrival->registries.all[i];

		if (arrival->watch)
			result = gy_watch_add(arrival->watch, registry->fd, registry->path);
		else
			result = gy_watch_create(
				registry->fd, registry->path, GY_LOCK_SUFFIX, &arrival->watch);
	}
	return result;
}

enum geyser_result gy_arrival_init(struct gy_arrival *arrival)
{
	enum geyser_result result = gy_registries_open(true, &arrival->registries);

	arrival->watch = NULL;
	arrival->closed = false;
	if (result != GEYSER_OK)
		return result;
	result = watch_all(arrival);
	if (result != GEYSER_OK)
		gy_arrival_finish(arrival);
	return result;
}

void gy_arrival_finish(struct gy_arrival *arrival)
{
	if (arrival->watch)
		gy_watch_destroy(arrival->watch);
	arrival->watch = NULL;
	gy_registries_close(&arrival->registries);
}

/* Opens and watches the registries again if one was removed or another place has become usable.
 * Returns whether it did so. */
static bool begin_anew(struct gy_arrival *arrival, enum geyser_result *result)
{
	if (gy_registries_are_current(&arrival->registries))
		return false;
	gy_watch_clear(arrival->watch);
	gy_registries_close(&arrival->registries);
	*result = gy_registries_open(true, &arrival->registries);
	if (*result == GEYSER_OK)
		*result = watch_all(arrival);
	return true;
}

/* Which changes there were doesn't matter: the caller reads the whole registry again. */
enum geyser_result gy_arrival_wait(struct gy_arrival *arrival, uint64_t deadline, int stop_fd)
{
	struct pollfd fds[2] = {
		{.fd = gy_watch_fd(arrival->watch), .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN},
	};

	for (;;) {
		bool changed = gy_watch_drain(arrival->watch, &arrival->closed);
		enum geyser_result result = GEYSER_OK;
		uint64_t look = gy_now() + LOOK_EVERY;

		if (begin_anew(arrival, &result) || changed)
			return result;
		if (deadline != GY_NEVER && gy_now() >= deadline)
			return gy_fail(GEYSER_ERROR_TIMEOUT, "nothing has changed in %.300s",
				arrival->registries.all[0].path);
		if (gy_poll(fds, 2, look < deadline ? look : deadline) < 0)
			return gy_fail_errno("poll");
		if (fds[1].revents)
			return gy_fail(GEYSER_ERROR_BUSY, "waiting was cancelled");
	}
}
