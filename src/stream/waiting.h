/* SPDX-License-Identifier: MIT */
/* Lets a publisher's thread wait for its subscribers. The functions need the publisher's lock. */
#ifndef GY_STREAM_WAITING_H
#define GY_STREAM_WAITING_H

#include "stream/publisher_state.h"

/* Whether geyser_publisher_close was called. */
bool gy_publisher_is_closed(const struct geyser_publisher *publisher);

/* Whether a wait is over. buffer: the wait is for a buffer to draw into, which this takes. NULL:
 * the wait is for subscribers to take and release all frames. A closed stream ends both waits. */
bool gy_publisher_is_ready(struct geyser_publisher *publisher, int *buffer);

/* Spins or sleeps until a subscriber takes or releases a frame, comes or goes, or until the
 * deadline. May also return early. Releases the lock meanwhile. buffer: as above. look: the caller
 * passes the same look, at first all zero, in each call of one wait. */
void gy_publisher_await_release(
	struct geyser_publisher *publisher, int *buffer, uint64_t deadline, struct gy_look *look);

/* Wakes threads that wait for a release, so that they look again and sleep on the present leases.
 */
void gy_publisher_wake(struct geyser_publisher *publisher);

/* Wakes subscribers, and this process's waiting threads: the publisher's device is lost. */
void gy_publisher_lose(struct gy_watched *watched);

#endif
