/* SPDX-License-Identifier: MIT */
/* Ends a subscriber's connection to a publisher. Call all functions with the subscriber's lock
 * held. */
#ifndef GY_STREAM_DETACHING_H
#define GY_STREAM_DETACHING_H

#include "stream/subscriber_state.h"

/* Keeps the event in `kept` until the subscriber is destroyed. Takes ownership of both. */
void gy_subscriber_keep(struct geyser_subscriber *subscriber, struct gy_kept *kept);

/* Frees the ended connections, except those that frames or threads still use. */
void gy_subscriber_prune(struct geyser_subscriber *subscriber);

/* Ends the connection to the current publisher, and adds its counters to the subscriber's. */
void gy_subscriber_detach(struct geyser_subscriber *subscriber);

/* Ends the connection if the publisher has left this subscriber out, and returns whether it did.
 * The next acquire then joins the stream again. */
bool gy_subscriber_leave_if_evicted(struct geyser_subscriber *subscriber);

#endif
