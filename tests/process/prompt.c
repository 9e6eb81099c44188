/*
 * Calls that don't wait for a thread of the library, even where a thread can't sleep on several
 * words. There such a thread is awakened by waking it again and again, with a nap between.
 *
 * SPDX-License-Identifier: MIT
 */
#include "harness.h"

#include <geyser/stream.h>

#include <errno.h>
#include <time.h>
#include <unistd.h>

#define CALLS 200
#define REST_NS 1000000

static _Thread_local unsigned naps;

/* The library's own calls come here, too. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
	naps++;
	errno = clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
	return errno ? -1 : 0;
}

/* Lets the library's threads go to sleep. */
static void rest(void)
{
	const struct timespec time = {.tv_nsec = REST_NS};

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static void an_acquire_lets_the_descriptors_thread_sleep(void **state)
{
	const struct geyser_subscriber_desc desc = {
		.name = "prompt", .connect_timeout_ns = PATIENCE};
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	struct peer publisher;
	int fd;

	start_exporter(&publisher, "create-event", "0");
	ask(&publisher, "publish prompt rgba8unorm 64 48", "ok");
	ok(geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	ok(geyser_subscriber_fd(subscriber, &fd));
	naps = 0;
	for (unsigned i = 0; i < CALLS; i++) {
		rest();
		refused(GEYSER_ERROR_TIMEOUT, "", geyser_subscriber_acquire(subscriber, 0, &frame));
	}
	assert_int_equal(naps, 0);
	for (unsigned i = 1; i <= 2; i++) {
		ask(&publisher, "submit 1", "ok");
		assert_true(readable(fd, PATIENCE));
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		ok(geyser_subscriber_release(subscriber, frame));
	}
	(void)close(fd);
	geyser_subscriber_destroy(subscriber);
	end_peer(&publisher);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(an_acquire_lets_the_descriptors_thread_sleep),
	};

	return run_suite(argc, argv, "prompt", tests, COUNT_OF(tests));
}
