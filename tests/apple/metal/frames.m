/* SPDX-License-Identifier: MIT */
/* Frames that are submitted while the GPU draws them, and released while the GPU reads them. The
 * tests check which work waits for which. */
#include "frames.h"
#import "gpu.h"

#define WIDTH 61
#define HEIGHT 40

/* A stream from one manager to another, and two events for which the GPU's work waits. */
struct stage {
	struct geyser_manager *manager; /* the subscriber's */
	struct gpu drawing, reading;
	struct frames frames;
	struct geyser_event *gate; /* the drawing device waits for it */
	struct geyser_event *pass; /* the reading device waits for it */
};

static void begin(void **state, struct stage *stage, uint32_t buffers)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM,
		.width = WIDTH,
		.height = HEIGHT,
	};

	stage->manager = make_manager();
	gpu_open(&stage->drawing, manager_of(state));
	gpu_open(&stage->reading, stage->manager);
	stage->frames = open_frames(manager_of(state), stage->manager, &desc, buffers);
	stage->gate = make_event(manager_of(state), 0);
	stage->pass = make_event(stage->manager, 0);
}

static void end(struct stage *stage)
{
	geyser_event_unref(stage->pass);
	geyser_event_unref(stage->gate);
	close_frames(&stage->frames);
	gpu_close(&stage->reading);
	gpu_close(&stage->drawing);
	geyser_manager_destroy(stage->manager);
}

/* Submits a frame. The GPU draws it once its buffer is free and the gate has this value (0: it
 * doesn't wait for the gate). */
static id<MTLCommandBuffer> draw(struct stage *stage, uint32_t seed, uint64_t gate)
{
	id<MTLCommandBuffer> commands = gpu_begin(&stage->drawing);
	struct geyser_frame *frame = begin_frame(stage->frames.publisher);

	ok(geyser_metal_encode_frame_wait((void *)commands, frame));
	if (gate)
		ok(geyser_metal_encode_wait((void *)commands, stage->gate, gate));
	gpu_draw(commands, geyser_frame_texture(frame), seed);
	ok(geyser_metal_encode_frame_signal((void *)commands, frame));
	[commands commit];
	ok(geyser_publisher_submit(stage->frames.publisher, frame));
	return commands;
}

struct reading {
	id<MTLCommandBuffer> commands;
	id<MTLBuffer> buffer;
};

/* Releases a frame. The GPU reads it once it is drawn and the pass has this value (0: it doesn't
 * wait for the pass). */
static struct reading read_frame(struct stage *stage, uint64_t sequence, uint64_t pass)
{
	struct reading reading = {.commands = gpu_begin(&stage->reading)};
	struct geyser_frame *frame = next_frame(stage->frames.subscriber, sequence);

	if (pass)
		ok(geyser_metal_encode_wait((void *)reading.commands, stage->pass, pass));
	ok(geyser_metal_encode_frame_wait((void *)reading.commands, frame));
	reading.buffer = gpu_read(reading.commands, geyser_frame_texture(frame));
	ok(geyser_metal_subscriber_release(
		stage->frames.subscriber, frame, (void *)reading.commands));
	return reading;
}

static void finish_reading(struct reading *reading, uint32_t seed)
{
	gpu_finish(reading->commands);
	assert_true(gpu_holds(reading->buffer, seed));
}

static void many_frames_overlap(void **state)
{
	struct stage stage;

	begin(state, &stage, 3);
	for (uint32_t i = 1; i <= 20; i++) {
		id<MTLCommandBuffer> drawn = draw(&stage, i, 0);
		struct reading reading = read_frame(&stage, i, 0);

		finish_reading(&reading, i);
		gpu_finish(drawn);
	}
	end(&stage);
}

/* geyser_metal_publisher_submit encodes the signal, commits and submits. */
static void submit_commits(void **state)
{
	struct stage stage;

	begin(state, &stage, 3);
	for (uint32_t i = 1; i <= 10; i++) {
		id<MTLCommandBuffer> commands = gpu_begin(&stage.drawing);
		struct geyser_frame *frame = begin_frame(stage.frames.publisher);
		struct reading reading;

		ok(geyser_metal_encode_frame_wait((void *)commands, frame));
		gpu_draw(commands, geyser_frame_texture(frame), i);
		ok(geyser_metal_publisher_submit(stage.frames.publisher, frame, (void *)commands));
		assert_true(commands.status >= MTLCommandBufferStatusScheduled);
		reading = read_frame(&stage, i, 0);
		finish_reading(&reading, i);
		gpu_finish(commands);
	}
	end(&stage);
}

static void reading_waits_for_drawing(void **state)
{
	id<MTLCommandBuffer> drawn;
	struct reading reading;
	struct stage stage;

	begin(state, &stage, 3);
	drawn = draw(&stage, 1, 5);
	reading = read_frame(&stage, 1, 0); /* the subscriber gets it before it is drawn */
	assert_false(gpu_done(drawn));
	assert_false(gpu_done(reading.commands));
	ok(geyser_event_signal(stage.gate, 5));
	finish_reading(&reading, 1);
	gpu_finish(drawn);
	end(&stage);
}

/* The subscriber has released both buffers, and its GPU still reads them. */
static void drawing_waits_for_reading(void **state)
{
	struct reading reading[2], last;
	struct geyser_frame *frame;
	struct stage stage;

	begin(state, &stage, 2);
	for (uint32_t i = 0; i < 2; i++) {
		gpu_finish(draw(&stage, i + 1, 0));
		reading[i] = read_frame(&stage, i + 1, i + 1);
	}
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_publisher_acquire(stage.frames.publisher, 50 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.pass, 1));
	gpu_finish(draw(&stage, 3, 0));
	ok(geyser_event_signal(stage.pass, 2));
	finish_reading(&reading[0], 1);
	finish_reading(&reading[1], 2);
	last = read_frame(&stage, 3, 0);
	finish_reading(&last, 3);
	end(&stage);
}

/* ---- the CPU on one side ---- */

struct opener {
	struct geyser_event *gate;
	struct latch latch;
};

static void *open_gate(void *data)
{
	struct opener *opener = data;

	check(latch_wait(&opener->latch, 1));
	check(geyser_event_signal(opener->gate, 5) == GEYSER_OK);
	return NULL;
}

/* A map of the frame's texture waits until the GPU has drawn it. */
static void mapping_waits_for_drawing(void **state)
{
	id<MTLCommandBuffer> drawn;
	struct geyser_frame *frame;
	struct opener opener;
	struct stage stage;
	pthread_t thread;

	begin(state, &stage, 3);
	drawn = draw(&stage, 1, 5);
	frame = next_frame(stage.frames.subscriber, 1);
	opener.gate = stage.gate;
	latch_init(&opener.latch);
	assert_int_equal(pthread_create(&thread, NULL, open_gate, &opener), 0);
	assert_false(gpu_done(drawn));
	latch_add(&opener.latch);
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	assert_int_equal(pthread_join(thread, NULL), 0);
	latch_finish(&opener.latch);
	no_failures();
	ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	gpu_finish(drawn);
	end(&stage);
}

/* A subscriber without Metal gets a copy, once the frame is drawn. */
static void a_subscriber_without_a_gpu(void **state)
{
	const struct geyser_subscriber_desc desc = {.name = "frames"};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber *subscriber;
	id<MTLCommandBuffer> drawn;
	struct geyser_frame *frame;
	struct stage stage;

	begin(state, &stage, 3);
	ok(geyser_subscriber_create(host, &desc, &subscriber));
	drawn = draw(&stage, 1, 5);
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_acquire(subscriber, 50 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_int_equal(geyser_frame_get_info(frame)->sequence, 1);
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	ok(geyser_subscriber_release(subscriber, frame));
	gpu_finish(drawn);
	geyser_subscriber_destroy(subscriber);
	end(&stage);
	geyser_manager_destroy(host);
}

/* The CPU fills a frame and the GPU reads it. The GPU doesn't wait. */
static void frames_filled_by_the_cpu(void **state)
{
	struct stage stage;

	begin(state, &stage, 3);
	for (uint32_t i = 1; i <= 4; i++) {
		struct geyser_frame *frame = begin_frame(stage.frames.publisher);
		struct reading reading;

		assert_true(fill_texture(geyser_frame_texture(frame), i));
		ok(geyser_publisher_submit(stage.frames.publisher, frame));
		reading = read_frame(&stage, i, 0);
		finish_reading(&reading, i);
	}
	end(&stage);
}

/* ---- errors ---- */

static void signals_are_asked_for_once(void **state)
{
	id<MTLCommandBuffer> drawing, reading;
	struct geyser_frame *frame, *taken;
	struct stage stage;

	begin(state, &stage, 3);
	drawing = gpu_begin(&stage.drawing);
	frame = begin_frame(stage.frames.publisher);
	ok(geyser_metal_encode_frame_signal((void *)drawing, frame));
	refused(GEYSER_ERROR_BUSY, "", geyser_metal_encode_frame_signal((void *)drawing, frame));
	refused(GEYSER_ERROR_BUSY, "",
		geyser_metal_publisher_submit(stage.frames.publisher, frame, (void *)drawing));
	[drawing commit]; /* the refused submit hasn't committed it */
	ok(geyser_publisher_submit(stage.frames.publisher, frame));
	gpu_finish(drawing);
	reading = gpu_begin(&stage.reading);
	taken = next_frame(stage.frames.subscriber, 1);
	ok(geyser_metal_encode_frame_signal((void *)reading, taken));
	refused(GEYSER_ERROR_BUSY, "",
		geyser_metal_subscriber_release(stage.frames.subscriber, taken, (void *)reading));
	[reading commit];
	gpu_finish(reading);
	ok(geyser_subscriber_release(stage.frames.subscriber, taken));
	end(&stage);
}

static void a_subscriber_signals_no_drawing(void **state)
{
	struct geyser_frame *frame, *taken;
	struct geyser_point wait;
	id<MTLCommandBuffer> drawing;
	struct stage stage;

	begin(state, &stage, 3);
	drawing = gpu_begin(&stage.drawing);
	frame = begin_frame(stage.frames.publisher);
	ok(geyser_metal_publisher_submit(stage.frames.publisher, frame, (void *)drawing));
	gpu_finish(drawing);
	taken = next_frame(stage.frames.subscriber, 1);
	ok(geyser_frame_wait_point(taken, &wait));
	drawing = gpu_begin(&stage.drawing);
	refused(GEYSER_ERROR_PERMISSION, "publisher",
		geyser_metal_encode_signal((void *)drawing, wait.event, wait.value + 1));
	[drawing commit];
	gpu_finish(drawing);
	ok(geyser_subscriber_release(stage.frames.subscriber, taken));
	end(&stage);
}

static void arguments_that_are_null(void **state)
{
	const enum geyser_result wanted = GEYSER_ERROR_INVALID_ARGUMENT;
	struct geyser_frame *frame;
	struct stage stage;
	void *commands;

	begin(state, &stage, 2);
	commands = (void *)gpu_begin(&stage.drawing);
	frame = begin_frame(stage.frames.publisher);
	refused(wanted, "mtl_command_buffer", geyser_metal_encode_frame_wait(NULL, frame));
	refused(wanted, "frame", geyser_metal_encode_frame_wait(commands, NULL));
	refused(wanted, "mtl_command_buffer", geyser_metal_encode_frame_signal(NULL, frame));
	refused(wanted, "frame", geyser_metal_encode_frame_signal(commands, NULL));
	refused(wanted, "publisher", geyser_metal_publisher_submit(NULL, frame, commands));
	refused(wanted, "frame",
		geyser_metal_publisher_submit(stage.frames.publisher, NULL, commands));
	refused(wanted, "mtl_command_buffer",
		geyser_metal_publisher_submit(stage.frames.publisher, frame, NULL));
	refused(wanted, "subscriber", geyser_metal_subscriber_release(NULL, frame, commands));
	refused(wanted, "frame",
		geyser_metal_subscriber_release(stage.frames.subscriber, NULL, commands));
	refused(wanted, "mtl_command_buffer",
		geyser_metal_subscriber_release(stage.frames.subscriber, frame, NULL));
	ok(geyser_publisher_discard(stage.frames.publisher, frame));
	[(id)commands release];
	end(&stage);
}

static void frames_of_other_backends(void **state)
{
	const struct geyser_stream_desc desc = {
		.name = "host",
		.texture = {.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 64, .height = HEIGHT},
	};
	const struct geyser_subscriber_desc subscriber_desc = {.name = "host"};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	id<MTLCommandBuffer> commands;
	id<MTLBuffer> buffer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	commands = gpu_begin(&gpu);
	ok(geyser_publisher_create(host, &desc, &publisher));
	ok(geyser_subscriber_create(manager_of(state), &subscriber_desc, &subscriber));
	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	refused(GEYSER_ERROR_UNSUPPORTED, "",
		geyser_metal_encode_frame_wait((void *)commands, frame));
	refused(GEYSER_ERROR_UNSUPPORTED, "",
		geyser_metal_publisher_submit(publisher, frame, (void *)commands));
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(publisher, frame));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	ok(geyser_metal_encode_frame_wait((void *)commands, frame));
	buffer = gpu_read(commands, geyser_frame_texture(frame)); /* rows of 256 bytes */
	ok(geyser_metal_subscriber_release(subscriber, frame, (void *)commands));
	gpu_finish(commands);
	assert_true(gpu_holds(buffer, 1));
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	gpu_close(&gpu);
	geyser_manager_destroy(host);
}

/* ---- processes ---- */

static void metal_to_metal_and_to_memory(void **state)
{
	struct peer publisher, on_metal_too, on_host;

	(void)state;
	start_importer(&publisher, "metal", "-");
	start_importer(&on_metal_too, "metal", "-");
	start_importer(&on_host, "host", "-");
	ask(&publisher, "publish both bgra8unorm 61 40 4", "ok");
	ask(&on_metal_too, "subscribe both", "ok");
	ask(&on_host, "subscribe both", "ok");
	for (unsigned i = 1; i <= 12; i++) {
		ask_for(&publisher, "ok", "%s %u", i % 3 ? "submit-gpu" : "submit", i);
		ask_frame_by(&on_metal_too, i % 4 ? "take-gpu" : "take", i, GEYSER_PATH_ZERO_COPY);
		ask_frame_by(&on_host, "take", i, GEYSER_PATH_COPY);
	}
	end_peer(&on_host);
	end_peer(&on_metal_too);
	end_peer(&publisher);
}

static void memory_to_metal(void **state)
{
	struct two_peers two;

	(void)state;
	start_stream(&two, "host", "metal", "bgra8unorm 64 40 3");
	for (unsigned i = 1; i <= 6; i++) {
		ask_for(&two.first, "ok", "submit %u", i);
		ask_frame(&two.second, i % 2 ? "take-gpu" : "take", i);
	}
	end_two(&two);
}

/* A publisher submits a frame and dies before it has drawn it. The reader's queue doesn't wait for
 * ever. */
static void a_publisher_dies_before_it_draws(void **state)
{
	const struct geyser_subscriber_desc desc = {
		.name = "promised",
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = PATIENCE,
	};
	struct geyser_subscriber *subscriber;
	id<MTLCommandBuffer> commands;
	struct geyser_frame *frame;
	struct peer publisher;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	start_importer(&publisher, "metal", "-");
	ask(&publisher, "publish promised bgra8unorm 61 40 3", "ok");
	ok(geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	ask(&publisher, "submit-promised", "ok");
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	commands = gpu_begin(&gpu);
	ok(geyser_metal_encode_frame_wait((void *)commands, frame));
	[commands commit];
	assert_false(gpu_done(commands));
	kill_peer(&publisher);
	gpu_finish(commands);
	ok(geyser_subscriber_release(subscriber, frame));
	refused(GEYSER_ERROR_DISCONNECTED, "",
		geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	geyser_subscriber_destroy(subscriber);
	gpu_close(&gpu);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(many_frames_overlap),
		manager_test(submit_commits),
		manager_test(reading_waits_for_drawing),
		manager_test(drawing_waits_for_reading),
		manager_test(mapping_waits_for_drawing),
		manager_test(a_subscriber_signals_no_drawing),
		manager_test(a_subscriber_without_a_gpu),
		manager_test(frames_filled_by_the_cpu),
		manager_test(signals_are_asked_for_once),
		manager_test(arguments_that_are_null),
		manager_test(frames_of_other_backends),
		registry_test(metal_to_metal_and_to_memory),
		registry_test(memory_to_metal),
		littered_test(a_publisher_dies_before_it_draws),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "frames", tests, COUNT_OF(tests));
}
