/*
 * Subscribers that hold every buffer for longer than the publisher allows. The publisher evicts
 * them; their frames stay intact, and they can join again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "streams.h"

#include <unistd.h>

#define LIMIT (20 * MILLISECOND)

/* The number of frames that are published while the evicted subscriber reads its own frames again
 * and again. */
#define FRAMES (SANITIZED ? 30u : 100u)

static uint64_t evictions(struct geyser_publisher *publisher)
{
	uint64_t count;

	ok(geyser_publisher_get_evictions(publisher, &count));
	return count;
}

static bool holds(struct geyser_frame *frame, uint32_t seed)
{
	return texture_holds(geyser_frame_texture(frame), seed);
}

/* Makes a publisher with two buffers; the subscriber holds frames 1 and 2, and so both buffers. */
static struct geyser_publisher *begin_held(void **state, const char *name, uint64_t limit_ns,
	struct geyser_subscriber **holder, struct geyser_frame *frames[2])
{
	struct geyser_publisher *publisher = publish(state, name, 2);

	ok(geyser_publisher_set_hold_limit(publisher, limit_ns));
	*holder = subscribe(state, name, GEYSER_DELIVER_EVERY);
	submit_all(publisher, 1, 2);
	frames[0] = take(*holder, 1);
	frames[1] = take(*holder, 2);
	return publisher;
}

static void expect_evicted(struct geyser_subscriber *subscriber, struct geyser_frame *frame)
{
	refused(GEYSER_ERROR_STALE, "evicted this subscriber",
		geyser_subscriber_release(subscriber, frame));
}

static void who_holds_all_for_too_long_is_evicted(void **state)
{
	struct geyser_subscriber *holder, *other;
	struct geyser_frame *frames[2];
	struct geyser_publisher *publisher = begin_held(state, "held", LIMIT, &holder, frames);
	const uint32_t last = 2 + FRAMES;

	other = subscribe(state, "held", GEYSER_DELIVER_LATEST);
	for (uint32_t i = 3; i <= last; i++) {
		submit(publisher, i);
		pass(other, i);
		assert_true(holds(frames[0], 1));
		assert_true(holds(frames[1], 2));
	}
	assert_int_equal(evictions(publisher), 1);
	assert_int_equal(publisher_stats(publisher).subscribers, 1);
	assert_int_equal(publisher_stats(publisher).buffers_held, 0);
	expect_evicted(holder, frames[0]);
	expect_evicted(holder, frames[1]);
	/* The subscriber joins again, and receives frames as before. */
	pass(holder, last);
	submit(publisher, last + 1);
	pass(holder, last + 1);
	pass(other, last + 1);
	assert_int_equal(subscriber_stats(holder).connections, 2);
	assert_int_equal(subscriber_stats(holder).dropped, last - 3);
	assert_int_equal(subscriber_stats(other).connections, 1);
	assert_int_equal(publisher_stats(publisher).subscribers, 2);
	geyser_subscriber_destroy(holder);
	geyser_subscriber_destroy(other);
	geyser_publisher_destroy(publisher);
}

static void who_is_evicted_may_join_before_it_releases(void **state)
{
	struct geyser_subscriber *holder;
	struct geyser_frame *frames[2], *frame;
	struct geyser_publisher *publisher = begin_held(state, "early", LIMIT, &holder, frames);

	submit(publisher, 3);
	frame = take(holder, 3);
	submit(publisher, 4);
	assert_true(holds(frames[0], 1) && holds(frames[1], 2) && holds(frame, 3));
	expect_evicted(holder, frames[0]);
	ok(geyser_subscriber_release(holder, frame));
	assert_true(holds(frames[1], 2));
	pass(holder, 4);
	expect_evicted(holder, frames[1]);
	geyser_subscriber_destroy(holder);
	geyser_publisher_destroy(publisher);
}

/* The limit also holds for a publisher that always acquires with a timeout of 0. */
static void the_limit_is_the_publishers(void **state)
{
	struct geyser_subscriber *holder;
	struct geyser_frame *frames[2], *frame;
	struct geyser_publisher *publisher =
		begin_held(state, "limit", UINT64_MAX, &holder, frames);
	uint64_t begin;

	refused(GEYSER_ERROR_TIMEOUT, "hold",
		geyser_publisher_acquire(publisher, 2 * LIMIT, &frame));
	assert_int_equal(evictions(publisher), 0);
	ok(geyser_publisher_set_hold_limit(publisher, 10 * SECOND));
	refused(GEYSER_ERROR_TIMEOUT, "hold", geyser_publisher_acquire(publisher, 0, &frame));
	ok(geyser_publisher_set_hold_limit(publisher, LIMIT));
	for (begin = now_ns(); geyser_publisher_acquire(publisher, 0, &frame);)
		assert_true(now_ns() - begin < PATIENCE);
	ok(geyser_publisher_discard(publisher, frame));
	assert_int_equal(evictions(publisher), 1);
	expect_evicted(holder, frames[0]);
	expect_evicted(holder, frames[1]);
	geyser_subscriber_destroy(holder);
	geyser_publisher_destroy(publisher);
}

/* A subscriber isn't evicted as long as another buffer is free. */
static void who_leaves_a_buffer_is_never_evicted(void **state)
{
	struct geyser_publisher *publisher = publish(state, "room", 2);
	struct geyser_subscriber *holder = subscribe(state, "room", GEYSER_DELIVER_EVERY);
	struct geyser_frame *frame;

	ok(geyser_publisher_set_hold_limit(publisher, 0));
	submit(publisher, 1);
	frame = take(holder, 1);
	submit_all(publisher, 2, 30);
	assert_true(holds(frame, 1));
	assert_int_equal(evictions(publisher), 0);
	ok(geyser_subscriber_release(holder, frame));
	geyser_subscriber_destroy(holder);
	geyser_publisher_destroy(publisher);
}

static void work_that_is_not_done_keeps_its_frame(void **state)
{
	struct geyser_subscriber *holder;
	struct geyser_frame *frames[2];
	struct geyser_publisher *publisher = begin_held(state, "work", LIMIT, &holder, frames);
	struct geyser_texture *texture = geyser_texture_ref(geyser_frame_texture(frames[0]));
	struct geyser_point point = {0};

	if (geyser_frame_signal_point(frames[0], &point) == GEYSER_OK)
		geyser_event_ref(point.event);
	submit_all(publisher, 3, 9);
	/* even though the subscriber's device may still read this frame */
	expect_evicted(holder, frames[0]);
	submit_all(publisher, 10, 12);
	assert_true(texture_holds(texture, 1));
	if (point.event)
		ok(geyser_event_signal(point.event, point.value));
	expect_evicted(holder, frames[1]);
	pass(holder, 12);
	geyser_event_unref(point.event);
	geyser_texture_unref(texture);
	geyser_subscriber_destroy(holder);
	geyser_publisher_destroy(publisher);
}

static void the_descriptor_goes_on(void **state)
{
	struct geyser_subscriber *holder;
	struct geyser_frame *frames[2];
	struct geyser_publisher *publisher = begin_held(state, "polled", LIMIT, &holder, frames);
	int fd;

	ok(geyser_subscriber_fd(holder, &fd));
	submit(publisher, 3);
	assert_true(readable(fd, PATIENCE));
	pass(holder, 3);
	expect_evicted(holder, frames[0]);
	expect_evicted(holder, frames[1]);
	submit(publisher, 4);
	assert_true(readable(fd, PATIENCE));
	pass(holder, 4);
	(void)close(fd);
	geyser_subscriber_destroy(holder);
	geyser_publisher_destroy(publisher);
}

static void who_waits_is_woken_when_it_is_evicted(unsigned index, void *data)
{
	void **both = data;
	struct geyser_frame *frame;

	if (index == 0) {
		check(geyser_subscriber_acquire(both[0], PATIENCE, &frame) == GEYSER_OK);
		if (frame) {
			check(geyser_frame_get_info(frame)->sequence == 3);
			check(geyser_subscriber_release(both[0], frame) == GEYSER_OK);
		}
	} else {
		check(geyser_publisher_acquire(both[1], PATIENCE, &frame) == GEYSER_OK);
		check(geyser_publisher_submit(both[1], frame) == GEYSER_OK);
	}
}

/* Two subscribers hold one of the two buffers each, and one subscriber also sleeps in acquire. It
 * receives the next frame, even if the publisher evicts it. */
static void a_sleeper_joins_again(void **state)
{
	struct geyser_publisher *publisher = publish(state, "sleeper", 2);
	struct geyser_subscriber *holder = subscribe(state, "sleeper", GEYSER_DELIVER_LATEST);
	struct geyser_subscriber *other = subscribe(state, "sleeper", GEYSER_DELIVER_LATEST);
	void *both[] = {holder, publisher};
	struct geyser_frame *one, *two;

	ok(geyser_publisher_set_hold_limit(publisher, LIMIT));
	submit(publisher, 1);
	one = take(other, 1);
	submit(publisher, 2);
	two = take(holder, 2);
	run_threads(2, who_waits_is_woken_when_it_is_evicted, both);
	no_failures();
	assert_true(holds(one, 1) && holds(two, 2));
	(void)geyser_subscriber_release(other, one);
	(void)geyser_subscriber_release(holder, two);
	assert_in_range(evictions(publisher), 1, 2);
	geyser_subscriber_destroy(holder);
	geyser_subscriber_destroy(other);
	geyser_publisher_destroy(publisher);
}

static const struct CMUnitTest tests[] = {
	test(who_holds_all_for_too_long_is_evicted),
	test(who_is_evicted_may_join_before_it_releases),
	test(the_limit_is_the_publishers),
	test(who_leaves_a_buffer_is_never_evicted),
	test(work_that_is_not_done_keeps_its_frame),
	test(the_descriptor_goes_on),
	test(a_sleeper_joins_again),
};

const struct group stream_holding_group = {"stream-holding", tests, COUNT_OF(tests), NULL};
