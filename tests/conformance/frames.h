/*
 * Shared helpers for tests of frames: a stream within this process, and its frames. Each helper
 * fails the test if something is not as expected, or if it waits for longer than PATIENCE.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_FRAMES_H
#define TESTS_FRAMES_H

#include "support.h"

#include <geyser/stream.h>

struct frames {
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber; /* gets every frame */
};

/* Publishes the stream "frames" with one manager and subscribes to it with another. buffers: 0 for
 * the default. */
struct frames open_frames(struct geyser_manager *from, struct geyser_manager *to,
	const struct geyser_texture_desc *texture, uint32_t buffers);
void close_frames(const struct frames *frames);

/* Acquires a frame of the publisher. */
struct geyser_frame *begin_frame(struct geyser_publisher *publisher);

/* Acquires a frame, fills it with the pattern of `seed`, and submits it. */
void submit(struct geyser_publisher *publisher, uint32_t seed);

/* Acquires the subscriber's next frame, which must have this sequence number. */
struct geyser_frame *next_frame(struct geyser_subscriber *subscriber, uint64_t sequence);

#endif
