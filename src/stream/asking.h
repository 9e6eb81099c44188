/* SPDX-License-Identifier: MIT */
/* A subscriber's requests to its publisher. Call all functions with the subscriber's lock held,
 * which they let go of while they wait. */
#ifndef GY_STREAM_ASKING_H
#define GY_STREAM_ASKING_H

#include "stream/subscriber_state.h"

/* Nobody publishes: it may be there, but not yet ready or no more. */
bool gy_subscriber_is_absence(enum geyser_result result);

/* Until the publisher is there. stop_fd: -1, or what ends it with BUSY. Errors: absence, or TIMEOUT
 * if there is one that doesn't answer; then the next call goes on. */
enum geyser_result gy_subscriber_await_publisher(
	struct geyser_subscriber *subscriber, uint64_t deadline, int stop_fd);

/* Waits for the publisher of a new subscriber, as gy_subscriber_await_publisher. Also succeeds if
 * the publisher has accepted the subscription in time and only its buffers are missing. */
enum geyser_result gy_subscriber_begin(struct geyser_subscriber *subscriber, uint64_t deadline);

/* Waits for the publisher in acquire, as gy_subscriber_await_publisher. Errors: DISCONNECTED (the
 * publisher has gone since gy_subscriber_begin), TIMEOUT (it doesn't answer, or there is none), and
 * as gy_stream_connection_open. */
enum geyser_result gy_subscriber_connect(struct geyser_subscriber *subscriber, uint64_t deadline);

/* Until the pending frame's buffer is there. *out: as gy_stream_connection_settle. Errors: TIMEOUT,
 * and as gy_stream_connection_fetch. */
enum geyser_result gy_subscriber_fetch(
	struct geyser_subscriber *subscriber, uint64_t deadline, struct geyser_frame **out);

#endif
