/* SPDX-License-Identifier: MIT */
/* A publisher's answers to its subscribers. The thread "geyser-ipc" calls these functions, with the
 * lock of struct gy_ipc held. */
#include "stream/serving.h"
#include "stream/eviction.h"
#include "stream/idling.h"
#include "stream/mirrors.h"
#include "stream/renditions.h"
#include "stream/subscriptions.h"
#include "stream/waiting.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct geyser_publisher *publisher_of(struct gy_published_stream *published)
{
	return (struct geyser_publisher *)((char *)published -
					   offsetof(struct geyser_publisher, published));
}

/* Counts a subscriber once it can receive a frame, and not earlier. A publisher may wait for the
 * count, publish a single frame, and end. */
static void count_if_complete(
	struct geyser_publisher *publisher, struct gy_subscription *subscription)
{
	uint32_t all = (uint32_t)((UINT64_C(1) << publisher->ring.buffers) - 1);

	if (publisher->ring.readers[subscription->reader].evicted || subscription->feeds)
		return;
	if (subscription->buffers_sent == all && (!publisher->ready || subscription->ready_sent))
		gy_subscription_set_counted(publisher, subscription, true);
}

/* ---- subscribing ---- */

static enum geyser_result make_subscription(struct geyser_publisher *publisher,
	const char *application, pid_t pid, struct gy_subscription **out, int *fd)
{
	struct gy_subscription *subscription = calloc(1, sizeof(*subscription));
	enum geyser_result result;
	void *page;

	if (!subscription)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "the publisher has no memory left");
	result = gy_memory_create("geyser-lease", sizeof(struct gy_lease_memory), fd);
	if (result != GEYSER_OK)
		goto free_subscription;
	result = gy_memory_map(*fd, sizeof(struct gy_lease_memory), true, &page);
	if (result != GEYSER_OK)
		goto close_fd;
	gy_publisher_count_pages(publisher, sizeof(struct gy_lease_memory), 1);
	subscription->lease = page;
	subscription->pid = pid;
	memcpy(subscription->application, application, sizeof(subscription->application));
	*out = subscription;
	return GEYSER_OK;

close_fd:
	(void)close(*fd);
free_subscription:
	free(subscription);
	return result;
}

/* ---- the audiences of the stream's events ---- */

_Static_assert(GY_AUDIENCE_MAX == GY_RING_READERS, "a place for each subscriber");

static void follow_one(
	struct geyser_event *event, const _Atomic uint32_t *sleepers, _Atomic uint64_t *notice)
{
	struct gy_timeline *timeline = gy_event_timeline(event);
	const struct gy_audience_member member = {sleepers, notice};

	(void)gy_audience_add(timeline->audience, &member, &timeline->page->value);
}

/* Adds the subscriber to the events' audiences. Call this before the subscriber gets the events. */
static void follow(struct geyser_publisher *publisher, struct gy_lease_page *lease)
{
	struct gy_notice_page *notice = &((struct gy_lease_memory *)lease)->notice;

	if (!publisher->ready)
		return;
	follow_one(publisher->ready, &lease->ready_sleepers, &notice->ready);
	follow_one(publisher->mirrors.ready, &lease->mirror_sleepers, &notice->mirror_ready);
}

/* Removes the subscriber from the audiences. Call this before the lease is unmapped. */
static void unfollow(struct geyser_publisher *publisher, const struct gy_lease_page *lease)
{
	if (!publisher->ready)
		return;
	gy_audience_remove(gy_event_timeline(publisher->ready)->audience, &lease->ready_sleepers);
	gy_audience_remove(
		gy_event_timeline(publisher->mirrors.ready)->audience, &lease->mirror_sleepers);
}

/* after: the sequence before the first frame of a rendition's subscriber. */
static enum geyser_result join(struct geyser_publisher *publisher,
	struct gy_subscription *subscription, bool every, uint64_t after)
{
	int reader = gy_ring_join(&publisher->ring, subscription->lease, every);

	if (reader < 0)
		return gy_publisher_fail_full(publisher);
	if (publisher->rendition)
		atomic_store(&subscription->lease->taken, after);
	subscription->reader = (uint32_t)reader;
	subscription->joined_at = atomic_load(&subscription->lease->taken);
	publisher->subscriptions[reader] = subscription;
	publisher->ring.readers[reader].settles_at = gy_publisher_settles_at(subscription->pid);
	publisher->ring.readers[reader].process = subscription->pid;
	follow(publisher, subscription->lease);
	gy_publisher_wake(publisher);
	return GEYSER_OK;
}

/* Returns the number of frames that the subscriber could get so far. */
static uint64_t frames_for(
	const struct geyser_publisher *publisher, const struct gy_subscription *subscription)
{
	const uint64_t sequence = publisher->ring.sequence, joined_at = subscription->joined_at;

	/* a rendition may still be behind the frame with which its subscribers begin */
	return sequence > joined_at ? sequence - joined_at : 0;
}

/* Returns the subscriber's own count of dropped frames, limited to those it could get. */
static uint64_t dropped_by(
	const struct geyser_publisher *publisher, const struct gy_subscription *subscription)
{
	uint64_t dropped = atomic_load(&subscription->lease->dropped);
	uint64_t frames = frames_for(publisher, subscription);

	return dropped < frames ? dropped : frames;
}

/* The thread "geyser-ipc", which calls this, looks at its chores after it. */
static void begin_idle(struct geyser_publisher *publisher)
{
	gy_publisher_begin_idle(publisher);
	publisher->idling.chore.due = 0;
}

/* Removes a subscriber. The lease stays mapped while a thread sleeps on it. */
static void leave(struct geyser_publisher *publisher, struct gy_subscription *subscription)
{
	if (publisher->ring.readers[subscription->reader].every && !subscription->feeds)
		publisher->dropped_before += dropped_by(publisher, subscription);
	if (subscription->mirrored)
		gy_mirrors_leave(publisher);
	unfollow(publisher, subscription->lease);
	gy_ring_leave(&publisher->ring, subscription->reader);
	publisher->subscriptions[subscription->reader] = NULL;
	gy_subscription_set_counted(publisher, subscription, false);
	if (publisher->ring.reader_count == 0)
		begin_idle(publisher);
	subscription->next = publisher->retired;
	publisher->retired = subscription;
	gy_publisher_reap(publisher);
	gy_publisher_wake(publisher);
}

static bool send_memory(
	struct geyser_publisher *publisher, struct gy_reply *reply, enum gy_wire_type type, int fd)
{
	struct gy_message message = {
		.type = type,
		.stream.buffers = publisher->ring.buffers,
		.stream.ring_size = sizeof(struct gy_ring_page),
		.stream.lease_size = sizeof(struct gy_lease_memory),
		.stream.ready = publisher->ready != NULL,
		.stream.bell = publisher->bell != NULL,
		.stream.rendition = publisher->rendition != NULL,
	};

	return gy_reply_send(reply, &message, fd);
}

static enum geyser_result check_device(const struct geyser_publisher *publisher)
{
	if (!gy_manager_is_lost(publisher->manager))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_STALE, "the device of stream \"%s\" is lost",
		publisher->published.name);
}

/* Checks whether the process may have one more subscriber, before anything is made for it, so that
 * a refusal costs little. The answer stays true, since no other thread adds subscribers. */
static enum geyser_result admit(struct geyser_publisher *publisher, pid_t pid)
{
	enum geyser_result result;

	(void)pthread_mutex_lock(&publisher->lock);
	result = gy_publisher_admit(publisher, pid);
	(void)pthread_mutex_unlock(&publisher->lock);
	return result;
}

static enum geyser_result render(struct gy_published_stream *published,
	const struct gy_wire_name *request, pid_t pid, struct gy_published_stream **out)
{
	struct geyser_publisher *publisher = publisher_of(published);
	enum geyser_result result = check_device(publisher);

	return result == GEYSER_OK ? gy_renditions_find(publisher, request, pid, out) : result;
}

static enum geyser_result subscribe(struct gy_published_stream *published,
	const struct gy_wire_name *request, const char *application, pid_t pid,
	struct gy_reply *reply, void **out)
{
	struct geyser_publisher *publisher = publisher_of(published);
	const bool feeds = request->feeds && pid == getpid();
	const uint64_t after = publisher->rendition ? gy_renditions_begin_after(publisher) : 0;
	struct gy_subscription *subscription = NULL;
	enum geyser_result result;
	int fd;

	result = check_device(publisher);
	if (result == GEYSER_OK && !feeds)
		result = admit(publisher, pid);
	if (result == GEYSER_OK)
		result = make_subscription(publisher, application, pid, &subscription, &fd);
	if (result != GEYSER_OK)
		return result;
	subscription->feeds = feeds;
	(void)pthread_mutex_lock(&publisher->lock);
	result = join(publisher, subscription, request->every, after);
	(void)pthread_mutex_unlock(&publisher->lock);
	if (result == GEYSER_OK && publisher->rendition)
		gy_renditions_notify(publisher);
	if (result == GEYSER_OK) {
		/* if these don't reach the peer, it closes the connection and is unsubscribed
		 * then */
		*out = subscription;
		(void)(send_memory(publisher, reply, GY_WIRE_STREAM, publisher->ring_fd) &&
			send_memory(publisher, reply, GY_WIRE_LEASE, fd));
	} else {
		gy_subscription_free(publisher, subscription);
	}
	(void)close(fd);
	return result;
}

static void unsubscribe(struct gy_published_stream *published, void *subscription)
{
	struct geyser_publisher *publisher = publisher_of(published);

	(void)pthread_mutex_lock(&publisher->lock);
	leave(publisher, subscription);
	(void)pthread_mutex_unlock(&publisher->lock);
	if (publisher->rendition)
		gy_renditions_notify(publisher);
}

/* Counts the subscription among those that read mirrors, if it isn't yet. */
static enum geyser_result join_mirrors(
	struct geyser_publisher *publisher, struct gy_subscription *subscription)
{
	enum geyser_result result = GEYSER_OK;

	if (!subscription->mirrored)
		result = gy_mirrors_join(publisher, subscription->joined_at);
	if (result == GEYSER_OK)
		subscription->mirrored = true;
	return result;
}

static enum geyser_result describe(struct geyser_publisher *publisher, uint32_t index, bool mirror,
	struct gy_message *answer, int *fd)
{
	const struct gy_backend *backend = publisher->manager->backend;
	enum geyser_result result = gy_texture_describe(publisher->buffers[index], answer, fd);

	if (result != GEYSER_OK || !mirror)
		return result;
	gy_texture_end_description(publisher->buffers[index], *fd);
	result = backend->texture_describe(
		publisher->mirrors.textures[index], &answer->texture.native);
	answer->texture.desc.usage &= ~(GEYSER_USAGE_DMA_BUF | GEYSER_USAGE_GLOBAL_ID |
					GEYSER_USAGE_LINEAR | GEYSER_USAGE_WRITERS);
	answer->texture.filled = publisher->mirrors.filled[index];
	*fd = answer->texture.native.fd;
	return result;
}

/* Sends a buffer or its mirror. A subscriber that holds a lease on the buffer gets the memory of
 * the leased frame, since the publisher doesn't replace a leased buffer. */
static enum geyser_result buffer(struct gy_published_stream *published, void *data, uint32_t index,
	bool mirror, struct gy_reply *reply)
{
	struct geyser_publisher *publisher = publisher_of(published);
	struct gy_subscription *subscription = data;
	struct gy_message answer = {.type = GY_WIRE_NONE};
	enum geyser_result result = GEYSER_OK;
	int fd = -1;

	if (index >= publisher->ring.buffers)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "buffer %u: the stream has %u", index,
			publisher->ring.buffers);
	(void)pthread_mutex_lock(&publisher->lock);
	if (mirror)
		result = join_mirrors(publisher, subscription);
	if (result == GEYSER_OK)
		result = describe(publisher, index, mirror, &answer, &fd);
	if (result == GEYSER_OK) {
		answer.type = GY_WIRE_PICTURE;
		answer.texture.generation = publisher->generations[index];
		(void)gy_reply_send(reply, &answer, fd);
		if (!mirror)
			gy_texture_end_description(publisher->buffers[index], fd);
		subscription->buffers_sent |= UINT32_C(1) << index;
		count_if_complete(publisher, subscription);
	}
	(void)pthread_mutex_unlock(&publisher->lock);
	return result;
}

/* Sends the event that frames refer to. semaphore: its native semaphore. */
static enum geyser_result ready(struct gy_published_stream *published, void *data, bool mirror,
	bool semaphore, struct gy_reply *reply)
{
	struct geyser_publisher *publisher = publisher_of(published);
	struct gy_subscription *subscription = data;
	struct gy_message answer = {.type = GY_WIRE_NONE};
	enum geyser_result result;
	int fd;

	if (!publisher->ready)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"the stream has no event: its frames are drawn by the CPU");
	result = gy_event_describe(
		mirror ? publisher->mirrors.ready : publisher->ready, semaphore, &answer, &fd);
	if (result != GEYSER_OK)
		return result;
	(void)gy_reply_send(reply, &answer, fd);
	(void)pthread_mutex_lock(&publisher->lock);
	subscription->ready_sent = true;
	count_if_complete(publisher, subscription);
	(void)pthread_mutex_unlock(&publisher->lock);
	return GEYSER_OK;
}

static enum geyser_result doorbell(struct gy_published_stream *published, struct gy_reply *reply)
{
	const struct geyser_publisher *publisher = publisher_of(published);
	const struct gy_message answer = {.type = GY_WIRE_BELL, .bell_size = GY_DOORBELL_SIZE};

	if (!publisher->bell)
		return gy_fail(GEYSER_ERROR_PROTOCOL, "the publisher has no doorbell");
	(void)gy_reply_send(reply, &answer, publisher->bell_fd);
	return GEYSER_OK;
}

/* ---- figures ---- */

/* Adds a subscriber's counters to the stream's. The subscriber writes its counters itself, so none
 * may count more frames than it could get. */
static void add_reader(const struct geyser_publisher *publisher,
	const struct gy_subscription *subscription, struct geyser_stream_info *out,
	uint64_t counts[GY_LATENCY_BUCKETS])
{
	uint64_t own[GY_LATENCY_BUCKETS], total = 0;

	if (publisher->ring.readers[subscription->reader].every)
		out->dropped += dropped_by(publisher, subscription);
	for (uint32_t i = 0; i < GY_LATENCY_BUCKETS; i++) {
		own[i] = atomic_load_explicit(
			&subscription->lease->latency[i], memory_order_relaxed);
		total += own[i];
	}
	if (total > frames_for(publisher, subscription))
		return;
	for (uint32_t i = 0; i < GY_LATENCY_BUCKETS; i++)
		counts[i] += own[i];
}

/* Adds the counters of all subscribers. A feed stands for the subscribers of its rendition, which
 * have counters of their own. Needs the lock. */
static void add_readers(const struct geyser_publisher *publisher, struct geyser_stream_info *out,
	uint64_t counts[GY_LATENCY_BUCKETS])
{
	out->dropped += publisher->dropped_before;
	for (uint32_t i = 0; i < GY_RING_READERS; i++)
		if (publisher->subscriptions[i] && !publisher->subscriptions[i]->feeds)
			add_reader(publisher, publisher->subscriptions[i], out, counts);
}

/* Returns the bytes of the stream's buffers, their successors, the mirrors and shared pages. */
static uint64_t bytes_of(const struct geyser_publisher *publisher)
{
	uint64_t bytes = gy_memory_round(sizeof(struct gy_ring_page));

	for (uint32_t i = 0; i < publisher->ring.buffers; i++) {
		if (!(publisher->idling.freed & UINT32_C(1) << i))
			bytes += gy_texture_backing(publisher->buffers[i])->bytes;
		if (publisher->next[i])
			bytes += gy_texture_backing(publisher->next[i])->bytes;
		if (publisher->mirrors.textures[i])
			bytes += publisher->mirrors.textures[i]->bytes;
	}
	for (uint32_t i = 0; i < GY_RING_READERS; i++)
		if (publisher->subscriptions[i])
			bytes += gy_memory_round(sizeof(struct gy_lease_memory));
	return bytes + (publisher->bell ? gy_memory_round(GY_DOORBELL_SIZE) : 0);
}

/* Adds the memory of renditions, and their subscribers. */
static void add_renditions(struct geyser_publisher *publisher, struct gy_wire_status *answer,
	uint64_t counts[GY_LATENCY_BUCKETS])
{
	const uint32_t subscribers = gy_renditions_count_subscribers(publisher);
	struct geyser_stream_info *out = &answer->info;
	struct geyser_publisher *it;

	out->subscribers += subscribers;
	if (subscribers > 0 && out->path == GEYSER_PATH_ZERO_COPY)
		out->path = GEYSER_PATH_CONVERTED;
	for (it = gy_renditions_next(publisher, NULL); it; it = gy_renditions_next(publisher, it)) {
		(void)pthread_mutex_lock(&it->lock);
		add_readers(it, out, counts);
		answer->bytes += bytes_of(it);
		(void)pthread_mutex_unlock(&it->lock);
	}
}

/* Describes the stream itself. Needs the lock. */
static void describe_stream(
	const struct geyser_publisher *publisher, struct geyser_stream_info *out)
{
	const struct geyser_texture *newest =
		publisher->next[0] ? publisher->next[0] : publisher->buffers[0];
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(newest);

	*out = (struct geyser_stream_info){
		.pid = getpid(),
		.format = desc->format,
		.width = desc->width,
		.height = desc->height,
		.buffers = publisher->ring.buffers,
		.frame_rate_num = publisher->rate_num,
		.frame_rate_den = publisher->rate_den,
		.pacing = publisher->pacing,
		.backend = publisher->manager->backend->kind,
		.path = publisher->mirrors.readers > 0 ? GEYSER_PATH_COPY : GEYSER_PATH_ZERO_COPY,
		.subscribers = publisher->subscriber_count,
		.frames = publisher->ring.sequence,
	};
	strcpy(out->name, publisher->published.name);
	memcpy(out->application, publisher->manager->application, sizeof(out->application));
}

static void status(struct gy_published_stream *published, struct gy_wire_status *answer)
{
	struct geyser_stream_info *out = &answer->info;
	struct geyser_publisher *publisher = publisher_of(published);
	uint64_t counts[GY_LATENCY_BUCKETS] = {0};

	(void)pthread_mutex_lock(&publisher->lock);
	describe_stream(publisher, out);
	add_readers(publisher, out, counts);
	answer->bytes = bytes_of(publisher);
	(void)pthread_mutex_unlock(&publisher->lock);
	add_renditions(publisher, answer, counts);
	out->latency_p50_ns = gy_latency_percentile(counts, 0.5);
	out->latency_p99_ns = gy_latency_percentile(counts, 0.99);
}

const struct gy_published_ops gy_publisher_ops = {
	.render = render,
	.subscribe = subscribe,
	.unsubscribe = unsubscribe,
	.buffer = buffer,
	.ready = ready,
	.doorbell = doorbell,
	.status = status,
};
