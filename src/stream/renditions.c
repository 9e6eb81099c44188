/* SPDX-License-Identifier: MIT */
#include "stream/renditions.h"
#include "stream/eviction.h"
#include "stream/publishing.h"
#include "stream/rendering.h"
#include "stream/rendition.h"
#include "stream/rendition_memory.h"

#include "base/clock.h"
#include "base/error.h"
#include "format/convert_pixels.h"
#include "format/usage.h"
#include "format/yuv.h"

#include <stdlib.h>
#include <unistd.h>

/* A rendition draws into one buffer while subscribers read the others. */
#define BUFFERS_LEAST 3

/* How often a thread that waits for a feed looks whether it is still wanted. */
#define LOOK_EVERY (10 * GY_MILLISECOND)

/* ---- iterating ---- */

/* Releases a rendition that gy_renditions_next has returned. Needs the lock. */
static void let_go(struct gy_renditions *renditions, struct gy_rendition *rendition)
{
	if (--rendition->users > 0 || rendition->target)
		return;
	atomic_fetch_add(&renditions->changes, 1);
	gy_wake(&renditions->changes, false);
}

struct geyser_publisher *gy_renditions_next(
	struct geyser_publisher *source, struct geyser_publisher *previous)
{
	struct gy_renditions *renditions = &source->renditions;
	struct geyser_publisher *target = NULL;
	struct gy_rendition *next;

	(void)pthread_mutex_lock(&renditions->lock);
	next = previous ? previous->rendition->next : renditions->first;
	while (next && !next->target)
		next = next->next;
	if (next) {
		next->users++;
		target = next->target;
	}
	if (previous)
		let_go(renditions, previous->rendition);
	(void)pthread_mutex_unlock(&renditions->lock);
	return target;
}

/* ---- finding ---- */

/* Frees the renditions that have ended. Needs the lock. Their threads have only to return. */
static void reap(struct gy_renditions *renditions)
{
	struct gy_rendition **link = &renditions->first;

	while (*link) {
		struct gy_rendition *rendition = *link;

		if (!rendition->ended || rendition->users > 0) {
			link = &rendition->next;
			continue;
		}
		*link = rendition->next;
		(void)pthread_join(rendition->thread, NULL);
		free(rendition);
	}
}

static bool is_same(const struct geyser_rendition_desc *a, const struct geyser_rendition_desc *b)
{
	return a->format == b->format && a->width == b->width && a->height == b->height &&
	       a->filter == b->filter && a->upright == b->upright;
}

static bool is_open(const struct gy_rendition *rendition)
{
	return rendition->target && !rendition->leaving && !atomic_load(&rendition->over);
}

static struct gy_rendition *find(
	struct gy_renditions *renditions, const struct gy_wire_name *request)
{
	for (struct gy_rendition *it = renditions->first; it; it = it->next)
		if (is_open(it) && it->every == request->every &&
			is_same(&it->desc, &request->rendition))
			return it;
	return NULL;
}

/* Whether the process has a subscriber of the rendition. */
static bool is_used_by(struct gy_rendition *rendition, pid_t pid)
{
	struct geyser_publisher *target = rendition->target;
	bool used = false;

	(void)pthread_mutex_lock(&target->lock);
	for (uint32_t i = 0; i < target->ring.reader_count; i++)
		used = used || (target->subscriptions[i] && target->subscriptions[i]->pid == pid);
	(void)pthread_mutex_unlock(&target->lock);
	return used;
}

/* ---- limits; the functions need the lock of the renditions ---- */

/* A rendition without subscribers needs a place in the stream, since it has no feed. */
static enum geyser_result check_place(struct geyser_publisher *source)
{
	uint32_t taken = 0;

	(void)pthread_mutex_lock(&source->lock);
	for (uint32_t i = 0; i < source->ring.reader_count; i++)
		taken += source->subscriptions[i] != NULL;
	(void)pthread_mutex_unlock(&source->lock);
	return taken < GY_RING_READERS ? GEYSER_OK : gy_publisher_fail_full(source);
}

static enum geyser_result check_counts(struct geyser_publisher *source, pid_t pid)
{
	unsigned count = 0, used = 0;

	for (struct gy_rendition *it = source->renditions.first; it; it = it->next) {
		count++;
		used += is_open(it) && is_used_by(it, pid);
	}
	if (count >= GEYSER_STREAM_RENDITIONS_MAX)
		return gy_fail(GEYSER_ERROR_LIMIT,
			"stream \"%s\" has %u renditions, and no more are possible: ask for a "
			"format and size that another subscriber has, convert the stream's own "
			"frames, or try again: a rendition ends two seconds after its last "
			"subscriber has gone",
			source->published.name, count);
	if (pid != getpid() && used >= GEYSER_STREAM_RENDITIONS_OF_A_PROCESS)
		return gy_fail(GEYSER_ERROR_LIMIT,
			"stream \"%s\" has %u renditions for this process (pid %d): no more for "
			"one process are possible",
			source->published.name, used, (int)pid);
	return GEYSER_OK;
}

/* ---- beginning ---- */

/* Describes the source's frames, as they are after its last resize. */
static struct geyser_texture_desc newest_desc(struct geyser_publisher *source)
{
	struct geyser_texture_desc desc;

	(void)pthread_mutex_lock(&source->lock);
	desc = *geyser_texture_get_desc(source->next[0] ? source->next[0] : source->buffers[0]);
	(void)pthread_mutex_unlock(&source->lock);
	desc.label = NULL;
	return desc;
}

static enum geyser_result check_request(const struct geyser_publisher *source,
	const struct geyser_rendition_desc *desc, const struct geyser_texture_desc *from)
{
	const enum geyser_format to = desc->format ? desc->format : from->format;
	struct gy_yuv_meaning meaning;

	if (!geyser_format_get_info(to) || !desc->width != !desc->height ||
		(unsigned)desc->filter > GEYSER_FILTER_BOX)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"rendition of format %d, %u × %u, with filter %d: there is no such one",
			(int)to, desc->width, desc->height, (int)desc->filter);
	if (from->depth > 1 || from->layers > 1 || from->mip_levels > 1)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"stream \"%s\" has textures with depth %u, layers %u and mip_levels %u: "
			"only pictures with one of each have renditions",
			source->published.name, from->depth, from->layers, from->mip_levels);
	if (geyser_format_get_info(from->format)->depth && desc->filter > GEYSER_FILTER_NEAREST)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"stream \"%s\" has frames of %s: depth is scaled by the nearest filter "
			"only",
			source->published.name, geyser_format_name(from->format));
	return gy_convert_check_formats(from->format, to, NULL, &meaning);
}

uint64_t gy_renditions_begin_after(struct geyser_publisher *target)
{
	struct geyser_publisher *source = target->rendition->source;
	uint64_t newest, after;

	(void)pthread_mutex_lock(&source->lock);
	newest = atomic_load(&source->ring.page->newest) >> GY_RING_BUFFER_BITS;
	after = newest ? newest - 1 : source->ring.sequence;
	(void)pthread_mutex_unlock(&source->lock);
	return after;
}

static enum geyser_result start(struct gy_rendition *rendition,
	const struct geyser_stream_desc *desc, struct gy_rendition **out)
{
	struct geyser_publisher *source = rendition->source;
	enum geyser_result result =
		gy_publisher_create_target(source->manager, desc, &rendition->target);

	if (result != GEYSER_OK)
		return result;
	rendition->target->rendition = rendition;
	rendition->target->source = source;
	rendition->target->published.ops = source->published.ops;
	(void)pthread_mutex_lock(&source->lock);
	rendition->target->hold_limit_ns = source->hold_limit_ns;
	(void)pthread_mutex_unlock(&source->lock);
	result = gy_rendition_start(rendition);
	if (result != GEYSER_OK) {
		gy_publisher_deallocate(rendition->target);
		return result;
	}
	rendition->next = source->renditions.first;
	source->renditions.first = rendition;
	*out = rendition;
	return GEYSER_OK;
}

static enum geyser_result begin(struct geyser_publisher *source, const struct gy_wire_name *request,
	const struct geyser_texture_desc *from, struct gy_rendition **out)
{
	struct geyser_stream_desc desc = {
		.name = source->published.name,
		.buffers =
			source->ring.buffers < BUFFERS_LEAST ? BUFFERS_LEAST : source->ring.buffers,
		.frame_rate_num = source->rate_num,
		.frame_rate_den = source->rate_den,
		.pacing = request->every ? source->pacing : GEYSER_PACING_FREE,
	};
	struct gy_rendition *rendition = calloc(1, sizeof(*rendition));
	enum geyser_result result;

	if (!rendition)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "the publisher has no memory left");
	rendition->source = source;
	rendition->desc = request->rendition;
	rendition->every = request->every;
	rendition->row_alignment = from->usage & GY_USAGE_ROW_ALIGNMENT;
	gy_rendition_describe(rendition, from, NULL, &desc.texture);
	result = gy_rendition_claim(rendition, &desc.texture, desc.buffers);
	if (result == GEYSER_OK)
		result = start(rendition, &desc, out);
	if (result != GEYSER_OK)
		free(rendition);
	return result;
}

enum geyser_result gy_renditions_find(struct geyser_publisher *source,
	const struct gy_wire_name *request, pid_t pid, struct gy_published_stream **out)
{
	struct gy_renditions *renditions = &source->renditions;
	const struct geyser_texture_desc from = newest_desc(source);
	struct gy_rendition *rendition;
	enum geyser_result result = check_request(source, &request->rendition, &from);

	if (result != GEYSER_OK)
		return result;
	(void)pthread_mutex_lock(&renditions->lock);
	reap(renditions);
	rendition = find(renditions, request);
	if (!rendition || !gy_publisher_has_readers(rendition->target))
		result = check_place(source);
	if (result == GEYSER_OK && !rendition)
		result = check_counts(source, pid);
	if (result == GEYSER_OK && !rendition)
		result = begin(source, request, &from, &rendition);
	if (result == GEYSER_OK)
		*out = &rendition->target->published;
	(void)pthread_mutex_unlock(&renditions->lock);
	return result;
}

/* ---- ending ---- */

void gy_renditions_notify(struct geyser_publisher *target)
{
	gy_interrupt(&target->rendition->interrupt);
}

void gy_renditions_close(struct geyser_publisher *source)
{
	struct geyser_publisher *it;

	for (it = gy_renditions_next(source, NULL); it; it = gy_renditions_next(source, it))
		gy_renditions_notify(it);
}

void gy_renditions_finish(struct geyser_publisher *source)
{
	struct gy_renditions *renditions = &source->renditions;
	struct gy_rendition *rendition;

	if (gy_ipc_is_inherited(source->manager->ipc))
		return;
	while ((rendition = renditions->first)) {
		(void)pthread_join(rendition->thread, NULL);
		renditions->first = rendition->next;
		free(rendition);
	}
}

/* ---- waiting ---- */

/* Waits until the rendition gets frames, if it has subscribers. */
static enum geyser_result await_feed(
	struct geyser_publisher *source, struct geyser_publisher *target, uint64_t deadline)
{
	for (;;) {
		const struct gy_wait_word word = {
			.word = &source->renditions.changes,
			.expected = atomic_load(&source->renditions.changes),
		};

		if (atomic_load(&target->rendition->fed) || atomic_load(&target->rendition->over) ||
			!gy_publisher_has_readers(target))
			return GEYSER_OK;
		if (deadline != GY_NEVER && gy_now() >= deadline)
			return gy_fail(GEYSER_ERROR_TIMEOUT,
				"stream \"%s\": a rendition that subscribers wait for hasn't begun",
				source->published.name);
		gy_wait(&word, 1, gy_earlier(gy_deadline(LOOK_EVERY), deadline));
	}
}

enum geyser_result gy_renditions_await_feeds(struct geyser_publisher *source, uint64_t deadline)
{
	enum geyser_result result = GEYSER_OK;
	struct geyser_publisher *it;

	for (it = gy_renditions_next(source, NULL); it; it = gy_renditions_next(source, it))
		if (result == GEYSER_OK)
			result = await_feed(source, it, deadline);
	return result;
}

enum geyser_result gy_renditions_flush(
	struct geyser_publisher *source, bool released, uint64_t deadline)
{
	enum geyser_result result = GEYSER_OK;
	struct geyser_publisher *it;

	for (it = gy_renditions_next(source, NULL); it; it = gy_renditions_next(source, it))
		if (result == GEYSER_OK)
			result = gy_publisher_flush_own(it, released, deadline);
	return result;
}

/* ---- figures ---- */

uint32_t gy_renditions_count_subscribers(struct geyser_publisher *source)
{
	struct geyser_publisher *it;
	uint32_t count = 0;

	for (it = gy_renditions_next(source, NULL); it; it = gy_renditions_next(source, it)) {
		(void)pthread_mutex_lock(&it->lock);
		if (atomic_load(&it->rendition->fed))
			count += it->subscriber_count;
		(void)pthread_mutex_unlock(&it->lock);
	}
	return count;
}
