/*
 * Shared helpers for the tests of streams: small streams of rgba8unorm, frames filled with a
 * pattern, and waits with a limit. Each helper fails the test if something is not as expected.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_STREAMS_H
#define TESTS_STREAMS_H

#include "conformance.h"
#include "frames.h"

#define STREAM_WIDTH 16
#define STREAM_HEIGHT 8

/* Output variables hold this value before a call that must clear them. */
#define JUNK ((void *)(uintptr_t)0x5a5a)

struct geyser_stream_desc stream_desc(
	const char *name, uint32_t buffers, enum geyser_pacing pacing);

struct geyser_publisher *publish(void **state, const char *name, uint32_t buffers);
struct geyser_publisher *publish_lossless(void **state, const char *name, uint32_t buffers);

/* Subscribes to a stream whose publisher exists. */
struct geyser_subscriber *subscribe(void **state, const char *name, enum geyser_delivery delivery);

/* Submits the frames `first` to `last`, each filled with the pattern of its number. */
void submit_all(struct geyser_publisher *publisher, uint32_t first, uint32_t last);

/* Takes the next frame, which must have this sequence number and the pattern of that number. */
struct geyser_frame *take(struct geyser_subscriber *subscriber, uint64_t sequence);
/* Takes the next frame as take() does, and releases it. */
void pass(struct geyser_subscriber *subscriber, uint64_t sequence);
void nothing_to_take(struct geyser_subscriber *subscriber);
void disconnected(struct geyser_subscriber *subscriber);

uint64_t sequence_of(struct geyser_frame *frame);
struct geyser_publisher_stats publisher_stats(struct geyser_publisher *publisher);
struct geyser_subscriber_stats subscriber_stats(struct geyser_subscriber *subscriber);

/* Waits until `count` subscribers are connected. A publisher notices a subscriber's end a little
 * later. */
void subscribers_become(struct geyser_publisher *publisher, uint32_t count);

#endif
