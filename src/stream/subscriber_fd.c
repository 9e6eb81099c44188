/* SPDX-License-Identifier: MIT */
/* A descriptor for poll() that is readable while an acquire would give something. A thread,
 * "geyser-stream", keeps its state up to date. */
#include "stream/subscriber_fd.h"
#include "stream/detaching.h"
#include "stream/requests.h"
#include "stream/sleeping.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"

#include <fcntl.h>

#define RETRY_MS 1000
#define LOOK_EVERY (10 * GY_MILLISECOND)

static void stop(struct geyser_subscriber *subscriber)
{
	(void)pthread_mutex_lock(&subscriber->lock);
	subscriber->closing = true;
	(void)pthread_mutex_unlock(&subscriber->lock);
	if (!subscriber->serving || gy_ipc_is_inherited(subscriber->manager->ipc))
		return; /* a forked child doesn't have the thread */
	gy_wakeup_raise(&subscriber->close);
	gy_interrupt(&subscriber->interrupt);
	(void)pthread_join(subscriber->thread, NULL);
}

/* Whether the thread sleeps until the next frame, and the next frame is still what it must wait
 * for. The ring's wake then ends its sleep. */
static bool sleeps_rightly(const struct geyser_subscriber *subscriber)
{
	const struct gy_stream_connection *connection = subscriber->asleep_on;

	return connection && connection == subscriber->connection && !connection->pending &&
	       !subscriber->undrawn;
}

/* Interrupts the thread only if it must look again, since gy_interrupt may block until a sleeping
 * thread runs, for longer than the caller's timeout. */
void gy_subscriber_fd_settle(struct geyser_subscriber *subscriber)
{
	if (!subscriber->serving)
		return;
	gy_wakeup_clear(&subscriber->ready);
	if (!sleeps_rightly(subscriber))
		gy_interrupt(&subscriber->interrupt);
}

void gy_subscriber_fd_finish(struct geyser_subscriber *subscriber)
{
	stop(subscriber);
	gy_wakeup_close(&subscriber->ready);
	gy_wakeup_close(&subscriber->close);
}

/* Whether an acquire with timeout 0 would return something other than TIMEOUT. */
static bool has_news(struct geyser_subscriber *subscriber)
{
	const struct gy_stream_connection *connection = subscriber->connection;
	const struct geyser_frame *undrawn = subscriber->undrawn;

	if (undrawn)
		return geyser_event_wait(undrawn->wait.event, undrawn->wait.value, 0) !=
		       GEYSER_ERROR_TIMEOUT;
	if (!connection)
		return subscriber->broken_off != GEYSER_OK;
	if (gy_stream_connection_is_dead(subscriber->connection) ||
		gy_stream_connection_is_lost(connection))
		return true;
	if (connection->pending)
		return gy_peer_has_answer(connection->peer, 0, -1);
	return gy_ring_has_next(&connection->view);
}

/* Waits until the taken frame is drawn, for LOOK_EVERY at most. That takes a device milliseconds,
 * and the descriptor must not become readable before. */
static void await_undrawn(struct geyser_subscriber *subscriber)
{
	const struct geyser_point wait = subscriber->undrawn->wait;
	/* another thread may acquire the frame meanwhile */
	struct geyser_event *event = geyser_event_ref(wait.event);

	(void)pthread_mutex_unlock(&subscriber->lock);
	(void)geyser_event_wait(event, wait.value, LOOK_EVERY);
	geyser_event_unref(event);
	(void)pthread_mutex_lock(&subscriber->lock);
}

/* Waits for the answer with the pending frame's buffer. Another thread may receive it, or send the
 * request anew. */
static void await_answer(struct geyser_subscriber *subscriber)
{
	struct gy_stream_connection *connection = subscriber->connection;

	connection->references++;
	(void)pthread_mutex_unlock(&subscriber->lock);
	(void)gy_peer_has_answer(connection->peer, gy_deadline(LOOK_EVERY), subscriber->close.fd);
	(void)pthread_mutex_lock(&subscriber->lock);
	gy_stream_connection_unref(connection);
}

/* Waits before the next try to connect. The try has failed for a reason other than a missing
 * publisher, and the reason may last. */
static void rest(struct geyser_subscriber *subscriber)
{
	struct pollfd closing = {.fd = subscriber->close.fd, .events = POLLIN};

	(void)pthread_mutex_unlock(&subscriber->lock);
	(void)poll(&closing, 1, RETRY_MS);
	(void)pthread_mutex_lock(&subscriber->lock);
}

static void *serve(void *data)
{
	struct geyser_subscriber *subscriber = data;

	gy_callback_thread(); /* geyser_subscriber_destroy waits for this thread */
	(void)pthread_mutex_lock(&subscriber->lock);
	while (!subscriber->closing) {
		gy_interrupt_notice(&subscriber->interrupt);
		/* the next round joins the stream again */
		(void)gy_subscriber_leave_if_evicted(subscriber);
		if (!subscriber->connection && !subscriber->broken_off) {
			if (gy_subscriber_await_publisher(
				    subscriber, GY_NEVER, subscriber->close.fd) != GEYSER_OK &&
				!subscriber->broken_off)
				rest(subscriber);
		} else if (!has_news(subscriber) && subscriber->undrawn) {
			await_undrawn(subscriber);
		} else if (!has_news(subscriber) && subscriber->connection->pending) {
			await_answer(subscriber);
		} else if (!has_news(subscriber)) {
			subscriber->asleep_on = subscriber->connection;
			gy_subscriber_sleep(subscriber, GY_NEVER, &subscriber->interrupt);
			subscriber->asleep_on = NULL;
		} else {
			gy_wakeup_raise(&subscriber->ready);
			(void)pthread_mutex_unlock(&subscriber->lock);
			gy_interrupt_await(&subscriber->interrupt, GY_NEVER);
			(void)pthread_mutex_lock(&subscriber->lock);
		}
	}
	(void)pthread_mutex_unlock(&subscriber->lock);
	return NULL;
}

/* Starts the thread. Needs the lock. */
static enum geyser_result start_serving(struct geyser_subscriber *subscriber)
{
	enum geyser_result result = GEYSER_OK;

	if (subscriber->ready.fd < 0)
		result = gy_wakeup_create(&subscriber->ready);
	if (result == GEYSER_OK && subscriber->close.fd < 0)
		result = gy_wakeup_create(&subscriber->close);
	if (result != GEYSER_OK)
		return result;
	result = gy_thread_start(&subscriber->thread, "geyser-stream", 0, serve, subscriber);
	subscriber->serving = result == GEYSER_OK;
	return result;
}

enum geyser_result geyser_subscriber_fd(struct geyser_subscriber *subscriber, int *out)
{
	enum geyser_result result = GEYSER_OK;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = -1;
	if (!subscriber)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL");
	(void)pthread_mutex_lock(&subscriber->lock);
	if (!subscriber->serving)
		result = start_serving(subscriber);
	if (result == GEYSER_OK) {
		*out = fcntl(subscriber->ready.fd, F_DUPFD_CLOEXEC, 0);
		if (*out < 0)
			result = gy_fail_errno("duplicating a descriptor");
	}
	(void)pthread_mutex_unlock(&subscriber->lock);
	return result;
}
