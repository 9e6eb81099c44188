/* SPDX-License-Identifier: MIT */
#include "stream/detaching.h"

void gy_subscriber_keep(struct geyser_subscriber *subscriber, struct gy_kept *kept)
{
	kept->next = subscriber->kept;
	subscriber->kept = kept;
}

/* A caller may hold the event: it is borrowed until the subscriber is destroyed. */
static void keep_event(struct geyser_subscriber *subscriber, struct gy_attachment *attachment)
{
	struct gy_kept *kept = attachment->kept;

	if (!atomic_load(&attachment->handed_out) || !kept)
		return;
	attachment->kept = NULL;
	kept->event = geyser_event_ref(attachment->ready);
	gy_subscriber_keep(subscriber, kept);
}

void gy_subscriber_prune(struct geyser_subscriber *subscriber)
{
	struct gy_attachment **link = &subscriber->ended;

	while (*link) {
		struct gy_attachment *attachment = *link;

		if (attachment->references > 1) {
			link = &attachment->next;
			continue;
		}
		*link = attachment->next;
		keep_event(subscriber, attachment);
		gy_attachment_unref(attachment);
	}
}

void gy_subscriber_detach(struct geyser_subscriber *subscriber)
{
	struct gy_attachment *attachment = subscriber->attachment;
	struct gy_lease_page *lease = attachment->view.lease;

	subscriber->end =
		gy_attachment_is_closed(attachment) ? GEYSER_END_CLOSED : GEYSER_END_BROKEN;
	subscriber->stats.dropped += atomic_load(&lease->dropped);
	for (uint32_t i = 0; i < GY_LATENCY_BUCKETS; i++)
		subscriber->latency[i] +=
			atomic_load_explicit(&lease->latency[i], memory_order_relaxed);
	subscriber->attachment = NULL;
	attachment->next = subscriber->ended;
	subscriber->ended = attachment;
	gy_subscriber_prune(subscriber);
}

bool gy_subscriber_leave_if_evicted(struct geyser_subscriber *subscriber)
{
	struct gy_attachment *attachment = subscriber->attachment;

	if (!attachment || !gy_ring_is_evicted(&attachment->view))
		return false;
	subscriber->left_at = attachment->view.last;
	if (attachment->outgrown)
		/* the frame that couldn't be read comes again */
		subscriber->left_at = attachment->pending_record.info.sequence - 1;
	subscriber->left_stream = atomic_load(&attachment->view.page->created);
	gy_subscriber_detach(subscriber);
	subscriber->end = GEYSER_END_NONE;
	return true;
}
