#include "stage.h"

void stage_begin(void **state, struct stage *stage, uint32_t buffers)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
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

void stage_end(struct stage *stage)
{
	geyser_event_unref(stage->pass);
	geyser_event_unref(stage->gate);
	close_frames(&stage->frames);
	gpu_close(&stage->reading);
	gpu_close(&stage->drawing);
	geyser_manager_destroy(stage->manager);
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
	struct geyser_frame *frame = begin_frame(stage->frames.publisher);
	struct gpu_work work;
	struct gpu_sync sync;

	sync.wait = frame_wait_point(frame);
	sync.signal = frame_signal_point(frame);
	work = gpu_fill(&stage->drawing, geyser_frame_texture(frame), seed, sync);
	ok(geyser_publisher_submit(stage->frames.publisher, frame));
	return work;
}

struct gpu_work stage_draw_behind_gate(struct stage *stage, uint32_t seed, uint64_t value)
{
	struct geyser_frame *frame = begin_frame(stage->frames.publisher);
	struct gpu_work work;
	struct gpu_sync sync;

	assert_true(frame_wait_point(frame).semaphore == VK_NULL_HANDLE);
	sync.wait = point_of(stage->gate, value);
	sync.signal = frame_signal_point(frame);
	work = gpu_fill(&stage->drawing, geyser_frame_texture(frame), seed, sync);
	ok(geyser_publisher_submit(stage->frames.publisher, frame));
	return work;
}
