/*
 * A sandbox that refuses futex_waitv to a publisher that has been made already.
 *
 * SPDX-License-Identifier: MIT
 */
#include "harness.h"
#include "refuse_waitv.h"

#include <geyser/stream.h>

#include <sys/resource.h>

#define WAIT_NS UINT64_C(500000000)
#define TRIES 10

static long sleeps(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_nvcsw;
}

/* Looks every 10 ms are some 50 in WAIT_NS. Looks every 50 ms are at most 11. A loaded machine may
 * make a thread sleep for longer, so that a few waits are tried. */
static bool looks_soon(struct geyser_publisher *publisher)
{
	struct geyser_frame *frame;

	for (unsigned i = 0; i < TRIES; i++) {
		const long before = sleeps();

		refused(GEYSER_ERROR_TIMEOUT, "",
			geyser_publisher_acquire(publisher, WAIT_NS, &frame));
		if (sleeps() - before > 20)
			return true;
	}
	return false;
}

/* No doorbell was made, so that a release wakes nobody. */
static void a_publisher_looks_for_buffers_itself(void **state)
{
	const struct geyser_stream_desc desc = {
		.name = "later",
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 16, .height = 16},
		.buffers = 2,
	};
	const struct geyser_subscriber_desc wanted = {
		.name = "later", .delivery = GEYSER_DELIVER_EVERY, .connect_timeout_ns = PATIENCE};
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame, *held[2];

	ok(geyser_publisher_create(manager_of(state), &desc, &publisher));
	ok(geyser_publisher_set_hold_limit(publisher, UINT64_MAX));
	ok(geyser_subscriber_create(manager_of(state), &wanted, &subscriber));
	for (unsigned i = 0; i < 2; i++) {
		ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
		ok(geyser_publisher_submit(publisher, frame));
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &held[i]));
	}
	assert_true(refuse_waitv());
	assert_true(looks_soon(publisher));
	for (unsigned i = 0; i < 2; i++)
		ok(geyser_subscriber_release(subscriber, held[i]));
	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(a_publisher_looks_for_buffers_itself),
	};

	return run_suite(argc, argv, "refused_later", tests, COUNT_OF(tests));
}
