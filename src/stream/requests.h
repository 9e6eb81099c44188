/* SPDX-License-Identifier: MIT */
/* A subscriber's requests to its publisher. Call all functions with the subscriber's lock held;
 * they release it while they wait. */
#ifndef GY_STREAM_REQUESTS_H
#define GY_STREAM_REQUESTS_H

#include "stream/subscriber_state.h"

/* Whether this result means that the stream has no publisher now: NOT_FOUND, STALE or
 * DISCONNECTED. */
bool gy_subscriber_is_absence(enum geyser_result result);

/* Connects the subscriber to its stream's publisher. Waits for a publisher if there is none.
 * Errors: those of gy_subscriber_is_absence (no publisher until the deadline), TIMEOUT (the
 * publisher doesn't answer; the next call continues), BUSY (stop_fd is readable; -1: none), and as
 * gy_stream_connection_open. */
enum geyser_result gy_subscriber_await_publisher(
	struct geyser_subscriber *subscriber, uint64_t deadline, int stop_fd);

/* Connects a new subscriber, as gy_subscriber_await_publisher. Also succeeds if the publisher has
 * accepted the subscription in time and only its buffers are missing. */
enum geyser_result gy_subscriber_begin(struct geyser_subscriber *subscriber, uint64_t deadline);

/* Connects within an acquire, as gy_subscriber_await_publisher. Errors: DISCONNECTED (the publisher
 * has gone since gy_subscriber_begin), TIMEOUT (the publisher doesn't answer, or there is none),
 * and as gy_stream_connection_open. */
enum geyser_result gy_subscriber_connect(struct geyser_subscriber *subscriber, uint64_t deadline);

/* Waits until the pending frame's buffer is there. *out: as in gy_stream_connection_settle. Errors:
 * TIMEOUT, and as gy_stream_connection_fetch. */
enum geyser_result gy_subscriber_fetch(
	struct geyser_subscriber *subscriber, uint64_t deadline, struct geyser_frame **out);

#endif
