/* SPDX-License-Identifier: MIT */
/* The functions of apple.h that are about the process: its activity, and the host time of frames.
 */
#include "frames.h"

#include <apple_double.h>
#include <geyser/apple.h>
#include <mach/mach_time.h>

#include <sys/wait.h>
#include <unistd.h>

#define IDLE_SYSTEM_SLEEP_DISABLED (UINT64_C(1) << 20)
#define IDLE_DISPLAY_SLEEP_DISABLED (UINT64_C(1) << 40)

static const struct geyser_stream_desc stream = {
	.name = "process",
	.texture = {.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 64, .height = 16},
};
static const struct geyser_subscriber_desc subscribing = {.name = "process"};

static struct geyser_manager *manager_of(void **state)
{
	return ((struct fixture *)*state)->manager;
}

static unsigned activities(void)
{
	uint64_t options;

	return apple_double_activities(&options);
}

/* ---- activities ---- */

static void an_activity_runs_while_there_is_a_stream(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	uint64_t options;

	ok(geyser_apple_keep_active(manager, true));
	assert_int_equal(activities(), 0);
	ok(geyser_publisher_create(manager, &stream, &publisher));
	assert_int_equal(apple_double_activities(&options), 1);
	assert_int_equal(options & IDLE_SYSTEM_SLEEP_DISABLED, 0);
	assert_int_equal(options & IDLE_DISPLAY_SLEEP_DISABLED, 0);
	assert_int_not_equal(options, 0);
	ok(geyser_subscriber_create(manager, &subscribing, &subscriber));
	assert_int_equal(activities(), 1);
	geyser_publisher_destroy(publisher);
	assert_int_equal(activities(), 1);
	geyser_subscriber_destroy(subscriber);
	assert_int_equal(activities(), 0);
	ok(geyser_publisher_create(manager, &stream, &publisher));
	assert_int_equal(activities(), 1);
	geyser_publisher_destroy(publisher);
	assert_int_equal(activities(), 0);
}

static void an_activity_is_for_those_who_ask(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_publisher *publisher;

	ok(geyser_publisher_create(manager, &stream, &publisher));
	assert_int_equal(activities(), 0);
	for (unsigned i = 0; i < 2; i++) {
		ok(geyser_apple_keep_active(manager, true));
		ok(geyser_apple_keep_active(manager, true));
		assert_int_equal(activities(), 1);
		ok(geyser_apple_keep_active(manager, false));
		ok(geyser_apple_keep_active(manager, false));
		assert_int_equal(activities(), 0);
	}
	geyser_publisher_destroy(publisher);
}

/* A publisher and a subscriber that can't be made leave nothing behind. */
static void a_stream_that_fails_ends_the_activity(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_stream_desc desc = stream;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;

	desc.texture.width = 0;
	ok(geyser_apple_keep_active(manager, true));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "",
		geyser_publisher_create(manager, &desc, &publisher));
	refused(GEYSER_ERROR_NOT_FOUND, "",
		geyser_subscriber_create(manager, &subscribing, &subscriber));
	assert_int_equal(activities(), 0);
}

static void refusals(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_publisher *publisher;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager", geyser_apple_keep_active(NULL, true));
	ok(geyser_publisher_create(manager, &stream, &publisher));
	apple_double_fail("beginActivity", 1);
	refused(GEYSER_ERROR_SYSTEM, "activity", geyser_apple_keep_active(manager, true));
	ok(geyser_apple_keep_active(manager, true));
	assert_int_equal(activities(), 1);
	geyser_publisher_destroy(publisher);
}

/* A forked child ends its copy of the publisher, and calls no framework for that. */
static void a_child_leaves_the_activity_alone(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_publisher *publisher;
	pid_t child;
	int status;

	ok(geyser_apple_keep_active(manager, true));
	ok(geyser_publisher_create(manager, &stream, &publisher));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		bool refuses =
			geyser_apple_keep_active(manager, false) == GEYSER_ERROR_INVALID_ARGUMENT;

		geyser_publisher_destroy(publisher);
		_exit(refuses && activities() == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(activities(), 1);
	geyser_publisher_destroy(publisher);
	assert_int_equal(activities(), 0);
}

/* ---- host time ---- */

/* The units are those of the double: 24 in a microsecond. */
#define UNITS(ns) ((ns) / 125 * 3)

static bool near(uint64_t a, uint64_t b, uint64_t ns)
{
	return (a > b ? a - b : b - a) <= UNITS(ns);
}

/* Another thread may hold this one up between two clocks, so the best of some tries counts. */
static bool converts(uint64_t from_now_ns, bool past)
{
	bool good = false;

	for (unsigned i = 0; !good && i < 100; i++) {
		uint64_t now = now_ns(), host = mach_absolute_time();
		uint64_t time = past ? now - from_now_ns : now + from_now_ns;
		uint64_t wanted = past ? host - UNITS(from_now_ns) : host + UNITS(from_now_ns);

		good = near(geyser_apple_host_time(time), wanted, 10000);
	}
	return good;
}

static void timestamps_become_host_times(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	uint64_t before, after, host;

	assert_true(converts(0, true));
	assert_true(converts(3 * SECOND, true));
	assert_true(converts(3600 * SECOND, false));
	ok(geyser_publisher_create(manager, &stream, &publisher));
	ok(geyser_subscriber_create(manager, &subscribing, &subscriber));
	before = mach_absolute_time();
	submit(publisher, 1);
	after = mach_absolute_time();
	frame = next_frame(subscriber, 1);
	host = geyser_apple_host_time(geyser_frame_get_info(frame)->timestamp_ns);
	assert_true(host + UNITS(MILLISECOND) >= before && host <= after + UNITS(MILLISECOND));
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void the_clock_stands_still_in_sleep(void **state)
{
	(void)state;
	apple_double_sleep(5 * SECOND);
	assert_true(converts(SECOND, true));
	assert_true(converts(SECOND, false));
	assert_int_equal(geyser_apple_host_time(0), 0); /* before the host clock's start */
	assert_true(geyser_apple_host_time(UINT64_MAX) > geyser_apple_host_time(SECOND));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_manager, teardown_manager)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_activity_runs_while_there_is_a_stream),
		TEST(an_activity_is_for_those_who_ask),
		TEST(a_stream_that_fails_ends_the_activity),
		TEST(refusals),
		TEST(a_child_leaves_the_activity_alone),
		TEST(timestamps_become_host_times),
		TEST(the_clock_stands_still_in_sleep),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
