/* SPDX-License-Identifier: MIT */
/* Command buffers that the GPU stops before their signals, by the double: each waiter goes on or
 * learns of it, and none hangs. */
#include "frames.h"
#import "gpu.h"

#include <apple_double.h>

#define WIDTH 61
#define HEIGHT 40
/* How soon a waiter goes on after the command buffer has ended. */
#define SOON (100 * MILLISECOND)
/* A busy machine may be late: the best try counts. */
#define TRIES 5

static const struct geyser_texture_desc picture = {
	.format = GEYSER_FORMAT_BGRA8_UNORM, .width = WIDTH, .height = HEIGHT};

/* A stream from this manager to another one, which may be of the host backend. */
struct stage {
	struct geyser_manager *from, *to;
	struct gpu drawing, reading; /* reading: only if the subscriber has Metal */
	struct frames frames;
	uint64_t sequence; /* of the last frame */
};

static void begin(void **state, struct stage *stage, enum geyser_backend to, uint32_t buffers)
{
	*stage = (struct stage){.from = manager_of(state), .to = make_manager_on(to)};
	gpu_open(&stage->drawing, stage->from);
	if (to == GEYSER_BACKEND_METAL)
		gpu_open(&stage->reading, stage->to);
	stage->frames = open_frames(stage->from, stage->to, &picture, buffers);
}

static void end(struct stage *stage)
{
	apple_double_fail(NULL, 0);
	close_frames(&stage->frames);
	gpu_close(&stage->reading);
	gpu_close(&stage->drawing);
	geyser_manager_destroy(stage->to);
}

/* Returns a command buffer that draws the frame, and is not committed yet. */
static id<MTLCommandBuffer> draw(struct stage *stage, struct geyser_frame *frame, uint32_t seed)
{
	id<MTLCommandBuffer> commands = gpu_begin(&stage->drawing);

	ok(geyser_metal_encode_frame_wait((void *)commands, frame));
	gpu_draw(commands, geyser_frame_texture(frame), seed);
	return commands;
}

static void submit_drawn(struct stage *stage, uint32_t seed)
{
	struct geyser_frame *frame = begin_frame(stage->frames.publisher);
	id<MTLCommandBuffer> commands = draw(stage, frame, seed);

	ok(geyser_metal_publisher_submit(stage->frames.publisher, frame, (void *)commands));
	gpu_finish(commands);
	stage->sequence++;
}

/* Submits a frame whose command buffer the GPU gives up. */
static void submit_stopped(struct stage *stage)
{
	struct geyser_frame *frame = begin_frame(stage->frames.publisher);
	id<MTLCommandBuffer> commands = draw(stage, frame, 1);

	apple_double_fail("execute", 1); /* it is counted before the submit starts a copy */
	ok(geyser_metal_publisher_submit(stage->frames.publisher, frame, (void *)commands));
	assert_false(gpu_ends(commands));
	stage->sequence++;
}

static void take_by_cpu(struct stage *stage, uint32_t seed)
{
	struct geyser_frame *frame = next_frame(stage->frames.subscriber, stage->sequence);

	assert_true(texture_holds(geyser_frame_texture(frame), seed));
	ok(geyser_subscriber_release(stage->frames.subscriber, frame));
}

/* ---- waiters that go on; each function returns how long one takes, in ns ---- */

static uint64_t a_wait_by_the_cpu(void **state, struct stage *stage)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	id<MTLCommandBuffer> commands = gpu_begin(&stage->drawing);
	uint64_t start;

	ok(geyser_metal_encode_signal((void *)commands, event, 1));
	apple_double_fail("operation", 1);
	[commands commit];
	assert_false(gpu_ends(commands));
	start = now_ns();
	ok(geyser_event_wait(event, 1, PATIENCE));
	start = now_ns() - start;
	geyser_event_unref(event);
	return start;
}

static uint64_t a_wait_in_another_process(void **state, struct stage *stage)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	const struct geyser_handle handle = export_event(event);
	id<MTLCommandBuffer> commands = gpu_begin(&stage->drawing);
	struct peer peer;
	uint64_t start;

	start_importer(&peer, "metal", "-");
	give(&peer, "import-event", &handle, "ok");
	ask(&peer, "gpu-order 2 0", "ok"); /* its GPU waits, too */
	make_wait(&peer, "wait 2");
	ok(geyser_metal_encode_signal((void *)commands, event, 2));
	apple_double_fail("operation", 1);
	[commands commit];
	assert_false(gpu_ends(commands));
	start = now_ns();
	expect_line(&peer, "ok");
	start = now_ns() - start;
	ask(&peer, "finish", "waiting");
	expect_line(&peer, "ok");
	end_peer(&peer);
	geyser_event_unref(event);
	return start;
}

static uint64_t a_map_of_a_frame(void **state, struct stage *stage)
{
	struct geyser_mapping mapping;
	struct geyser_frame *frame;
	uint64_t start;

	(void)state;
	submit_stopped(stage);
	start = now_ns();
	frame = next_frame(stage->frames.subscriber, stage->sequence);
	ok(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping));
	start = now_ns() - start;
	geyser_texture_unmap(geyser_frame_texture(frame));
	ok(geyser_subscriber_release(stage->frames.subscriber, frame));
	return start;
}

/* The program commits the command buffer itself. */
static uint64_t a_gpu_that_reads_a_frame(void **state, struct stage *stage)
{
	struct geyser_frame *frame = begin_frame(stage->frames.publisher);
	id<MTLCommandBuffer> drawing = draw(stage, frame, 1), reading = gpu_begin(&stage->reading);
	uint64_t start;

	(void)state;
	ok(geyser_metal_encode_frame_signal((void *)drawing, frame));
	ok(geyser_publisher_submit(stage->frames.publisher, frame));
	frame = next_frame(stage->frames.subscriber, ++stage->sequence);
	ok(geyser_metal_encode_frame_wait((void *)reading, frame));
	ok(geyser_metal_subscriber_release(stage->frames.subscriber, frame, (void *)reading));
	[reading waitUntilScheduled];
	apple_double_fail("execute", 1);
	[drawing commit];
	assert_false(gpu_ends(drawing));
	start = now_ns();
	gpu_finish(reading);
	return now_ns() - start;
}

/* Both buffers are released, and the GPU is stopped as it reads them. */
static uint64_t a_publisher_that_waits_for_its_buffers(void **state, struct stage *stage)
{
	struct geyser_frame *frame;
	uint64_t start;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		id<MTLCommandBuffer> commands = gpu_begin(&stage->reading);
		id<MTLBuffer> buffer;

		submit_drawn(stage, 1);
		frame = next_frame(stage->frames.subscriber, stage->sequence);
		ok(geyser_metal_encode_frame_wait((void *)commands, frame));
		buffer = gpu_read(commands, geyser_frame_texture(frame));
		apple_double_fail("operation", 2);
		ok(geyser_metal_subscriber_release(
			stage->frames.subscriber, frame, (void *)commands));
		assert_false(gpu_ends(commands));
		[buffer release];
	}
	start = now_ns();
	frame = begin_frame(stage->frames.publisher);
	start = now_ns() - start;
	ok(geyser_publisher_discard(stage->frames.publisher, frame));
	return start;
}

/* geyser's own copy is stopped, and then the drawing that a copy waits for. */
static uint64_t a_subscriber_without_metal(void **state, struct stage *stage)
{
	uint64_t longest = 0;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct geyser_frame *frame;
		uint64_t start;

		if (i == 0) {
			frame = begin_frame(stage->frames.publisher);
			assert_true(fill_texture(geyser_frame_texture(frame), 1));
			apple_double_fail("operation", 1);
			ok(geyser_publisher_submit(stage->frames.publisher, frame));
			stage->sequence++;
		} else {
			submit_stopped(stage);
		}
		start = now_ns();
		frame = next_frame(stage->frames.subscriber, stage->sequence);
		start = now_ns() - start;
		longest = start > longest ? start : longest;
		ok(geyser_subscriber_release(stage->frames.subscriber, frame));
	}
	return longest;
}

static void goes_on_soon(void **state, enum geyser_backend to, uint32_t buffers,
	uint64_t (*measure)(void **state, struct stage *stage))
{
	uint64_t best = UINT64_MAX;
	struct stage stage;

	begin(state, &stage, to, buffers);
	for (unsigned i = 0; i < TRIES && best >= SOON; i++) {
		uint64_t took = measure(state, &stage);

		best = took < best ? took : best;
		apple_double_fail(NULL, 0);
	}
	assert_true(best < SOON);
	for (uint32_t seed = 5; seed < 8; seed++) { /* and the stream goes on */
		submit_drawn(&stage, seed);
		take_by_cpu(&stage, seed);
	}
	end(&stage);
}

static void a_wait_by_the_cpu_goes_on(void **state)
{
	goes_on_soon(state, GEYSER_BACKEND_METAL, 3, a_wait_by_the_cpu);
}

static void a_wait_in_another_process_goes_on(void **state)
{
	goes_on_soon(state, GEYSER_BACKEND_METAL, 3, a_wait_in_another_process);
}

static void a_map_of_a_frame_goes_on(void **state)
{
	goes_on_soon(state, GEYSER_BACKEND_METAL, 3, a_map_of_a_frame);
}

static void a_gpu_that_reads_a_frame_goes_on(void **state)
{
	goes_on_soon(state, GEYSER_BACKEND_METAL, 3, a_gpu_that_reads_a_frame);
}

static void a_publisher_that_waits_for_its_buffers_goes_on(void **state)
{
	goes_on_soon(state, GEYSER_BACKEND_METAL, 2, a_publisher_that_waits_for_its_buffers);
}

static void a_subscriber_without_metal_goes_on(void **state)
{
	goes_on_soon(state, GEYSER_BACKEND_HOST, 3, a_subscriber_without_metal);
}

/* ---- values ---- */

/* Command buffers behind a stopped one run, and none of their values is taken back. */
static void values_rise_over_a_stopped_buffer(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	id<MTLCommandBuffer> commands[4];
	struct gpu gpu;
	void *shared;

	gpu_open(&gpu, manager_of(state));
	ok(geyser_metal_event(event, &shared));
	apple_double_fail("operation", 2);
	for (unsigned i = 0; i < 4; i++) {
		commands[i] = gpu_begin(&gpu);
		ok(geyser_metal_encode_signal((void *)commands[i], event, i + 1));
		[commands[i] commit];
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(gpu_ends(commands[i]), i != 1);
	ok(geyser_event_wait(event, 4, PATIENCE));
	assert_int_equal(((id<MTLSharedEvent>)shared).signaledValue, 4);
	assert_int_equal(value_of(event), 4);
	geyser_event_unref(event);
	gpu_close(&gpu);
}

/* The program drops the event while the command buffer is on its way. */
static void an_event_goes_before_its_buffer_stops(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct geyser_event *gate = make_event(manager_of(state), 0);
	id<MTLCommandBuffer> commands;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	commands = gpu_begin(&gpu);
	ok(geyser_metal_encode_wait((void *)commands, gate, 1));
	ok(geyser_metal_encode_signal((void *)commands, event, 1));
	apple_double_fail("operation", 2);
	[commands commit];
	geyser_event_unref(event);
	ok(geyser_event_signal(gate, 1));
	assert_false(gpu_ends(commands));
	geyser_event_unref(gate);
	gpu_close(&gpu);
}

/* ---- the whole device ---- */

/* From now on each command buffer of this process fails. */
static void the_device_is_lost(void **state, const char *call)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct geyser_event *other = make_event(manager_of(state), 0), *imported;
	const struct geyser_handle handle = export_event(event);
	struct geyser_frame *frame, *taken;
	enum geyser_result submitted;
	id<MTLCommandBuffer> commands;
	struct stage stage;
	struct peer peer;

	begin(state, &stage, GEYSER_BACKEND_METAL, 3);
	start_importer(&peer, "metal", "-");
	give(&peer, "import-event", &handle, "ok");
	ask(&peer, "gpu-order 1 0", "ok");
	make_wait(&peer, "wait 1");
	frame = begin_frame(stage.frames.publisher);
	commands = draw(&stage, frame, 1);
	ok(geyser_metal_encode_signal((void *)commands, event, 1));
	apple_double_fail(call, 0);
	/* the loss may be noticed before this call returns */
	submitted = geyser_metal_publisher_submit(stage.frames.publisher, frame, (void *)commands);
	assert_true(submitted == GEYSER_OK || submitted == GEYSER_ERROR_DEVICE_LOST);
	assert_false(gpu_ends(commands));
	refused(GEYSER_ERROR_DEVICE_LOST, "is lost", geyser_event_wait(event, 1, PATIENCE));
	refused(GEYSER_ERROR_DEVICE_LOST, "is lost", geyser_event_wait(other, 1, PATIENCE));
	expect_line(&peer, "GEYSER_ERROR_DEVICE_LOST");
	ask(&peer, "finish", "waiting"); /* its GPU no longer waits */
	expect_line(&peer, "ok");
	refused(GEYSER_ERROR_DEVICE_LOST, "make a new manager",
		geyser_publisher_acquire(stage.frames.publisher, PATIENCE, &taken));
	refused(GEYSER_ERROR_DEVICE_LOST, "lost its device",
		geyser_subscriber_acquire(stage.frames.subscriber, PATIENCE, &taken));
	refused(GEYSER_ERROR_STALE, "", geyser_event_import(stage.to, &handle, &imported));
	end_peer(&peer);
	end(&stage);
	geyser_event_unref(other);
	geyser_event_unref(event);
}

static void a_device_that_is_removed(void **state)
{
	the_device_is_lost(state, "deviceRemoved");
}

static void a_process_that_the_gpu_ignores(void **state)
{
	the_device_is_lost(state, "accessRevoked");
}

/* The subscriber has the frame already when the publisher's device goes. */
static void the_device_of_a_frame_is_lost(void **state)
{
	struct geyser_event *gate = make_event(manager_of(state), 0);
	id<MTLCommandBuffer> drawing, reading;
	struct geyser_mapping mapping;
	struct geyser_frame *frame;
	struct stage stage;

	begin(state, &stage, GEYSER_BACKEND_METAL, 3);
	frame = begin_frame(stage.frames.publisher);
	drawing = gpu_begin(&stage.drawing);
	ok(geyser_metal_encode_wait((void *)drawing, gate, 1));
	[drawing commit]; /* what follows in the queue is not scheduled before the gate opens */
	[drawing waitUntilScheduled]; /* so the next buffer of any queue is the one that fails */
	[drawing release];
	drawing = draw(&stage, frame, 1);
	ok(geyser_metal_encode_frame_signal((void *)drawing, frame));
	[drawing commit];
	ok(geyser_publisher_submit(stage.frames.publisher, frame));
	frame = next_frame(stage.frames.subscriber, 1);
	reading = gpu_begin(&stage.reading);
	ok(geyser_metal_encode_frame_wait((void *)reading, frame));
	[reading commit];
	[reading waitUntilScheduled];
	apple_double_fail("deviceRemoved", 1);
	ok(geyser_event_signal(gate, 1));
	assert_false(gpu_ends(drawing));
	gpu_finish(reading);
	refused(GEYSER_ERROR_DEVICE_LOST, "is lost",
		geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping));
	ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	end(&stage);
	geyser_event_unref(gate);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(a_wait_by_the_cpu_goes_on),
		manager_test(a_wait_in_another_process_goes_on),
		manager_test(a_map_of_a_frame_goes_on),
		manager_test(a_gpu_that_reads_a_frame_goes_on),
		manager_test(a_publisher_that_waits_for_its_buffers_goes_on),
		manager_test(a_subscriber_without_metal_goes_on),
		manager_test(values_rise_over_a_stopped_buffer),
		manager_test(an_event_goes_before_its_buffer_stops),
		manager_test(a_device_that_is_removed),
		manager_test(a_process_that_the_gpu_ignores),
		manager_test(the_device_of_a_frame_is_lost),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "stopped", tests, COUNT_OF(tests));
}
