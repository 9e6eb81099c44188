#include "stage.h"

void stage_begin(void **state, struct stage *stage, uint32_t buffers)
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

void stage_end(struct stage *stage)
{
	geyser_event_unref(stage->pass);
	geyser_event_unref(stage->gate);
	geyser_subscriber_destroy(stage->subscriber);
	geyser_publisher_destroy(stage->publisher);
	gpu_close(&stage->reading);
	gpu_close(&stage->drawing);
	geyser_manager_destroy(stage->manager);
}

struct geyser_frame *stage_acquire(struct stage *stage)
{
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(stage->publisher, PATIENCE, &frame));
	return frame;
}

struct geyser_frame *stage_take(struct stage *stage, uint64_t sequence)
{
	struct geyser_frame *frame;

	ok(geyser_subscriber_acquire(stage->subscriber, PATIENCE, &frame));
	assert_int_equal(geyser_frame_get_info(frame)->sequence, sequence);
	return frame;
}

struct geyser_vulkan_point frame_wait_point(struct geyser_frame *frame)
{
	struct geyser_vulkan_point point;

	ok(geyser_vulkan_frame_wait_point(frame, &point));
	return point;
}

struct geyser_vulkan_point frame_signal_point(struct geyser_frame *frame)
{
	struct geyser_vulkan_point point;

	ok(geyser_vulkan_frame_signal_point(frame, &point));
	assert_true(point.semaphore != VK_NULL_HANDLE);
	return point;
}

struct gpu_work stage_draw(struct stage *stage, uint32_t seed)
{
	struct geyser_frame *frame = stage_acquire(stage);
	struct gpu_work work;
	struct gpu_sync sync;

	sync.wait = frame_wait_point(frame);
	sync.signal = frame_signal_point(frame);
	work = gpu_fill(&stage->drawing, geyser_frame_texture(frame), seed, sync);
	ok(geyser_publisher_submit(stage->publisher, frame));
	return work;
}

struct gpu_work stage_draw_behind_gate(struct stage *stage, uint32_t seed, uint64_t value)
{
	struct geyser_frame *frame = stage_acquire(stage);
	struct gpu_work work;
	struct gpu_sync sync;

	assert_true(frame_wait_point(frame).semaphore == VK_NULL_HANDLE);
	sync.wait = point_of(stage->gate, value);
	sync.signal = frame_signal_point(frame);
	work = gpu_fill(&stage->drawing, geyser_frame_texture(frame), seed, sync);
	ok(geyser_publisher_submit(stage->publisher, frame));
	return work;
}
