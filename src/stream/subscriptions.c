/* SPDX-License-Identifier: MIT */
#include "stream/subscriptions.h"

#include <stdlib.h>

void gy_publisher_count_pages(struct geyser_publisher *publisher, size_t size, int change)
{
	gy_manager_count_memory(
		publisher->manager, GEYSER_MEMORY_STREAM, gy_memory_round(size), change);
}

void gy_subscription_free(struct geyser_publisher *publisher, struct gy_subscription *subscription)
{
	gy_memory_unmap(subscription->lease, sizeof(struct gy_lease_memory));
	gy_publisher_count_pages(publisher, sizeof(struct gy_lease_memory), -1);
	free(subscription);
}

void gy_publisher_reap(struct geyser_publisher *publisher)
{
	struct gy_subscription **link = &publisher->retired;

	while (*link) {
		struct gy_subscription *retired = *link;

		if (retired->sleepers > 0) {
			link = &retired->next;
			continue;
		}
		*link = retired->next;
		gy_subscription_free(publisher, retired);
	}
}

void gy_subscription_set_counted(
	struct geyser_publisher *publisher, struct gy_subscription *subscription, bool counted)
{
	if (subscription->counted == counted)
		return;
	subscription->counted = counted;
	publisher->subscriber_count += counted ? 1 : -1u;
	if (publisher->notify.fd >= 0)
		gy_wakeup_raise(&publisher->notify);
}
