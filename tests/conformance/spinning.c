/* Spinning: waits that look before they sleep give what sleeping waits give. */
#include "streams.h"

#define SPIN SECOND /* so long that no thread of these tests sleeps, unless the machine is busy */

static void a_time_that_is_too_long_is_refused(void **state)
{
	struct geyser_publisher *publisher = publish(state, "limit", 2);
	struct geyser_subscriber *subscriber = subscribe(state, "limit", GEYSER_DELIVER_LATEST);
	struct geyser_event *event = make_event(manager_of(state), 0);

	ok(geyser_manager_set_spin(manager_of(state), GEYSER_SPIN_MAX_NS));
	ok(geyser_publisher_set_spin(publisher, GEYSER_SPIN_MAX_NS));
	ok(geyser_subscriber_set_spin(subscriber, GEYSER_SPIN_MAX_NS));
	ok(geyser_event_set_spin(event, GEYSER_SPIN_MAX_NS));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "spin_ns (1000000001)",
		geyser_manager_set_spin(manager_of(state), GEYSER_SPIN_MAX_NS + 1));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "spin_ns (18446744073709551615)",
		geyser_publisher_set_spin(publisher, UINT64_MAX));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "spin_ns",
		geyser_subscriber_set_spin(subscriber, UINT64_MAX));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "spin_ns", geyser_event_set_spin(event, UINT64_MAX));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL", geyser_manager_set_spin(NULL, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL",
		geyser_publisher_set_spin(NULL, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL",
		geyser_subscriber_set_spin(NULL, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL", geyser_event_set_spin(NULL, 0));
	geyser_event_unref(event);
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* ---- events ---- */

struct turns {
	struct geyser_event *own, *imported;
};

/* Two threads take turns to raise an event, by two imports of it. */
static void take_turns(unsigned index, void *data)
{
	const struct turns *turns = data;
	struct geyser_event *event = index ? turns->imported : turns->own;

	for (uint64_t value = index + 1; value <= 2000; value += 2) {
		check(geyser_event_wait(event, value - 1, PATIENCE) == GEYSER_OK);
		check(geyser_event_signal(event, value) == GEYSER_OK);
	}
}

static void events_wake_threads_that_spin(void **state)
{
	for (unsigned spinning = 0; spinning < 4; spinning++) {
		struct turns turns = {.own = make_event(manager_of(state), 0)};
		struct geyser_handle handle = export_event(turns.own);

		turns.imported = import_event(manager_of(state), &handle);
		ok(geyser_event_set_spin(turns.own, spinning & 1 ? SPIN : 0));
		ok(geyser_event_set_spin(turns.imported, spinning & 2 ? SPIN : 0));
		run_threads(2, take_turns, &turns);
		geyser_event_unref(turns.imported);
		geyser_event_unref(turns.own);
	}
}

static void an_event_that_spins_times_out(void **state)
{
	struct geyser_event *event;

	ok(geyser_manager_set_spin(manager_of(state), SPIN));
	event = make_event(manager_of(state), 0);
	for (unsigned i = 0; i < 20; i++) {
		uint64_t begin = now_ns();

		refused(GEYSER_ERROR_TIMEOUT, "", geyser_event_wait(event, 1, i * MILLISECOND / 4));
		assert_true(now_ns() - begin >= i * MILLISECOND / 4);
	}
	geyser_event_unref(event);
}

/* ---- streams ---- */

struct flow {
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	unsigned frames;
};

static void send_frames(struct flow *flow)
{
	for (unsigned i = 0; i < flow->frames; i++) {
		struct geyser_frame *frame;

		check(geyser_publisher_acquire(flow->publisher, PATIENCE, &frame) == GEYSER_OK);
		check(fill_texture(geyser_frame_texture(frame), i + 1));
		check(geyser_publisher_submit(flow->publisher, frame) == GEYSER_OK);
	}
	check(geyser_publisher_flush(flow->publisher, PATIENCE) == GEYSER_OK);
}

static void receive_frames(struct flow *flow)
{
	for (unsigned i = 0; i < flow->frames; i++) {
		struct geyser_frame *frame;

		check(geyser_subscriber_acquire(flow->subscriber, PATIENCE, &frame) == GEYSER_OK);
		if (!frame)
			return;
		check(geyser_frame_get_info(frame)->sequence == i + 1);
		check(texture_holds(geyser_frame_texture(frame), i + 1));
		check(geyser_subscriber_release(flow->subscriber, frame) == GEYSER_OK);
	}
}

static void pass_frames(unsigned index, void *data)
{
	if (index)
		receive_frames(data);
	else
		send_frames(data);
}

/* Lossless: the publisher waits for the subscriber at nearly every frame. */
static void streams_flow_between_threads_that_spin(void **state)
{
	for (unsigned spinning = 0; spinning < 4; spinning++) {
		struct flow flow = {
			.publisher = publish_lossless(state, "flow", 2),
			.subscriber = subscribe(state, "flow", GEYSER_DELIVER_EVERY),
			.frames = test_backend == GEYSER_BACKEND_HOST ? 2000 : 50,
		};

		ok(geyser_publisher_set_spin(flow.publisher, spinning & 1 ? SPIN : 0));
		ok(geyser_subscriber_set_spin(flow.subscriber, spinning & 2 ? SPIN : 0));
		run_threads(2, pass_frames, &flow);
		assert_int_equal(subscriber_stats(flow.subscriber).dropped, 0);
		geyser_subscriber_destroy(flow.subscriber);
		geyser_publisher_destroy(flow.publisher);
	}
}

static void streams_that_spin_time_out(void **state)
{
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame, *held[2];

	ok(geyser_manager_set_spin(manager_of(state), SPIN));
	publisher = publish(state, "late", 2);
	subscriber = subscribe(state, "late", GEYSER_DELIVER_EVERY);
	refused(GEYSER_ERROR_TIMEOUT, "no new frame",
		geyser_subscriber_acquire(subscriber, 5 * MILLISECOND, &frame));
	submit_all(publisher, 1, 2);
	held[0] = take(subscriber, 1);
	held[1] = take(subscriber, 2);
	refused(GEYSER_ERROR_TIMEOUT, "hold all 2 buffers",
		geyser_publisher_acquire(publisher, 5 * MILLISECOND, &frame));
	refused(GEYSER_ERROR_TIMEOUT, "hold 2 buffers",
		geyser_publisher_flush(publisher, 5 * MILLISECOND));
	for (unsigned i = 0; i < 2; i++)
		ok(geyser_subscriber_release(subscriber, held[i]));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
}

/* ---- what ends a wait ---- */

static void wait_or_end(unsigned index, void *data)
{
	struct flow *flow = data;
	struct geyser_frame *frame;

	if (index == 0)
		geyser_publisher_close(flow->publisher);
	else if (index == 1)
		check(geyser_subscriber_acquire(flow->subscriber, UINT64_MAX, &frame) ==
			GEYSER_ERROR_DISCONNECTED);
	else
		check(geyser_publisher_acquire(flow->publisher, UINT64_MAX, &frame) ==
			GEYSER_ERROR_DISCONNECTED);
}

static void closing_ends_waits_that_spin(void **state)
{
	ok(geyser_manager_set_spin(manager_of(state), SPIN));
	for (unsigned i = 0; i < 50; i++) {
		struct flow flow = {
			.publisher = publish(state, "ends", 2),
			.subscriber = subscribe(state, "ends", GEYSER_DELIVER_EVERY),
		};
		struct geyser_subscriber *holder = subscribe(state, "ends", GEYSER_DELIVER_EVERY);

		ok(geyser_publisher_set_hold_limit(flow.publisher, UINT64_MAX));
		submit_all(flow.publisher, 1, 2);
		for (unsigned frame = 1; frame <= 2; frame++) {
			pass(flow.subscriber, frame);
			(void)take(holder, frame);
		}
		run_threads(3, wait_or_end, &flow);
		geyser_subscriber_destroy(holder);
		geyser_subscriber_destroy(flow.subscriber);
		geyser_publisher_destroy(flow.publisher);
	}
}

static const struct CMUnitTest tests[] = {
	test(a_time_that_is_too_long_is_refused),
	test(events_wake_threads_that_spin),
	test(an_event_that_spins_times_out),
	test(streams_flow_between_threads_that_spin),
	test(streams_that_spin_time_out),
	test(closing_ends_waits_that_spin),
};

const struct group spinning_group = {"spinning", tests, COUNT_OF(tests), NULL};
