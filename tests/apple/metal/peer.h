/*
 * The other process of the Metal tests: see peer.m.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_APPLE_METAL_PEER_H
#define TESTS_APPLE_METAL_PEER_H

#include "gpu.h"

/* What the process has, at most one of each. */
struct peer_objects {
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_event *event;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct gpu gpu;                /* open if the manager is Metal's */
	id<MTLCommandBuffer> commands; /* committed, not finished */
	id<MTLBuffer> buffer;          /* that they read into */
	int socket;                    /* to the test, or -1 */
};

extern struct peer_objects my;

struct command {
	const char *name;
	void (*run)(const char *text); /* what follows the name */
};

extern const struct command stream_commands[];
extern const size_t stream_command_count;
extern const struct command surface_commands[];
extern const size_t surface_command_count;

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_result(enum geyser_result result);
uint64_t number(const char *text);

#endif
