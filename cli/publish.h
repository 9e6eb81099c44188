/*
 * What geyser send and geyser demo do with a publisher: every wait ends when a signal comes.
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
	const char *name;                   /* of the stream, for messages; borrowed */
	uint64_t timeout_ns;                /* how long acquire may wait for subscribers */
	int signals;                        /* from signals_open; borrowed */
};

enum publish_result {
	PUBLISH_DONE,
	PUBLISH_LATE,        /* a subscriber holds the stream up; after a message */
	PUBLISH_INTERRUPTED, /* by a signal */
	PUBLISH_FAILED,      /* after a message */
};

/* Waits until the number of subscribers is at least, or at most, count; limit_ns UINT64_MAX: for
 * ever. */
enum publish_result publish_await_subscribers(
	const struct publishing *publishing, bool at_most, uint32_t count, uint64_t limit_ns);

/* After PUBLISH_LATE the laggard is left out: just try again. */
enum publish_result publish_acquire(const struct publishing *publishing, struct geyser_frame **out);

/* Waits until CLOCK_MONOTONIC says this. */
enum publish_result publish_pace(const struct publishing *publishing, uint64_t time_ns);

/* Waits until every subscriber that gets every frame has taken the last one, and nobody reads any:
 * what follows is the end. */
enum publish_result publish_flush(const struct publishing *publishing, uint64_t limit_ns);

#endif
