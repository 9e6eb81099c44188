/*
 * What the tests of streams share: small streams of rgba8unorm, frames filled with a pattern, and
 * waits that end. All of it fails the test when something is not as expected.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_STREAMS_H
#define TESTS_STREAMS_H

#include "conformance.h"

#include <geyser/stream.h>

#define STREAM_WIDTH 16
#define STREAM_HEIGHT 8

/* What outputs hold before a call that must clear them. */
#define JUNK ((void *)(uintptr_t)0x5a5a)

struct geyser_stream_desc stream_desc(
	const char *name, uint32_t buffers, enum geyser_pacing pacing);

struct geyser_publisher *publish(void **state, const char *name, uint32_t buffers);
struct geyser_publisher *publish_lossless(void **state, const char *name, uint32_t buffers);

/* The publisher must be there. */
struct geyser_subscriber *subscribe(void **state, const char *name, enum geyser_delivery delivery);

struct geyser_frame *begin_frame(struct geyser_publisher *publisher);

/* Acquires, fills with that pattern, submits. */
void submit(struct geyser_publisher *publisher, uint32_t seed);
/* Frames from first to last, the pattern of each being its number. */
void submit_all(struct geyser_publisher *publisher, uint32_t first, uint32_t last);

/* The next frame, which must be this one and have the pattern of its number. */
struct geyser_frame *take(struct geyser_subscriber *subscriber, uint64_t sequence);
/* The same, and releases it. */
void pass(struct geyser_subscriber *subscriber, uint64_t sequence);
void nothing_to_take(struct geyser_subscriber *subscriber);
void disconnected(struct geyser_subscriber *subscriber);

uint64_t sequence_of(struct geyser_frame *frame);
struct geyser_publisher_stats publisher_stats(struct geyser_publisher *publisher);
struct geyser_subscriber_stats subscriber_stats(struct geyser_subscriber *subscriber);

/* Until so many are connected: a subscriber's end reaches its publisher in its own time. */
void subscribers_become(struct geyser_publisher *publisher, uint32_t count);

#endif
