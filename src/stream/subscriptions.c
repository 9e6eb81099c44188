/* SPDX-License-Identifier: MIT */
#include "stream/subscriptions.h"

#include "base/error.h"

#include <fcntl.h>
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

void gy_publisher_notify(struct geyser_publisher *publisher)
{
	(void)pthread_mutex_lock(&publisher->lock);
	if (publisher->notify.fd >= 0)
		gy_wakeup_raise(&publisher->notify);
	(void)pthread_mutex_unlock(&publisher->lock);
}

void gy_subscription_set_counted(
	struct geyser_publisher *publisher, struct gy_subscription *subscription, bool counted)
{
	if (subscription->counted == counted)
		return;
	subscription->counted = counted;
	publisher->subscriber_count += counted ? 1 : -1u;
	if (publisher->source)
		gy_publisher_notify(publisher->source);
	else if (publisher->notify.fd >= 0)
		gy_wakeup_raise(&publisher->notify);
}

enum geyser_result geyser_publisher_subscribers_fd(struct geyser_publisher *publisher, int *out)
{
	enum geyser_result result = GEYSER_OK;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = -1;
	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	(void)pthread_mutex_lock(&publisher->lock);
	if (publisher->notify.fd < 0)
		result = gy_wakeup_create(&publisher->notify);
	if (result == GEYSER_OK) {
		*out = fcntl(publisher->notify.fd, F_DUPFD_CLOEXEC, 0);
		if (*out < 0)
			result = gy_fail_errno("duplicating a descriptor");
	}
	(void)pthread_mutex_unlock(&publisher->lock);
	return result;
}
