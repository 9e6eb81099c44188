/* SPDX-License-Identifier: MIT */
/* macOS 10.13 and iOS 11, which are older than shared events: events work from the CPU, and command
 * buffers signal by their completion. What has no substitute is refused by name. */
#include "frames.h"
#import "gpu.h"

#include <apple_double.h>

#define JUNK ((void *)(uintptr_t)0x5a5a)
#define FIRST "before macOS 10.14 and iOS 12"

static const struct geyser_texture_desc picture = {
	.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 61, .height = 40};

/* Commits work that signals the value, and releases the command buffer. */
static void signal_by_gpu(struct gpu *gpu, struct geyser_event *event, uint64_t value)
{
	id<MTLCommandBuffer> commands = gpu_begin(gpu);

	ok(geyser_metal_encode_signal((void *)commands, event, value));
	[commands commit];
	(void)gpu_ends(commands);
}

static void what_the_device_says(void **state)
{
	struct geyser_metal_info info;

	ok(geyser_metal_get_info(manager_of(state), &info));
	assert_false(info.unified_memory); /* no query tells */
	assert_true(info.registry_id);
}

static void shared_events_are_refused(void **state)
{
	struct geyser_manager *manager = manager_of(state);
	struct geyser_event *event = make_event(manager, 0), *made = JUNK;
	void *object = JUNK;

	refused(GEYSER_ERROR_UNSUPPORTED, FIRST, geyser_metal_event(event, &object));
	assert_null(object);
	refused(GEYSER_ERROR_UNSUPPORTED, FIRST, geyser_metal_event_shared_handle(event, &object));
	refused(GEYSER_ERROR_UNSUPPORTED, FIRST, geyser_metal_event_adopt(manager, JUNK, &made));
	assert_null(made);
	refused(GEYSER_ERROR_UNSUPPORTED, FIRST,
		geyser_metal_event_import_shared_handle(manager, JUNK, &made));
	geyser_event_unref(event);
}

static void private_storage_is_refused(void **state)
{
	struct geyser_texture *texture = JUNK;

	refused(GEYSER_ERROR_UNSUPPORTED, "before macOS 10.14 and iOS 13",
		geyser_metal_texture_create_private(manager_of(state), &picture, &texture));
	assert_null(texture);
	refused(GEYSER_ERROR_UNSUPPORTED, "before macOS 10.14 and iOS 13",
		geyser_metal_texture_import_shared_handle(
			manager_of(state), JUNK, &picture, &texture));
}

static void the_gpu_signals_by_completion(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (uint64_t value = 1; value <= 20; value++) {
		signal_by_gpu(&gpu, event, value);
		ok(geyser_event_wait(event, value, PATIENCE));
	}
	ok(geyser_event_signal(event, 30)); /* the CPU's signal */
	ok(geyser_event_wait(event, 30, 0));
	geyser_event_unref(event);
	gpu_close(&gpu);
}

/* An event may end before the command buffer that was to signal it. */
static void an_event_ends_first(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	id<MTLCommandBuffer> commands;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	commands = gpu_begin(&gpu);
	ok(geyser_metal_encode_signal((void *)commands, event, 1));
	geyser_event_unref(event);
	[commands commit];
	gpu_finish(commands);
	gpu_close(&gpu);
}

static void only_a_met_wait_is_encoded(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 3);
	id<MTLCommandBuffer> commands;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	commands = gpu_begin(&gpu);
	ok(geyser_metal_encode_wait((void *)commands, event, 3));
	refused(GEYSER_ERROR_UNSUPPORTED, "value (4): the event is at 3, and " FIRST,
		geyser_metal_encode_wait((void *)commands, event, 4));
	ok(geyser_event_signal(event, 4));
	ok(geyser_metal_encode_wait((void *)commands, event, 4));
	[commands commit];
	gpu_finish(commands);
	geyser_event_unref(event);
	gpu_close(&gpu);
}

static void a_failed_command_buffer_signals(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	apple_double_fail("execute", 1);
	signal_by_gpu(&gpu, event, 1);
	ok(geyser_event_wait(event, 1, PATIENCE));
	apple_double_fail("accessRevoked", 1);
	signal_by_gpu(&gpu, event, 2);
	assert_int_equal(geyser_event_wait(event, 2, PATIENCE), GEYSER_ERROR_DEVICE_LOST);
	apple_double_fail(NULL, 0);
	geyser_event_unref(event);
	gpu_close(&gpu);
}

/* ---- streams ---- */

static id<MTLCommandBuffer> draw(struct gpu *gpu, struct geyser_frame *frame, uint32_t seed)
{
	id<MTLCommandBuffer> commands = gpu_begin(gpu);

	ok(geyser_metal_encode_frame_wait((void *)commands, frame));
	gpu_draw(commands, geyser_frame_texture(frame), seed);
	return commands;
}

/* A frame that is submitted with its command buffer is drawn when the subscriber gets it. */
static void a_stream_between_gpus(void **state)
{
	struct frames frames = open_frames(manager_of(state), manager_of(state), &picture, 3);
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (uint32_t i = 1; i <= 20; i++) {
		struct geyser_frame *frame = begin_frame(frames.publisher);
		id<MTLCommandBuffer> commands = draw(&gpu, frame, i);
		id<MTLBuffer> seen;

		ok(geyser_metal_publisher_submit(frames.publisher, frame, (void *)commands));
		gpu_finish(commands);
		frame = next_frame(frames.subscriber, i);
		commands = gpu_begin(&gpu);
		ok(geyser_metal_encode_frame_wait((void *)commands, frame));
		seen = gpu_read(commands, geyser_frame_texture(frame));
		ok(geyser_metal_subscriber_release(frames.subscriber, frame, (void *)commands));
		gpu_finish(commands);
		assert_true(gpu_holds(seen, i));
	}
	close_frames(&frames);
	gpu_close(&gpu);
}

/* A subscriber of another backend has copies. */
static void a_stream_to_the_cpu(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct frames frames = open_frames(manager_of(state), host, &picture, 3);
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (uint32_t i = 1; i <= 20; i++) {
		struct geyser_frame *frame = begin_frame(frames.publisher);
		id<MTLCommandBuffer> commands = draw(&gpu, frame, i);

		ok(geyser_metal_publisher_submit(frames.publisher, frame, (void *)commands));
		gpu_finish(commands);
		frame = next_frame(frames.subscriber, i);
		assert_true(texture_holds(geyser_frame_texture(frame), i));
		ok(geyser_subscriber_release(frames.subscriber, frame));
	}
	close_frames(&frames);
	gpu_close(&gpu);
	geyser_manager_destroy(host);
}

/* The publisher's program commits by itself, and sends the frame before it is drawn: a map waits
 * for it, and a GPU can't. */
static void a_frame_that_is_not_drawn(void **state)
{
	struct frames frames = open_frames(manager_of(state), manager_of(state), &picture, 3);
	struct geyser_frame *frame = begin_frame(frames.publisher);
	id<MTLCommandBuffer> drawing, reading;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	drawing = draw(&gpu, frame, 1);
	ok(geyser_metal_encode_frame_signal((void *)drawing, frame));
	ok(geyser_publisher_submit(frames.publisher, frame));
	frame = next_frame(frames.subscriber, 1);
	reading = gpu_begin(&gpu);
	refused(GEYSER_ERROR_UNSUPPORTED, FIRST,
		geyser_metal_encode_frame_wait((void *)reading, frame));
	[drawing commit];
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	ok(geyser_metal_encode_frame_wait((void *)reading, frame));
	ok(geyser_metal_subscriber_release(frames.subscriber, frame, (void *)reading));
	gpu_finish(drawing);
	gpu_finish(reading);
	close_frames(&frames);
	gpu_close(&gpu);
}

/* The same, to a subscriber that needs a copy: no GPU can wait for the drawing, and then copy. The
 * stream goes on with the next frame. */
static void a_copy_of_a_frame_that_is_not_drawn(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct frames frames = open_frames(manager_of(state), host, &picture, 3);
	struct geyser_frame *frame = begin_frame(frames.publisher);
	id<MTLCommandBuffer> drawing;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	drawing = draw(&gpu, frame, 1);
	ok(geyser_metal_encode_frame_signal((void *)drawing, frame));
	refused(GEYSER_ERROR_UNSUPPORTED, FIRST, geyser_publisher_submit(frames.publisher, frame));
	[drawing commit];
	gpu_finish(drawing);
	frame = begin_frame(frames.publisher);
	drawing = draw(&gpu, frame, 2);
	ok(geyser_metal_publisher_submit(frames.publisher, frame, (void *)drawing));
	gpu_finish(drawing);
	frame = next_frame(frames.subscriber, 1);
	assert_true(texture_holds(geyser_frame_texture(frame), 2));
	ok(geyser_subscriber_release(frames.subscriber, frame));
	close_frames(&frames);
	gpu_close(&gpu);
	geyser_manager_destroy(host);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(what_the_device_says),
		manager_test(shared_events_are_refused),
		manager_test(private_storage_is_refused),
		manager_test(the_gpu_signals_by_completion),
		manager_test(an_event_ends_first),
		manager_test(only_a_met_wait_is_encoded),
		manager_test(a_failed_command_buffer_signals),
		manager_test(a_stream_between_gpus),
		manager_test(a_stream_to_the_cpu),
		manager_test(a_frame_that_is_not_drawn),
		manager_test(a_copy_of_a_frame_that_is_not_drawn),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "floor", tests, COUNT_OF(tests));
}
