/* SPDX-License-Identifier: MIT */
#include "stream/mirrors.h"

#include "base/clock.h"
#include "base/error.h"
#include "core/event.h"

/* A copy takes milliseconds. After this time the device counts as hung. */
#define COPY_WITHIN (5 * GY_SECOND)

static const struct gy_backend *backend_of(const struct geyser_publisher *publisher)
{
	return publisher->manager->backend;
}

static enum geyser_result make_one(const struct geyser_publisher *publisher,
	const struct geyser_texture *texture, struct gy_backend_texture **out)
{
	enum geyser_result result = backend_of(publisher)->mirror_create(
		publisher->manager->device, geyser_texture_get_desc(texture), out);

	if (result == GEYSER_OK)
		gy_manager_count_memory(publisher->manager, GEYSER_MEMORY_MIRROR, (*out)->bytes, 1);
	return result;
}

/* Starts the copy of a buffer into its mirror. */
static enum geyser_result copy(
	struct geyser_publisher *publisher, uint32_t buffer, uint64_t sequence)
{
	struct gy_mirrors *mirrors = &publisher->mirrors;
	struct gy_backend_point wait = {.value = publisher->drawn[buffer]};
	struct gy_backend_point signal = {.value = mirrors->ready_value + 1};
	enum geyser_result result = gy_event_native(publisher->ready, &wait.event);

	if (result == GEYSER_OK)
		result = gy_event_native(mirrors->ready, &signal.event);
	gy_timeline_give(gy_event_timeline(mirrors->ready), signal.value);
	if (result == GEYSER_OK)
		result = backend_of(publisher)->texture_copy(
			gy_texture_backing(publisher->buffers[buffer]), mirrors->textures[buffer],
			&wait, &signal);
	if (result != GEYSER_OK)
		return result;
	mirrors->ready_value = signal.value;
	mirrors->filled[buffer] = signal.value;
	mirrors->holds[buffer] = sequence;
	mirrors->copying |= UINT32_C(1) << buffer;
	return GEYSER_OK;
}

uint32_t gy_mirrors_busy(struct geyser_publisher *publisher)
{
	struct gy_mirrors *mirrors = &publisher->mirrors;

	for (uint32_t rest = mirrors->copying; rest; rest &= rest - 1) {
		int buffer = __builtin_ctz(rest);

		if (geyser_event_wait(mirrors->ready, mirrors->filled[buffer], 0) !=
			GEYSER_ERROR_TIMEOUT)
			mirrors->copying &= ~(UINT32_C(1) << buffer);
	}
	return mirrors->copying;
}

void gy_mirrors_wait(struct geyser_publisher *publisher, uint32_t buffers, uint64_t deadline)
{
	const uint64_t now = gy_now(), left = deadline > now ? deadline - now : 0;
	uint64_t value = UINT64_MAX;

	for (; buffers; buffers &= buffers - 1)
		value = gy_earlier(value, publisher->mirrors.filled[__builtin_ctz(buffers)]);
	publisher->sleepers++;
	(void)pthread_mutex_unlock(&publisher->lock);
	(void)geyser_event_wait(publisher->mirrors.ready, value, left);
	(void)pthread_mutex_lock(&publisher->lock);
	publisher->sleepers--;
}

/* Whether the buffer holds a frame later than the sequence `after`, and its mirror doesn't. */
static bool is_missing(const struct geyser_publisher *publisher, uint32_t buffer, uint64_t after)
{
	uint64_t sequence = atomic_load(&publisher->ring.page->slots[buffer].sequence);

	return sequence > after && sequence != publisher->mirrors.holds[buffer];
}

/* Starts the copies and doesn't wait for them. A copy begins when the frame is drawn, which may
 * take long. The answer to the subscriber names the value at which each mirror is filled. */
enum geyser_result gy_mirrors_join(struct geyser_publisher *publisher, uint64_t after)
{
	enum geyser_result result = GEYSER_OK;

	if (!publisher->ready)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"the stream's buffers are in host memory: there are no copies of them");
	for (uint32_t i = 0; result == GEYSER_OK && i < publisher->ring.buffers; i++) {
		if (!publisher->mirrors.textures[i])
			result = make_one(
				publisher, publisher->buffers[i], &publisher->mirrors.textures[i]);
		if (result == GEYSER_OK && is_missing(publisher, i, after))
			result = copy(publisher, i,
				atomic_load(&publisher->ring.page->slots[i].sequence));
	}
	if (result == GEYSER_OK)
		publisher->mirrors.readers++;
	return result;
}

void gy_mirrors_leave(struct geyser_publisher *publisher)
{
	publisher->mirrors.readers--;
}

enum geyser_result gy_mirrors_fill(
	struct geyser_publisher *publisher, uint32_t buffer, struct gy_ring_record *record)
{
	enum geyser_result result;

	record->mirror_ready = 0;
	if (publisher->mirrors.readers == 0)
		return GEYSER_OK;
	result = copy(publisher, buffer, publisher->ring.sequence + 1);
	if (result == GEYSER_OK)
		record->mirror_ready = publisher->mirrors.filled[buffer];
	return result;
}

/* Frees a mirror. If a hung device still copies into it, the mirror's memory is leaked, since it
 * can't be freed safely. */
static void destroy_one(struct geyser_publisher *publisher, uint32_t buffer)
{
	struct gy_mirrors *mirrors = &publisher->mirrors;
	struct gy_backend_texture *texture = mirrors->textures[buffer];
	enum geyser_result copied = GEYSER_OK;

	if (!texture)
		return;
	if (mirrors->filled[buffer])
		copied = geyser_event_wait(mirrors->ready, mirrors->filled[buffer], COPY_WITHIN);
	gy_manager_count_memory(publisher->manager, GEYSER_MEMORY_MIRROR, texture->bytes, -1);
	if (copied != GEYSER_ERROR_TIMEOUT)
		backend_of(publisher)->texture_destroy(texture);
	mirrors->textures[buffer] = NULL;
	mirrors->filled[buffer] = 0;
	mirrors->holds[buffer] = 0;
	mirrors->copying &= ~(UINT32_C(1) << buffer);
}

enum geyser_result gy_mirrors_replace(
	struct geyser_publisher *publisher, uint32_t buffer, const struct geyser_texture *texture)
{
	struct gy_backend_texture *made = NULL;
	enum geyser_result result = GEYSER_OK;

	if (!publisher->mirrors.textures[buffer])
		return GEYSER_OK;
	if (publisher->mirrors.readers > 0)
		result = make_one(publisher, texture, &made);
	if (result != GEYSER_OK)
		return result;
	destroy_one(publisher, buffer);
	publisher->mirrors.textures[buffer] = made;
	return GEYSER_OK;
}

void gy_mirrors_finish(struct geyser_publisher *publisher)
{
	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++)
		destroy_one(publisher, i);
	geyser_event_unref(publisher->mirrors.ready);
}
