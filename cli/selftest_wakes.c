/*
 * The self-test's wake-ups: how long a sleeping process takes to run again after another one has
 * sent a frame, or has given a buffer back.
 *
 * SPDX-License-Identifier: MIT
 *
 * A publisher with two buffers waits for one that the subscriber, a second process, holds. The
 * subscriber rests, so that the publisher sleeps, gives the buffer back, and sleeps until the next
 * frame. The value of an event tells the publisher when the buffer was given back.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "publish.h"
#include "selftest.h"

#define BUFFERS 2u
#define SAMPLES 200u
#define REST_NS UINT64_C(200000)

/* ---- the subscriber's process --------------------------------------------------------------- */

struct keeper {
	struct geyser_subscriber *subscriber;
	struct geyser_event *stamp;
	struct geyser_frame *held[BUFFERS]; /* the oldest first */
};

static bool take(struct keeper *keeper, struct geyser_frame **out)
{
	if (!geyser_subscriber_acquire(keeper->subscriber, SELFTEST_WAIT_NS, out))
		return true;
	(void)library_failure("frame");
	return false;
}

/* Gives the oldest buffer back and waits for the next frame. *taken: how long this process took to
 * run after the submit. */
static bool exchange(struct keeper *keeper, uint64_t *taken)
{
	os_sleep_until(now_ns() + REST_NS);
	if (geyser_event_signal(keeper->stamp, now_ns()) ||
		geyser_subscriber_release(keeper->subscriber, keeper->held[0]))
		return (void)library_failure("release"), false;
	keeper->held[0] = keeper->held[1];
	if (!take(keeper, &keeper->held[1]))
		return false;
	*taken = now_ns() - geyser_frame_get_info(keeper->held[1])->timestamp_ns;
	return true;
}

static int keep(struct keeper *keeper)
{
	static uint64_t times[SAMPLES];

	for (uint32_t i = 0; i < BUFFERS; i++) {
		if (!take(keeper, &keeper->held[i]))
			return STATUS_FAILURE;
	}
	for (uint32_t i = 0; i < SAMPLES; i++) {
		if (!exchange(keeper, &times[i]))
			return STATUS_FAILURE;
	}
	(void)fprintf(answers(), "woken %.1f\n", selftest_median_us(times, SAMPLES));
	return STATUS_OK;
}

/* argument: the name of the stream, a comma, and the event's handle. */
int selftest_wakes_peer(struct geyser_manager *manager, const char *argument)
{
	char name[64] = "";
	const char *const comma = strchr(argument, ',');
	const struct geyser_subscriber_desc desc = {.name = name,
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = SELFTEST_WAIT_NS};
	struct geyser_handle handle;
	struct keeper keeper = {0};
	int status = STATUS_FAILURE;

	if (!comma || (size_t)(comma - argument) >= sizeof(name))
		return usage_error("a stream and a handle");
	(void)memcpy(name, argument, (size_t)(comma - argument));
	if (!selftest_handle(comma + 1, &handle))
		return STATUS_FAILURE;
	if (geyser_event_import(manager, &handle, &keeper.stamp))
		return library_failure("import");
	if (geyser_subscriber_create(manager, &desc, &keeper.subscriber))
		(void)library_failure("stream");
	else
		status = keep(&keeper);
	geyser_subscriber_destroy(keeper.subscriber);
	geyser_event_unref(keeper.stamp);
	return status;
}

/* ---- the publisher's process ---------------------------------------------------------------- */

static bool send(struct geyser_publisher *publisher)
{
	struct geyser_frame *frame;

	if (!geyser_publisher_acquire(publisher, SELFTEST_WAIT_NS, &frame) &&
		!geyser_publisher_submit(publisher, frame))
		return true;
	(void)library_failure("frame");
	return false;
}

/* *taken: how long this process took to run after the subscriber had given the buffer back. */
static bool await_buffer(
	struct geyser_publisher *publisher, struct geyser_event *stamp, uint64_t *taken)
{
	struct geyser_frame *frame;
	uint64_t released;

	if (geyser_publisher_acquire(publisher, SELFTEST_WAIT_NS, &frame))
		return (void)library_failure("buffer"), false;
	*taken = now_ns();
	if (geyser_event_value(stamp, &released) || geyser_publisher_submit(publisher, frame))
		return (void)library_failure("frame"), false;
	*taken -= released;
	return true;
}

static bool measure(struct selftest *test, struct child *child, struct geyser_publisher *publisher,
	struct geyser_event *stamp)
{
	static uint64_t times[SAMPLES];
	struct geyser_system_info system;
	char woken[32];

	if (!selftest_await_subscriber(child, publisher))
		return false;
	for (uint32_t i = 0; i < BUFFERS; i++) {
		if (!send(publisher))
			return false;
	}
	for (uint32_t i = 0; i < SAMPLES; i++) {
		if (!await_buffer(publisher, stamp, &times[i]))
			return false;
	}
	if (!selftest_hear(child, "woken ", woken, sizeof(woken)) ||
		!child_finish(child, SELFTEST_WAIT_NS))
		return false;
	if (geyser_system_get_info(&system))
		return (void)library_failure("kernel"), false;
	selftest_measured(
		test, "a subscriber wakes after a submit", "%s us, median of %u", woken, SAMPLES);
	selftest_measured(test,
		system.futex_waitv ? "a publisher wakes after a release, sleeping on several words"
				   : "a publisher wakes after a release, sleeping on its doorbell",
		"%.1f us, median of %u", selftest_median_us(times, SAMPLES), SAMPLES);
	return true;
}

static bool run(struct selftest *test, struct geyser_publisher *publisher, const char *name,
	struct geyser_event *stamp)
{
	char handle_text[GEYSER_HANDLE_TEXT_SIZE], text[64 + GEYSER_HANDLE_TEXT_SIZE];
	struct geyser_handle handle;
	struct child child;
	bool done;

	if (geyser_event_export(stamp, &handle) ||
		geyser_handle_to_string(&handle, handle_text, sizeof(handle_text)))
		return (void)library_failure("export"), false;
	(void)snprintf(text, sizeof(text), "%s,%s", name, handle_text);
	if (!selftest_start(test, "wakes", text, &child))
		return false;
	done = measure(test, &child, publisher, stamp);
	child_end(&child);
	return done;
}

enum selftest_result selftest_wakes(struct selftest *test)
{
	char name[64];
	struct geyser_stream_desc desc = {
		.name = name,
		.texture = {.format = test->format, .width = 16, .height = 16},
		.buffers = BUFFERS,
		.pacing = GEYSER_PACING_LOSSLESS,
	};
	struct geyser_publisher *publisher = NULL;
	struct geyser_event *stamp = NULL;
	bool done = false;

	(void)snprintf(name, sizeof(name), "geyser-self-test-wakes-%d", getpid());
	if (choose_usage(test->manager, test->format, false, "stream", &desc.texture.usage))
		return SELFTEST_FAILED;
	if (geyser_publisher_create(test->manager, &desc, &publisher) ||
		geyser_event_create(test->manager, 0, &stamp))
		(void)library_failure("stream");
	else
		done = run(test, publisher, name, stamp);
	geyser_event_unref(stamp);
	geyser_publisher_destroy(publisher);
	return done ? selftest_passed(test,
			      "%u frames and %u releases, each to a process that sleeps", SAMPLES,
			      SAMPLES)
		    : SELFTEST_FAILED;
}
