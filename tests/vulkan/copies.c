/* Subscribers without the publisher's device: they get copies of its frames in host memory. */
#include "stage.h"

#include <stdio.h>

/* A subscriber without a GPU gets no frame before it is drawn. */
static void acquiring_in_memory_waits_for_drawing(void **state)
{
	const struct geyser_subscriber_desc desc = {.name = "frames"};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	struct gpu_work drawn;
	struct stage stage;

	stage_begin(state, &stage, 3);
	ok(geyser_subscriber_create(host, &desc, &subscriber));
	drawn = stage_draw_behind_gate(&stage, 1, 5);
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_acquire(subscriber, 50 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	gpu_finish(&stage.drawing, &drawn);
	stage_end(&stage);
	geyser_manager_destroy(host);
}

/* A subscriber that needs copies joins a stream whose newest frame takes long to draw: neither the
 * subscriber's create nor the publisher's acquire waits for the drawing. */
static void joining_waits_for_no_drawing(void **state)
{
	const struct geyser_subscriber_desc desc = {
		.name = "frames", .connect_timeout_ns = PATIENCE};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber *subscribers[2];
	struct geyser_frame *frame;
	struct gpu_work drawn;
	struct stage stage;

	stage_begin(state, &stage, 3);
	drawn = stage_draw_behind_gate(&stage, 1, 5);
	for (unsigned i = 0; i < 2; i++) { /* the second finds the first one's copies under way */
		ok(geyser_subscriber_create(host, &desc, &subscribers[i]));
		refused(GEYSER_ERROR_TIMEOUT, "",
			geyser_subscriber_acquire(subscribers[i], 50 * MILLISECOND, &frame));
		ok(geyser_publisher_discard(
			stage.frames.publisher, begin_frame(stage.frames.publisher)));
		if (i == 0)
			geyser_subscriber_destroy(subscribers[i]);
	}
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscribers[1], PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	ok(geyser_subscriber_release(subscribers[1], frame));
	geyser_subscriber_destroy(subscribers[1]);
	gpu_finish(&stage.drawing, &drawn);
	stage_end(&stage);
	geyser_manager_destroy(host);
}

/* All buffers are drawn behind the gate, and a copy follows each. acquire waits for the copies
 * within its own timeout. */
static void acquiring_waits_for_copies_in_time(void **state)
{
	const struct geyser_subscriber_desc desc = {
		.name = "frames", .connect_timeout_ns = PATIENCE};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	struct gpu_work drawn[2];
	struct stage stage;

	stage_begin(state, &stage, 2);
	ok(geyser_subscriber_create(host, &desc, &subscriber));
	drawn[0] = stage_draw_behind_gate(&stage, 1, 5);
	drawn[1] = stage_draw_behind_gate(&stage, 2, 5);
	refused(GEYSER_ERROR_TIMEOUT, "copies it for a subscriber",
		geyser_publisher_acquire(stage.frames.publisher, 0, &frame));
	refused(GEYSER_ERROR_TIMEOUT, "copies it for a subscriber",
		geyser_publisher_acquire(stage.frames.publisher, 10 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame)); /* neither call took it */
	assert_int_equal(geyser_frame_get_info(frame)->sequence, 2);
	assert_true(texture_holds(geyser_frame_texture(frame), 2));
	ok(geyser_subscriber_release(subscriber, frame));
	ok(geyser_publisher_discard(stage.frames.publisher, begin_frame(stage.frames.publisher)));
	geyser_subscriber_destroy(subscriber);
	for (unsigned i = 0; i < 2; i++)
		gpu_finish(&stage.drawing, &drawn[i]);
	stage_end(&stage);
	geyser_manager_destroy(host);
}

/* A mirror needs a descriptor. */
static void a_copy_that_cannot_be_made_changes_nothing(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH + 1, .height = HEIGHT};
	const struct geyser_subscriber_desc subscribing = {
		.name = "frames", .connect_timeout_ns = PATIENCE};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	struct rlimit limit, tight;
	struct stage stage;

	stage_begin(state, &stage, 2);
	ok(geyser_subscriber_create(host, &subscribing, &subscriber));
	ok(geyser_publisher_resize(stage.frames.publisher, &desc));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	tight = limit;
	tight.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	refused(GEYSER_ERROR_LIMIT, "",
		geyser_publisher_acquire(stage.frames.publisher, PATIENCE, &frame));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	frame = begin_frame(stage.frames.publisher);
	assert_int_equal(geyser_texture_get_desc(geyser_frame_texture(frame))->width, WIDTH + 1);
	assert_true(fill_texture(geyser_frame_texture(frame), 3));
	ok(geyser_publisher_submit(stage.frames.publisher, frame));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 3));
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	stage_end(&stage);
	geyser_manager_destroy(host);
}

/* A subscriber reads the publisher's own buffers until a resize, and copies after it. Another event
 * says when a copy is filled. The subscriber keeps its place, and the frame that it holds. */
static void frames_that_become_copies_are_drawn(void **state)
{
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = WIDTH,
		.height = HEIGHT,
		.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_HOST_MEMORY,
	};
	const struct geyser_subscriber_desc subscribing = {
		.name = "frames", .delivery = GEYSER_DELIVER_EVERY};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber_stats stats;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame, *held;
	struct gpu_work drawn;
	struct stage stage;

	stage_begin(state, &stage, 3);
	ok(geyser_publisher_resize(stage.frames.publisher, &desc));
	for (uint32_t i = 0; i < 3; i++) /* each buffer is replaced when its turn comes */
		ok(geyser_publisher_submit(
			stage.frames.publisher, begin_frame(stage.frames.publisher)));
	frame = begin_frame(stage.frames.publisher);
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(stage.frames.publisher, frame));
	ok(geyser_subscriber_create(host, &subscribing, &subscriber));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &held));
	assert_true(texture_holds(geyser_frame_texture(held), 1));
	assert_int_equal(geyser_texture_path(geyser_frame_texture(held)), GEYSER_PATH_ZERO_COPY);

	desc.usage &= ~GEYSER_USAGE_HOST_MEMORY;
	ok(geyser_publisher_resize(stage.frames.publisher, &desc));
	drawn = stage_draw_behind_gate(&stage, 2, 5);
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_acquire(subscriber, 50 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 2));
	assert_int_equal(geyser_frame_get_info(frame)->sequence, 5);
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
	ok(geyser_subscriber_get_stats(subscriber, &stats));
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.frames, 2);
	assert_int_equal(stats.dropped, 0);
	ok(geyser_subscriber_release(subscriber, frame));
	assert_true(texture_holds(geyser_frame_texture(held), 1));
	ok(geyser_subscriber_release(subscriber, held));
	gpu_finish(&stage.drawing, &drawn);
	for (uint32_t i = 0; i < 6; i++) { /* in order, also in the buffer that was held */
		frame = begin_frame(stage.frames.publisher);
		assert_true(fill_texture(geyser_frame_texture(frame), 10 + i));
		ok(geyser_publisher_submit(stage.frames.publisher, frame));
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		assert_int_equal(geyser_frame_get_info(frame)->sequence, 6 + i);
		assert_true(texture_holds(geyser_frame_texture(frame), 10 + i));
		assert_int_equal(
			geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
		ok(geyser_subscriber_release(subscriber, frame));
	}
	geyser_subscriber_destroy(subscriber);
	stage_end(&stage);
	geyser_manager_destroy(host);
}

/* After a resize the newest frame's buffer alone is in host memory. A subscriber that can read only
 * that one gets copies of all: with them comes the event that says when they are drawn. */
static void some_buffers_can_be_read_and_some_cannot(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = WIDTH,
		.height = HEIGHT,
		.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_HOST_MEMORY,
	};
	const struct geyser_subscriber_desc subscribing = {
		.name = "frames", .connect_timeout_ns = PATIENCE};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	struct gpu_work drawn;
	struct stage stage;

	stage_begin(state, &stage, 3);
	ok(geyser_publisher_resize(stage.frames.publisher, &desc));
	drawn = stage_draw_behind_gate(&stage, 1, 5);
	ok(geyser_subscriber_create(host, &subscribing, &subscriber));
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_acquire(subscriber, 50 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	gpu_finish(&stage.drawing, &drawn);
	stage_end(&stage);
	geyser_manager_destroy(host);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(acquiring_in_memory_waits_for_drawing),
		manager_test(joining_waits_for_no_drawing),
		manager_test(acquiring_waits_for_copies_in_time),
		manager_test(a_copy_that_cannot_be_made_changes_nothing),
		manager_test(frames_that_become_copies_are_drawn),
		manager_test(some_buffers_can_be_read_and_some_cannot),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "copies", tests, COUNT_OF(tests));
}
