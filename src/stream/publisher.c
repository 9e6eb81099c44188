/* SPDX-License-Identifier: MIT */
#include "stream/eviction.h"
#include "stream/idling.h"
#include "stream/mirrors.h"
#include "stream/publisher_state.h"
#include "stream/publishing.h"
#include "stream/subscriptions.h"
#include "stream/waiting.h"

#include "base/clock.h"
#include "base/duration.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY (50 * GY_MILLISECOND)
#define HOLD_LIMIT_DEFAULT GY_SECOND
#define IDLE_LIMIT_DEFAULT (60 * GY_SECOND)

/* ---- creating a publisher ---- */

static void unref_all(struct geyser_texture **textures)
{
	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++) {
		geyser_texture_unref(textures[i]);
		textures[i] = NULL;
	}
}

static enum geyser_result make_buffers(struct geyser_manager *manager, uint32_t count,
	const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	for (uint32_t i = 0; i < count; i++) {
		enum geyser_result result = gy_texture_create_published(manager, desc, &out[i]);

		if (result == GEYSER_OK)
			result = gy_texture_share(out[i]);
		if (result != GEYSER_OK) {
			unref_all(out);
			return result;
		}
	}
	return GEYSER_OK;
}

/* Loads the buffers' pages into memory. Otherwise the first frame in a new buffer of 1920 × 1080
 * would cost 8 ms of page faults. */
static void prefault(struct geyser_texture **buffers, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		gy_texture_prefault(buffers[i]);
}

void gy_publisher_prefault(struct geyser_publisher *publisher)
{
	prefault(publisher->buffers, publisher->ring.buffers);
}

static struct geyser_publisher *allocate(
	struct geyser_manager *manager, const struct geyser_stream_desc *desc)
{
	struct geyser_publisher *publisher = calloc(1, sizeof(*publisher));

	if (!publisher)
		return NULL;
	publisher->manager = gy_manager_ref(manager);
	gy_manager_count_stream(manager, 1);
	publisher->watched.lose = gy_publisher_lose;
	strcpy(publisher->published.name, desc->name);
	publisher->ring_fd = -1;
	publisher->bell_fd = -1;
	publisher->notify = GY_NO_WAKEUP;
	publisher->rate_num = desc->frame_rate_num;
	publisher->rate_den = desc->frame_rate_den;
	publisher->pacing = desc->pacing;
	gy_spin_init(&publisher->spin, &manager->spin);
	publisher->ring.buffers = desc->buffers ? desc->buffers : GY_BUFFERS_DEFAULT;
	publisher->hold_limit_ns = HOLD_LIMIT_DEFAULT;
	publisher->idling.limit_ns = IDLE_LIMIT_DEFAULT;
	publisher->ring.lossless = desc->pacing == GEYSER_PACING_LOSSLESS;
	(void)pthread_mutex_init(&publisher->lock, NULL);
	(void)pthread_mutex_init(&publisher->renditions.lock, NULL);
	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++) {
		publisher->frames[i].buffer = i;
		publisher->frames[i].owner = publisher;
	}
	return publisher;
}

/* Makes the events of a publisher whose backend has devices. A device draws a frame some time after
 * the frame's submit. Watches for the device's loss before, since objects learn of the loss in the
 * opposite order: subscribers must find it in the events when they are woken. */
static enum geyser_result make_events(struct geyser_publisher *publisher)
{
	enum geyser_result result = GEYSER_OK;

	if (publisher->manager->backend->on_lost)
		gy_manager_watch(publisher->manager, &publisher->watched);
	if (publisher->manager->backend->event_create)
		result = gy_event_publish(publisher->manager, 0, &publisher->ready);
	if (result == GEYSER_OK && publisher->ready)
		result = gy_event_publish(publisher->manager, 0, &publisher->mirrors.ready);
	return result;
}

/* Lets no other texture get the buffer's memory while the device still draws into it. */
static void leave_to_device(struct geyser_publisher *publisher, uint32_t buffer)
{
	if (publisher->ready && publisher->buffers[buffer] &&
		geyser_event_wait(publisher->ready, publisher->drawn[buffer], 0) != GEYSER_OK)
		gy_texture_set_left(publisher->buffers[buffer]);
}

void gy_publisher_deallocate(struct geyser_publisher *publisher)
{
	if (!gy_ipc_is_inherited(publisher->manager->ipc))
		gy_manager_unwatch(publisher->manager, &publisher->watched);
	gy_publisher_stop_idling(publisher);
	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++)
		leave_to_device(publisher, i);
	gy_mirrors_finish(publisher);
	geyser_event_unref(publisher->ready);
	unref_all(publisher->buffers);
	unref_all(publisher->next);
	gy_publisher_reap(publisher);
	if (publisher->ring_fd >= 0)
		(void)close(publisher->ring_fd);
	if (publisher->ring.page)
		gy_publisher_count_pages(publisher, sizeof(*publisher->ring.page), -1);
	gy_memory_unmap(publisher->ring.page, sizeof(*publisher->ring.page));
	if (publisher->bell_fd >= 0)
		(void)close(publisher->bell_fd);
	if (publisher->bell)
		gy_publisher_count_pages(publisher, GY_DOORBELL_SIZE, -1);
	gy_memory_unmap(publisher->bell, GY_DOORBELL_SIZE);
	gy_wakeup_close(&publisher->notify);
	(void)pthread_mutex_destroy(&publisher->renditions.lock);
	(void)pthread_mutex_destroy(&publisher->lock);
	gy_manager_count_stream(publisher->manager, -1);
	gy_manager_unref(publisher->manager);
	free(publisher);
}

static enum geyser_result make_ring(struct geyser_publisher *publisher)
{
	void *page;
	enum geyser_result result = gy_memory_create_published(
		"geyser-ring", sizeof(struct gy_ring_page), &publisher->ring_fd, &page);

	if (result != GEYSER_OK)
		return result;
	gy_publisher_count_pages(publisher, sizeof(struct gy_ring_page), 1);
	publisher->ring.page = page;
	atomic_store(&publisher->ring.page->created, gy_now());
	return GEYSER_OK;
}

static enum geyser_result make_doorbell(struct geyser_publisher *publisher)
{
	void *page;
	enum geyser_result result =
		gy_memory_create("geyser-bell", GY_DOORBELL_SIZE, &publisher->bell_fd);

	if (result == GEYSER_OK)
		result = gy_memory_map(publisher->bell_fd, GY_DOORBELL_SIZE, true, &page);
	if (result != GEYSER_OK)
		return result;
	gy_publisher_count_pages(publisher, GY_DOORBELL_SIZE, 1);
	publisher->bell = page;
	return GEYSER_OK;
}

/* Makes all of a publisher but its name. */
enum geyser_result gy_publisher_create_target(struct geyser_manager *manager,
	const struct geyser_stream_desc *desc, struct geyser_publisher **out)
{
	struct geyser_publisher *publisher = allocate(manager, desc);
	enum geyser_result result;

	if (!publisher)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a publisher");
	result = make_ring(publisher);
	if (result == GEYSER_OK && !gy_wait_has_several())
		result = make_doorbell(publisher);
	if (result == GEYSER_OK)
		result = make_buffers(
			manager, publisher->ring.buffers, &desc->texture, publisher->buffers);
	if (result == GEYSER_OK)
		result = make_events(publisher);
	if (result == GEYSER_OK)
		*out = publisher;
	else
		gy_publisher_deallocate(publisher);
	return result;
}

void gy_publisher_close_own(struct geyser_publisher *publisher)
{
	/* a forked child shares the page with its parent, whose stream goes on */
	if (!gy_ipc_is_inherited(publisher->manager->ipc))
		atomic_store(&publisher->ring.page->closed, 1);
	gy_exporter_unpublish(publisher->manager->ipc->exporter, &publisher->published);
}

/* ---- waiting for a buffer ---- */

static uint32_t all_bits(uint32_t count)
{
	return (uint32_t)((UINT64_C(1) << count) - 1);
}

static enum geyser_result fail_closed(const struct geyser_publisher *publisher)
{
	return gy_fail(GEYSER_ERROR_DISCONNECTED, "stream \"%s\" was closed: make a new publisher",
		publisher->published.name);
}

static enum geyser_result check_device(const struct geyser_publisher *publisher)
{
	if (!gy_manager_is_lost(publisher->manager))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_DEVICE_LOST,
		"the device of stream \"%s\" is lost: make a new manager and publisher",
		publisher->published.name);
}

/* Fails with TIMEOUT and names the cause. With lossless pacing, excuses the subscribers that kept
 * the publisher waiting. */
static enum geyser_result fail_held_up(struct geyser_publisher *publisher, uint64_t timeout_ns)
{
	bool excuse = publisher->ring.lossless && timeout_ns > 0 && !publisher->patient;
	int reader = excuse ? gy_ring_excuse(&publisher->ring) : -1;
	const struct gy_subscription *subscription;
	char time[GY_DURATION_SIZE];

	(void)gy_duration(timeout_ns, time);
	if (reader < 0 || !publisher->subscriptions[reader])
		return gy_fail(GEYSER_ERROR_TIMEOUT,
			"subscribers hold all %u buffers (waited %s): publish with more buffers, "
			"or have them release frames sooner",
			publisher->ring.buffers, time);
	subscription = publisher->subscriptions[reader];
	if (subscription->feeds)
		return gy_fail(GEYSER_ERROR_TIMEOUT,
			"a subscriber of a rendition has not taken its frames (waited %s): the "
			"stream goes on without it until it does",
			time);
	return gy_fail(GEYSER_ERROR_TIMEOUT,
		"%s (pid %d) has not taken its frames (waited %s): the stream goes on without it "
		"until it does",
		subscription->application, subscription->pid, time);
}

static enum geyser_result fail_interrupted(const struct geyser_publisher *publisher)
{
	return gy_fail(GEYSER_ERROR_TIMEOUT,
		"the publisher of stream \"%s\" is interrupted, so no call waits: see "
		"geyser_publisher_set_interrupted",
		publisher->published.name);
}

static enum geyser_result fail_copying(
	const struct geyser_publisher *publisher, uint64_t timeout_ns)
{
	char time[GY_DURATION_SIZE];

	(void)gy_duration(timeout_ns, time);
	return gy_fail(GEYSER_ERROR_TIMEOUT,
		"the device still draws a frame of \"%s\", or copies it for a subscriber that "
		"can't read the buffers (waited %s)",
		publisher->published.name, time);
}

/* Waits for a buffer to draw into. Subscribers may hold all, or copies into mirrors may still read
 * some. No subscriber is evicted because of a copy. */
static enum geyser_result begin(
	struct geyser_publisher *publisher, uint64_t timeout_ns, int *buffer)
{
	uint64_t deadline = gy_deadline(timeout_ns), due = GY_NEVER;
	struct gy_look look = {.spin = NULL};

	*buffer = -1;
	while (!gy_publisher_is_ready(publisher, buffer)) {
		uint32_t copying = gy_mirrors_busy(publisher) & ~gy_ring_held(&publisher->ring);

		if (check_device(publisher) != GEYSER_OK)
			return GEYSER_ERROR_DEVICE_LOST;
		if (publisher->ring.drawing == all_bits(publisher->ring.buffers))
			return gy_fail(GEYSER_ERROR_BUSY,
				"all %u buffers are acquired or kept: submit or discard one first",
				publisher->ring.buffers);
		if (!copying && gy_publisher_evict(publisher, &due))
			continue;
		if (atomic_load(&publisher->interrupted))
			return fail_interrupted(publisher);
		if (deadline != GY_NEVER && gy_now() >= deadline)
			return copying ? fail_copying(publisher, timeout_ns)
				       : fail_held_up(publisher, timeout_ns);
		if (copying)
			gy_mirrors_wait(
				publisher, copying, gy_earlier(gy_deadline(LOOK_EVERY), deadline));
		else
			gy_publisher_await_release(
				publisher, buffer, gy_earlier(due, deadline), &look);
	}
	gy_look_end(&look);
	gy_ring_set_waiting(&publisher->ring, publisher->sleepers > 0);
	return *buffer < 0 ? fail_closed(publisher) : GEYSER_OK;
}

/* Makes new memory for a buffer that the program will draw into, because an evicted subscriber
 * may still read the old memory, or the memory was freed while the stream was idle. Releases the
 * lock meanwhile: making a texture takes the lock of struct gy_ipc. */
static enum geyser_result refill(struct geyser_publisher *publisher, uint32_t buffer)
{
	struct geyser_texture *fresh[GY_RING_BUFFERS] = {NULL};
	struct geyser_texture *spoiled = geyser_texture_ref(publisher->buffers[buffer]);
	enum geyser_result result;

	publisher->sleepers++;
	(void)pthread_mutex_unlock(&publisher->lock);
	result = make_buffers(publisher->manager, 1, geyser_texture_get_desc(spoiled), fresh);
	if (result == GEYSER_OK)
		prefault(fresh, 1);
	geyser_texture_unref(spoiled);
	(void)pthread_mutex_lock(&publisher->lock);
	publisher->sleepers--;
	if (result != GEYSER_OK)
		return result;
	publisher->next[buffer] = fresh[0];
	publisher->generation++;
	return GEYSER_OK;
}

/* Replaces the buffer's texture if a resize or a refill has made a new one. The caller drops the
 * reference to *old, which may be NULL, after it has released the lock. */
static enum geyser_result replace(
	struct geyser_publisher *publisher, uint32_t buffer, struct geyser_texture **old)
{
	enum geyser_result result;

	*old = NULL;
	if (!publisher->next[buffer])
		return GEYSER_OK;
	result = gy_mirrors_replace(publisher, buffer, publisher->next[buffer]);
	if (result != GEYSER_OK)
		return result;
	leave_to_device(publisher, buffer);
	*old = publisher->buffers[buffer];
	publisher->buffers[buffer] = publisher->next[buffer];
	publisher->generations[buffer] = publisher->generation;
	publisher->next[buffer] = NULL;
	publisher->drawn[buffer] = 0;
	publisher->ring.spoiled &= ~(UINT32_C(1) << buffer);
	publisher->idling.freed &= ~(UINT32_C(1) << buffer);
	return GEYSER_OK;
}

/* Chooses the value of `ready` that the program's work on the frame will signal. */
static enum geyser_result begin_signal(struct geyser_frame *frame, struct geyser_point *out)
{
	struct geyser_publisher *publisher = frame->owner;

	(void)pthread_mutex_lock(&publisher->lock);
	*out = (struct geyser_point){publisher->ready, ++publisher->ready_value};
	publisher->drawn[frame->buffer] = out->value;
	gy_timeline_give(gy_event_timeline(publisher->ready), out->value);
	(void)pthread_mutex_unlock(&publisher->lock);
	return GEYSER_OK;
}

/* Prepares the buffer's frame for the caller to draw into. After a failure discards the buffer,
 * which keeps its texture. *old: as in replace(). */
static enum geyser_result give_out(
	struct geyser_publisher *publisher, uint32_t buffer, struct geyser_texture **old)
{
	struct geyser_frame *frame = &publisher->frames[buffer];
	enum geyser_result result = GEYSER_OK;

	if (result == GEYSER_OK && publisher->ring.spoiled & UINT32_C(1) << buffer &&
		!publisher->next[buffer])
		result = refill(publisher, buffer);
	if (result == GEYSER_OK)
		result = replace(publisher, buffer, old);
	if (result != GEYSER_OK) {
		gy_ring_discard(&publisher->ring, buffer);
		return result;
	}
	frame->texture = publisher->buffers[buffer];
	frame->record.generation = publisher->generations[buffer];
	frame->out = true;
	frame->record.info = gy_frame_info_new;
	if (publisher->ready) {
		frame->wait = (struct geyser_point){publisher->ready, publisher->drawn[buffer]};
		frame->signal = (struct geyser_point){0};
		frame->begin_signal = begin_signal;
		gy_texture_set_ready(frame->texture, publisher->ready, publisher->drawn[buffer]);
	}
	return GEYSER_OK;
}

/* Drops the old texture after the lock is released, since a texture's end may run the program's own
 * code. No other object ends here, so this function needs no gy_later_hold (base/later.h). */
enum geyser_result geyser_publisher_acquire(
	struct geyser_publisher *publisher, uint64_t timeout_ns, struct geyser_frame **out)
{
	struct geyser_texture *old = NULL;
	enum geyser_result result;
	int buffer;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	(void)pthread_mutex_lock(&publisher->lock);
	result = check_device(publisher);
	if (result == GEYSER_OK)
		result = begin(publisher, timeout_ns, &buffer);
	if (result == GEYSER_OK)
		result = give_out(publisher, (uint32_t)buffer, &old);
	if (result == GEYSER_OK)
		*out = &publisher->frames[buffer];
	(void)pthread_mutex_unlock(&publisher->lock);
	geyser_texture_unref(old);
	return result;
}

/* ---- publishing ---- */

static enum geyser_result check_frame(
	const struct geyser_publisher *publisher, const struct geyser_frame *frame)
{
	if (!publisher || !frame)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL",
			publisher ? "frame" : "publisher");
	if (frame < publisher->frames || frame >= publisher->frames + GY_RING_BUFFERS ||
		!frame->out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"frame isn't acquired from this publisher: pass one between its acquire "
			"and its submit or discard");
	return GEYSER_OK;
}

/* Writes the frame's record into the ring, with the present time. A frame of a rendition keeps the
 * time of the original. Needs no lock: the frame's slot belongs to the caller until it is
 * published. Before the lock is taken, the CPU fetches the slot's cache line together with those of
 * the texels that the caller has written last. The thread waits for all of these lines when it
 * takes the lock.
 */
static void prepare(struct geyser_publisher *publisher, struct geyser_frame *frame)
{
	if (!publisher->rendition)
		frame->record.info.timestamp_ns = gy_now();
	gy_ring_prepare(&publisher->ring, frame->buffer, &frame->record);
}

/* Completes the record of a prepared frame. With a device, the record says when the frame is drawn
 * and copied. If another thread has submitted a later timestamp meanwhile, this frame gets a new
 * one: timestamps never go back from one sequence to the next. */
static enum geyser_result complete(struct geyser_publisher *publisher, struct geyser_frame *frame)
{
	struct gy_ring_record *record = &frame->record;
	enum geyser_result result = GEYSER_OK;

	if (publisher->ready) {
		record->ready = frame->signal.value;
		result = gy_mirrors_fill(publisher, frame->buffer, record);
	}
	if (publisher->ready || record->info.timestamp_ns < publisher->timestamp_ns)
		prepare(publisher, frame);
	publisher->timestamp_ns = record->info.timestamp_ns;
	return result;
}

/* How the caller gives a frame back. */
enum end {
	DISCARD,
	PUBLISH,
	KEEP, /* the frame is published, and the caller still reads the buffer */
};

/* Publishes or discards the frame, and gets it back from the caller, unless the caller keeps it. */
static enum geyser_result take_back(
	struct geyser_publisher *publisher, struct geyser_frame *frame, enum end how)
{
	enum geyser_result result = GEYSER_OK;

	if (how != DISCARD)
		prepare(publisher, frame);
	(void)pthread_mutex_lock(&publisher->lock);
	/* a frame of a rendition gets the sequence of the original */
	if (how != DISCARD && publisher->rendition)
		publisher->ring.sequence = frame->record.info.sequence - 1;
	if (how != DISCARD)
		result = complete(publisher, frame);
	if (how != DISCARD && result == GEYSER_OK)
		gy_ring_publish(&publisher->ring, frame->buffer, how == KEEP);
	else
		gy_ring_discard(&publisher->ring, frame->buffer);
	frame->kept = how == KEEP && result == GEYSER_OK;
	frame->out = frame->kept;
	(void)pthread_mutex_unlock(&publisher->lock);
	return result;
}

static enum geyser_result submit(
	struct geyser_publisher *publisher, struct geyser_frame *frame, enum end how)
{
	enum geyser_result result = check_frame(publisher, frame);

	if (result == GEYSER_OK && frame->kept)
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"the frame was submitted and kept: discard it, and acquire another one");
	if (result != GEYSER_OK)
		return result;
	result = gy_frame_info_check(&frame->record.info, geyser_texture_get_desc(frame->texture));
	if (result == GEYSER_OK)
		result = check_device(publisher);
	if (result == GEYSER_OK && gy_publisher_is_closed(publisher))
		result = fail_closed(publisher);
	if (result == GEYSER_OK)
		return take_back(publisher, frame, how);
	(void)take_back(publisher, frame, DISCARD);
	return result;
}

enum geyser_result geyser_publisher_submit(
	struct geyser_publisher *publisher, struct geyser_frame *frame)
{
	return submit(publisher, frame, PUBLISH);
}

enum geyser_result geyser_publisher_submit_kept(
	struct geyser_publisher *publisher, struct geyser_frame *frame)
{
	return submit(publisher, frame, KEEP);
}

enum geyser_result geyser_publisher_discard(
	struct geyser_publisher *publisher, struct geyser_frame *frame)
{
	enum geyser_result result = check_frame(publisher, frame);

	return result == GEYSER_OK ? take_back(publisher, frame, DISCARD) : result;
}

/* Whether a feed still converts a frame. */
static bool is_feeding(const struct geyser_publisher *publisher)
{
	for (uint32_t i = 0; i < publisher->ring.reader_count; i++) {
		const struct gy_subscription *subscription = publisher->subscriptions[i];

		if (subscription && subscription->feeds &&
			atomic_load(&subscription->lease->held) != 0)
			return true;
	}
	return false;
}

static bool is_flushed(struct geyser_publisher *publisher, bool released)
{
	if (released || gy_publisher_is_closed(publisher))
		return gy_publisher_is_ready(publisher, NULL);
	return gy_ring_owed(&publisher->ring) == 0 && !is_feeding(publisher);
}

enum geyser_result gy_publisher_flush_own(
	struct geyser_publisher *publisher, bool released, uint64_t deadline)
{
	struct gy_look look = {.spin = NULL};
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&publisher->lock);
	while (result == GEYSER_OK && !is_flushed(publisher, released)) {
		if (deadline != GY_NEVER && gy_now() >= deadline)
			result = gy_fail(GEYSER_ERROR_TIMEOUT,
				"subscribers still have %llu frames to take and hold %d buffers",
				(unsigned long long)gy_ring_owed(&publisher->ring),
				__builtin_popcount(gy_ring_held(&publisher->ring)));
		else
			gy_publisher_await_release(publisher, NULL, deadline, &look);
	}
	gy_look_end(&look);
	(void)pthread_mutex_unlock(&publisher->lock);
	return result;
}

bool gy_publisher_has_readers(struct geyser_publisher *publisher)
{
	bool has;

	(void)pthread_mutex_lock(&publisher->lock);
	has = publisher->ring.reader_count > 0;
	(void)pthread_mutex_unlock(&publisher->lock);
	return has;
}

/* ---- resizing ---- */

enum geyser_result geyser_publisher_resize(
	struct geyser_publisher *publisher, const struct geyser_texture_desc *desc)
{
	struct geyser_texture *fresh[GY_RING_BUFFERS] = {NULL}, *unused[GY_RING_BUFFERS];
	enum geyser_result result;

	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	result = make_buffers(publisher->manager, publisher->ring.buffers, desc, fresh);
	if (result != GEYSER_OK)
		return result;
	prefault(fresh, publisher->ring.buffers);
	(void)pthread_mutex_lock(&publisher->lock);
	if (publisher->ring.drawing) {
		memcpy(unused, fresh, sizeof(unused));
		result = gy_fail(GEYSER_ERROR_BUSY,
			"a frame is acquired or kept: submit or discard it first");
	} else {
		memcpy(unused, publisher->next, sizeof(unused));
		memcpy(publisher->next, fresh, sizeof(fresh));
		publisher->generation++;
		publisher->idling.freed = 0;
		gy_publisher_begin_idle(publisher);
	}
	(void)pthread_mutex_unlock(&publisher->lock);
	unref_all(unused);
	return result;
}

enum geyser_result geyser_publisher_set_spin(struct geyser_publisher *publisher, uint64_t spin_ns)
{
	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	return gy_spin_set(&publisher->spin, spin_ns);
}

enum geyser_result geyser_publisher_set_interrupted(
	struct geyser_publisher *publisher, bool interrupted)
{
	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	atomic_store(&publisher->interrupted, interrupted);
	if (interrupted)
		gy_publisher_wake(publisher);
	return GEYSER_OK;
}
