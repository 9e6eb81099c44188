/* SPDX-License-Identifier: MIT */
/*
 * A stream is idle while it has had no subscriber for the idle limit. The thread "geyser-ipc" then
 * frees the memory of all buffers but the one with the newest frame, and one more while the program
 * still submits frames.
 *
 * A freed buffer has another buffer's texture in place of its own, and is marked as spoiled: when
 * the program gets the buffer next, refill() in publisher.c makes new memory for it, as for a
 * buffer that an evicted subscriber may still read. A subscriber that comes meanwhile gets the
 * other buffer's memory for it, with a generation that no frame has. When a frame comes in the new
 * memory, the subscriber asks for that.
 */
#include "stream/idling.h"
#include "stream/mirrors.h"

#include "base/clock.h"
#include "base/error.h"

/* How often an idle stream is looked at again, at most. */
#define LOOK_EVERY GY_SECOND

#define BIT(n) (UINT32_C(1) << (n))

static uint64_t sequence_of(const struct geyser_publisher *publisher, uint32_t buffer)
{
	return atomic_load(&publisher->ring.page->slots[buffer].sequence);
}

/* Returns the buffer that has the latest frame of all buffers outside `without`, or -1. */
static int find_latest(const struct geyser_publisher *publisher, uint32_t without)
{
	int found = -1;

	for (uint32_t i = 0; i < publisher->ring.buffers; i++) {
		if (without & BIT(i))
			continue;
		if (found < 0 ||
			sequence_of(publisher, i) > sequence_of(publisher, (uint32_t)found))
			found = (int)i;
	}
	return found;
}

/* Returns the buffers that keep their memory: the one with the latest frame, those that the program
 * draws into, and others until there are `count`. */
static uint32_t choose_kept(
	const struct geyser_publisher *publisher, uint32_t count, uint32_t *latest)
{
	uint32_t kept = publisher->ring.drawing, freed = publisher->idling.freed;
	int found = find_latest(publisher, freed);

	*latest = (uint32_t)found; /* one buffer always has its memory */
	for (kept |= BIT(found); (uint32_t)__builtin_popcount(kept) < count; kept |= BIT(found)) {
		found = find_latest(publisher, freed | kept);
		if (found < 0)
			break;
	}
	return kept;
}

/* Whether the device still draws a frame into the buffer, or copies it. */
static bool is_busy(struct geyser_publisher *publisher, uint32_t buffer)
{
	if (!publisher->ready)
		return false;
	return gy_mirrors_busy(publisher) & BIT(buffer) ||
	       geyser_event_wait(publisher->ready, publisher->drawn[buffer], 0) ==
		       GEYSER_ERROR_TIMEOUT;
}

/* Replaces the buffer's texture by the other one, and frees its memory. The buffer's frame is gone
 * then. */
static bool free_buffer(
	struct geyser_publisher *publisher, uint32_t buffer, struct geyser_texture *other)
{
	if (gy_ring_begin(&publisher->ring, ~BIT(buffer)) < 0)
		return false;
	gy_ring_discard(&publisher->ring, buffer);
	(void)gy_mirrors_replace(publisher, buffer, NULL);
	gy_texture_end_bare(publisher->buffers[buffer]);
	publisher->buffers[buffer] = geyser_texture_ref(other);
	publisher->generations[buffer] = ++publisher->generation;
	publisher->drawn[buffer] = 0;
	publisher->ring.spoiled |= BIT(buffer);
	publisher->idling.freed |= BIT(buffer);
	return true;
}

/* Whether another buffer, which isn't freed, has the freed buffer's texture. */
static bool is_borrowed(const struct geyser_publisher *publisher, uint32_t buffer)
{
	for (uint32_t i = 0; i < publisher->ring.buffers; i++)
		if (!(publisher->idling.freed & BIT(i)) &&
			publisher->buffers[i] == publisher->buffers[buffer])
			return true;
	return false;
}

/* Gives the freed buffers this texture, so that the textures that they have had can be freed. No
 * texture ends here: its own buffer has a reference. */
static void lend(struct geyser_publisher *publisher, struct geyser_texture *texture)
{
	for (uint32_t i = 0; i < publisher->ring.buffers; i++) {
		if (!(publisher->idling.freed & BIT(i)) || !is_borrowed(publisher, i))
			continue;
		geyser_texture_unref(publisher->buffers[i]);
		publisher->buffers[i] = geyser_texture_ref(texture);
		publisher->generations[i] = ++publisher->generation;
	}
}

/* Frees the memory of one buffer, if more than `count` have some. Leaves a stream alone whose
 * buffers a resize replaces. Returns whether it has freed one: a driver takes its time for each,
 * and others wait for this thread. */
static bool free_one(struct geyser_publisher *publisher, uint32_t count)
{
	uint32_t latest, kept = choose_kept(publisher, count, &latest);

	for (uint32_t i = 0; i < publisher->ring.buffers; i++)
		if (publisher->next[i])
			return false;
	lend(publisher, publisher->buffers[latest]);
	for (uint32_t i = 0; i < publisher->ring.buffers; i++)
		if (!((kept | publisher->idling.freed) & BIT(i)) && !is_busy(publisher, i) &&
			gy_texture_is_bare(publisher->buffers[i]))
			return free_buffer(publisher, i, publisher->buffers[latest]);
	return false;
}

/* Returns when to look at the stream next. */
static uint64_t look(struct geyser_publisher *publisher, uint64_t now)
{
	struct gy_idling *idling = &publisher->idling;
	const uint64_t limit = idling->limit_ns;
	const uint64_t due = limit < GY_NEVER - idling->since ? idling->since + limit : GY_NEVER;

	if (publisher->ring.reader_count > 0 || gy_manager_is_lost(publisher->manager))
		return GY_NEVER;
	if (now < due)
		return due;
	if (!idling->freeing) {
		idling->kept = idling->sequence != publisher->ring.sequence ? 2 : 1;
		idling->sequence = publisher->ring.sequence;
	}
	idling->freeing = free_one(publisher, idling->kept);
	if (idling->freeing)
		return now;
	return now + (limit > LOOK_EVERY ? limit : LOOK_EVERY);
}

static uint64_t run(struct gy_chore *chore, uint64_t now)
{
	struct geyser_publisher *publisher =
		(struct geyser_publisher *)((char *)chore -
					    offsetof(struct geyser_publisher, idling.chore));
	uint64_t due;

	(void)pthread_mutex_lock(&publisher->lock);
	due = look(publisher, now);
	(void)pthread_mutex_unlock(&publisher->lock);
	return due;
}

void gy_publisher_begin_idle(struct geyser_publisher *publisher)
{
	publisher->idling.since = gy_now();
	publisher->idling.sequence = publisher->ring.sequence;
	publisher->idling.freeing = false;
}

static void set_due(struct geyser_publisher *publisher, uint64_t due)
{
	gy_chores_set(&publisher->manager->ipc->chores, &publisher->idling.chore, due);
}

void gy_publisher_start_idling(struct geyser_publisher *publisher)
{
	uint64_t due;

	publisher->idling.chore.run = run;
	(void)pthread_mutex_lock(&publisher->lock);
	gy_publisher_begin_idle(publisher);
	due = gy_deadline(publisher->idling.limit_ns);
	(void)pthread_mutex_unlock(&publisher->lock);
	set_due(publisher, due);
}

/* The publisher of a rendition never idles, and may end with the loop's lock held. */
void gy_publisher_stop_idling(struct geyser_publisher *publisher)
{
	if (publisher->rendition || !publisher->idling.chore.run)
		return;
	gy_chores_remove(&publisher->manager->ipc->chores, &publisher->idling.chore);
}

/* The program draws into the buffers that have memory, and leaves the newest frame to newcomers. */
uint32_t gy_publisher_spared(const struct geyser_publisher *publisher)
{
	uint64_t newest;

	if (!publisher->idling.freed || publisher->ring.reader_count > 0)
		return 0;
	newest = atomic_load(&publisher->ring.page->newest);
	return publisher->idling.freed | (newest ? BIT(newest & (GY_RING_BUFFERS - 1)) : 0);
}

enum geyser_result geyser_publisher_set_idle_limit(
	struct geyser_publisher *publisher, uint64_t limit_ns)
{
	if (!publisher)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "publisher is NULL");
	(void)pthread_mutex_lock(&publisher->lock);
	publisher->idling.limit_ns = limit_ns;
	(void)pthread_mutex_unlock(&publisher->lock);
	set_due(publisher, 0);
	return GEYSER_OK;
}
