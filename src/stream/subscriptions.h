/* SPDX-License-Identifier: MIT */
/* A publisher's list of subscribers. Call all functions with the publisher's lock held, or while no
 * other thread has the publisher or the subscription. */
#ifndef GY_STREAM_SUBSCRIPTIONS_H
#define GY_STREAM_SUBSCRIPTIONS_H

#include "stream/publisher_state.h"

/* Counts pages that the publisher shares with subscribers: `size` bytes that were made (change 1)
 * or are gone (-1). */
void gy_publisher_count_pages(struct geyser_publisher *publisher, size_t size, int change);

/* Unmaps the lease, which no thread uses, and frees the subscription. */
void gy_subscription_free(struct geyser_publisher *publisher, struct gy_subscription *subscription);

/* Unmaps the leases of subscribers that have left, except those that a thread sleeps on. A leaving
 * subscriber wakes that thread, which calls this again. */
void gy_publisher_reap(struct geyser_publisher *publisher);

/* Raises the descriptor of geyser_publisher_subscribers_fd. Takes the publisher's lock; the lock of
 * a rendition's target may be held. */
void gy_publisher_notify(struct geyser_publisher *publisher);

/* Sets whether the subscription counts as a subscriber that can receive frames. A change raises the
 * descriptor of geyser_publisher_subscribers_fd. */
void gy_subscription_set_counted(
	struct geyser_publisher *publisher, struct gy_subscription *subscription, bool counted);

#endif
