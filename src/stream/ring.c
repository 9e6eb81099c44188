/* SPDX-License-Identifier: MIT */
#include "stream/ring.h"

#include <string.h>

#define BIT(i) (UINT32_C(1) << (i))
#define NEVER UINT64_MAX

/* ---- publisher: who reads, who owes ---- */

static bool is_heard(const struct gy_ring_reader *reader)
{
	return reader->lease && !reader->evicted;
}

static uint32_t held_by(const struct gy_ring_reader *reader)
{
	return is_heard(reader) ? atomic_load(&reader->lease->held) : 0;
}

static bool is_held(const struct gy_ring_writer *writer, uint32_t buffer)
{
	for (uint32_t i = 0; i < writer->reader_count; i++)
		if (held_by(&writer->readers[i]) & BIT(buffer))
			return true;
	return false;
}

uint32_t gy_ring_held(const struct gy_ring_writer *writer)
{
	uint32_t held = 0;

	for (uint32_t i = 0; i < writer->buffers; i++)
		if (is_held(writer, i))
			held |= BIT(i);
	return held;
}

static bool owes(struct gy_ring_reader *reader, uint64_t sequence)
{
	uint64_t taken;

	if (!is_heard(reader) || !reader->every)
		return false;
	taken = atomic_load(&reader->lease->taken);
	if (reader->excused && taken <= reader->excused_at)
		return false;
	if (reader->excused) /* a lease that goes back and forth moves once only */
		reader->excused_at = taken;
	reader->excused = false;
	return taken < sequence;
}

/* With lossless pacing: somebody who gets every frame hasn't got this one. */
static bool is_owed(struct gy_ring_writer *writer, uint64_t sequence)
{
	if (!writer->lossless)
		return false;
	for (uint32_t i = 0; i < writer->reader_count; i++)
		if (owes(&writer->readers[i], sequence))
			return true;
	return false;
}

/* Returns the sequence of the last frame that a buffer still holds. */
static uint64_t last_readable(const struct gy_ring_writer *writer)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < writer->buffers; i++) {
		uint64_t sequence = atomic_load_explicit(
			&writer->page->slots[i].sequence, memory_order_relaxed);

		if (sequence > last)
			last = sequence;
	}
	return last;
}

static uint64_t owed_to(struct gy_ring_writer *writer, struct gy_ring_reader *reader, uint64_t last)
{
	uint64_t newest = atomic_load_explicit(&writer->page->newest, memory_order_relaxed);
	uint64_t taken;

	if (!is_heard(reader))
		return 0;
	taken = atomic_load(&reader->lease->taken);
	if (!reader->every)
		return taken < newest >> GY_RING_BUFFER_BITS;
	return owes(reader, last) && taken < last ? last - taken : 0;
}

uint64_t gy_ring_owed(struct gy_ring_writer *writer)
{
	uint64_t most = 0, last = last_readable(writer);

	for (uint32_t i = 0; i < writer->reader_count; i++) {
		uint64_t owed = owed_to(writer, &writer->readers[i], last);

		if (owed > most)
			most = owed;
	}
	return most;
}

/* The oldest frame that nobody reads; what keeps it from being drawn over is who owes it. */
static uint64_t oldest_unread(const struct gy_ring_writer *writer)
{
	uint32_t taken = writer->drawing | gy_ring_held(writer);
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < writer->buffers; i++) {
		uint64_t sequence = atomic_load_explicit(
			&writer->page->slots[i].sequence, memory_order_relaxed);

		if (!(taken & BIT(i)) && sequence < least)
			least = sequence;
	}
	return least == UINT64_MAX ? 0 : least;
}

int gy_ring_excuse(struct gy_ring_writer *writer)
{
	uint64_t sequence = oldest_unread(writer);
	int found = -1;

	for (uint32_t i = 0; i < writer->reader_count; i++) {
		struct gy_ring_reader *reader = &writer->readers[i];
		uint64_t taken;

		if (!owes(reader, sequence))
			continue;
		taken = atomic_load(&reader->lease->taken);
		if (taken > reader->excused_at)
			reader->excused_at = taken;
		reader->excused = true;
		found = (int)i;
	}
	return found;
}

static void wake_sleepers(struct gy_ring_writer *writer)
{
	for (uint32_t i = 0; i < writer->reader_count; i++) {
		if (!is_heard(&writer->readers[i]) ||
			atomic_load(&writer->readers[i].lease->sleeping) == 0)
			continue;
		atomic_fetch_add(&writer->page->wakes, 1);
		gy_wake(&writer->page->wakes, true);
		return;
	}
}

/* ---- publisher: buffers ---- */

/* Clear, then look: a reader sets its bit, then looks. What was cleared in vain is put back, and
 * who may have seen it missing, and gone to sleep, is woken. */
static bool try_take(struct gy_ring_writer *writer, uint32_t buffer)
{
	struct gy_ring_slot *slot = &writer->page->slots[buffer];
	uint64_t sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);

	if (is_held(writer, buffer) || is_owed(writer, sequence))
		return false;
	atomic_store(&slot->sequence, 0);
	if (!is_held(writer, buffer))
		return true;
	atomic_store(&slot->sequence, sequence);
	wake_sleepers(writer);
	return false;
}

/* The buffer with the smallest sequence of at least from that isn't being drawn into; -1 if there
 * is none. */
static int oldest(const struct gy_ring_writer *writer, uint32_t tried)
{
	uint64_t least = UINT64_MAX;
	int found = -1;

	for (uint32_t i = 0; i < writer->buffers; i++) {
		uint64_t sequence = atomic_load_explicit(
			&writer->page->slots[i].sequence, memory_order_relaxed);

		if ((writer->drawing | tried) & BIT(i) || sequence >= least)
			continue;
		least = sequence;
		found = (int)i;
	}
	return found;
}

static void forgive_all(struct gy_ring_writer *writer)
{
	for (uint32_t i = 0; writer->starved_since && i < writer->reader_count; i++)
		writer->readers[i].charge = 0;
	writer->starved_since = 0;
}

int gy_ring_begin(struct gy_ring_writer *writer, uint32_t busy)
{
	uint32_t tried = busy;
	int buffer;

	while ((buffer = oldest(writer, tried)) >= 0) {
		uint64_t newest = atomic_load_explicit(&writer->page->newest, memory_order_relaxed);

		if (try_take(writer, (uint32_t)buffer)) {
			if (newest && (newest & (GY_RING_BUFFERS - 1)) == (uint64_t)buffer)
				atomic_store(&writer->page->newest, 0);
			writer->drawing |= BIT(buffer);
			forgive_all(writer);
			return buffer;
		}
		tried |= BIT(buffer);
	}
	return -1;
}

void gy_ring_discard(struct gy_ring_writer *writer, uint32_t buffer)
{
	writer->drawing &= ~BIT(buffer);
}

void gy_ring_publish(
	struct gy_ring_writer *writer, uint32_t buffer, const struct gy_ring_record *record)
{
	struct gy_ring_slot *slot = &writer->page->slots[buffer];
	uint64_t sequence = ++writer->sequence;

	slot->record = *record;
	slot->record.info.sequence = sequence;
	atomic_store(&slot->sequence, sequence);
	atomic_store(&writer->page->newest, sequence << GY_RING_BUFFER_BITS | buffer);
	writer->drawing &= ~BIT(buffer);
	wake_sleepers(writer);
}

/* ---- publisher: readers that are left out ---- */

static uint32_t all_buffers(const struct gy_ring_writer *writer)
{
	return BIT(writer->buffers) - 1;
}

/* Leaves a reader out. Raises the epoch before it looks at held: a subscriber that sets a bit after
 * our look sees the new epoch. Wakes all sleepers, since this reader may be among them. */
static void evict(struct gy_ring_writer *writer, uint32_t place)
{
	struct gy_ring_reader *reader = &writer->readers[place];

	atomic_fetch_add(&writer->page->epochs[place], 1);
	writer->spoiled |= atomic_load(&reader->lease->held) & all_buffers(writer);
	reader->evicted = true;
	atomic_fetch_add(&writer->page->wakes, 1);
	gy_wake(&writer->page->wakes, true);
}

/* Returns the time at which the reader has held buffers for as long as it may while the publisher
 * had none. */
static uint64_t due_of(const struct gy_ring_writer *writer, const struct gy_ring_reader *reader,
	const struct gy_hold_limits *limits, uint64_t now)
{
	uint64_t limit = now < reader->settles_at ? limits->newcomer : limits->settled;

	return limit < NEVER - writer->starved_since ? writer->starved_since + limit : NEVER;
}

/* Charges each reader for the buffers that it holds and for the time since the last call. Returns
 * a reader that claims a buffer which doesn't exist, or -1. *due: when the next reader's limit
 * ends; *kept: the buffers of readers whose limit has not ended. */
static int charge(struct gy_ring_writer *writer, const struct gy_hold_limits *limits, uint64_t now,
	uint64_t *due, uint32_t *kept)
{
	uint64_t passed = now - writer->charged_at;

	*due = NEVER;
	*kept = 0;
	writer->charged_at = now;
	for (uint32_t i = 0; i < writer->reader_count; i++) {
		struct gy_ring_reader *reader = &writer->readers[i];
		uint32_t held = held_by(reader);
		uint64_t own_due = due_of(writer, reader, limits, now);

		if (held & ~all_buffers(writer))
			return (int)i;
		reader->charge += passed * (uint64_t)__builtin_popcount(held);
		if (!held || own_due <= now)
			continue;
		*kept |= held;
		if (own_due < *due)
			*due = own_due;
	}
	return -1;
}

/* Returns the reader with the largest charge, and of equal ones the one that holds most buffers. -1
 * if no reader holds a buffer other than the kept ones. */
static int find_most_charged(const struct gy_ring_writer *writer, uint32_t kept)
{
	int found = -1, most = 0;

	for (uint32_t i = 0; i < writer->reader_count; i++) {
		const struct gy_ring_reader *reader = &writer->readers[i];
		uint32_t held = held_by(reader);
		int count = __builtin_popcount(held);

		if (!(held & ~kept))
			continue;
		if (found >= 0 &&
			(reader->charge < writer->readers[found].charge ||
				(reader->charge == writer->readers[found].charge && count <= most)))
			continue;
		most = count;
		found = (int)i;
	}
	return found;
}

int gy_ring_evict(struct gy_ring_writer *writer, const struct gy_hold_limits *limits, uint64_t now,
	uint64_t *due)
{
	uint32_t kept;
	int found;

	*due = NEVER;
	if (gy_ring_held(writer) != all_buffers(writer))
		return -1; /* a frame is owed or acquired, or a buffer has just come back */
	if (!writer->starved_since)
		writer->starved_since = writer->charged_at = now;
	found = charge(writer, limits, now, due, &kept);
	if (found < 0)
		found = find_most_charged(writer, kept);
	if (found < 0)
		return -1;
	evict(writer, (uint32_t)found);
	return found;
}

/* ---- publisher: readers ---- */

int gy_ring_join(struct gy_ring_writer *writer, struct gy_lease_page *lease, bool every)
{
	uint64_t newest = atomic_load(&writer->page->newest) >> GY_RING_BUFFER_BITS;

	for (uint32_t i = 0; i < GY_RING_READERS; i++) {
		if (writer->readers[i].lease)
			continue;
		atomic_store(&lease->taken, newest ? newest - 1 : writer->sequence);
		atomic_store(&lease->place, i);
		atomic_store(&lease->epoch, atomic_fetch_add(&writer->page->epochs[i], 1) + 1);
		writer->readers[i] = (struct gy_ring_reader){.lease = lease, .every = every};
		if (i >= writer->reader_count)
			writer->reader_count = i + 1;
		return (int)i;
	}
	return -1;
}

void gy_ring_leave(struct gy_ring_writer *writer, uint32_t reader)
{
	writer->readers[reader].lease = NULL;
	while (writer->reader_count > 0 && !writer->readers[writer->reader_count - 1].lease)
		writer->reader_count--;
}

/* ---- subscriber ---- */

/* The publisher sleeps until somebody releases or takes; see publisher.c. */
static void wake_publisher(struct gy_ring_view *view)
{
	if (atomic_load(&view->page->waiting) == 0)
		return;
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

/* The buffer of the first frame after the last one. What is found may be gone at once; what was
 * there before the scan began and still is, is found. */
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

/* A gap may come of a scan that passed a buffer before its frame came and met a later one. Frames
 * come in order: a second scan, after the later one was seen, finds what is before it. */
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

static int find(const struct gy_ring_view *view, uint64_t *sequence)
{
	return view->every ? find_every(view, sequence) : find_latest(view, sequence);
}

/* A newest frame that the publisher is just taking is gone: who came back for it would go round in
 * circles until the publisher runs again. If it is put back, sleepers are woken. */
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

/* Each failure is a buffer that the publisher cleared meanwhile: after more failures than there are
 * buffers it has published or put one back, and wakes who sleeps. A page that lies holds nobody
 * here for longer. */
int gy_ring_take(struct gy_ring_view *view, struct gy_ring_record *record)
{
	uint64_t sequence, failed = 0;

	for (uint32_t tries = 0; tries <= view->buffers; tries++) {
		int buffer = find(view, &sequence);

		if (buffer < 0)
			return -1;
		if (lease(view, (uint32_t)buffer, sequence)) {
			*record = view->page->slots[buffer].record;
			record->info.sequence = sequence;
			count_dropped(view, sequence);
			view->last = sequence;
			atomic_store(&view->lease->taken, sequence);
			wake_publisher(view);
			return buffer;
		}
		/* The publisher is taking it: if it puts it back, it wakes us. */
		if (sequence == failed)
			return -1;
		failed = sequence;
	}
	return -1;
}

/* ---- latencies ---- */

uint32_t gy_latency_bucket(uint64_t ns)
{
	uint32_t log, bucket;

	if (ns < BIT(GY_LATENCY_SHIFT))
		return 0;
	log = 63 - (uint32_t)__builtin_clzll(ns);
	bucket = (log - GY_LATENCY_SHIFT) * 8 + (uint32_t)(ns >> (log - 3) & 7);
	return bucket < GY_LATENCY_BUCKETS ? bucket : GY_LATENCY_BUCKETS - 1;
}

/* The middle of a bucket. */
static uint64_t bucket_value(uint32_t bucket)
{
	uint32_t log = bucket / 8 + GY_LATENCY_SHIFT;

	return (UINT64_C(1) << log) + ((uint64_t)(bucket % 8) * 2 + 1) * (UINT64_C(1) << (log - 4));
}

uint64_t gy_latency_percentile(const uint64_t counts[GY_LATENCY_BUCKETS], double share)
{
	uint64_t total = 0, below = 0;

	for (uint32_t i = 0; i < GY_LATENCY_BUCKETS; i++)
		total += counts[i];
	for (uint32_t i = 0; i < GY_LATENCY_BUCKETS && total; i++) {
		below += counts[i];
		if ((double)below >= share * (double)total)
			return bucket_value(i);
	}
	return 0;
}
