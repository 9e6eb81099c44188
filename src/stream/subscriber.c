/* SPDX-License-Identifier: MIT */
#include "stream/detaching.h"
#include "stream/feed.h"
#include "stream/requests.h"
#include "stream/sleeping.h"
#include "stream/subscriber_fd.h"
#include "stream/subscriber_state.h"
#include "stream/taking.h"

#include "base/clock.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/later.h"
#include "core/event.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- life ---- */

static enum geyser_result check_desc(const struct geyser_subscriber_desc *desc)
{
	if (!desc)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "desc is NULL");
	if (desc->delivery != GEYSER_DELIVER_LATEST && desc->delivery != GEYSER_DELIVER_EVERY)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"delivery (%d): it must be one of enum geyser_delivery",
			(int)desc->delivery);
	return gy_name_check(desc->name);
}

/* Checks what can be checked without the publisher, and leaves out a filter that isn't used. */
static enum geyser_result check_rendition(
	const struct geyser_rendition_desc *rendition, struct geyser_rendition_desc *out)
{
	*out = (struct geyser_rendition_desc){0};
	if (!rendition)
		return GEYSER_OK;
	if (rendition->format && !geyser_format_get_info(rendition->format))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"rendition format (%d): geyser's formats are 1 to %d, and 0 is the "
			"stream's",
			(int)rendition->format, GEYSER_FORMAT_COUNT - 1);
	if (!rendition->width != !rendition->height)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"rendition size (%u × %u): both must be over 0, or both 0 for the stream's",
			rendition->width, rendition->height);
	if ((unsigned)rendition->filter > GEYSER_FILTER_BOX)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"rendition filter (%d): it must be one of enum geyser_filter",
			(int)rendition->filter);
	*out = *rendition;
	/* a publisher compares requests member by member to find a rendition that exists */
	if (!out->width)
		out->filter = GEYSER_FILTER_NONE;
	else if (!out->filter)
		out->filter = GEYSER_FILTER_BOX;
	return GEYSER_OK;
}

static struct geyser_subscriber *allocate(
	struct geyser_manager *manager, const struct geyser_subscriber_desc *desc)
{
	struct geyser_subscriber *subscriber = calloc(1, sizeof(*subscriber));

	if (!subscriber)
		return NULL;
	atomic_init(&subscriber->references, 1);
	subscriber->manager = gy_manager_ref(manager);
	gy_manager_count_stream(manager, 1);
	subscriber->subject.every = desc->delivery == GEYSER_DELIVER_EVERY;
	strcpy(subscriber->subject.name, desc->name);
	gy_spin_init(&subscriber->spin, &manager->spin);
	subscriber->ready = GY_NO_WAKEUP;
	subscriber->close = GY_NO_WAKEUP;
	(void)pthread_mutex_init(&subscriber->lock, NULL);
	return subscriber;
}

/* Connects a new subscriber. After a failure destroys it. */
static enum geyser_result connect_new(struct geyser_subscriber *subscriber,
	const struct geyser_subscriber_desc *desc, struct geyser_subscriber **out)
{
	char time[GY_DURATION_SIZE];
	enum geyser_result result;

	(void)pthread_mutex_lock(&subscriber->lock);
	result = gy_subscriber_begin(subscriber, gy_deadline(desc->connect_timeout_ns));
	(void)pthread_mutex_unlock(&subscriber->lock);
	if (result == GEYSER_OK) {
		*out = subscriber;
		return GEYSER_OK;
	}
	geyser_subscriber_destroy(subscriber);
	if (!gy_subscriber_is_absence(result))
		return result;
	/* decide by the timeout rather than the clock: the first search may have taken longer */
	return desc->connect_timeout_ns
		       ? gy_fail(GEYSER_ERROR_TIMEOUT,
				 "stream \"%s\": nobody published it within %s", desc->name,
				 gy_duration(desc->connect_timeout_ns, time))
		       : GEYSER_ERROR_NOT_FOUND;
}

enum geyser_result geyser_subscriber_create(struct geyser_manager *manager,
	const struct geyser_subscriber_desc *desc, struct geyser_subscriber **out)
{
	return geyser_subscriber_create_rendition(manager, desc, NULL, out);
}

enum geyser_result geyser_subscriber_create_rendition(struct geyser_manager *manager,
	const struct geyser_subscriber_desc *desc, const struct geyser_rendition_desc *rendition,
	struct geyser_subscriber **out)
{
	struct geyser_subscriber *subscriber;
	struct geyser_rendition_desc checked;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	result = check_desc(desc);
	if (result == GEYSER_OK)
		result = check_rendition(rendition, &checked);
	if (result != GEYSER_OK)
		return result;
	subscriber = allocate(manager, desc);
	if (!subscriber)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a subscriber");
	subscriber->subject.rendition = checked;
	return connect_new(subscriber, desc, out);
}

enum geyser_result gy_feed_create(struct geyser_manager *manager, const char *name, bool every,
	struct gy_interrupt *interrupt, struct geyser_subscriber **out)
{
	const struct geyser_subscriber_desc desc = {
		.name = name,
		.delivery = every ? GEYSER_DELIVER_EVERY : GEYSER_DELIVER_LATEST,
	};
	struct geyser_subscriber *subscriber = allocate(manager, &desc);

	if (!subscriber)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a rendition");
	(void)gy_spin_set(&subscriber->spin, 0);
	subscriber->subject.feeds = true;
	subscriber->interrupted_by = interrupt;
	return connect_new(subscriber, &desc, out);
}

/* Releases the frames that the caller holds, and those that this process's device still reads. */
static void release_frames(struct gy_stream_connection *connection)
{
	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++)
		if (connection->frames[i].out || connection->frames[i].returning)
			gy_stream_connection_release(connection, &connection->frames[i]);
}

static void drop_kept(struct gy_kept *kept)
{
	struct gy_kept *next;

	for (; kept; kept = next) {
		next = kept->next;
		geyser_event_unref(kept->event);
		free(kept);
	}
}

static void unref(struct geyser_subscriber *subscriber)
{
	if (atomic_fetch_sub(&subscriber->references, 1) > 1)
		return;
	(void)pthread_mutex_destroy(&subscriber->lock);
	free(subscriber);
}

/* The device may still read released frames. The callbacks for those frames come later, or run now
 * on another thread. The callbacks find `gone` set, and use only the subscriber's memory. */
void geyser_subscriber_destroy(struct geyser_subscriber *subscriber)
{
	if (!subscriber)
		return;
	gy_subscriber_fd_finish(subscriber);
	gy_stream_connection_unref(subscriber->arriving);
	gy_later_hold();
	(void)pthread_mutex_lock(&subscriber->lock);
	subscriber->gone = true;
	if (subscriber->connection)
		gy_subscriber_detach(subscriber);
	for (struct gy_stream_connection *it = subscriber->ended; it; it = it->next)
		release_frames(it);
	gy_subscriber_prune(subscriber);
	(void)pthread_mutex_unlock(&subscriber->lock);
	gy_later_release();
	geyser_event_unref(subscriber->done);
	drop_kept(subscriber->kept);
	gy_manager_count_stream(subscriber->manager, -1);
	gy_manager_unref(subscriber->manager);
	unref(subscriber);
}

/* ---- waiting for a frame; the functions need the lock, and release it while they sleep ---- */

static enum geyser_result report_end(struct geyser_subscriber *subscriber)
{
	gy_subscriber_detach(subscriber);
	return gy_fail(GEYSER_ERROR_DISCONNECTED,
		"the publisher of \"%s\" has %s: frames come again with the next publisher",
		subscriber->subject.name,
		subscriber->end == GEYSER_END_CLOSED ? "ended"
						     : "died, or left without closing the stream");
}

/* Reports that the publisher has lost its device. */
static enum geyser_result report_loss(struct geyser_subscriber *subscriber)
{
	gy_subscriber_detach(subscriber);
	subscriber->end = GEYSER_END_BROKEN;
	return gy_fail(GEYSER_ERROR_DEVICE_LOST,
		"the publisher of \"%s\" has lost its device: frames come again with the next "
		"publisher",
		subscriber->subject.name);
}

/* Gives the pending frame or the next one. Releases the lock while it fetches a buffer. */
static enum geyser_result take_next(struct geyser_subscriber *subscriber,
	struct gy_stream_connection *connection, uint64_t deadline, struct geyser_frame **out)
{
	enum geyser_result result = GEYSER_OK;

	if (!connection->pending)
		result = gy_stream_connection_take(connection, out);
	if (result == GEYSER_OK && connection->pending)
		result = gy_subscriber_fetch(subscriber, deadline, out);
	return result;
}

/* Gives the frame that is there now, or NULL with GEYSER_OK. Frames that were published before the
 * stream's end are still given. */
static enum geyser_result take(
	struct geyser_subscriber *subscriber, uint64_t deadline, struct geyser_frame **out)
{
	struct gy_stream_connection *connection = subscriber->connection;
	bool dead = gy_stream_connection_is_dead(connection);
	enum geyser_result result;
	bool ended;

	if (gy_stream_connection_is_lost(connection))
		return report_loss(subscriber);
	connection->references++;
	result = take_next(subscriber, connection, deadline, out);
	ended = result == GEYSER_ERROR_DISCONNECTED ||
		(result == GEYSER_OK && !*out && dead && !connection->pending);
	if (ended) /* another thread may have reported the end */
		result = subscriber->connection == connection ? report_end(subscriber) : GEYSER_OK;
	gy_stream_connection_unref(connection);
	gy_subscriber_prune(subscriber);
	return result;
}

/* Copies a frame to where the device reads it. Releases the lock meanwhile: no other call uses this
 * frame. Afterwards the device has nothing to wait for. */
static void upload(struct geyser_subscriber *subscriber, struct geyser_frame *frame)
{
	if (!gy_texture_uploads(frame->texture))
		return;
	(void)pthread_mutex_unlock(&subscriber->lock);
	gy_texture_upload(frame->texture);
	(void)pthread_mutex_lock(&subscriber->lock);
	frame->wait = (struct geyser_point){0};
}

/* Whether the CPU reads the frame: there is no device, or the CPU copies for the device. */
static bool cpu_reads(const struct geyser_subscriber *subscriber, const struct geyser_frame *frame)
{
	return !subscriber->manager->backend->event_create || gy_texture_uploads(frame->texture);
}

/* Waits until the frame is drawn, if the CPU reads it. Releases the lock while it waits. A frame
 * that isn't drawn in time is kept for the next call. */
static enum geyser_result await_drawn(
	struct geyser_subscriber *subscriber, uint64_t deadline, struct geyser_frame **frame)
{
	struct geyser_event *ready = (*frame)->wait.event;
	uint64_t value = (*frame)->wait.value;
	enum geyser_result result;

	if (!value || !cpu_reads(subscriber, *frame)) {
		upload(subscriber, *frame);
		return GEYSER_OK;
	}
	(void)pthread_mutex_unlock(&subscriber->lock);
	result = geyser_event_wait(ready, value, gy_time_left(deadline));
	(void)pthread_mutex_lock(&subscriber->lock);
	if (result == GEYSER_OK) {
		upload(subscriber, *frame);
		return GEYSER_OK;
	}
	if (result == GEYSER_ERROR_TIMEOUT && !subscriber->undrawn)
		subscriber->undrawn = *frame;
	else
		gy_stream_connection_release((*frame)->owner, *frame);
	*frame = NULL;
	/* otherwise the publisher has died or lost its device, which the next take() reports */
	return result == GEYSER_ERROR_TIMEOUT ? result : GEYSER_OK;
}

static enum geyser_result await_frame(
	struct geyser_subscriber *subscriber, uint64_t deadline, struct gy_look *look)
{
	if ((deadline != GY_NEVER && gy_now() >= deadline) ||
		(subscriber->interrupted_by && gy_interrupt_is_due(subscriber->interrupted_by)))
		return gy_fail(GEYSER_ERROR_TIMEOUT, "stream \"%s\" had no new frame in that time",
			subscriber->subject.name);
	/* another thread may have found the end, or taken a frame whose buffer must be fetched */
	if (!subscriber->connection || subscriber->connection->pending)
		return GEYSER_OK;
	if (gy_look_begin(look, &subscriber->spin, deadline))
		gy_subscriber_look(subscriber, look);
	else
		gy_subscriber_sleep(subscriber, deadline, subscriber->interrupted_by);
	return GEYSER_OK;
}

/* Waits until this process's device has read a released frame. Released frames hold their buffers
 * until then. */
static enum geyser_result await_return(
	struct geyser_subscriber *subscriber, uint32_t returns, uint64_t deadline)
{
	const struct gy_wait_word word = {.word = &subscriber->returns, .expected = returns};

	if (deadline != GY_NEVER && gy_now() >= deadline)
		return gy_fail(GEYSER_ERROR_TIMEOUT,
			"stream \"%s\": the device still reads %u frames that were released",
			subscriber->subject.name, subscriber->reading);
	(void)pthread_mutex_unlock(&subscriber->lock);
	gy_wait(&word, 1, deadline);
	(void)pthread_mutex_lock(&subscriber->lock);
	return GEYSER_OK;
}

static struct geyser_frame *take_undrawn(struct geyser_subscriber *subscriber)
{
	struct geyser_frame *frame = subscriber->undrawn;

	subscriber->undrawn = NULL;
	return frame;
}

static enum geyser_result acquire(
	struct geyser_subscriber *subscriber, uint64_t timeout_ns, struct geyser_frame **out)
{
	uint64_t deadline = gy_deadline(timeout_ns);
	enum geyser_result result = GEYSER_OK;
	struct gy_look look = {.spin = NULL};

	*out = take_undrawn(subscriber);
	if (*out)
		result = await_drawn(subscriber, deadline, out);
	if (result != GEYSER_OK || *out)
		return result;
	for (;;) {
		uint32_t returns = atomic_load(&subscriber->returns);

		/* the connect below joins the stream again */
		(void)gy_subscriber_leave_if_evicted(subscriber);
		if (!subscriber->connection)
			result = gy_subscriber_connect(subscriber, deadline);
		if (result == GEYSER_OK)
			result = take(subscriber, deadline, out);
		if (result == GEYSER_OK && *out)
			result = await_drawn(subscriber, deadline, out);
		if (result == GEYSER_ERROR_BUSY && subscriber->reading > 0)
			result = await_return(subscriber, returns, deadline);
		else if (result == GEYSER_OK && !*out)
			result = await_frame(subscriber, deadline, &look);
		if (result != GEYSER_OK || *out)
			break;
	}
	gy_look_end(&look);
	return result;
}

enum geyser_result geyser_subscriber_acquire(
	struct geyser_subscriber *subscriber, uint64_t timeout_ns, struct geyser_frame **out)
{
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!subscriber)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL");
	gy_later_hold();
	(void)pthread_mutex_lock(&subscriber->lock);
	result = acquire(subscriber, timeout_ns, out);
	if (*out)
		subscriber->stats.frames++;
	gy_subscriber_fd_settle(subscriber);
	(void)pthread_mutex_unlock(&subscriber->lock);
	gy_later_release(); /* a callback that runs now may destroy the subscriber */
	return result;
}

/* ---- releasing ---- */

/* Gives the frame's buffer back to the publisher. */
static void give_back(struct geyser_subscriber *subscriber, struct geyser_frame *frame)
{
	gy_later_hold();
	(void)pthread_mutex_lock(&subscriber->lock);
	gy_stream_connection_release(frame->owner, frame);
	gy_subscriber_prune(subscriber);
	(void)pthread_mutex_unlock(&subscriber->lock);
	gy_later_release();
}

/* A released frame that this process's device still reads. */
struct returning {
	struct geyser_subscriber *subscriber; /* holds a reference */
	struct geyser_frame *frame;           /* valid until the subscriber is gone */
};

/* Gives the frame back. Runs on the event's thread, or when the event ends, which may be long after
 * the subscriber. */
static void work_done(
	struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct returning *returning = user;
	struct geyser_subscriber *subscriber = returning->subscriber;
	struct geyser_frame *frame = returning->frame;

	(void)event;
	(void)value;
	(void)result;
	gy_later_hold();
	(void)pthread_mutex_lock(&subscriber->lock);
	if (!subscriber->gone) {
		subscriber->reading--;
		gy_stream_connection_release(frame->owner, frame);
		gy_subscriber_prune(subscriber);
	}
	(void)pthread_mutex_unlock(&subscriber->lock);
	gy_later_release();
	atomic_fetch_add(&subscriber->returns, 1);
	gy_wake(&subscriber->returns, false);
	unref(subscriber);
	free(returning);
}

static void set_returning(
	struct geyser_subscriber *subscriber, struct geyser_frame *frame, bool returning)
{
	(void)pthread_mutex_lock(&subscriber->lock);
	frame->out = !returning;
	frame->returning = returning;
	subscriber->reading += returning ? 1 : -1u;
	(void)pthread_mutex_unlock(&subscriber->lock);
}

/* Gives the frame back once the device has read it. work_done may run before this function returns.
 * Returns false, with nothing done, if that can't be arranged. */
static bool give_back_later(struct geyser_subscriber *subscriber, struct geyser_frame *frame)
{
	const struct geyser_point signal = frame->signal;
	struct returning *returning = malloc(sizeof(*returning));

	if (!returning)
		return false;
	*returning = (struct returning){subscriber, frame};
	atomic_fetch_add(&subscriber->references, 1);
	set_returning(subscriber, frame, true);
	if (geyser_event_notify(signal.event, signal.value, work_done, returning) == GEYSER_OK)
		return true;
	set_returning(subscriber, frame, false);
	unref(subscriber);
	free(returning);
	return false;
}

static enum geyser_result check_eviction(
	const struct geyser_subscriber *subscriber, const struct gy_stream_connection *connection)
{
	if (!gy_ring_is_evicted(&connection->view))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_STALE,
		"the publisher of \"%s\" had no buffer left for longer than it allows, and has "
		"evicted this subscriber; the frame stayed as it was until now, the next acquire "
		"joins again",
		subscriber->subject.name);
}

/* Gives the buffer back to the publisher only when this process's device has read it. So the
 * publisher never waits for a process that may die. */
enum geyser_result geyser_subscriber_release(
	struct geyser_subscriber *subscriber, struct geyser_frame *frame)
{
	enum geyser_result result;

	if (!subscriber || !frame)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL",
			subscriber ? "frame" : "subscriber");
	if (!frame->out || ((struct gy_stream_connection *)frame->owner)->subscriber != subscriber)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"frame isn't acquired from this subscriber: pass one between its acquire "
			"and its release");
	result = check_eviction(subscriber, frame->owner);
	if (frame->signal.value) {
		if (give_back_later(subscriber, frame))
			return result;
		/* there is no memory for a callback, so wait here */
		(void)geyser_event_wait(frame->signal.event, frame->signal.value,
			subscriber->manager->import_timeout_ns);
	}
	give_back(subscriber, frame);
	return result;
}

enum geyser_result geyser_subscriber_set_spin(
	struct geyser_subscriber *subscriber, uint64_t spin_ns)
{
	if (!subscriber)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL");
	return gy_spin_set(&subscriber->spin, spin_ns);
}

/* ---- figures ---- */

enum geyser_result geyser_subscriber_get_stats(
	struct geyser_subscriber *subscriber, struct geyser_subscriber_stats *out)
{
	uint64_t counts[GY_LATENCY_BUCKETS];

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_subscriber_stats){0};
	if (!subscriber)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL");
	(void)pthread_mutex_lock(&subscriber->lock);
	*out = subscriber->stats;
	memcpy(counts, subscriber->latency, sizeof(counts));
	if (subscriber->connection) {
		struct gy_lease_page *lease = subscriber->connection->view.lease;

		out->dropped += atomic_load(&lease->dropped);
		for (uint32_t i = 0; i < GY_LATENCY_BUCKETS; i++)
			counts[i] += atomic_load_explicit(&lease->latency[i], memory_order_relaxed);
	}
	(void)pthread_mutex_unlock(&subscriber->lock);
	out->latency_p50_ns = gy_latency_percentile(counts, 0.5);
	out->latency_p99_ns = gy_latency_percentile(counts, 0.99);
	return GEYSER_OK;
}

enum geyser_result geyser_subscriber_get_end(
	struct geyser_subscriber *subscriber, enum geyser_end *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = GEYSER_END_NONE;
	if (!subscriber)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "subscriber is NULL");
	(void)pthread_mutex_lock(&subscriber->lock);
	*out = subscriber->end;
	(void)pthread_mutex_unlock(&subscriber->lock);
	return GEYSER_OK;
}
