/*
 * The self-test's steps with an event, a stream, and a process that dies.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <geyser/stream.h>

#include "os.h"
#include "publish.h"
#include "selftest.h"

/* ---- events --------------------------------------------------------------------------------- */

static bool await_by_descriptor(struct child *child, struct geyser_event *event)
{
	struct pollfd fds[2] = {{.events = POLLIN}, {.fd = child->signals, .events = POLLIN}};
	int count;

	if (geyser_event_fd(event, 2 * SELFTEST_ROUNDS, &fds[0].fd))
		return (void)library_failure("event"), false;
	do
		count = os_poll(fds, 2, SELFTEST_WAIT_NS);
	while (count < 0 && errno == EINTR);
	(void)close(fds[0].fd);
	if (count <= 0 || !fds[0].revents)
		return (void)failure("the event's descriptor did not become readable in time"),
		       false;
	return selftest_await(child, event, 2 * SELFTEST_ROUNDS);
}

/* Takes the turns of this process. It waits for the last turn with a descriptor. */
static enum selftest_result take_turns(
	struct selftest *test, struct child *child, struct geyser_event *event)
{
	static uint64_t times[SELFTEST_ROUNDS];
	double median;

	for (uint64_t round = 1; round <= SELFTEST_ROUNDS; round++) {
		const uint64_t start = now_ns();

		if (geyser_event_signal(event, 2 * round - 1))
			return (void)library_failure("event"), SELFTEST_FAILED;
		if (round == SELFTEST_ROUNDS ? !await_by_descriptor(child, event)
					     : !selftest_await(child, event, 2 * round))
			return SELFTEST_FAILED;
		times[round - 1] = (now_ns() - start) / 2;
	}
	median = selftest_median_us(times, SELFTEST_ROUNDS);
	selftest_measured(test, "a waiter wakes after a signal", "%.1f us, median of %u", median,
		SELFTEST_ROUNDS);
	return selftest_passed(test,
		"%u turns of two processes by one event, the last by a descriptor; %.1f us from "
		"signal to waiter, median",
		SELFTEST_ROUNDS, median);
}

static enum selftest_result converse(struct selftest *test, struct geyser_event *event)
{
	char text[GEYSER_HANDLE_TEXT_SIZE], rest[64];
	enum selftest_result result;
	struct geyser_handle handle;
	struct child child;

	if (geyser_event_export(event, &handle) ||
		geyser_handle_to_string(&handle, text, sizeof(text)))
		return (void)library_failure("event"), SELFTEST_FAILED;
	if (!selftest_start(test, "event", text, &child))
		return SELFTEST_FAILED;
	result = selftest_hear(&child, "ready", rest, sizeof(rest))
			 ? take_turns(test, &child, event)
			 : SELFTEST_FAILED;
	if (result == SELFTEST_OK && !child_finish(&child, SELFTEST_WAIT_NS))
		result = SELFTEST_FAILED;
	child_end(&child);
	return result;
}

enum selftest_result selftest_events(struct selftest *test)
{
	struct geyser_event *event;
	enum selftest_result result;

	if (geyser_event_create(test->manager, 0, &event))
		return (void)library_failure("event"), SELFTEST_FAILED;
	result = converse(test, event);
	geyser_event_unref(event);
	return result;
}

/* ---- a stream ------------------------------------------------------------------------------- */

/* Waits until the number of the publisher's subscribers changes. */
static bool await_change(struct child *child, int changes, uint64_t limit_ns)
{
	struct pollfd fds[3] = {
		{.fd = changes, .events = POLLIN},
		{.fd = child->output, .events = POLLIN},
		{.fd = child->signals, .events = POLLIN},
	};
	uint64_t count;
	char text[16];

	if (os_poll(fds, 3, limit_ns) < 0 && errno != EINTR)
		return (void)failure("poll failed (%s)", strerror(errno)), false;
	if (fds[2].revents)
		return (void)failure("interrupted by a signal"), false;
	/* The child has ended, or has printed why it will end. */
	if (fds[1].revents)
		return (void)selftest_hear(child, "\n", text, sizeof(text)), false;
	if (fds[0].revents && read(changes, &count, sizeof(count)) < 0 && errno != EAGAIN &&
		errno != EINTR)
		return (void)failure("subscribers can't be watched (%s)", strerror(errno)), false;
	return true;
}

bool selftest_await_subscriber(struct child *child, struct geyser_publisher *publisher)
{
	const uint64_t end = now_ns() + SELFTEST_WAIT_NS;
	struct geyser_publisher_stats stats = {0};
	bool well = true;
	int changes;

	if (geyser_publisher_subscribers_fd(publisher, &changes))
		return (void)library_failure("stream"), false;
	while (well && !stats.subscribers) {
		const uint64_t now = now_ns();

		if (geyser_publisher_get_stats(publisher, &stats))
			well = ((void)library_failure("stream"), false);
		else if (!stats.subscribers && now >= end)
			well = ((void)failure("%s did not subscribe in time", child->name), false);
		else if (!stats.subscribers)
			well = await_change(child, changes, end - now);
	}
	(void)close(changes);
	return well;
}

static bool send_frame(const struct publishing *publishing, uint32_t number)
{
	struct geyser_publisher *const publisher = publishing->publisher;
	struct geyser_frame *frame;

	if (geyser_publisher_acquire(publisher, SELFTEST_WAIT_NS, &frame))
		return (void)library_failure("frame %u", number), false;
	if (!selftest_fill(geyser_frame_texture(frame), number)) {
		(void)geyser_publisher_discard(publisher, frame);
		return false;
	}
	if (geyser_publisher_submit(publisher, frame))
		return (void)library_failure("frame %u", number), false;
	return true;
}

static bool send_all(const struct publishing *publishing, uint64_t *ns)
{
	const uint64_t start = now_ns();

	for (uint32_t i = 1; i <= SELFTEST_FRAMES; i++) {
		if (!send_frame(publishing, i))
			return false;
	}
	*ns = now_ns() - start;
	return publish_flush(publishing, SELFTEST_WAIT_NS) == PUBLISH_DONE;
}

static enum selftest_result stream(
	struct selftest *test, struct publishing *publishing, struct child *child)
{
	uint64_t ns;
	char figures[128];
	const bool sent = selftest_await_subscriber(child, publishing->publisher) &&
			  send_all(publishing, &ns);

	geyser_publisher_destroy(publishing->publisher);
	publishing->publisher = NULL;
	if (!sent || !selftest_hear(child, "all checked, ", figures, sizeof(figures)) ||
		!child_finish(child, SELFTEST_WAIT_NS))
		return SELFTEST_FAILED;
	return selftest_passed(test,
		"%u frames of %ux%u to another process, each byte checked there; %.0f frames a "
		"second; %s",
		SELFTEST_FRAMES, SELFTEST_FRAME_WIDTH, SELFTEST_FRAME_HEIGHT,
		SELFTEST_FRAMES * 1e9 / (double)ns, figures);
}

enum selftest_result selftest_stream(struct selftest *test)
{
	char name[64];
	struct geyser_stream_desc desc = {
		.name = name,
		.texture = {.format = test->format,
			.width = SELFTEST_FRAME_WIDTH,
			.height = SELFTEST_FRAME_HEIGHT},
		.pacing = GEYSER_PACING_LOSSLESS,
	};
	struct publishing publishing = {
		.name = "stream", .timeout_ns = SELFTEST_WAIT_NS, .signals = test->signals};
	enum selftest_result result = SELFTEST_FAILED;
	struct child child;

	(void)snprintf(name, sizeof(name), "geyser-self-test-%d", getpid());
	if (choose_usage(test->manager, test->format, false, "stream", &desc.texture.usage))
		return SELFTEST_FAILED;
	if (geyser_publisher_create(test->manager, &desc, &publishing.publisher))
		return (void)library_failure("stream"), SELFTEST_FAILED;
	if (selftest_start(test, "stream", name, &child)) {
		result = stream(test, &publishing, &child);
		child_end(&child);
	}
	geyser_publisher_destroy(publishing.publisher);
	return result;
}

/* ---- death ---------------------------------------------------------------------------------- */

/* Waits until no process has the texture any more. */
static bool await_release(struct selftest *test, int changes)
{
	const uint64_t end = now_ns() + SELFTEST_WAIT_NS;
	struct geyser_importers importers;
	uint64_t count;

	for (;;) {
		struct pollfd fds = {.fd = changes, .events = POLLIN};
		const uint64_t now = now_ns();

		if (geyser_texture_importers(test->texture, &importers))
			return (void)library_failure("importers"), false;
		if (!importers.current)
			return true;
		if (now >= end) {
			(void)failure("a killed process still has the texture after %u s",
				(unsigned)(SELFTEST_WAIT_NS / NANOSECONDS));
			return false;
		}
		if (os_poll(&fds, 1, end - now) > 0 && read(changes, &count, sizeof(count)) < 0 &&
			errno != EAGAIN && errno != EINTR)
			return (void)failure("importers can't be watched (%s)", strerror(errno)),
			       false;
	}
}

static enum selftest_result outlive(
	struct selftest *test, struct child *child, struct geyser_event *event, int changes)
{
	struct geyser_importers importers;
	enum geyser_result result;
	uint64_t start, noticed;

	if (geyser_texture_importers(test->texture, &importers))
		return (void)library_failure("importers"), SELFTEST_FAILED;
	if (importers.current != 1)
		return (void)failure(
			       "wrong number of importers (%u): expected 1", importers.current),
		       SELFTEST_FAILED;
	start = now_ns();
	if (kill(child->pid, SIGKILL) < 0)
		return (void)failure("the second process can't be killed (%s)", strerror(errno)),
		       SELFTEST_FAILED;
	result = geyser_event_wait(event, 1, SELFTEST_WAIT_NS);
	noticed = now_ns() - start;
	if (result != GEYSER_ERROR_DISCONNECTED)
		return (void)failure("the wait for a killed process's event had the wrong result "
				     "(%s): expected GEYSER_ERROR_DISCONNECTED",
			       result ? geyser_result_string(result) : "GEYSER_OK"),
		       SELFTEST_FAILED;
	if (!await_release(test, changes))
		return SELFTEST_FAILED;
	return selftest_passed(test,
		"a killed process was noticed after %.2f ms, its texture released after %.2f ms",
		(double)noticed / 1e6, (double)(now_ns() - start) / 1e6);
}

static enum selftest_result meet_victim(struct selftest *test, struct child *child, int changes)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];
	enum selftest_result result;
	struct geyser_handle handle;
	struct geyser_event *event;

	if (!selftest_hear(child, "event ", text, sizeof(text)) || !selftest_handle(text, &handle))
		return SELFTEST_FAILED;
	if (geyser_event_import(test->manager, &handle, &event))
		return (void)library_failure("event"), SELFTEST_FAILED;
	result = outlive(test, child, event, changes);
	geyser_event_unref(event);
	return result;
}

enum selftest_result selftest_death(struct selftest *test)
{
	enum selftest_result result = SELFTEST_FAILED;
	struct child child;
	int changes;

	if (geyser_texture_importers_fd(test->texture, &changes))
		return (void)library_failure("importers"), SELFTEST_FAILED;
	/* The importers of earlier steps may have gone only a moment ago. */
	if (await_release(test, changes) && selftest_start(test, "victim", test->handle, &child)) {
		result = meet_victim(test, &child, changes);
		child_end(&child);
	}
	(void)close(changes);
	return result;
}
