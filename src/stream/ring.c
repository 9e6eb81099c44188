/* SPDX-License-Identifier: MIT */
/*
 * How frames change hands. A publisher has a few buffers, and a slot in the ring page for each,
 * with the sequence of the buffer's frame. Each subscriber has a lease page whose word "held" has a
 * bit for each buffer that the subscriber reads.
 *
 * Here are three buffers, numbered 0, 1 and 2, and a subscriber that gets the newest frame only.
 * "slots" shows the sequence in each buffer's slot, and "held" the buffer whose bit is set:
 *
 *	slots	held
 *	4 5 6	-	the publisher has submitted frames 4, 5 and 6
 *	4 5 6	2	the subscriber leases the newest frame, 6, in buffer 2
 *	0 5 6	2	the publisher takes buffer 0, which has the oldest frame, and draws
 *	7 5 6	2	the publisher submits frame 7
 *	7 8 6	2	the publisher takes buffer 1 and submits frame 8
 *	0 8 6	2	the publisher skips buffer 2, which is held, and takes buffer 0
 *	0 8 6	1	the subscriber releases frame 6 and leases 8; it has dropped frame 7
 *
 * Taking and leasing. Each side writes first and reads afterwards:
 *
 *	publisher				subscriber
 *	P1 set the slot's sequence to 0		S1 set the buffer's bit in "held"
 *	P2 read "held" of every lease		S2 read the slot's sequence
 *	   bit set: put the sequence back	   other sequence: clear the bit
 *
 * All these accesses are sequentially consistent. If P2 doesn't see the bit, S1 comes after P2.
 * Then S2 comes after P1 and reads 0, so the subscriber clears its bit. Hence the publisher never
 * draws into a buffer that a subscriber reads.
 *
 * Sleeping. Again each side writes first and reads afterwards. A subscriber sets "sleeping", looks
 * for a frame, then sleeps on "wakes"; the publisher publishes a frame, then reads "sleeping". The
 * publisher sets "waiting", looks for a buffer, then sleeps on "releases" of all leases; a
 * subscriber changes its lease, then reads "waiting". Where the system can't sleep on several
 * words, the publisher sleeps on its doorbell instead, which all subscribers ring.
 *
 * Spinning. A subscriber's thread may look at the sequence of one slot again and again before it
 * sleeps. It may lease the frame that it sees there before the publisher has written "newest": a
 * slot's sequence alone decides whether a lease succeeds.
 *
 * Eviction. A publisher that lacks a buffer for too long evicts a subscriber:
 *
 *	publisher				subscriber
 *	P1 raise the subscriber's epoch		S1 set the buffer's bit in "held"
 *	P2 read "held" for the last time	S2 read the sequence, then the epoch
 *	   these buffers are spoiled		   other epoch: clear the bit
 *
 * Either P2 sees the bit or S2 sees the new epoch. A spoiled buffer gets new memory before the
 * publisher draws into it, and the subscriber keeps the old memory. So memory that a subscriber
 * holds is never drawn into.
 *
 * tests/model/ring.pml searches all interleavings of these steps.
 */
#include "stream/ring.h"

#include <string.h>

#define BIT(i) (UINT32_C(1) << (i))
#define NEVER UINT64_MAX

/* ns; a publisher that waits for a buffer looks for one more often than this */
#define LONGEST_LOOK UINT64_C(100000000)

/* ---- publisher: buffers that are read, frames that are owed ---- */

/* Whether the reader's lease counts. */
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

/* Whether the reader owes this frame: it gets every frame, and must still take this one. Ends the
 * reader's excuse if the reader has taken a frame since. */
static bool owes(struct gy_ring_reader *reader, uint64_t sequence)
{
	uint64_t taken;

	if (!is_heard(reader) || !reader->every)
		return false;
	taken = atomic_load(&reader->lease->taken);
	if (reader->excused && taken <= reader->excused_at)
		return false;
	/* so that a lease whose "taken" goes back and forth can be excused only once */
	if (reader->excused)
		reader->excused_at = taken;
	reader->excused = false;
	return taken < sequence;
}

/* Whether a reader must still get this frame. With free pacing no reader must. */
static bool is_owed(struct gy_ring_writer *writer, uint64_t sequence)
{
	if (!writer->lossless)
		return false;
	for (uint32_t i = 0; i < writer->reader_count; i++)
		if (owes(&writer->readers[i], sequence))
			return true;
	return false;
}

/* Returns the largest sequence that a buffer still holds. */
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

/* Returns how many frames the reader has yet to take. last: as from last_readable. */
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

/* Returns the sequence of the oldest frame in a buffer that is neither held nor drawn into; 0 if
 * there is none. The only possible reason why the publisher can't take such a buffer is a reader
 * that owes the frame. */
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

void gy_ring_wake(struct gy_ring_writer *writer)
{
	atomic_fetch_add(&writer->page->wakes, 1);
	gy_wake(&writer->page->wakes, true);
}

/* Doesn't write what is there already: a write takes the cache line away from the subscribers. */
void gy_ring_set_waiting(struct gy_ring_writer *writer, bool waits)
{
	_Atomic uint32_t *waiting = &writer->page->waiting;

	if (atomic_load_explicit(waiting, memory_order_relaxed) != waits)
		atomic_store(waiting, waits);
}

/* Wakes all subscribers if one of them says that it sleeps: all sleep on the same word. */
static void wake_sleepers(struct gy_ring_writer *writer)
{
	for (uint32_t i = 0; i < writer->reader_count; i++) {
		if (!is_heard(&writer->readers[i]) ||
			atomic_load(&writer->readers[i].lease->sleeping) == 0)
			continue;
		gy_ring_wake(writer);
		return;
	}
}

/* ---- publisher: buffers ---- */

/* Clears the slot's sequence, then looks for readers. If a reader has set its bit meanwhile, puts
 * the sequence back. A subscriber may have missed the frame in between and gone to sleep, so this
 * wakes sleepers. */
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

/* Returns the buffer with the smallest sequence that isn't drawn into and hasn't been tried, or -1.
 * tried: bits of buffers. */
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

void gy_ring_prepare(
	struct gy_ring_writer *writer, uint32_t buffer, const struct gy_ring_record *record)
{
	gy_slot_write(&writer->page->slots[buffer], record);
}

void gy_ring_publish(struct gy_ring_writer *writer, uint32_t buffer, bool keep)
{
	struct gy_ring_slot *slot = &writer->page->slots[buffer];
	uint64_t sequence = ++writer->sequence;

	atomic_store(&slot->sequence, sequence);
	atomic_store(&writer->page->newest, sequence << GY_RING_BUFFER_BITS | buffer);
	if (!keep)
		writer->drawing &= ~BIT(buffer);
	wake_sleepers(writer);
}

/* ---- publisher: evicting readers ---- */

static uint32_t all_buffers(const struct gy_ring_writer *writer)
{
	return BIT(writer->buffers) - 1;
}

/* Evicts a reader. Raises the epoch before it reads "held": a subscriber that sets a bit after
 * that read sees the new epoch. Wakes all sleepers, since this reader may be among them. */
static void evict(struct gy_ring_writer *writer, uint32_t place)
{
	struct gy_ring_reader *reader = &writer->readers[place];

	atomic_fetch_add(&writer->page->epochs[place], 1);
	writer->spoiled |= atomic_load(&reader->lease->held) & all_buffers(writer);
	reader->evicted = true;
	gy_ring_wake(writer);
}

static enum gy_ring_group group_of(const struct gy_ring_reader *reader, uint64_t now)
{
	if (reader->settles_at == 0)
		return GY_RING_OWN;
	return now < reader->settles_at ? GY_RING_NEWCOMERS : GY_RING_SETTLED;
}

/* Returns the group that keeps the publisher without a buffer: the first group that, with the
 * groups before it, holds all buffers. */
static enum gy_ring_group find_blamed(const struct gy_ring_writer *writer, uint64_t now)
{
	uint32_t held[GY_RING_GROUPS] = {0};

	for (uint32_t i = 0; i < writer->reader_count; i++)
		held[group_of(&writer->readers[i], now)] |= held_by(&writer->readers[i]);
	if ((held[GY_RING_OWN] & all_buffers(writer)) == all_buffers(writer))
		return GY_RING_OWN;
	held[GY_RING_SETTLED] |= held[GY_RING_OWN];
	if ((held[GY_RING_SETTLED] & all_buffers(writer)) == all_buffers(writer))
		return GY_RING_SETTLED;
	return GY_RING_NEWCOMERS;
}

/* Adds the time since the last look to the group that was to blame then. A publisher that doesn't
 * look for a buffer in the meantime misses none, so no more than LONGEST_LOOK counts. */
static void count_starved(struct gy_ring_writer *writer, uint64_t now)
{
	uint64_t passed = now - writer->charged_at;

	writer->starved[writer->blamed] += passed < LONGEST_LOOK ? passed : LONGEST_LOOK;
}

void gy_ring_end_starving(struct gy_ring_writer *writer, uint64_t now)
{
	count_starved(writer, now);
	for (uint32_t i = 0; i < writer->reader_count; i++)
		writer->readers[i].charge = 0;
	writer->starved_since = 0;
	writer->blamed = GY_RING_OWN;
}

/* Returns when the reader's limit for holding all buffers ends, in ns. */
static uint64_t due_of(const struct gy_ring_writer *writer, const struct gy_ring_reader *reader,
	const struct gy_hold_limits *limits, uint64_t now)
{
	uint64_t limit = limits->ns[group_of(reader, now)];

	return limit < NEVER - writer->starved_since ? writer->starved_since + limit : NEVER;
}

/* Charges each reader for the buffers that it holds and for the time since the last call. Returns a
 * reader that claims a buffer which doesn't exist, or -1. *due: when the next reader's limit ends.
 * *kept: the buffers of readers whose limit hasn't ended. */
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

/* Returns the sum of the charges of all readers of this reader's process. */
static uint64_t process_charge(
	const struct gy_ring_writer *writer, const struct gy_ring_reader *reader)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < writer->reader_count; i++)
		if (writer->readers[i].lease && writer->readers[i].process == reader->process)
			sum += writer->readers[i].charge;
	return sum;
}

/* Whether `a` is to be evicted rather than `b`. The process with the largest charge decides, then
 * the reader's own charge, then the buffers that it holds now. Of equal readers, the one that has
 * joined last is evicted. */
static bool goes_before(const struct gy_ring_writer *writer, const struct gy_ring_reader *a,
	const struct gy_ring_reader *b)
{
	uint64_t charges[] = {process_charge(writer, a), process_charge(writer, b)};
	int counts[] = {__builtin_popcount(held_by(a)), __builtin_popcount(held_by(b))};

	if (charges[0] != charges[1])
		return charges[0] > charges[1];
	if (a->charge != b->charge)
		return a->charge > b->charge;
	if (counts[0] != counts[1])
		return counts[0] > counts[1];
	return a->settles_at > b->settles_at;
}

/* Returns the reader to evict, or -1 if no reader holds a buffer outside `kept`. */
static int find_most_charged(const struct gy_ring_writer *writer, uint32_t kept)
{
	const struct gy_ring_reader *readers = writer->readers;
	int found = -1;

	for (uint32_t i = 0; i < writer->reader_count; i++)
		if (held_by(&readers[i]) & ~kept &&
			(found < 0 || goes_before(writer, &readers[i], &readers[found])))
			found = (int)i;
	return found;
}

int gy_ring_evict(struct gy_ring_writer *writer, const struct gy_hold_limits *limits, uint64_t now,
	uint64_t *due)
{
	uint32_t kept;
	int found;

	*due = NEVER;
	if (writer->starved_since)
		count_starved(writer, now);
	if (gy_ring_held(writer) != all_buffers(writer)) {
		/* a reader owes a frame, the program has acquired one, or a buffer was just
		 * released */
		writer->blamed = GY_RING_OWN;
		writer->charged_at = now;
		return -1;
	}
	if (!writer->starved_since)
		writer->starved_since = writer->charged_at = now;
	writer->blamed = find_blamed(writer, now);
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

/* Adds the charge of a reader that leaves to another reader of its process, if there is one. */
static void leave_charge(struct gy_ring_writer *writer, const struct gy_ring_reader *leaving)
{
	for (uint32_t i = 0; i < writer->reader_count; i++) {
		struct gy_ring_reader *reader = &writer->readers[i];

		if (reader == leaving || !reader->lease || reader->process != leaving->process)
			continue;
		reader->charge += leaving->charge;
		return;
	}
}

void gy_ring_leave(struct gy_ring_writer *writer, uint32_t reader)
{
	leave_charge(writer, &writer->readers[reader]);
	writer->readers[reader].lease = NULL;
	while (writer->reader_count > 0 && !writer->readers[writer->reader_count - 1].lease)
		writer->reader_count--;
}

void gy_doorbell_ring(struct gy_doorbell_page *bell)
{
	atomic_fetch_add(&bell->rings, 1);
	gy_wake(&bell->rings, true);
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

/* Returns the latency in the middle of a bucket, in ns. */
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
