/*
 * Functions for a publisher, which geyser send and geyser demo use. A signal ends every wait.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_PUBLISH_H
#define GEYSER_CLI_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include <geyser/stream.h>

struct publishing {
	struct geyser_publisher *publisher; /* borrowed */
	const char *name;                   /* the stream's name, for messages; borrowed */
	uint64_t timeout_ns;                /* how long acquire may wait for subscribers */
	int signals;                        /* from signals_open; borrowed */
};

enum publish_result {
	PUBLISH_DONE,
	PUBLISH_LATE,        /* a subscriber holds the stream up; a message was printed */
	PUBLISH_INTERRUPTED, /* a signal ended the wait */
	PUBLISH_FAILED,      /* a message was printed */
};

/* Waits until the number of subscribers is at least, or at most, count. limit_ns UINT64_MAX: no
 * limit. */
enum publish_result publish_await_subscribers(
	const struct publishing *publishing, bool at_most, uint32_t count, uint64_t limit_ns);

/* Acquires a buffer to draw into. After PUBLISH_LATE the publisher has left the slow subscriber
 * out: call this again. */
enum publish_result publish_acquire(const struct publishing *publishing, struct geyser_frame **out);

/* Waits until CLOCK_MONOTONIC reaches this time. */
enum publish_result publish_pace(const struct publishing *publishing, uint64_t time_ns);

/* Waits until every subscriber that gets every frame has taken the last one, and no subscriber
 * reads a frame. Call this before the end of the stream. */
enum publish_result publish_flush(const struct publishing *publishing, uint64_t limit_ns);

#endif
