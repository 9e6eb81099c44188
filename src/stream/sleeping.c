/* SPDX-License-Identifier: MIT */
#include "stream/sleeping.h"

#include "core/event.h"

/* Says that a thread sleeps, then checks again. A publisher that publishes after the check sees the
 * flag and wakes this thread. The thread "geyser-ipc", which finds out that the publisher has died,
 * sees `sleepers` and wakes the same word (gy_peer_add_alarm). Sleeping on one word is quicker than
 * on two. A publisher that loses its device wakes both words below. */
void gy_subscriber_sleep(
	struct geyser_subscriber *subscriber, uint64_t deadline, struct gy_interrupt *interrupt)
{
	struct gy_stream_connection *connection = subscriber->connection;
	struct gy_ring_view *view = &connection->view;
	struct gy_wait_word words[GY_INTERRUPT_WORDS] = {
		{.word = (_Atomic uint32_t *)&view->page->wakes, .shared = true},
	};
	unsigned count = 1;

	words[0].expected = atomic_load(words[0].word);
	if (connection->ready)
		words[count++] = (struct gy_wait_word){
			.word = gy_event_lost_word(connection->ready), .shared = true};
	connection->references++; /* another thread may detach the connection meanwhile */
	atomic_fetch_add(&connection->sleepers, 1);
	atomic_store(&view->lease->sleeping, 1);
	if (!gy_ring_has_next(view) && !gy_stream_connection_is_dead(connection) &&
		!gy_ring_is_evicted(view)) {
		(void)pthread_mutex_unlock(&subscriber->lock);
		gy_interrupt_wait(interrupt, words, count, deadline);
		(void)pthread_mutex_lock(&subscriber->lock);
	}
	if (atomic_fetch_sub(&connection->sleepers, 1) == 1)
		atomic_store(&view->lease->sleeping, 0);
	gy_stream_connection_unref(connection);
}
