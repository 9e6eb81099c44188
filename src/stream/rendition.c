/* SPDX-License-Identifier: MIT */
#include "stream/rendition.h"
#include "stream/feed.h"
#include "stream/publishing.h"
#include "stream/rendering.h"
#include "stream/rendition_memory.h"
#include "stream/subscriptions.h"

#include "base/clock.h"
#include "base/system.h"
#include "base/thread.h"

/* How long a rendition without subscribers waits for the next one. */
#define STAY (2 * GY_SECOND)

/* For how long a wait goes on before the thread looks whether the rendition is still wanted. */
#define SLICE (100 * GY_MILLISECOND)
#define LOOK_EVERY GY_SECOND

static bool is_closed(const struct gy_rendition *rendition)
{
	return atomic_load(&rendition->source->ring.page->closed) != 0;
}

static bool is_wanted(const struct gy_rendition *rendition)
{
	return gy_publisher_has_readers(rendition->target);
}

/* Notes whether the feed is connected. Tells the threads that wait for that, and the program, which
 * counts the rendition's subscribers from then on. */
static void set_fed(struct gy_rendition *rendition, bool fed)
{
	struct geyser_publisher *source = rendition->source;

	if (atomic_exchange(&rendition->fed, fed) == fed)
		return;
	gy_publisher_notify(source);
	atomic_fetch_add(&source->renditions.changes, 1);
	gy_wake(&source->renditions.changes, false);
}

/* ---- the feed ---- */

static void drop_feed(struct gy_rendition *rendition)
{
	if (rendition->drawing)
		(void)geyser_publisher_discard(rendition->target, rendition->drawing);
	rendition->drawing = NULL;
	geyser_subscriber_destroy(rendition->feed);
	rendition->feed = NULL;
	set_fed(rendition, false);
}

/* Connects the feed. If the stream has been closed by now, another stream of that name may have got
 * it, so the rendition ends. */
static void begin_feed(struct gy_rendition *rendition)
{
	const struct geyser_publisher *source = rendition->source;

	if (gy_feed_create(source->manager, source->published.name, rendition->every,
		    &rendition->interrupt, &rendition->feed) != GEYSER_OK ||
		is_closed(rendition))
		atomic_store(&rendition->over, true);
}

/* ---- frames ---- */

/* Whether the stream goes on without the feed, which kept it waiting for too long. The subscribers
 * that kept the rendition waiting are to blame, so it goes on without them. */
static bool is_excused(const struct gy_rendition *rendition)
{
	struct geyser_publisher *source = rendition->source;
	const int place = gy_feed_place(rendition->feed);
	bool excused;

	(void)pthread_mutex_lock(&source->lock);
	excused = place >= 0 && source->ring.readers[place].excused;
	(void)pthread_mutex_unlock(&source->lock);
	return excused;
}

/* Gets a buffer to draw into, or waits for one for a slice. */
static void await_buffer(struct gy_rendition *rendition)
{
	struct geyser_publisher *target = rendition->target;
	const bool closed = is_closed(rendition);
	const bool patient = !closed && !is_excused(rendition);
	enum geyser_result result;

	(void)pthread_mutex_lock(&target->lock);
	target->patient = patient;
	(void)pthread_mutex_unlock(&target->lock);
	result = geyser_publisher_acquire(target, closed ? 0 : SLICE, &rendition->drawing);
	if (result != GEYSER_OK && (closed || result != GEYSER_ERROR_TIMEOUT))
		atomic_store(&rendition->over, true);
}

/* Waits until a device has done its work on the frame, or the stream has ended. */
static void await_point(struct gy_rendition *rendition, struct geyser_frame *frame)
{
	struct geyser_point point;

	if (geyser_frame_wait_point(frame, &point) != GEYSER_OK || !point.event)
		return;
	while (geyser_event_wait(point.event, point.value, LOOK_EVERY) == GEYSER_ERROR_TIMEOUT)
		if (is_closed(rendition))
			return;
}

/* Resizes the target, within the memory that all renditions of a stream may take together. */
static enum geyser_result resize(
	struct gy_rendition *rendition, const struct geyser_texture_desc *desc)
{
	struct geyser_publisher *target = rendition->target;
	enum geyser_result result;

	(void)pthread_mutex_lock(&rendition->source->renditions.lock);
	result = gy_rendition_claim(rendition, desc, target->ring.buffers);
	(void)pthread_mutex_unlock(&rendition->source->renditions.lock);
	return result == GEYSER_OK ? geyser_publisher_resize(target, desc) : result;
}

/* Makes the target's buffers as this frame needs them. Waits for a buffer of the new size. */
static void fit_target(struct gy_rendition *rendition, struct geyser_frame *frame)
{
	const struct geyser_texture_desc *const is =
		geyser_texture_get_desc(geyser_frame_texture(rendition->drawing));
	struct geyser_texture_desc desc;
	enum geyser_result result;

	gy_rendition_describe(rendition, geyser_texture_get_desc(geyser_frame_texture(frame)),
		geyser_frame_get_info(frame), &desc);
	if (is->format == desc.format && is->width == desc.width && is->height == desc.height)
		return;
	(void)geyser_publisher_discard(rendition->target, rendition->drawing);
	rendition->drawing = NULL;
	result = resize(rendition, &desc);
	if (result != GEYSER_OK)
		atomic_store(&rendition->over, true);
	while (!rendition->drawing && !atomic_load(&rendition->over) && is_wanted(rendition))
		await_buffer(rendition);
}

/* Converts a frame and publishes it. The original is released afterwards: a flush of the stream
 * waits for that. */
static void publish(struct gy_rendition *rendition, struct geyser_frame *frame)
{
	enum geyser_result result;

	fit_target(rendition, frame);
	if (!rendition->drawing)
		return;
	await_point(rendition, frame);
	await_point(rendition, rendition->drawing);
	result = gy_rendition_convert(rendition, frame, rendition->drawing);
	if (result == GEYSER_OK)
		result = geyser_publisher_submit(rendition->target, rendition->drawing);
	else
		(void)geyser_publisher_discard(rendition->target, rendition->drawing);
	rendition->drawing = NULL;
	rendition->last = geyser_frame_get_info(frame)->sequence;
	if (result != GEYSER_OK)
		atomic_store(&rendition->over, true);
}

/* Whether the frame is in the target already: a feed that comes back gets the newest frame once
 * more. */
static bool is_published(const struct gy_rendition *rendition, uint64_t sequence)
{
	return sequence <= rendition->last &&
	       atomic_load(&rendition->target->ring.page->newest) != 0;
}

/* Takes the next frame, or waits for one. The feed may be connected before, and it may lose and
 * make its connection meanwhile. A publisher that waits for its first subscriber sends nothing
 * before. */
static void take_frame(struct gy_rendition *rendition)
{
	struct geyser_frame *frame;
	enum geyser_result result;

	set_fed(rendition, gy_feed_is_connected(rendition->feed));
	result = geyser_subscriber_acquire(rendition->feed, LOOK_EVERY, &frame);
	set_fed(rendition, gy_feed_is_connected(rendition->feed));
	if (result == GEYSER_ERROR_TIMEOUT)
		return;
	if (result != GEYSER_OK) {
		atomic_store(&rendition->over, true);
		return;
	}
	if (!is_published(rendition, geyser_frame_get_info(frame)->sequence))
		publish(rendition, frame);
	(void)geyser_subscriber_release(rendition->feed, frame);
}

/* ---- the thread ---- */

/* Lets the rendition end if it has no subscribers. None can come meanwhile: they come with the lock
 * of struct gy_ipc held. */
static void leave(struct gy_rendition *rendition)
{
	pthread_mutex_t *lock = &rendition->source->manager->ipc->loop.lock;

	(void)pthread_mutex_lock(lock);
	if (!is_wanted(rendition)) {
		rendition->leaving = true;
		atomic_store(&rendition->over, true);
	}
	(void)pthread_mutex_unlock(lock);
}

/* Waits for a subscriber. */
static void rest(struct gy_rendition *rendition)
{
	const uint64_t deadline = gy_deadline(STAY);

	while (!is_wanted(rendition) && !is_closed(rendition)) {
		if (gy_now() >= deadline) {
			leave(rendition);
			return;
		}
		gy_interrupt_await(&rendition->interrupt, deadline);
		gy_interrupt_notice(&rendition->interrupt);
	}
	if (is_closed(rendition))
		atomic_store(&rendition->over, true);
}

/* Ends the rendition. Other threads may use the target until it is closed and they have noticed. */
static void end(struct gy_rendition *rendition)
{
	struct gy_renditions *renditions = &rendition->source->renditions;
	struct geyser_publisher *target = rendition->target;

	drop_feed(rendition);
	gy_publisher_close_own(target);
	(void)pthread_mutex_lock(&renditions->lock);
	rendition->target = NULL;
	while (rendition->users > 0) {
		const struct gy_wait_word word = {
			.word = &renditions->changes,
			.expected = atomic_load(&renditions->changes),
		};

		(void)pthread_mutex_unlock(&renditions->lock);
		gy_wait(&word, 1, GY_NEVER);
		(void)pthread_mutex_lock(&renditions->lock);
	}
	(void)pthread_mutex_unlock(&renditions->lock);
	gy_publisher_deallocate(target);
	(void)pthread_mutex_lock(&renditions->lock);
	rendition->ended = true;
	(void)pthread_mutex_unlock(&renditions->lock);
}

static void *run(void *data)
{
	struct gy_rendition *rendition = data;

	gy_callback_thread(); /* geyser_publisher_destroy waits for this thread */
	gy_thread_lower();
	gy_publisher_prefault(rendition->target);
	while (!atomic_load(&rendition->over)) {
		gy_interrupt_notice(&rendition->interrupt);
		if (!is_wanted(rendition)) {
			drop_feed(rendition);
			rest(rendition);
		} else if (!rendition->feed) {
			begin_feed(rendition);
		} else if (!rendition->drawing) {
			await_buffer(rendition);
		} else {
			take_frame(rendition);
		}
	}
	end(rendition);
	return NULL;
}

enum geyser_result gy_rendition_start(struct gy_rendition *rendition)
{
	return gy_thread_start(&rendition->thread, "geyser-convert", 0, run, rendition);
}
