/* SPDX-License-Identifier: MIT */
/* A descriptor for poll() that is readable while an acquire would give something. A thread,
 * "geyser-stream", keeps its state up to date. */
#ifndef GY_STREAM_SUBSCRIBER_FD_H
#define GY_STREAM_SUBSCRIBER_FD_H

#include "stream/subscriber_state.h"

/* Call this after each acquire, with the subscriber's lock held. Clears the descriptor, and lets
 * the thread raise it again if more is left. */
void gy_subscriber_fd_settle(struct geyser_subscriber *subscriber);

/* Ends the thread and closes its descriptors. Call this without the subscriber's lock. */
void gy_subscriber_fd_finish(struct geyser_subscriber *subscriber);

#endif
