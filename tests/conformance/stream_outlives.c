/* Objects that a program keeps after their stream has ended, with every order in which the stream's
 * parts can end. */
#include "streams.h"

#include <string.h>

#define FAR_AWAY (UINT64_C(1) << 40)

/* The parts of a stream that a test ends, in any order. */
enum part {
	MANAGER, /* the subscriber's manager */
	PUBLISHER,
	SUBSCRIBER,
	PARTS,
};

struct stream {
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
};

/* The references that the caller keeps. An event is NULL on a backend whose frames have no
 * points. */
struct kept {
	struct geyser_texture *drawn, *seen;
	struct geyser_point begun, done; /* points of the publisher's frame */
	struct geyser_point ready, read; /* points of the subscriber's frame */
};

static struct stream begin(void **state)
{
	const struct geyser_subscriber_desc desc = {.name = "outlived"};
	struct stream stream = {
		.manager = make_manager(), .publisher = publish(state, "outlived", 3)};

	ok(geyser_subscriber_create(stream.manager, &desc, &stream.subscriber));
	return stream;
}

static void end_part(struct stream *stream, enum part part)
{
	if (part == MANAGER)
		geyser_manager_destroy(stream->manager);
	else if (part == PUBLISHER)
		geyser_publisher_destroy(stream->publisher);
	else
		geyser_subscriber_destroy(stream->subscriber);
}

static struct geyser_point keep(struct geyser_point point)
{
	(void)geyser_event_ref(point.event);
	return point;
}

static struct geyser_point signal_point(struct geyser_frame *frame)
{
	struct geyser_point point;
	enum geyser_result result = geyser_frame_signal_point(frame, &point);

	assert_true(result == GEYSER_OK || result == GEYSER_ERROR_UNSUPPORTED);
	return keep(point);
}

static struct geyser_point wait_point(struct geyser_frame *frame)
{
	struct geyser_point point;

	ok(geyser_frame_wait_point(frame, &point));
	return keep(point);
}

/* Draws a frame and lets the subscriber read it. The frame's release waits for a point that is not
 * signalled yet. */
static struct kept pass_frame(struct stream *stream)
{
	struct geyser_frame *frame = begin_frame(stream->publisher);
	struct kept kept = {.drawn = geyser_texture_ref(geyser_frame_texture(frame))};

	assert_true(fill_texture(kept.drawn, 1));
	kept.begun = wait_point(frame);
	kept.done = signal_point(frame);
	if (kept.done.event)
		ok(geyser_event_signal(kept.done.event, kept.done.value));
	ok(geyser_publisher_submit(stream->publisher, frame));
	ok(geyser_subscriber_acquire(stream->subscriber, PATIENCE, &frame));
	kept.seen = geyser_texture_ref(geyser_frame_texture(frame));
	kept.ready = wait_point(frame);
	kept.read = signal_point(frame);
	ok(geyser_subscriber_release(stream->subscriber, frame));
	return kept;
}

static void use_point(const struct geyser_point *point, bool signal)
{
	uint64_t value;

	if (!point->event)
		return;
	ok(geyser_event_value(point->event, &value));
	(void)geyser_event_wait(point->event, FAR_AWAY, 0);
	if (!signal)
		return;
	ok(geyser_event_signal(point->event, point->value));
	ok(geyser_event_wait(point->event, point->value, PATIENCE));
}

static void use_texture(struct geyser_texture *texture)
{
	struct geyser_mapping mapping;

	if (geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping) == GEYSER_OK)
		geyser_texture_unmap(texture);
	assert_int_equal(geyser_texture_get_desc(texture)->width, STREAM_WIDTH);
}

static void use(const struct kept *kept)
{
	use_texture(kept->drawn);
	use_texture(kept->seen);
	use_point(&kept->begun, false);
	use_point(&kept->done, false);
	use_point(&kept->ready, false);
	use_point(&kept->read, true);
}

static void drop(struct kept *kept)
{
	geyser_texture_unref(kept->drawn);
	geyser_texture_unref(kept->seen);
	geyser_event_unref(kept->begun.event);
	geyser_event_unref(kept->done.event);
	geyser_event_unref(kept->ready.event);
	geyser_event_unref(kept->read.event);
}

static const enum part orders[][PARTS] = {
	{MANAGER, PUBLISHER, SUBSCRIBER},
	{MANAGER, SUBSCRIBER, PUBLISHER},
	{PUBLISHER, MANAGER, SUBSCRIBER},
	{PUBLISHER, SUBSCRIBER, MANAGER},
	{SUBSCRIBER, MANAGER, PUBLISHER},
	{SUBSCRIBER, PUBLISHER, MANAGER},
};

/* Uses the kept objects after `used` parts have ended; the use signals the point once. */
static void what_is_kept_outlives_its_stream(void **state)
{
	for (size_t i = 0; i < COUNT_OF(orders); i++)
		for (unsigned used = 0; used <= PARTS; used++) {
			struct stream stream = begin(state);
			struct kept kept = pass_frame(&stream);

			for (unsigned j = 0; j < PARTS; j++) {
				if (j == used)
					use(&kept);
				end_part(&stream, orders[i][j]);
			}
			if (used == PARTS)
				use(&kept);
			drop(&kept);
		}
}

/* The point is never signalled. Frames still wait for the event when it ends. */
static void points_that_never_come_end_with_their_event(void **state)
{
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		struct stream stream = begin(state);
		struct kept kept = pass_frame(&stream);

		for (unsigned j = 0; j < PARTS; j++)
			end_part(&stream, orders[i][j]);
		drop(&kept);
	}
}

/* Borrowed points stay valid even after the subscriber has noticed the publisher's end. */
static void borrowed_points_stay_until_the_subscriber_ends(void **state)
{
	struct stream stream = begin(state);
	struct geyser_point points[4];
	struct geyser_frame *frame;

	for (size_t i = 0; i < COUNT_OF(points); i++) {
		submit(stream.publisher, 1);
		ok(geyser_subscriber_acquire(stream.subscriber, PATIENCE, &frame));
		ok(geyser_frame_wait_point(frame, &points[i]));
		ok(geyser_subscriber_release(stream.subscriber, frame));
		geyser_publisher_destroy(stream.publisher);
		disconnected(stream.subscriber);
		stream.publisher = publish(state, "outlived", 3);
	}
	for (size_t i = 0; i < COUNT_OF(points); i++)
		use_point(&points[i], false);
	for (unsigned i = 0; i < PARTS; i++)
		end_part(&stream, (enum part)i);
}

/* A kept event doesn't count as a subscription. */
static void a_kept_event_holds_no_subscription(void **state)
{
	struct stream stream = begin(state);
	struct kept kept = pass_frame(&stream);

	geyser_subscriber_destroy(stream.subscriber);
	subscribers_become(stream.publisher, 0);
	use(&kept);
	geyser_publisher_destroy(stream.publisher);
	drop(&kept);
	geyser_manager_destroy(stream.manager);
}

struct waiter {
	struct geyser_event *event;
	struct latch began;
	enum geyser_result result;
};

static void *wait_for_ever(void *data)
{
	struct waiter *waiter = data;

	latch_add(&waiter->began);
	waiter->result = geyser_event_wait(waiter->event, FAR_AWAY, UINT64_MAX);
	geyser_event_unref(waiter->event);
	return NULL;
}

/* A wait for the event ends with the stream, because the event learns of the end by itself. */
static void waits_for_a_kept_event_end_with_the_stream(void **state)
{
	struct stream stream = begin(state);
	struct kept kept = pass_frame(&stream);
	struct waiter waiter = {.event = geyser_event_ref(kept.ready.event)};
	pthread_t thread;

	if (!kept.ready.event) { /* this backend's frames have no points */
		drop(&kept);
		for (unsigned i = 0; i < PARTS; i++)
			end_part(&stream, (enum part)i);
		return;
	}
	latch_init(&waiter.began);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_ever, &waiter), 0);
	assert_true(latch_wait(&waiter.began, 1));
	drop(&kept);
	geyser_subscriber_destroy(stream.subscriber);
	geyser_publisher_destroy(stream.publisher);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(waiter.result, GEYSER_ERROR_DISCONNECTED);
	latch_finish(&waiter.began);
	geyser_manager_destroy(stream.manager);
}

static const struct CMUnitTest tests[] = {
	test(what_is_kept_outlives_its_stream),
	test(points_that_never_come_end_with_their_event),
	test(borrowed_points_stay_until_the_subscriber_ends),
	test(a_kept_event_holds_no_subscription),
	test(waits_for_a_kept_event_end_with_the_stream),
};

const struct group stream_outlives_group = {"stream-outlives", tests, COUNT_OF(tests), NULL};
