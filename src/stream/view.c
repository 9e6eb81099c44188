/* SPDX-License-Identifier: MIT */
/* The subscriber's side of the ring: ring.c tells how frames change hands. */
#include "stream/ring.h"

#define BIT(i) (UINT32_C(1) << (i))

/* Wakes a publisher that waits until a frame is taken or released. */
static void wake_publisher(struct gy_ring_view *view)
{
	if (atomic_load(&view->page->waiting) == 0)
		return;
	if (view->bell) {
		gy_doorbell_ring(view->bell);
		return;
	}
	atomic_fetch_add(&view->lease->releases, 1);
	gy_wake(&view->lease->releases, true);
}

void gy_ring_release(struct gy_ring_view *view, uint32_t buffer)
{
	view->held &= ~BIT(buffer);
	atomic_store(&view->lease->held, view->held);
	wake_publisher(view);
}

void gy_ring_open(struct gy_ring_view *view)
{
	view->last = atomic_load(&view->lease->taken);
	view->place = atomic_load(&view->lease->place) % GY_RING_READERS;
	view->epoch = atomic_load(&view->lease->epoch);
}

bool gy_ring_is_evicted(const struct gy_ring_view *view)
{
	return atomic_load(&view->page->epochs[view->place]) != view->epoch;
}

/* Sets the buffer's bit, then checks that the buffer still holds the frame. Returns false, without
 * the bit, if it doesn't or if the publisher has left this subscriber out. */
static bool lease(struct gy_ring_view *view, uint32_t buffer, uint64_t sequence)
{
	view->held |= BIT(buffer);
	atomic_store(&view->lease->held, view->held);
	if (atomic_load(&view->page->slots[buffer].sequence) == sequence &&
		!gy_ring_is_evicted(view))
		return true;
	gy_ring_release(view, buffer);
	return false;
}

/* Finds the first frame after the last one taken, among buffers that the view doesn't hold. The
 * frame may be overwritten at once. A frame that was there when the scan began, and is still there,
 * is found. */
static int scan(const struct gy_ring_view *view, uint64_t *sequence)
{
	int found = -1;

	*sequence = UINT64_MAX;
	for (uint32_t i = 0; i < view->buffers; i++) {
		uint64_t at = atomic_load(&view->page->slots[i].sequence);

		if (at <= view->last || at >= *sequence || view->held & BIT(i))
			continue;
		*sequence = at;
		found = (int)i;
	}
	return found;
}

/* Finds the next frame in order. A scan may pass a buffer before its frame comes, and then find a
 * later frame in another buffer. Frames are published in order, so a second scan finds every frame
 * that is older than the one found. */
static int find_every(const struct gy_ring_view *view, uint64_t *sequence)
{
	int buffer = scan(view, sequence);

	if (buffer >= 0 && *sequence != view->last + 1)
		buffer = scan(view, sequence);
	return buffer;
}

static int find_latest(const struct gy_ring_view *view, uint64_t *sequence)
{
	uint64_t newest = atomic_load(&view->page->newest);
	uint32_t buffer = (uint32_t)newest & (GY_RING_BUFFERS - 1);

	*sequence = newest >> GY_RING_BUFFER_BITS;
	if (*sequence <= view->last || buffer >= view->buffers || view->held & BIT(buffer))
		return -1;
	return (int)buffer;
}

uint32_t gy_ring_expect(const struct gy_ring_view *view)
{
	uint64_t least = UINT64_MAX;
	uint32_t found = 0;

	for (uint32_t i = 0; i < view->buffers; i++) {
		uint64_t sequence = atomic_load(&view->page->slots[i].sequence);

		if (sequence >= least || view->held & BIT(i))
			continue;
		least = sequence;
		found = i;
	}
	return found;
}

bool gy_ring_has_come(const struct gy_ring_view *view, uint32_t buffer)
{
	atomic_store_explicit(&view->lease->looking, 1, memory_order_relaxed);
	return atomic_load(&view->page->slots[buffer].sequence) > view->last;
}

/* Finds the frame that a thread has seen while it spun. With DELIVER_LATEST the publisher may have
 * published a newer frame since then. That may happen after a look at "newest", too. */
static int find_seen(struct gy_ring_view *view, uint64_t *sequence)
{
	uint32_t buffer = view->seen - 1;

	if (view->seen == 0)
		return -1;
	view->seen = 0;
	*sequence = atomic_load(&view->page->slots[buffer].sequence);
	if (*sequence <= view->last || view->held & BIT(buffer) ||
		(view->every && *sequence != view->last + 1))
		return -1;
	return (int)buffer;
}

static int find(const struct gy_ring_view *view, uint64_t *sequence)
{
	return view->every ? find_every(view, sequence) : find_latest(view, sequence);
}

/* With DELIVER_LATEST, a frame that the publisher is just taking back doesn't count. Otherwise a
 * subscriber would try again and again until the publisher runs. If the publisher puts the frame
 * back, it wakes sleepers. */
bool gy_ring_has_next(const struct gy_ring_view *view)
{
	uint64_t sequence;
	int buffer = find(view, &sequence);

	if (buffer < 0 || view->every)
		return buffer >= 0;
	return atomic_load(&view->page->slots[buffer].sequence) == sequence;
}

static void count_dropped(struct gy_ring_view *view, uint64_t sequence)
{
	uint64_t dropped = sequence - view->last - 1;

	if (dropped)
		atomic_store(&view->lease->dropped, atomic_load(&view->lease->dropped) + dropped);
}

/* Each failed try means that the publisher has taken the buffer meanwhile. After more failures than
 * there are buffers, the publisher has published a frame or put one back, and has woken sleepers.
 * The limit also ends this loop if a hostile publisher changes the page all the time. */
int gy_ring_take(struct gy_ring_view *view)
{
	uint64_t sequence, failed = 0;

	for (uint32_t tries = 0; tries <= view->buffers; tries++) {
		int buffer = find_seen(view, &sequence);

		if (buffer < 0)
			buffer = find(view, &sequence);
		if (buffer < 0)
			return -1;
		if (lease(view, (uint32_t)buffer, sequence)) {
			count_dropped(view, sequence);
			view->last = sequence;
			atomic_store(&view->lease->taken, sequence);
			wake_publisher(view);
			return buffer;
		}
		/* The publisher is taking this buffer. A publisher that puts the frame back wakes
		 * this thread. */
		if (sequence == failed)
			return -1;
		failed = sequence;
	}
	return -1;
}

void gy_ring_read(const struct gy_ring_view *view, uint32_t buffer, struct gy_ring_record *record)
{
	gy_slot_read(&view->page->slots[buffer], record);
	record->info.sequence = view->last;
}
