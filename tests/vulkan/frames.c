/* Frames that are submitted while the GPU draws them, and released while the GPU reads them: which
 * work waits for which. */
#include "stage.h"

static struct gpu_work read_frame(struct stage *stage, uint64_t sequence)
{
	struct geyser_frame *frame = next_frame(stage->frames.subscriber, sequence);
	struct gpu_work work;
	struct gpu_sync sync;

	sync.wait = frame_wait_point(frame);
	sync.signal = frame_signal_point(frame);
	work = gpu_read(&stage->reading, geyser_frame_texture(frame), sync);
	ok(geyser_subscriber_release(stage->frames.subscriber, frame));
	return work;
}

static bool done(struct gpu *gpu, const struct gpu_work *work)
{
	return vkGetFenceStatus(gpu->device.device, work->fence) == VK_SUCCESS;
}

static void many_frames_overlap(void **state)
{
	struct stage stage;

	stage_begin(state, &stage, 3);
	for (uint32_t i = 1; i <= 20; i++) {
		struct gpu_work drawn = stage_draw(&stage, i), was_read = read_frame(&stage, i);

		assert_true(gpu_finish_holds(&stage.reading, &was_read, i));
		gpu_finish(&stage.drawing, &drawn);
	}
	stage_end(&stage);
}

static void reading_waits_for_drawing(void **state)
{
	struct gpu_work drawn, was_read;
	struct stage stage;

	stage_begin(state, &stage, 3);
	drawn = stage_draw_behind_gate(&stage, 1, 5);
	was_read = read_frame(&stage, 1); /* the subscriber gets it before it is drawn */
	assert_false(done(&stage.drawing, &drawn));
	assert_false(done(&stage.reading, &was_read));
	ok(geyser_event_signal(stage.gate, 5));
	assert_true(gpu_finish_holds(&stage.reading, &was_read, 1));
	gpu_finish(&stage.drawing, &drawn);
	stage_end(&stage);
}

/* Reads a frame once the pass has the value, and releases the frame before that. */
static struct gpu_work read_behind_pass(struct stage *stage, uint64_t sequence, uint64_t value)
{
	struct geyser_frame *frame = next_frame(stage->frames.subscriber, sequence);
	struct gpu_work work;
	struct gpu_sync sync;

	sync.wait = point_of(stage->pass, value); /* nothing else holds it up */
	sync.signal = frame_signal_point(frame);
	work = gpu_read(&stage->reading, geyser_frame_texture(frame), sync);
	ok(geyser_subscriber_release(stage->frames.subscriber, frame));
	return work;
}

/* The subscriber has released both buffers, and its GPU still reads them. */
static void drawing_waits_for_reading(void **state)
{
	struct gpu_work drawn, was_read[2];
	struct geyser_frame *frame;
	struct stage stage;

	stage_begin(state, &stage, 2);
	for (uint32_t i = 0; i < 2; i++) {
		drawn = stage_draw(&stage, i + 1);
		gpu_finish(&stage.drawing, &drawn);
		was_read[i] = read_behind_pass(&stage, i + 1, i + 1);
	}
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_publisher_acquire(stage.frames.publisher, 50 * MILLISECOND, &frame));
	ok(geyser_event_signal(stage.pass, 1));
	drawn = stage_draw(&stage, 3);
	gpu_finish(&stage.drawing, &drawn);
	ok(geyser_event_signal(stage.pass, 2));
	assert_true(gpu_finish_holds(&stage.reading, &was_read[0], 1));
	assert_true(gpu_finish_holds(&stage.reading, &was_read[1], 2));
	drawn = read_frame(&stage, 3);
	assert_true(gpu_finish_holds(&stage.reading, &drawn, 3));
	stage_end(&stage);
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
	struct opener opener;
	struct gpu_work drawn;
	struct geyser_frame *frame;
	struct stage stage;
	pthread_t thread;

	stage_begin(state, &stage, 3);
	drawn = stage_draw_behind_gate(&stage, 1, 5);
	frame = next_frame(stage.frames.subscriber, 1);
	opener.gate = stage.gate;
	latch_init(&opener.latch);
	assert_int_equal(pthread_create(&thread, NULL, open_gate, &opener), 0);
	assert_false(done(&stage.drawing, &drawn));
	latch_add(&opener.latch);
	assert_true(texture_holds(geyser_frame_texture(frame), 1));
	assert_int_equal(pthread_join(thread, NULL), 0);
	latch_finish(&opener.latch);
	no_failures();
	ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	gpu_finish(&stage.drawing, &drawn);
	stage_end(&stage);
}

/* Without a request for its point, a frame is done when it is submitted. */
static void frames_filled_by_the_cpu(void **state)
{
	struct stage stage;

	stage_begin(state, &stage, 2);
	for (uint32_t i = 1; i <= 6; i++) {
		struct geyser_frame *frame = begin_frame(stage.frames.publisher);
		struct gpu_work was_read;

		assert_true(fill_texture(geyser_frame_texture(frame), i));
		ok(geyser_publisher_submit(stage.frames.publisher, frame));
		was_read = read_frame(&stage, i);
		assert_true(gpu_finish_holds(&stage.reading, &was_read, i));
	}
	stage_end(&stage);
}

static void points_are_asked_for_once(void **state)
{
	struct geyser_vulkan_point point;
	struct geyser_frame *frame;
	struct gpu_work work;
	struct stage stage;

	stage_begin(state, &stage, 2);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame",
		geyser_vulkan_frame_wait_point(NULL, &point));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame",
		geyser_vulkan_frame_signal_point(NULL, &point));
	frame = begin_frame(stage.frames.publisher);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_vulkan_frame_wait_point(frame, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_vulkan_frame_signal_point(frame, NULL));
	point = frame_signal_point(frame);
	work = gpu_order(&stage.drawing, (struct gpu_sync){.signal = point});
	refused(GEYSER_ERROR_BUSY, "", geyser_vulkan_frame_signal_point(frame, &point));
	gpu_finish(&stage.drawing, &work);
	ok(geyser_publisher_submit(stage.frames.publisher, frame));
	frame = next_frame(stage.frames.subscriber, 1);
	point = frame_signal_point(frame);
	refused(GEYSER_ERROR_BUSY, "", geyser_vulkan_frame_signal_point(frame, &point));
	ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	stage_end(&stage);
}

/* A subscriber's GPU writes only into streams with GEYSER_USAGE_WRITERS. */
static void a_subscribers_commands_only_read(void **state)
{
	struct geyser_frame *frame;
	struct gpu_work work;
	struct stage stage;

	stage_begin(state, &stage, 2);
	frame = begin_frame(stage.frames.publisher);
	assert_true(fill_texture(geyser_frame_texture(frame), 1));
	ok(geyser_publisher_submit(stage.frames.publisher, frame));
	frame = next_frame(stage.frames.subscriber, 1);
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
	ok(geyser_subscriber_release(stage.frames.subscriber, frame));
	stage_end(&stage);
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
	int path; /* of the subscriber's texture, or ANY_PATH */
};

#define ANY_PATH (-1)

static void expect_frames(
	struct two_peers *two, const struct ends *ends, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		ask_for(&two->first, "ok", "%s %u", ends->submit, i);
		if (ends->path == ANY_PATH)
			ask_frame(&two->second, ends->take, i);
		else
			ask_frame_by(&two->second, ends->take, i, (enum geyser_path)ends->path);
	}
}

static void run_ends(const struct ends *ends)
{
	struct two_peers two;

	print_message(
		"# %s %s, %s %s\n", ends->publisher, ends->submit, ends->subscriber, ends->take);
	start_stream(&two, ends->publisher, ends->subscriber, "rgba8unorm 61 40 3");
	expect_frames(&two, ends, 1, 8);
	ask(&two.first, "resize rgba8unorm 64 64", "ok");
	expect_frames(&two, ends, 9, 13);
	ask(&two.first, "resize rgba8unorm 123 45", "ok");
	expect_frames(&two, ends, 14, 18);
	end_two(&two);
}

static void all_ends(void **state)
{
	static const struct ends pairs[] = {
		{"vulkan", "submit-gpu", "vulkan", "take-gpu", GEYSER_PATH_ZERO_COPY},
		{"vulkan", "submit", "vulkan", "take-gpu", GEYSER_PATH_ZERO_COPY},
		{"vulkan", "submit-gpu", "vulkan", "take", GEYSER_PATH_ZERO_COPY},
		{"vulkan", "submit-gpu", "host", "take", GEYSER_PATH_COPY},
		{"vulkan", "submit", "host", "take", GEYSER_PATH_COPY},
		{"host", "submit", "vulkan", "take-gpu", ANY_PATH},
		{"host", "submit", "vulkan", "take", ANY_PATH},
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
	ask(&publisher, "publish both rgba8unorm 61 40 3", "ok");
	ask(&on_gpu, "subscribe both", "ok");
	ask(&on_host, "subscribe both", "ok");
	for (unsigned i = 1; i <= 10; i++) {
		ask_for(&publisher, "ok", "submit-gpu %u", i);
		ask_frame(&on_gpu, "take-gpu", i);
		ask_frame(&on_host, "take", i);
	}
	end_peer(&on_host);
	end_peer(&on_gpu);
	end_peer(&publisher);
}

/* A publisher promises to draw a frame and dies: the reader's queue doesn't wait for ever. */
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
	ask(&publisher, "publish promised rgba8unorm 61 40 3", "ok");
	ok(geyser_subscriber_create(manager_of(state), &desc, &subscriber));
	ask(&publisher, "submit-promised", "ok");
	ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
	sync.wait = frame_wait_point(frame);
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
