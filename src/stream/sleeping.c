/* SPDX-License-Identifier: MIT */
#include "stream/sleeping.h"

#include "core/event.h"

/* A thread that spins looks at "newest" once in this many rounds. */
#define NEWEST_ROUNDS 4

/* What a thread that spins looks at. Other threads may take and release frames meanwhile, and may
 * replace the connection's event, so this has copies. The subscriber keeps a replaced event. */
struct sight {
	struct gy_stream_connection *connection;
	struct gy_ring_view view;
	const _Atomic uint32_t *lost; /* NULL: no device draws the frames */
	uint64_t newest;
};

static struct sight see(struct gy_stream_connection *connection)
{
	return (struct sight){
		.connection = connection,
		.view = connection->view,
		.lost = connection->ready ? gy_event_lost_word(connection->ready) : NULL,
		.newest = atomic_load(&connection->view.page->newest),
	};
}

/* Whether there is something for which a sleeping thread would wake. */
static bool has_news(const struct sight *sight)
{
	return gy_ring_has_next(&sight->view) || gy_stream_connection_is_dead(sight->connection) ||
	       (sight->lost && atomic_load(sight->lost) != 0) || gy_ring_is_evicted(&sight->view);
}

/* Whether a thread that spins must look at the connection closely. Looks at "newest" and all else
 * now and then only: the publisher has just written that line, too, when the next frame comes. */
static bool is_due(const struct sight *sight, const struct gy_look *look)
{
	if (look->rounds % NEWEST_ROUNDS == 0 &&
		atomic_load(&sight->view.page->newest) != sight->newest)
		return true;
	return gy_look_is_wide(look) && has_news(sight);
}

void gy_subscriber_look(struct geyser_subscriber *subscriber, struct gy_look *look)
{
	struct gy_stream_connection *connection = subscriber->connection;
	const struct sight sight = see(connection);
	uint32_t expected;
	bool came = false;

	if (has_news(&sight))
		return;
	connection->references++; /* another thread may detach the connection meanwhile */
	(void)pthread_mutex_unlock(&subscriber->lock);
	expected = gy_ring_expect(&sight.view);
	while (gy_look_goes_on(look) && !(came = gy_ring_has_come(&sight.view, expected)) &&
		!is_due(&sight, look))
		if (gy_look_is_wide(look))
			expected = gy_ring_expect(&sight.view);
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
