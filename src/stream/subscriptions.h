/* SPDX-License-Identifier: MIT */
/* A publisher's list of subscribers. Call all functions with the publisher's lock held. */
#ifndef GY_STREAM_SUBSCRIPTIONS_H
#define GY_STREAM_SUBSCRIPTIONS_H

#include "stream/publisher_state.h"

/* Unmaps the leases of subscribers that have left, except those that a thread sleeps on. A leaving
 * subscriber wakes that thread, which calls this again. */
void gy_publisher_reap(struct geyser_publisher *publisher);

/* Sets whether the subscription counts as a subscriber that can receive frames. A change raises the
 * descriptor of geyser_publisher_subscribers_fd. */
void gy_subscription_set_counted(
	struct geyser_publisher *publisher, struct gy_subscription *subscription, bool counted);

#endif
