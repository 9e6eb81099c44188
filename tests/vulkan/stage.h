/*
 * A stream within this process whose frames are drawn and read by GPUs, and events that hold this
 * work up. The functions fail the test when something is not as expected.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_TESTS_VULKAN_STAGE_H
#define GEYSER_TESTS_VULKAN_STAGE_H

#include "frames.h"
#include "gpu.h"
#include "harness.h"

#define WIDTH 61
#define HEIGHT 40

struct stage {
	struct geyser_manager *manager; /* of the subscriber */
	struct gpu drawing, reading;
	struct frames frames;
	struct geyser_event *gate; /* for work of the drawing device */
	struct geyser_event *pass; /* for work of the reading device */
};

/* The fixture's manager publishes. The subscriber gets every frame. */
void stage_begin(void **state, struct stage *stage, uint32_t buffers);
void stage_end(struct stage *stage);

struct geyser_vulkan_point frame_wait_point(struct geyser_frame *frame);
struct geyser_vulkan_point frame_signal_point(struct geyser_frame *frame);

/* Submits a frame that is drawn as soon as its buffer is free. */
struct gpu_work stage_draw(struct stage *stage, uint32_t seed);

/* Submits a frame that is drawn after the gate has this value. Its buffer must be a new one, so
 * that there is nothing else to wait for. */
struct gpu_work stage_draw_behind_gate(struct stage *stage, uint32_t seed, uint64_t value);

#endif
