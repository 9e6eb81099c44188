/* A stream within this process whose frames are drawn and read by GPUs, and a gate that holds
 * drawing up. */
#ifndef GEYSER_TESTS_VULKAN_STAGE_H
#define GEYSER_TESTS_VULKAN_STAGE_H

#include "gpu.h"
#include "harness.h"

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

/* The publisher is the fixture's manager's, the subscriber gets every frame. */
void stage_begin(void **state, struct stage *stage, uint32_t buffers);
void stage_end(struct stage *stage);

/* A frame of the publisher, and the subscriber's next one, which must have that sequence. */
struct geyser_frame *stage_acquire(struct stage *stage);
struct geyser_frame *stage_take(struct stage *stage, uint64_t sequence);

struct geyser_vulkan_point frame_wait_point(struct geyser_frame *frame);
struct geyser_vulkan_point frame_signal_point(struct geyser_frame *frame);

/* Draws a frame as soon as it may be drawn into, and submits it meanwhile. */
struct gpu_work stage_draw(struct stage *stage, uint32_t seed);

/* The same, but it is drawn only after the gate's value. The buffer is new: there is nothing else
 * to wait for. */
struct gpu_work stage_draw_behind_gate(struct stage *stage, uint32_t seed, uint64_t value);

#endif
