/* SPDX-License-Identifier: MIT */
/* A publisher's list of subscribers. Call all functions with its lock held. */
#ifndef GY_STREAM_SUBSCRIPTIONS_H
#define GY_STREAM_SUBSCRIPTIONS_H

#include "stream/publisher_state.h"

/* Unmaps the leases of subscribers that have left, except those that a thread sleeps on: that
 * thread unmaps them when it wakes, and a leaving subscriber wakes it. */
void gy_publisher_reap(struct geyser_publisher *publisher);

/* Counts a subscription that can now receive frames, or stops counting one that ends. Raises the
 * descriptor that watches the count. */
void gy_subscription_set_counted(
	struct geyser_publisher *publisher, struct gy_subscription *subscription, bool counted);

#endif
