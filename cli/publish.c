/*
 * Functions for a publisher, which geyser send and geyser demo use.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "os.h"
#include "publish.h"

/* ---- waiting for descriptors ----------------------------------------------------------------- */

/* Waits for fd (-1: none) or a signal. Returns PUBLISH_LATE after limit_ns, without a message. */
static enum publish_result wait_for(int fd, int signals, uint64_t limit_ns)
{
	struct pollfd fds[2] = {
		{.fd = signals, .events = POLLIN},
		{.fd = fd, .events = POLLIN},
	};
	int count;

	do
		count = os_poll(fds, 2, limit_ns);
	while (count < 0 && errno == EINTR);
	if (count < 0) {
		(void)failure("poll failed (%s)", strerror(errno));
		return PUBLISH_FAILED;
	}
	if (!count)
		return PUBLISH_LATE;
	return signals_noticed(&fds[0]) ? PUBLISH_INTERRUPTED : PUBLISH_DONE;
}

static enum publish_result await_change(
	const struct publishing *publishing, int changes, uint64_t limit_ns)
{
	const enum publish_result result = wait_for(changes, publishing->signals, limit_ns);
	uint64_t count;

	if (result == PUBLISH_DONE && read(changes, &count, sizeof(count)) < 0 && errno != EAGAIN &&
		errno != EINTR) {
		(void)failure(
			"%s: subscribers can't be watched (%s)", publishing->name, strerror(errno));
		return PUBLISH_FAILED;
	}
	return result;
}

static enum publish_result await_count(const struct publishing *publishing, int changes,
	bool at_most, uint32_t count, uint64_t limit_ns)
{
	const uint64_t start = now_ns();
	struct geyser_publisher_stats stats;
	enum publish_result result = PUBLISH_DONE;

	for (;;) {
		const uint64_t waited = now_ns() - start;

		if (geyser_publisher_get_stats(publishing->publisher, &stats)) {
			(void)library_failure("%s", publishing->name);
			return PUBLISH_FAILED;
		}
		if (at_most ? stats.subscribers <= count : stats.subscribers >= count)
			return PUBLISH_DONE;
		if (result != PUBLISH_DONE)
			break;
		result = await_change(publishing, changes,
			limit_ns == UINT64_MAX ? UINT64_MAX
			: waited < limit_ns    ? limit_ns - waited
					       : 0);
	}
	if (result == PUBLISH_LATE)
		(void)failure("%s: wrong number of subscribers (%u): expected %u", publishing->name,
			stats.subscribers, count);
	return result;
}

enum publish_result publish_await_subscribers(
	const struct publishing *publishing, bool at_most, uint32_t count, uint64_t limit_ns)
{
	enum publish_result result;
	int changes;

	if (geyser_publisher_subscribers_fd(publishing->publisher, &changes)) {
		(void)library_failure("%s", publishing->name);
		return PUBLISH_FAILED;
	}
	result = await_count(publishing, changes, at_most, count, limit_ns);
	(void)close(changes);
	return result;
}

/* ---- acquiring ------------------------------------------------------------------------------ */

static void close_publisher(void *user)
{
	geyser_publisher_close(user);
}

/* Acquires a buffer. The wait can't be cut into short ones to look for signals: after each timeout
 * the publisher goes on without the subscribers that haven't taken their frames. So a signal closes
 * the stream, which ends the wait. */
enum publish_result publish_acquire(const struct publishing *publishing, struct geyser_frame **out)
{
	enum geyser_result result;

	signals_set_hook(close_publisher, publishing->publisher);
	result = geyser_publisher_acquire(publishing->publisher, publishing->timeout_ns, out);
	signals_set_hook(NULL, NULL);
	if (signals_came(publishing->signals))
		return PUBLISH_INTERRUPTED;
	if (!result)
		return PUBLISH_DONE;
	(void)library_failure("%s", publishing->name);
	return result == GEYSER_ERROR_TIMEOUT ? PUBLISH_LATE : PUBLISH_FAILED;
}

/* A flush may be cut into short waits, since the publisher waits for the same subscribers again. */
#define SLICE_NS UINT64_C(100000000)

enum publish_result publish_flush(const struct publishing *publishing, uint64_t limit_ns)
{
	const uint64_t start = now_ns();

	for (;;) {
		const enum geyser_result result =
			geyser_publisher_flush(publishing->publisher, SLICE_NS);

		if (!result)
			return PUBLISH_DONE;
		if (signals_came(publishing->signals))
			return PUBLISH_INTERRUPTED;
		if (result == GEYSER_ERROR_TIMEOUT && now_ns() - start < limit_ns)
			continue;
		(void)library_failure("%s", publishing->name);
		return result == GEYSER_ERROR_TIMEOUT ? PUBLISH_LATE : PUBLISH_FAILED;
	}
}

/* ---- pacing --------------------------------------------------------------------------------- */

/* os_sleep_until is exact, but no signal ends it: so it is used for the last part of a wait
 * only. */
#define SLEEP_NS UINT64_C(20000000)

enum publish_result publish_pace(const struct publishing *publishing, uint64_t time_ns)
{
	const uint64_t now = now_ns();
	const uint64_t rest = time_ns > now + SLEEP_NS ? time_ns - now - SLEEP_NS : 0;
	const enum publish_result result = wait_for(-1, publishing->signals, rest);

	if (result != PUBLISH_LATE)
		return result;
	os_sleep_until(time_ns);
	return PUBLISH_DONE;
}
