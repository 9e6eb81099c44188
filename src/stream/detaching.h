/* SPDX-License-Identifier: MIT */
/* The end of a subscriber's connection to a publisher. Call all functions with the subscriber's
 * lock held. */
#ifndef GY_STREAM_DETACHING_H
#define GY_STREAM_DETACHING_H

#include "stream/subscriber_state.h"

/* Keeps the event until the subscriber is destroyed, and takes its reference over. */
void gy_subscriber_keep(struct geyser_subscriber *subscriber, struct gy_kept *kept);

/* Frees the ended connections, except those of which the caller still holds frames. */
void gy_subscriber_prune(struct geyser_subscriber *subscriber);

/* Ends the connection to the current publisher. The subscriber's figures stay. */
void gy_subscriber_detach(struct geyser_subscriber *subscriber);

/* Ends the connection if the publisher has left us out. Returns whether it did: the subscriber has
 * no connection then, and the next acquire joins again. */
bool gy_subscriber_leave_if_evicted(struct geyser_subscriber *subscriber);

#endif
