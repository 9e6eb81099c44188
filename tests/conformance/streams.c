/* Publishers and subscribers: the promises of each delivery and pacing. Frames are tested in
 * stream_frames.c, the start and end of streams in stream_life.c. */
#include "streams.h"

#include <stdio.h>

/* ---- arguments ---- */

static void no_object(void **state)
{
	struct geyser_publisher_stats publisher = {.frames = 1};
	struct geyser_subscriber_stats subscriber = {.frames = 1};
	enum geyser_end end = GEYSER_END_BROKEN;
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R8_UNORM, .width = 1, .height = 1};
	struct geyser_frame *frame = JUNK;
	int fd = 0;
	uint64_t evictions = 1;

	(void)state;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_acquire(NULL, 0, &frame));
	assert_null(frame);
	frame = JUNK;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL",
		geyser_subscriber_acquire(NULL, 0, &frame));
	assert_null(frame);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_submit(NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_discard(NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_resize(NULL, &desc));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_flush(NULL, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_get_stats(NULL, &publisher));
	assert_int_equal(publisher.frames, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_subscribers_fd(NULL, &fd));
	assert_int_equal(fd, -1);
	fd = 0;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_set_hold_limit(NULL, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_get_evictions(NULL, &evictions));
	assert_int_equal(evictions, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL",
		geyser_subscriber_fd(NULL, &fd));
	assert_int_equal(fd, -1);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL",
		geyser_subscriber_release(NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL",
		geyser_subscriber_get_stats(NULL, &subscriber));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber", geyser_subscriber_get_end(NULL, &end));
	assert_int_equal(end, GEYSER_END_NONE);
	assert_int_equal(subscriber.frames, 0);
	assert_null(geyser_frame_texture(NULL));
	assert_null(geyser_frame_get_info(NULL));
	geyser_publisher_destroy(NULL);
	geyser_subscriber_destroy(NULL);
}

static void no_output(void **state)
{
	const struct geyser_stream_desc desc = stream_desc("out", 0, GEYSER_PACING_FREE);
	const struct geyser_subscriber_desc wanted = {.name = "out"};
	struct geyser_publisher *publisher = publish(state, "out", 0);
	struct geyser_subscriber *subscriber = subscribe(state, "out", GEYSER_DELIVER_LATEST);

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_publisher_create(manager_of(state), &desc, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_subscriber_create(manager_of(state), &wanted, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_publisher_acquire(publisher, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_subscriber_acquire(subscriber, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_publisher_get_stats(publisher, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_subscriber_get_stats(subscriber, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_subscriber_get_end(subscriber, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_publisher_get_evictions(publisher, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_publisher_subscribers_fd(publisher, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_subscriber_fd(subscriber, NULL));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void refuse_publisher(void **state, const char *word, const struct geyser_stream_desc *desc)
{
	struct geyser_publisher *publisher = JUNK;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, word,
		geyser_publisher_create(manager_of(state), desc, &publisher));
	assert_null(publisher);
}

static void wrong_stream_descriptions(void **state)
{
	struct geyser_stream_desc desc = stream_desc("wrong", 0, GEYSER_PACING_FREE);
	struct geyser_publisher *publisher = JUNK;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_publisher_create(NULL, &desc, &publisher));
	assert_null(publisher);
	refuse_publisher(state, "desc is NULL", NULL);
	desc.frame_rate_num = 60;
	refuse_publisher(state, "60/0", &desc);
	desc.frame_rate_num = 0;
	desc.frame_rate_den = 1;
	refuse_publisher(state, "0/1", &desc);
	desc.frame_rate_den = 0;
	desc.pacing = (enum geyser_pacing)2;
	refuse_publisher(state, "pacing (2)", &desc);
	desc.pacing = GEYSER_PACING_FREE;
	desc.texture.width = 0;
	refuse_publisher(state, "width", &desc);
	desc.texture.width = 1;
	desc.texture.format = GEYSER_FORMAT_NONE;
	refuse_publisher(state, "format", &desc);
	/* None of the refused publishers holds the name. */
	geyser_publisher_destroy(publish(state, "wrong", 0));
}

static void wrong_subscriptions(void **state)
{
	struct geyser_publisher *publisher = publish(state, "there", 0);
	struct geyser_subscriber_desc desc = {.name = "there"};
	struct geyser_subscriber *subscriber = JUNK;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_subscriber_create(NULL, &desc, &subscriber));
	assert_null(subscriber);
	subscriber = JUNK;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "desc is NULL",
		geyser_subscriber_create(manager_of(state), NULL, &subscriber));
	assert_null(subscriber);
	subscriber = JUNK;
	desc.delivery = (enum geyser_delivery)2;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "delivery (2)",
		geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	assert_null(subscriber);
	geyser_publisher_destroy(publisher);
}

static void buffers_are_2_to_16(void **state)
{
	static const uint32_t wrong[] = {1, 17, UINT32_MAX};
	static const struct {
		uint32_t asked, given;
	} right[] = {{0, 3}, {2, 2}, {16, 16}};
	struct geyser_frame *frame;

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		const struct geyser_stream_desc desc =
			stream_desc("buffers", wrong[i], GEYSER_PACING_FREE);

		refuse_publisher(state, "it must be 2 to 16", &desc);
	}
	for (size_t i = 0; i < COUNT_OF(right); i++) {
		struct geyser_publisher *publisher = publish(state, "buffers", right[i].asked);

		for (uint32_t j = 0; j < right[i].given; j++)
			ok(geyser_publisher_acquire(publisher, 0, &frame));
		frame = JUNK;
		/* The caller itself has acquired all buffers, so that waiting wouldn't help. */
		refused(GEYSER_ERROR_BUSY, "acquired",
			geyser_publisher_acquire(publisher, UINT64_MAX, &frame));
		assert_null(frame);
		geyser_publisher_destroy(publisher);
	}
}

static void frames_of_others_are_refused(void **state)
{
	struct geyser_publisher *one = publish(state, "one", 2), *two = publish(state, "two", 2);
	struct geyser_subscriber *reader = subscribe(state, "one", GEYSER_DELIVER_LATEST);
	struct geyser_subscriber *other = subscribe(state, "one", GEYSER_DELIVER_LATEST);
	struct geyser_frame *frame = begin_frame(one);

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame is NULL", geyser_publisher_submit(one, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame is NULL",
		geyser_publisher_discard(one, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_publisher_submit(two, frame));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_publisher_discard(two, frame));
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(one, frame));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_publisher_submit(one, frame));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_publisher_discard(one, frame));
	frame = take(reader, 1);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame is NULL",
		geyser_subscriber_release(reader, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_subscriber_release(other, frame));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_publisher_submit(one, frame));
	ok(geyser_subscriber_release(reader, frame));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_subscriber_release(reader, frame));
	geyser_subscriber_destroy(other);
	geyser_subscriber_destroy(reader);
	geyser_publisher_destroy(two);
	geyser_publisher_destroy(one);
}

/* ---- delivery ---- */

static void latest_is_the_newest_and_never_one_twice(void **state)
{
	struct geyser_publisher *publisher = publish(state, "latest", 3);
	struct geyser_subscriber *early = subscribe(state, "latest", GEYSER_DELIVER_LATEST), *late;

	nothing_to_take(early);
	submit_all(publisher, 1, 5);
	pass(early, 5);
	nothing_to_take(early);
	late = subscribe(state, "latest", GEYSER_DELIVER_LATEST);
	pass(late, 5);
	nothing_to_take(late);
	submit_all(publisher, 6, 9);
	pass(early, 9);
	nothing_to_take(early);
	submit(publisher, 10);
	pass(early, 10);
	pass(late, 10);
	assert_int_equal(subscriber_stats(early).dropped, 7);
	assert_int_equal(subscriber_stats(late).dropped, 4);
	geyser_subscriber_destroy(early);
	geyser_subscriber_destroy(late);
	geyser_publisher_destroy(publisher);
}

static void every_is_in_order_and_counts_what_it_misses(void **state)
{
	struct geyser_publisher *publisher = publish(state, "every", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "every", GEYSER_DELIVER_EVERY);
	struct geyser_stream_info *streams;
	uint64_t expected = 6;
	size_t count;

	submit_all(publisher, 1, 3);
	for (uint64_t i = 1; i <= 3; i++)
		pass(subscriber, i);
	nothing_to_take(subscriber);
	assert_int_equal(subscriber_stats(subscriber).dropped, 0);
	submit_all(publisher, 4, 8); /* frames 4 and 5 are overwritten: there are three buffers */
	for (; expected <= 8; expected++)
		pass(subscriber, expected);
	nothing_to_take(subscriber);
	assert_int_equal(subscriber_stats(subscriber).dropped, 2);
	assert_int_equal(subscriber_stats(subscriber).frames, 6);
	ok(geyser_stream_list(&streams, &count));
	assert_int_equal(count, 1);
	assert_int_equal(streams[0].dropped, 2);
	geyser_stream_list_free(streams);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void several_frames_are_held(void **state)
{
	struct geyser_publisher *publisher = publish(state, "several", 4);
	struct geyser_subscriber *subscriber = subscribe(state, "several", GEYSER_DELIVER_EVERY);
	struct geyser_frame *frames[3];

	submit_all(publisher, 1, 3);
	for (uint32_t i = 0; i < 3; i++)
		frames[i] = take(subscriber, i + 1);
	assert_int_equal(publisher_stats(publisher).buffers_held, 3);
	submit_all(publisher, 4, 20); /* all of these use the one buffer that isn't held */
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(sequence_of(frames[i]), i + 1);
		assert_true(texture_holds(geyser_frame_texture(frames[i]), i + 1));
	}
	pass(subscriber, 20);
	ok(geyser_subscriber_release(subscriber, frames[1]));
	ok(geyser_subscriber_release(subscriber, frames[2]));
	ok(geyser_subscriber_release(subscriber, frames[0]));
	assert_int_equal(publisher_stats(publisher).buffers_held, 0);
	assert_int_equal(subscriber_stats(subscriber).dropped, 16);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void who_holds_all_is_busy(void **state)
{
	struct geyser_publisher *publisher = publish(state, "busy", 2);
	struct geyser_subscriber *subscriber = subscribe(state, "busy", GEYSER_DELIVER_EVERY);
	struct geyser_frame *frames[2], *frame = JUNK;
	uint64_t begin = now_ns();

	submit_all(publisher, 1, 2);
	frames[0] = take(subscriber, 1);
	frames[1] = take(subscriber, 2);
	refused(GEYSER_ERROR_BUSY, "release",
		geyser_subscriber_acquire(subscriber, UINT64_MAX, &frame));
	assert_null(frame);
	frame = JUNK;
	refused(GEYSER_ERROR_TIMEOUT, "hold", geyser_publisher_acquire(publisher, 0, &frame));
	assert_null(frame);
	refused(GEYSER_ERROR_TIMEOUT, "hold",
		geyser_publisher_acquire(publisher, 20 * MILLISECOND, &frame));
	assert_true(now_ns() - begin >= 20 * MILLISECOND);
	ok(geyser_subscriber_release(subscriber, frames[0]));
	submit(publisher, 3);
	pass(subscriber, 3);
	ok(geyser_subscriber_release(subscriber, frames[1]));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void destroying_gives_frames_back(void **state)
{
	struct geyser_publisher *publisher = publish(state, "back", 2);
	struct geyser_subscriber *subscriber = subscribe(state, "back", GEYSER_DELIVER_EVERY);

	submit_all(publisher, 1, 2);
	(void)take(subscriber, 1);
	(void)take(subscriber, 2);
	assert_int_equal(publisher_stats(publisher).buffers_held, 2);
	geyser_subscriber_destroy(subscriber);
	submit(publisher, 3); /* waits until the publisher notices that the subscriber is gone */
	subscribers_become(publisher, 0);
	assert_int_equal(publisher_stats(publisher).buffers_held, 0);
	(void)begin_frame(publisher); /* destroying the publisher discards this frame */
	geyser_publisher_destroy(publisher);
}

static void discarded_frames_are_never_seen(void **state)
{
	struct geyser_publisher *publisher = publish(state, "discard", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "discard", GEYSER_DELIVER_EVERY);

	for (uint32_t i = 1; i <= 5; i++) {
		struct geyser_frame *frame = begin_frame(publisher);

		assert_true(fill_texture(geyser_frame_texture(frame), 99));
		ok(geyser_publisher_discard(publisher, frame));
		nothing_to_take(subscriber);
		submit(publisher, i);
		pass(subscriber, i);
	}
	assert_int_equal(publisher_stats(publisher).frames, 5);
	assert_int_equal(subscriber_stats(subscriber).dropped, 0);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* The publisher never draws into a kept buffer, and subscribers get its frame. */
static void kept_buffers_are_not_drawn_into(void **state)
{
	struct geyser_publisher *publisher = publish(state, "kept", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "kept", GEYSER_DELIVER_EVERY);
	struct geyser_frame *kept = begin_frame(publisher), *other;
	struct geyser_texture *texture = geyser_frame_texture(kept);

	assert_true(fill_texture(texture, 1));
	ok(geyser_publisher_submit_kept(publisher, kept));
	pass(subscriber, 1);
	for (uint32_t i = 2; i <= 8; i++) {
		submit(publisher, i);
		pass(subscriber, i);
	}
	assert_true(texture_holds(texture, 1));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "discard it",
		geyser_publisher_submit_kept(publisher, kept));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "discard it",
		geyser_publisher_submit(publisher, kept));
	refused(GEYSER_ERROR_BUSY, "kept",
		geyser_publisher_resize(publisher, geyser_texture_get_desc(texture)));
	ok(geyser_publisher_submit_kept(publisher, begin_frame(publisher)));
	ok(geyser_publisher_submit_kept(publisher, begin_frame(publisher)));
	refused(GEYSER_ERROR_BUSY, "kept", geyser_publisher_acquire(publisher, PATIENCE, &other));
	ok(geyser_publisher_discard(publisher, kept));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_publisher_discard(publisher, kept));
	assert_ptr_equal(begin_frame(publisher), kept);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* ---- lossless pacing ---- */

#define FRAMES (SANITIZED ? 300u : 2000u)

/* Thread 0 publishes. Each of the others receives every frame. */
static void publish_or_read(unsigned index, void *data)
{
	void **objects = data;
	struct geyser_frame *frame;

	for (uint32_t i = 1; i <= FRAMES; i++) {
		if (index == 0) {
			if (geyser_publisher_acquire(objects[0], PATIENCE, &frame) != GEYSER_OK)
				report_failure("acquire", __FILE__, __LINE__);
			else
				check(fill_texture(geyser_frame_texture(frame), i) &&
					geyser_publisher_submit(objects[0], frame) == GEYSER_OK);
			continue;
		}
		if (geyser_subscriber_acquire(objects[index], PATIENCE, &frame) != GEYSER_OK) {
			report_failure("acquire", __FILE__, __LINE__);
			return;
		}
		check(sequence_of(frame) == i && texture_holds(geyser_frame_texture(frame), i));
		check(geyser_subscriber_release(objects[index], frame) == GEYSER_OK);
	}
}

static void lossless_drops_none(void **state)
{
	for (uint32_t buffers = 2; buffers <= 3; buffers++) {
		void *objects[4] = {publish_lossless(state, "lossless", buffers)};

		for (unsigned i = 1; i < 4; i++)
			objects[i] = subscribe(state, "lossless", GEYSER_DELIVER_EVERY);
		run_threads(4, publish_or_read, objects);
		ok(geyser_publisher_flush(objects[0], 0));
		for (unsigned i = 1; i < 4; i++) {
			assert_int_equal(subscriber_stats(objects[i]).dropped, 0);
			assert_int_equal(subscriber_stats(objects[i]).frames, FRAMES);
			geyser_subscriber_destroy(objects[i]);
		}
		geyser_publisher_destroy(objects[0]);
	}
}

/* Thread 0 waits for a buffer; thread 1 ends the wait, before it begins or during it. */
static void wait_or_interrupt(unsigned index, void *data)
{
	struct geyser_frame *frame;

	if (index == 0)
		check(geyser_publisher_acquire(data, PATIENCE, &frame) == GEYSER_ERROR_TIMEOUT &&
			strstr(geyser_error_detail(), "interrupted"));
	else
		check(geyser_publisher_set_interrupted(data, true) == GEYSER_OK);
}

/* An interrupted wait leaves no subscriber out: it still gets every frame. */
static void an_interrupt_ends_a_wait_and_no_more(void **state)
{
	struct geyser_publisher *publisher = publish_lossless(state, "interrupt", 2);
	struct geyser_subscriber *subscriber = subscribe(state, "interrupt", GEYSER_DELIVER_EVERY);
	struct geyser_frame *frame;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "NULL",
		geyser_publisher_set_interrupted(NULL, true));
	submit_all(publisher, 1, 2);
	for (unsigned i = 0; i < 50; i++) {
		run_threads(2, wait_or_interrupt, publisher);
		ok(geyser_publisher_set_interrupted(publisher, false));
	}
	refused(GEYSER_ERROR_TIMEOUT, "buffers", geyser_publisher_acquire(publisher, 0, &frame));
	pass(subscriber, 1);
	ok(geyser_publisher_set_interrupted(publisher, true));
	submit(publisher, 3); /* a free buffer is given out all the same */
	refused(GEYSER_ERROR_TIMEOUT, "interrupted",
		geyser_publisher_acquire(publisher, PATIENCE, &frame));
	pass(subscriber, 2);
	pass(subscriber, 3);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* ---- several threads ---- */

#define SHARED_FRAMES (2 * (SANITIZED ? 150u : 1000u))

struct crowd {
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	_Atomic unsigned submitted, taken;
	_Atomic uint64_t times[SHARED_FRAMES + 1]; /* indexed by sequence number */
};

static void submit_half(struct crowd *crowd)
{
	struct geyser_frame *frame;

	while (atomic_fetch_add(&crowd->submitted, 1) < SHARED_FRAMES)
		check(geyser_publisher_acquire(crowd->publisher, PATIENCE, &frame) == GEYSER_OK &&
			geyser_publisher_submit(crowd->publisher, frame) == GEYSER_OK);
}

static void take_some(struct crowd *crowd)
{
	struct geyser_frame *frame;

	while (atomic_load(&crowd->taken) < SHARED_FRAMES) {
		enum geyser_result result =
			geyser_subscriber_acquire(crowd->subscriber, 5 * MILLISECOND, &frame);
		const struct geyser_frame_info *info;

		if (result == GEYSER_ERROR_TIMEOUT)
			continue;
		check(result == GEYSER_OK);
		atomic_fetch_add(&crowd->taken, 1);
		if (result != GEYSER_OK)
			continue;
		info = geyser_frame_get_info(frame);
		check(info->sequence >= 1 && info->sequence <= SHARED_FRAMES &&
			atomic_exchange(&crowd->times[info->sequence], info->timestamp_ns) == 0);
		check(geyser_subscriber_release(crowd->subscriber, frame) == GEYSER_OK);
	}
}

static void submit_or_take(unsigned index, void *data)
{
	if (index < 2)
		submit_half(data);
	else
		take_some(data);
}

/* Each frame goes to exactly one of the receiving threads. Timestamps never decrease from one frame
 * to the next. */
static void threads_share_both_ends(void **state)
{
	static struct crowd crowd;

	crowd.publisher = publish_lossless(state, "crowd", 5);
	crowd.subscriber = subscribe(state, "crowd", GEYSER_DELIVER_EVERY);
	atomic_store(&crowd.submitted, 0);
	run_threads(5, submit_or_take, &crowd);
	assert_int_equal(subscriber_stats(crowd.subscriber).frames, SHARED_FRAMES);
	assert_int_equal(subscriber_stats(crowd.subscriber).dropped, 0);
	for (unsigned i = 2; i <= SHARED_FRAMES; i++)
		assert_true(crowd.times[i - 1] > 0 && crowd.times[i] >= crowd.times[i - 1]);
	geyser_subscriber_destroy(crowd.subscriber);
	geyser_publisher_destroy(crowd.publisher);
}

/* ---- slow subscribers ---- */

static void who_does_not_take_is_excused_after_one_timeout(void **state)
{
	struct geyser_publisher *publisher = publish_lossless(state, "slow", 3);
	struct geyser_subscriber *subscriber = subscribe(state, "slow", GEYSER_DELIVER_EVERY);
	const uint64_t timeout = 50 * MILLISECOND;
	struct geyser_frame *frame = JUNK;
	uint64_t begin = now_ns();

	submit_all(publisher, 1, 3);
	refused(GEYSER_ERROR_TIMEOUT, "goes on without it",
		geyser_publisher_acquire(publisher, timeout, &frame));
	assert_null(frame);
	assert_true(now_ns() - begin >= timeout);
	for (uint32_t i = 4; i <= 30; i++) { /* acquire doesn't wait for this subscriber any more */
		ok(geyser_publisher_acquire(publisher, 0, &frame));
		assert_true(fill_texture(geyser_frame_texture(frame), i));
		ok(geyser_publisher_submit(publisher, frame));
	}
	/* After the subscriber has taken frame 28, the publisher must keep 29 and 30 for it
	 * again. */
	pass(subscriber, 28);
	assert_int_equal(subscriber_stats(subscriber).dropped, 27);
	submit(publisher, 31);
	frame = JUNK;
	refused(GEYSER_ERROR_TIMEOUT, "hold", geyser_publisher_acquire(publisher, 0, &frame));
	for (uint64_t i = 29; i <= 31; i++)
		pass(subscriber, i);
	submit(publisher, 32);
	pass(subscriber, 32);
	assert_int_equal(subscriber_stats(subscriber).dropped, 27);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

static void polling_leaves_nobody_out(void **state)
{
	struct geyser_publisher *publisher = publish_lossless(state, "polled", 3);
	struct geyser_subscriber *every = subscribe(state, "polled", GEYSER_DELIVER_EVERY);
	struct geyser_subscriber *latest = subscribe(state, "polled", GEYSER_DELIVER_LATEST);
	struct geyser_frame *frame;

	submit_all(publisher, 1, 3);
	for (unsigned i = 0; i < 20; i++) {
		frame = JUNK;
		refused(GEYSER_ERROR_TIMEOUT, "", geyser_publisher_acquire(publisher, 0, &frame));
		assert_null(frame);
	}
	for (uint64_t i = 1; i <= 3; i++)
		pass(every, i);
	/* the publisher doesn't wait for a subscriber to the latest frame */
	submit_all(publisher, 4, 6);
	for (uint64_t i = 4; i <= 6; i++)
		pass(every, i);
	pass(latest, 6);
	assert_int_equal(subscriber_stats(every).dropped, 0);
	geyser_subscriber_destroy(every);
	geyser_subscriber_destroy(latest);
	geyser_publisher_destroy(publisher);
}

static void who_leaves_is_not_waited_for(void **state)
{
	struct geyser_publisher *publisher = publish_lossless(state, "left", 2);
	struct geyser_subscriber *subscriber = subscribe(state, "left", GEYSER_DELIVER_EVERY);

	submit_all(publisher, 1, 2);
	geyser_subscriber_destroy(subscriber);
	submit_all(publisher, 3, 9);
	geyser_publisher_destroy(publisher);
}

static const struct CMUnitTest tests[] = {
	test(no_object),
	test(no_output),
	test(wrong_stream_descriptions),
	test(wrong_subscriptions),
	test(buffers_are_2_to_16),
	test(frames_of_others_are_refused),
	test(latest_is_the_newest_and_never_one_twice),
	test(every_is_in_order_and_counts_what_it_misses),
	test(several_frames_are_held),
	test(who_holds_all_is_busy),
	test(destroying_gives_frames_back),
	test(discarded_frames_are_never_seen),
	test(kept_buffers_are_not_drawn_into),
	test(lossless_drops_none),
	test(threads_share_both_ends),
	test(who_does_not_take_is_excused_after_one_timeout),
	test(an_interrupt_ends_a_wait_and_no_more),
	test(polling_leaves_nobody_out),
	test(who_leaves_is_not_waited_for),
};

const struct group streams_group = {"streams", tests, COUNT_OF(tests), NULL};
