/* SPDX-License-Identifier: MIT */
/* A subscriber's requests to its publisher. One thread at a time sends requests, without the
 * subscriber's lock. */
#include "stream/requests.h"
#include "stream/arrival.h"
#include "stream/taking.h"

#include "base/clock.h"
#include "base/error.h"

/* ---- turns; the functions need the lock ---- */

/* Waits until no other thread has the turn, then takes it. Errors: TIMEOUT. */
static enum geyser_result begin_turn(struct geyser_subscriber *subscriber, uint64_t deadline)
{
	while (subscriber->requesting) {
		const struct gy_wait_word turns = {
			.word = &subscriber->turns,
			.expected = atomic_load(&subscriber->turns),
		};

		if (deadline != GY_NEVER && gy_now() >= deadline)
			return gy_fail(GEYSER_ERROR_TIMEOUT,
				"stream \"%s\": its publisher doesn't answer in that time; another "
				"thread waits for it",
				subscriber->subject.name);
		(void)pthread_mutex_unlock(&subscriber->lock);
		gy_wait(&turns, 1, deadline);
		(void)pthread_mutex_lock(&subscriber->lock);
	}
	subscriber->requesting = true;
	return GEYSER_OK;
}

static void end_turn(struct geyser_subscriber *subscriber)
{
	subscriber->requesting = false;
	atomic_fetch_add(&subscriber->turns, 1);
	gy_wake(&subscriber->turns, false);
}

/* ---- connecting; only the thread that has the turn, without the lock ---- */

bool gy_subscriber_is_absence(enum geyser_result result)
{
	return result == GEYSER_ERROR_NOT_FOUND || result == GEYSER_ERROR_STALE ||
	       result == GEYSER_ERROR_DISCONNECTED;
}

/* Connects to the publisher. If the publisher doesn't answer in time, keeps the unfinished
 * connection, and the next call continues it. */
static enum geyser_result arrive(
	struct geyser_subscriber *subscriber, const struct gy_patience *patience)
{
	enum geyser_result result = GEYSER_OK;
	bool again = false;

	if (!subscriber->arriving)
		result = gy_stream_connection_create(
			subscriber->manager, &subscriber->subject, &subscriber->arriving);
	if (result == GEYSER_OK)
		result = gy_stream_connection_open(subscriber->arriving, patience, &again);
	if (result == GEYSER_OK || again)
		return result;
	subscriber->closed_early =
		subscriber->arriving && gy_stream_connection_is_closed(subscriber->arriving);
	gy_stream_connection_unref(subscriber->arriving);
	subscriber->arriving = NULL;
	return result;
}

/* Connects to the publisher. If there is none, waits for one until the deadline. */
static enum geyser_result await_arrival(
	struct geyser_subscriber *subscriber, const struct gy_patience *patience)
{
	enum geyser_result result = arrive(subscriber, patience), waited = GEYSER_OK;
	struct gy_arrival arrival;

	if (!gy_subscriber_is_absence(result) || subscriber->begun ||
		gy_now() >= patience->deadline)
		return result;
	waited = gy_arrival_init(&arrival);
	if (waited != GEYSER_OK)
		return waited;
	for (;;) {
		result = arrive(subscriber, patience);
		if (!gy_subscriber_is_absence(result) || waited != GEYSER_OK)
			break;
		waited = gy_arrival_wait(&arrival, patience->deadline, patience->stop_fd);
	}
	gy_arrival_finish(&arrival);
	if (!gy_subscriber_is_absence(result) || waited == GEYSER_ERROR_TIMEOUT)
		return result;
	return waited;
}

/* Continues where a publisher has left this subscriber out, so that no frame comes twice. Frames
 * that came meanwhile count as dropped. Does nothing for another stream. */
static void resume(struct geyser_subscriber *subscriber, struct gy_ring_view *view)
{
	uint64_t left_at = subscriber->left_at;

	subscriber->left_at = 0;
	if (!left_at || atomic_load(&view->page->created) != subscriber->left_stream)
		return;
	if (view->last > left_at) {
		subscriber->stats.dropped += view->last - left_at;
	} else {
		view->last = left_at;
		atomic_store(&view->lease->taken, left_at);
	}
}

/* Makes the finished connection the subscriber's own. Needs the lock. */
static void adopt(struct geyser_subscriber *subscriber)
{
	subscriber->connection = subscriber->arriving;
	subscriber->arriving = NULL;
	subscriber->connection->subscriber = subscriber;
	subscriber->end = GEYSER_END_NONE;
	subscriber->stats.connections++;
	resume(subscriber, &subscriber->connection->view);
}

enum geyser_result gy_subscriber_await_publisher(
	struct geyser_subscriber *subscriber, uint64_t deadline, int stop_fd)
{
	const struct gy_patience patience = {deadline, stop_fd};
	enum geyser_result result = begin_turn(subscriber, deadline);

	if (result != GEYSER_OK)
		return result;
	if (!subscriber->connection && subscriber->broken_off) {
		result = subscriber->broken_off;
	} else if (!subscriber->connection) { /* another thread may have connected meanwhile */
		(void)pthread_mutex_unlock(&subscriber->lock);
		result = await_arrival(subscriber, &patience);
		(void)pthread_mutex_lock(&subscriber->lock);
		if (result == GEYSER_OK)
			adopt(subscriber);
		else if (subscriber->begun && !subscriber->arriving)
			subscriber->broken_off = result;
		if (result == GEYSER_OK || subscriber->broken_off)
			subscriber->begun = false;
	}
	end_turn(subscriber);
	return result;
}

/* Whether the publisher has accepted the subscription. The buffers may still be missing, since the
 * publisher may have to make mirrors first. */
static bool is_taken_in(const struct gy_stream_connection *connection)
{
	return connection && connection->stage > GY_STAGE_LEASE;
}

enum geyser_result gy_subscriber_begin(struct geyser_subscriber *subscriber, uint64_t deadline)
{
	enum geyser_result result = gy_subscriber_await_publisher(subscriber, deadline, -1);

	subscriber->begun = result == GEYSER_ERROR_TIMEOUT && is_taken_in(subscriber->arriving);
	return subscriber->begun ? GEYSER_OK : result;
}

/* Whether the publisher has gone before its buffers came; the caller then reports that. Clears the
 * recorded failure: the next request meets a failure of another kind again. */
static bool take_broken_off(struct geyser_subscriber *subscriber)
{
	const bool gone = gy_subscriber_is_absence(subscriber->broken_off);

	subscriber->broken_off = GEYSER_OK;
	if (gone)
		subscriber->end = subscriber->closed_early ? GEYSER_END_CLOSED : GEYSER_END_BROKEN;
	return gone;
}

enum geyser_result gy_subscriber_connect(struct geyser_subscriber *subscriber, uint64_t deadline)
{
	enum geyser_result result = GEYSER_OK;
	bool gone = take_broken_off(subscriber);

	if (!gone) {
		result = gy_subscriber_await_publisher(subscriber, deadline, -1);
		gone = result != GEYSER_OK && take_broken_off(subscriber);
	}
	if (gone)
		return gy_fail(GEYSER_ERROR_DISCONNECTED,
			"the publisher of \"%s\" has gone before its first frame came: frames come "
			"with the next publisher",
			subscriber->subject.name);
	if (!gy_subscriber_is_absence(result))
		return result;
	return gy_fail(GEYSER_ERROR_TIMEOUT, "nobody publishes \"%s\" at present",
		subscriber->subject.name);
}

/* ---- a buffer that is new since a resize; the functions need the lock ---- */

/* Fetches the pending frame's buffer. If another thread detaches the connection meanwhile, the
 * buffer isn't needed. */
static enum geyser_result fetch(struct geyser_subscriber *subscriber,
	struct gy_stream_connection *connection, uint64_t deadline, struct geyser_frame **out)
{
	const struct gy_patience patience = {deadline, -1};
	enum geyser_result result;
	struct gy_fetched fetched;
	bool again;

	(void)pthread_mutex_unlock(&subscriber->lock);
	result = gy_stream_connection_fetch(connection, &patience, &fetched, &again);
	(void)pthread_mutex_lock(&subscriber->lock);
	if (again)
		return result;
	if (subscriber->connection != connection) {
		geyser_texture_unref(fetched.texture);
		return GEYSER_OK;
	}
	gy_stream_connection_settle(connection, &fetched, out);
	return result;
}

enum geyser_result gy_subscriber_fetch(
	struct geyser_subscriber *subscriber, uint64_t deadline, struct geyser_frame **out)
{
	struct gy_stream_connection *connection = subscriber->connection;
	enum geyser_result result;

	*out = NULL;
	connection->references++;
	result = begin_turn(subscriber, deadline);
	if (result == GEYSER_OK) {
		if (subscriber->connection == connection && connection->pending)
			result = fetch(subscriber, connection, deadline, out);
		end_turn(subscriber);
	}
	gy_stream_connection_unref(connection);
	return result;
}
