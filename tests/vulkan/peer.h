/*
 * The other process of the Vulkan tests: see peer.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_VULKAN_PEER_H
#define TESTS_VULKAN_PEER_H

#include "gpu.h"

/* What the process has, at most one of each. */
struct peer_objects {
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_event *event;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *frame; /* acquired */
	struct gpu gpu;             /* open if the manager is Vulkan's */
	struct gpu_work work;       /* submitted, not finished */
};

extern struct peer_objects my;

struct command {
	const char *name;
	void (*run)(const char *text); /* what follows the name */
};

extern const struct command stream_commands[];
extern const size_t stream_command_count;

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_result(enum geyser_result result);
uint64_t number(const char *text);

#endif
