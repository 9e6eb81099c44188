/* SPDX-License-Identifier: MIT */
#include "stream/subscriptions.h"

#include <stdlib.h>

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
		gy_memory_unmap(retired->lease, sizeof(struct gy_lease_memory));
		free(retired);
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
