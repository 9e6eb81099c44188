/* SPDX-License-Identifier: MIT */
#include "stream/sleeping.h"

#include "core/event.h"

/* A thread that spins looks at "newest" once in this many rounds. */
#define NEWEST_ROUNDS 4

/* Whether there is something for which a sleeping thread would wake. */
static bool has_news(struct gy_stream_connection *connection, const struct gy_ring_view *view)
{
	return gy_ring_has_next(view) || gy_stream_connection_is_dead(connection) ||
	       gy_stream_connection_is_lost(connection) || gy_ring_is_evicted(view);
}

/* Whether a thread that spins must look at the connection closely. Looks at "newest" and all else
 * now and then only: the publisher has just written that line, too, when the next frame comes. */
static bool is_due(struct gy_stream_connection *connection, const struct gy_ring_view *view,
	const struct gy_look *look, uint64_t newest)
{
	if (look->rounds % NEWEST_ROUNDS == 0 && atomic_load(&view->page->newest) != newest)
		return true;
	return gy_look_is_wide(look) && has_news(connection, view);
}

/* Uses a copy of the view, since other threads may take and release frames meanwhile. */
void gy_subscriber_look(struct geyser_subscriber *subscriber, struct gy_look *look)
{
	struct gy_stream_connection *connection = subscriber->connection;
	const struct gy_ring_view view = connection->view;
	const uint64_t newest = atomic_load(&view.page->newest);
	uint32_t expected;
	bool came = false;

	if (has_news(connection, &view))
		return;
	connection->references++; /* another thread may detach the connection meanwhile */
	(void)pthread_mutex_unlock(&subscriber->lock);
	expected = gy_ring_expect(&view);
	while (gy_look_goes_on(look) && !(came = gy_ring_has_come(&view, expected)) &&
		!is_due(connection, &view, look, newest))
		if (gy_look_is_wide(look))
			expected = gy_ring_expect(&view);
	(void)pthread_mutex_lock(&subscriber->lock);
	if (came)
		connection->view.seen = expected + 1;
	gy_stream_connection_unref(connection);
}

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
