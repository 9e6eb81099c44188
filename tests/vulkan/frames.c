/* Frames that are submitted while they are drawn and released while they are read: who waits for
 * whom, on the GPU. */
#include "gpu.h"
#include "harness.h"

#include <stdio.h>

#define WIDTH 61
#define HEIGHT 40

/* A stream from one device to another, and a gate that holds work up. */
struct stage {
	struct geyser_manager *manager;
	struct gpu drawing, reading;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_event *gate; /* of the drawing device */
	struct geyser_event *pass; /* of the reading device */
};

static void begin(void **state, struct stage *stage, uint32_t buffers)
{
	const struct geyser_stream_desc desc = {
		.name = "frames",
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH, .height = HEIGHT},
		.buffers = buffers,
	};
	const struct geyser_subscriber_desc subscriber = {
		.name = "frames",
		.delivery = GEYSER_DELIVER_EVERY,
	};

	stage->manager = make_manager();
	gpu_open(&stage->drawing, manager_of(state));
	gpu_open(&stage->reading, stage->manager);
	ok(geyser_publisher_create(manager_of(state), &desc, &stage->publisher));
	ok(geyser_subscriber_create(stage->manager, &subscriber, &stage->subscriber));
	stage->gate = make_event(manager_of(state), 0);
	stage->pass = make_event(stage->manager, 0);
}

static void end(struct stage *stage)
{
	geyser_event_unref(stage->pass);
	geyser_event_unref(stage->gate);
	geyser_subscriber_destroy(stage->subscriber);
	geyser_publisher_destroy(stage->publisher);
	gpu_close(&stage->reading);
	gpu_close(&stage->drawing);
	geyser_manager_destroy(stage->manager);
}

static struct geyser_frame *acquire(struct stage *stage)
{
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(stage->publisher, PATIENCE, &frame));
	return frame;
}

static struct geyser_frame *take(struct stage *stage, uint64_t sequence)
{
	struct geyser_frame *frame;

	ok(geyser_subscriber_acquire(stage->subscriber, PATIENCE, &frame));
	assert_int_equal(geyser_frame_get_info(frame)->sequence, sequence);
	return frame;
}

static struct geyser_vulkan_point wait_point(struct geyser_frame *frame)
{
	struct geyser_vulkan_point point;

	ok(geyser_vulkan_frame_wait_point(frame, &point));
	return point;
}

static struct geyser_vulkan_point signal_point(struct geyser_frame *frame)
{
	struct geyser_vulkan_point point;

	ok(geyser_vulkan_frame_signal_point(frame, &point));
	assert_true(point.semaphore != VK_NULL_HANDLE);
	return point;
}

/* Draws a frame as soon as it may be drawn into, and submits it meanwhile. */
static struct gpu_work draw(struct stage *stage, uint32_t seed)
{
	struct geyser_frame *frame = acquire(stage);
	struct gpu_work work;
	struct gpu_sync sync;

	sync.wait = wait_point(frame);
	sync.signal = signal_point(frame);
	work = gpu_fill(&stage->drawing, geyser_frame_texture(frame), seed, sync);
	ok(geyser_publisher_submit(stage->publisher, frame));
	return work;
}

/* The same, but it is drawn only after the gate's value. The buffer is new: there is nothing else
 * to wait for. */
static struct gpu_work draw_behind_gate(struct stage *stage, uint32_t seed, uint64_t value)
{
	struct geyser_frame *frame = acquire(stage);
	struct gpu_work work;
	struct gpu_sync sync;

	assert_true(wait_point(frame).semaphore == VK_NULL_HANDLE);
	sync.wait = point_of(stage->gate, value);
	sync.signal = signal_point(frame);
	work = gpu_fill(&stage->drawing, geyser_frame_texture(frame), seed, sync);
	ok(geyser_publisher_submit(stage->publisher, frame));
	return work;
}

static struct gpu_work read_frame(struct stage *stage, uint64_t sequence)
{
	struct geyser_frame *frame = take(stage, sequence);
	struct gpu_work work;
	struct gpu_sync sync;

	sync.wait = wait_point(frame);
	sync.signal = signal_point(frame);
	work = gpu_read(&stage->reading, geyser_frame_texture(frame), sync);
	ok(geyser_subscriber_release(stage->subscriber, frame));
	return work;
}

static bool done(struct gpu *gpu, const struct gpu_work *work)
{
	return vkGetFenceStatus(gpu->device.device, work->fence) == VK_SUCCESS;
}

static void many_frames_overlap(void **state)
{
	struct stage stage;

	begin(state, &stage, 3);
	for (uint32_t i = 1; i <= 20; i++) {
		struct gpu_work drawn = draw(&stage, i), was_read = read_frame(&stage, i);

		assert_true(gpu_finish_holds(&stage.reading, &was_read, i));
		gpu_finish(&stage.drawing, &drawn);
	}
	end(&stage);
}

static void reading_waits_for_drawing(void **state)
{
	struct gpu_work drawn, was_read;
	struct stage stage;

	begin(state, &stage, 3);
	drawn = draw_behind_gate(&stage, 1, 5);
	was_read = read_frame(&stage, 1); /* is there before it is drawn */
	assert_false(done(&stage.drawing, &drawn));
	assert_false(done(&stage.reading, &was_read));
	ok(geyser_event_signal(stage.gate, 5));
	assert_true(gpu_finish_holds(&stage.reading, &was_read, 1));
	gpu_finish(&stage.drawing, &drawn);
	end(&stage);
}

/* Reads a frame once the pass has the value, and releases it meanwhile. */
static struct gpu_work read_behind_pass(struct stage *stage, uint64_t sequence, uint64_t value)
{
	struct geyser_frame *frame = take(stage, sequence);
	struct gpu_work work;
	struct gpu_sync sync;

	sync.wait = point_of(stage->pass, value); /* the frame is drawn: only this holds it up */
	sync.signal = signal_point(frame);
	work = gpu_read(&stage->reading, geyser_frame_texture(frame), sync);
	ok(geyser_subscriber_release(stage->subscriber, frame));
	return work;
}

/* Both buffers are released, and still read. */
static void drawing_waits_for_reading(void **state)
{
	struct gpu_work drawn, was_read[2];
	struct geyser_frame *frame;
	struct stage stage;

	begin(state, &stage, 2);
	for (uint32_t i = 0; i < 2; i++) {
		drawn = draw(&stage, i + 1);
		gpu_finish(&stage.drawing, &drawn);
		was_read[i] = read_behind_pass(&stage, i + 1, i + 1);
	}
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_publisher_acquire(stage.publisher, 50 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.pass, 1));
	drawn = draw(&stage, 3);
	gpu_finish(&stage.drawing, &drawn);
	ok(geyser_event_signal(stage.pass, 2));
	assert_true(gpu_finish_holds(&stage.reading, &was_read[0], 1));
	assert_true(gpu_finish_holds(&stage.reading, &was_read[1], 2));
	drawn = read_frame(&stage, 3);
	assert_true(gpu_finish_holds(&stage.reading, &drawn, 3));
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

/* A map of the frame's texture waits for what draws it. */
static void mapping_waits_for_drawing(void **state)
{
	struct opener opener;
	struct gpu_work drawn;
	struct geyser_frame *frame;
	struct stage stage;
	pthread_t thread;

	begin(state, &stage, 3);
	drawn = draw_behind_gate(&stage, 1, 5);
	frame = take(&stage, 1);
	opener.gate = stage.gate;
	latch_init(&opener.latch);
	assert_int_equal(pthread_create(&thread, NULL, open_gate, &opener), 0);
	assert_false(done(&stage.drawing, &drawn));
	latch_add(&opener.latch);
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	assert_int_equal(pthread_join(thread, NULL), 0);
	latch_finish(&opener.latch);
	no_failures();
	ok(geyser_subscriber_release(stage.subscriber, frame));
	gpu_finish(&stage.drawing, &drawn);
	end(&stage);
}

/* A subscriber without a GPU gets no frame before it is drawn. */
static void acquiring_in_memory_waits_for_drawing(void **state)
{
	const struct geyser_subscriber_desc desc = {.name = "frames"};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	struct gpu_work drawn;
	struct stage stage;

	begin(state, &stage, 3);
	ok(geyser_subscriber_create(host, &desc, &subscriber));
	drawn = draw_behind_gate(&stage, 1, 5);
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_acquire(subscriber, 50 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	gpu_finish(&stage.drawing, &drawn);
	end(&stage);
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

	begin(state, &stage, 3);
	drawn = draw_behind_gate(&stage, 1, 5);
	for (unsigned i = 0; i < 2; i++) { /* the second finds the first one's copies under way */
		ok(geyser_subscriber_create(host, &desc, &subscribers[i]));
		refused(GEYSER_ERROR_TIMEOUT, "",
			geyser_subscriber_acquire(subscribers[i], 50 * MILLISECOND, &frame));
		ok(geyser_publisher_discard(stage.publisher, acquire(&stage)));
		if (i == 0)
			geyser_subscriber_destroy(subscribers[i]);
	}
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscribers[1], PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	ok(geyser_subscriber_release(subscribers[1], frame));
	geyser_subscriber_destroy(subscribers[1]);
	gpu_finish(&stage.drawing, &drawn);
	end(&stage);
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

	begin(state, &stage, 2);
	ok(geyser_subscriber_create(host, &desc, &subscriber));
	drawn[0] = draw_behind_gate(&stage, 1, 5);
	drawn[1] = draw_behind_gate(&stage, 2, 5);
	refused(GEYSER_ERROR_TIMEOUT, "copies it for a subscriber",
		geyser_publisher_acquire(stage.publisher, 0, &frame));
	refused(GEYSER_ERROR_TIMEOUT, "copies it for a subscriber",
		geyser_publisher_acquire(stage.publisher, 10 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame)); /* neither call took it */
	assert_int_equal(geyser_frame_get_info(frame)->sequence, 2);
	assert_true(texture_holds(geyser_frame_texture(frame), 2));
	ok(geyser_subscriber_release(subscriber, frame));
	ok(geyser_publisher_discard(stage.publisher, acquire(&stage)));
	geyser_subscriber_destroy(subscriber);
	for (unsigned i = 0; i < 2; i++)
		gpu_finish(&stage.drawing, &drawn[i]);
	end(&stage);
	geyser_manager_destroy(host);
}

/* The subscriber reads the publisher's own buffers until a resize, and copies after it. Another
 * event says when a copy is filled: the subscriber joins the stream again to get that event. */
static void frames_that_become_copies_are_drawn(void **state)
{
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = WIDTH,
		.height = HEIGHT,
		.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_HOST_MEMORY,
	};
	const struct geyser_subscriber_desc subscribing = {.name = "frames"};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_subscriber_stats stats;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame;
	struct gpu_work drawn;
	struct stage stage;

	begin(state, &stage, 3);
	ok(geyser_publisher_resize(stage.publisher, &desc));
	for (uint32_t i = 0; i < 3; i++) /* each buffer is replaced when its turn comes */
		ok(geyser_publisher_submit(stage.publisher, acquire(&stage)));
	frame = acquire(&stage);
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(stage.publisher, frame));
	ok(geyser_subscriber_create(host, &subscribing, &subscriber));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_ZERO_COPY);

	desc.usage &= ~GEYSER_USAGE_HOST_MEMORY;
	ok(geyser_publisher_resize(stage.publisher, &desc));
	drawn = draw_behind_gate(&stage, 2, 5);
	ok(geyser_subscriber_release(subscriber, frame));
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_acquire(subscriber, 50 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.gate, 5));
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), 2));
	assert_int_equal(geyser_frame_get_info(frame)->sequence, 5);
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
	ok(geyser_subscriber_get_stats(subscriber, &stats));
	assert_int_equal(stats.connections, 2);
	assert_int_equal(stats.frames, 2);
	assert_int_equal(stats.dropped, 0);
	ok(geyser_subscriber_release(subscriber, frame));
	geyser_subscriber_destroy(subscriber);
	gpu_finish(&stage.drawing, &drawn);
	end(&stage);
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

	begin(state, &stage, 3);
	ok(geyser_publisher_resize(stage.publisher, &desc));
	drawn = draw_behind_gate(&stage, 1, 5);
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
	end(&stage);
	geyser_manager_destroy(host);
}

/* Nobody asks for a point: a frame is done when it is submitted. */
static void frames_filled_by_the_cpu(void **state)
{
	struct stage stage;

	begin(state, &stage, 2);
	for (uint32_t i = 1; i <= 6; i++) {
		struct geyser_frame *frame = acquire(&stage);
		struct gpu_work was_read;

		assert_true(fill_texture(geyser_frame_texture(frame), i));
		ok(geyser_publisher_submit(stage.publisher, frame));
		was_read = read_frame(&stage, i);
		assert_true(gpu_finish_holds(&stage.reading, &was_read, i));
	}
	end(&stage);
}

static void points_are_asked_for_once(void **state)
{
	struct geyser_vulkan_point point;
	struct geyser_frame *frame;
	struct gpu_work work;
	struct stage stage;

	begin(state, &stage, 2);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame",
		geyser_vulkan_frame_wait_point(NULL, &point));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame",
		geyser_vulkan_frame_signal_point(NULL, &point));
	frame = acquire(&stage);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_vulkan_frame_wait_point(frame, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_vulkan_frame_signal_point(frame, NULL));
	point = signal_point(frame);
	work = gpu_order(&stage.drawing, (struct gpu_sync){.signal = point});
	refused(GEYSER_ERROR_BUSY, "", geyser_vulkan_frame_signal_point(frame, &point));
	gpu_finish(&stage.drawing, &work);
	ok(geyser_publisher_submit(stage.publisher, frame));
	frame = take(&stage, 1);
	point = signal_point(frame);
	refused(GEYSER_ERROR_BUSY, "", geyser_vulkan_frame_signal_point(frame, &point));
	ok(geyser_subscriber_release(stage.subscriber, frame));
	end(&stage);
}

/* Unless the stream is made for writers. */
static void a_subscribers_commands_only_read(void **state)
{
	struct geyser_frame *frame;
	struct gpu_work work;
	struct stage stage;

	begin(state, &stage, 2);
	frame = acquire(&stage);
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(stage.publisher, frame));
	frame = take(&stage, 1);
	work = gpu_begin(&stage.reading);
	refused(GEYSER_ERROR_PERMISSION, "GEYSER_USAGE_WRITERS",
		geyser_vulkan_cmd_acquire(work.commands, geyser_frame_texture(frame), &copy_to));
	refused(GEYSER_ERROR_PERMISSION, "from->access",
		geyser_vulkan_cmd_release(work.commands, geyser_frame_texture(frame), &copy_to));
	ok(geyser_vulkan_cmd_acquire(work.commands, geyser_frame_texture(frame), &copy_from));
	ok(geyser_vulkan_cmd_release(work.commands, geyser_frame_texture(frame), &copy_from));
	gpu_submit(&stage.reading, &work, at_once);
	gpu_finish(&stage.reading, &work);
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	ok(geyser_subscriber_release(stage.subscriber, frame));
	end(&stage);
}

static void frames_of_other_backends(void **state)
{
	const struct geyser_stream_desc desc = {
		.name = "host",
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 8, .height = 8},
	};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_publisher *publisher;
	struct geyser_vulkan_point point;
	struct geyser_frame *frame;

	(void)state;
	ok(geyser_publisher_create(host, &desc, &publisher));
	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	refused(GEYSER_ERROR_UNSUPPORTED, "frame of the host backend",
		geyser_vulkan_frame_wait_point(frame, &point));
	refused(GEYSER_ERROR_UNSUPPORTED, "device",
		geyser_vulkan_frame_signal_point(frame, &point));
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(host);
}

/* ---- between processes ---- */

struct ends {
	const char *publisher, *submit, *subscriber, *take;
	const char *path; /* of the subscriber's texture; NULL: whichever */
};

static void expect_frames(struct peer *publisher, struct peer *subscriber, const struct ends *ends,
	unsigned first, unsigned last)
{
	char line[64];

	for (unsigned i = first; i <= last; i++) {
		(void)snprintf(line, sizeof(line), "%s %u", ends->submit, i);
		ask(publisher, line, "ok");
		if (ends->path)
			(void)snprintf(line, sizeof(line), "ok %u %s", i, ends->path);
		else
			(void)snprintf(line, sizeof(line), "ok %u", i);
		ask(subscriber, ends->take, line);
	}
}

static void run_ends(const struct ends *ends)
{
	struct peer publisher, subscriber;

	print_message(
		"# %s %s, %s %s\n", ends->publisher, ends->submit, ends->subscriber, ends->take);
	start_importer(&publisher, ends->publisher, "publisher");
	start_importer(&subscriber, ends->subscriber, "subscriber");
	ask(&publisher, "publish mixed 61 40 3", "ok");
	ask(&subscriber, "subscribe mixed", "ok");
	expect_frames(&publisher, &subscriber, ends, 1, 8);
	ask(&publisher, "resize 64 64", "ok");
	expect_frames(&publisher, &subscriber, ends, 9, 13);
	ask(&publisher, "resize 123 45", "ok");
	expect_frames(&publisher, &subscriber, ends, 14, 18);
	end_peer(&subscriber);
	end_peer(&publisher);
}

static void all_ends(void **state)
{
	static const struct ends pairs[] = {
		{"vulkan", "submit-gpu", "vulkan", "take-gpu", "0"},
		{"vulkan", "submit", "vulkan", "take-gpu", "0"},
		{"vulkan", "submit-gpu", "vulkan", "take", "0"},
		{"vulkan", "submit-gpu", "host", "take", "2"},
		{"vulkan", "submit", "host", "take", "2"},
		{"host", "submit", "vulkan", "take-gpu", NULL},
		{"host", "submit", "vulkan", "take", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		run_ends(&pairs[i]);
}

/* One publisher, and a subscriber of each kind at the same time. */
static void both_kinds_of_subscribers(void **state)
{
	struct peer publisher, on_gpu, on_host;

	(void)state;
	start_importer(&publisher, "vulkan", "publisher");
	start_importer(&on_gpu, "vulkan", "subscriber");
	start_importer(&on_host, "host", "subscriber");
	ask(&publisher, "publish both 61 40 3", "ok");
	ask(&on_gpu, "subscribe both", "ok");
	ask(&on_host, "subscribe both", "ok");
	for (unsigned i = 1; i <= 10; i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "submit-gpu %u", i);
		ask(&publisher, line, "ok");
		(void)snprintf(line, sizeof(line), "ok %u", i);
		ask(&on_gpu, "take-gpu", line);
		ask(&on_host, "take", line);
	}
	end_peer(&on_host);
	end_peer(&on_gpu);
	end_peer(&publisher);
}

/* It promised to draw, and dies: the reader's queue doesn't wait for ever. */
static void a_publisher_dies_before_it_draws(void **state)
{
	const struct geyser_subscriber_desc desc = {
		.name = "promised",
		.delivery = GEYSER_DELIVER_EVERY,
	};
	struct geyser_subscriber *subscriber;
	struct gpu_sync sync = at_once;
	struct geyser_frame *frame;
	struct gpu_work work;
	struct peer publisher;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	start_importer(&publisher, "vulkan", "publisher");
	ask(&publisher, "publish promised 61 40 3", "ok");
	ok(geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	ask(&publisher, "submit-promised", "ok");
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	sync.wait = wait_point(frame);
	work = gpu_order(&gpu, sync);
	assert_false(done(&gpu, &work));
	kill_peer(&publisher);
	gpu_finish(&gpu, &work);
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
		manager_test(reading_waits_for_drawing),
		manager_test(drawing_waits_for_reading),
		manager_test(mapping_waits_for_drawing),
		manager_test(acquiring_in_memory_waits_for_drawing),
		manager_test(joining_waits_for_no_drawing),
		manager_test(acquiring_waits_for_copies_in_time),
		manager_test(some_buffers_can_be_read_and_some_cannot),
		manager_test(frames_that_become_copies_are_drawn),
		manager_test(frames_filled_by_the_cpu),
		manager_test(points_are_asked_for_once),
		manager_test(a_subscribers_commands_only_read),
		manager_test(frames_of_other_backends),
		registry_test(all_ends),
		registry_test(both_kinds_of_subscribers),
		littered_test(a_publisher_dies_before_it_draws),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "frames", tests, COUNT_OF(tests));
}
