/* SPDX-License-Identifier: MIT */
#include "stream/detaching.h"

void gy_subscriber_keep(struct geyser_subscriber *subscriber, struct gy_kept *kept)
{
	kept->next = subscriber->kept;
	subscriber->kept = kept;
}

/* Keeps the connection's event if the caller has borrowed it. The caller may use the event until
 * the subscriber is destroyed. */
static void keep_event(
	struct geyser_subscriber *subscriber, struct gy_stream_connection *connection)
{
	struct gy_kept *kept = connection->kept;

	if (!atomic_load(&connection->handed_out) || !kept)
		return;
	connection->kept = NULL;
	kept->event = geyser_event_ref(connection->ready);
	gy_subscriber_keep(subscriber, kept);
}

void gy_subscriber_prune(struct geyser_subscriber *subscriber)
{
	struct gy_stream_connection **link = &subscriber->ended;

	while (*link) {
		struct gy_stream_connection *connection = *link;

		if (connection->references > 1) {
			link = &connection->next;
			continue;
		}
		*link = connection->next;
		keep_event(subscriber, connection);
		gy_stream_connection_unref(connection);
	}
}

void gy_subscriber_detach(struct geyser_subscriber *subscriber)
{
	struct gy_stream_connection *connection = subscriber->connection;
	struct gy_lease_page *lease = connection->view.lease;

	subscriber->end =
		gy_stream_connection_is_closed(connection) ? GEYSER_END_CLOSED : GEYSER_END_BROKEN;
	subscriber->stats.dropped += atomic_load(&lease->dropped);
	for (uint32_t i = 0; i < GY_LATENCY_BUCKETS; i++)
		subscriber->latency[i] +=
			atomic_load_explicit(&lease->latency[i], memory_order_relaxed);
	subscriber->connection = NULL;
	connection->next = subscriber->ended;
	subscriber->ended = connection;
	gy_subscriber_prune(subscriber);
}

bool gy_subscriber_leave_if_evicted(struct geyser_subscriber *subscriber)
{
	struct gy_stream_connection *connection = subscriber->connection;

	if (!connection || !gy_ring_is_evicted(&connection->view))
		return false;
	subscriber->left_at = connection->view.last;
	if (connection->outgrown)
		/* so that the frame that couldn't be read comes again */
		subscriber->left_at =
			connection->frames[connection->pending_buffer].record.info.sequence - 1;
	subscriber->left_stream = atomic_load(&connection->view.page->created);
	gy_subscriber_detach(subscriber);
	subscriber->end = GEYSER_END_NONE;
	return true;
}
