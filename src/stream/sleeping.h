/* SPDX-License-Identifier: MIT */
/* Lets a subscriber's thread sleep until its publisher has news. */
#ifndef GY_STREAM_SLEEPING_H
#define GY_STREAM_SLEEPING_H

#include "stream/subscriber_state.h"

/* Looks without sleeping until there may be a new frame, the stream may have ended, or the look
 * ends. Needs the subscriber's lock, and releases it meanwhile. */
void gy_subscriber_look(struct geyser_subscriber *subscriber, struct gy_look *look);

/* Sleeps until there may be a new frame, the stream may have ended, there is an interruption, or
 * the deadline has passed. May also return early. Needs the subscriber's lock, and releases it
 * while it sleeps. interrupt may be NULL; otherwise the thread has called gy_interrupt_notice. */
void gy_subscriber_sleep(
	struct geyser_subscriber *subscriber, uint64_t deadline, struct gy_interrupt *interrupt);

#endif
