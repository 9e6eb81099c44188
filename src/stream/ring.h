/* SPDX-License-Identifier: MIT */
/*
 * The ring: which buffer holds which frame, which buffers subscribers read, and which buffer the
 * publisher may draw into next. ring.c tells how it works.
 *
 * The ring lies in memory that processes share. The processes need no lock, since each word has one
 * writer, but for the doorbell's counter:
 *
 *	struct gy_ring_page	one; the publisher writes it, all subscribers map it read-only
 *	struct gy_lease_page	one a subscriber; the subscriber writes it, the publisher reads it
 *	struct gy_notice_page	one a subscriber; the publisher writes it, the subscriber reads it
 *	struct gy_doorbell_page	one or none; all write it, and it only wakes the publisher
 *
 * Each side treats the other side's words as hostile and masks every index. So a subscriber that
 * lies harms only itself.
 *
 * The functions take no lock. The publisher's lock guards a gy_ring_writer, and the subscriber's
 * lock guards a gy_ring_view.
 */
#ifndef GY_STREAM_RING_H
#define GY_STREAM_RING_H

#include <geyser/stream.h>

#include "stream/slot.h"

#include "platform/platform.h"

#include <stdalign.h>
#include <stddef.h>
#include <sys/types.h>

#define GY_RING_BUFFERS 16
#define GY_RING_READERS 64

/* The low bits of gy_ring_page.newest name a buffer; the other bits are a sequence. */
#define GY_RING_BUFFER_BITS 4

_Static_assert(GY_RING_BUFFERS == GEYSER_STREAM_BUFFERS_MAX, "the public limit");
_Static_assert(GY_RING_READERS == GEYSER_STREAM_SUBSCRIBERS_MAX, "the public limit");
_Static_assert(GY_RING_BUFFERS == 1 << GY_RING_BUFFER_BITS, "an index fits");

/* Latencies are counted in buckets. Bucket 0 is for all below 2^GY_LATENCY_SHIFT ns. From there on
 * each power of two has 8 buckets, so a bucket's middle is within 1/16 of each value in it. The
 * last bucket also counts all above, from 2^34 ns on. */
#define GY_LATENCY_SHIFT 8
#define GY_LATENCY_BUCKETS 208

struct gy_ring_page {
	/* sequence << GY_RING_BUFFER_BITS | buffer; 0: no frame */
	alignas(64) _Atomic uint64_t newest;
	/* The words below are rarely written. They have a cache line of their own, which therefore
	 * stays with all CPUs. */
	alignas(64) _Atomic uint32_t wakes; /* the futex on which subscribers sleep */
	/* 1: the publisher sleeps; a subscriber that takes or releases a frame wakes it */
	_Atomic uint32_t waiting;
	/* 1: the publisher has closed the stream; set before the stream's name is given up */
	_Atomic uint32_t closed;
	alignas(64) struct gy_ring_slot slots[GY_RING_BUFFERS];
	/* One epoch for each place. A subscriber whose own epoch differs has been evicted. */
	alignas(64) _Atomic uint64_t epochs[GY_RING_READERS];
	/* gy_now, in ns: distinguishes this stream from others of the same name */
	_Atomic uint64_t created;
};

struct gy_lease_page {
	/* The publisher looks at this line at every frame, and the subscriber rarely writes it. */
	alignas(64) _Atomic uint32_t sleeping;
	_Atomic uint32_t releases;         /* the futex of a publisher that has no doorbell */
	alignas(64) _Atomic uint32_t held; /* bit b: the subscriber reads buffer b */
	/* No process reads this word. A thread that spins writes it again and again, so that this
	 * line is in its CPU's cache when it leases the frame. */
	_Atomic uint32_t looking;
	_Atomic uint64_t taken; /* the largest sequence that the subscriber has got */
	_Atomic uint64_t dropped;
	_Atomic uint32_t latency[GY_LATENCY_BUCKETS];
	/* The number of the subscriber's threads that sleep on the stream's events; see
	 * sync/audience.h. */
	_Atomic uint32_t ready_sleepers, mirror_sleepers;
	/* The subscriber's place in the ring and its epoch there. The publisher writes both, and
	 * "taken", before the subscriber gets this page. The publisher never reads place and
	 * epoch. */
	_Atomic uint32_t place;
	_Atomic uint64_t epoch;
};

/* The values of the stream's events, for devices of the subscriber to wait for. The values have a
 * page of their own, so that a driver can register that page. When the publisher raises an event,
 * the publisher writes the value here. After the publisher's death the subscriber alone writes
 * here, to end its device's waits. */
struct gy_notice_page {
	_Atomic uint64_t ready, mirror_ready;
};

#define GY_NOTICE_ALIGNMENT 4096

/* The memory in a LEASE message. One subscriber shares this memory with the publisher, and with no
 * other process. */
struct gy_lease_memory {
	struct gy_lease_page lease;
	alignas(GY_NOTICE_ALIGNMENT) struct gy_notice_page notice;
};

/*
 * A publisher's doorbell: the one word on which the publisher sleeps, if its system can't sleep on
 * the words of all leases. The publisher makes the page, and all subscribers map it for writing.
 * There is nothing else in it. A hostile subscriber can put the old count back, and so swallow the
 * wake-up of another subscriber. The word is therefore a hint: a publisher that waits looks again
 * within 10 ms.
 */
struct gy_doorbell_page {
	_Atomic uint32_t rings; /* the futex */
};

#define GY_DOORBELL_SIZE 4096 /* bytes of shared memory */

/* Adds 1 to the count and wakes the publisher's threads. */
void gy_doorbell_ring(struct gy_doorbell_page *bell);

/* ---- publisher ---- */

struct gy_ring_reader {
	const struct gy_lease_page *lease; /* NULL: the place is free */
	bool every;
	/* A reader that kept a lossless publisher waiting until its timeout is excused. The
	 * publisher doesn't wait for it again until the reader has taken a frame after
	 * excused_at. */
	bool excused;
	uint64_t excused_at; /* the largest `taken` seen when the reader was excused or came back */
	bool evicted;        /* the reader's lease is ignored, and its place stays taken */
	/* The reader is a newcomer while gy_ring_evict's `now` is before this time, in ns. 0: the
	 * reader belongs to the publisher's own process. */
	uint64_t settles_at;
	pid_t process;
	/* The sum of buffers held times ns, counted only while the publisher had no buffer. */
	uint64_t charge;
};

enum gy_ring_group {
	GY_RING_OWN,       /* the readers of the publisher's own process */
	GY_RING_SETTLED,   /* readers of other processes that have settled */
	GY_RING_NEWCOMERS, /* readers of other processes that haven't settled yet */
	GY_RING_GROUPS,
};

/* For how long, in ns, all buffers may be held before a reader of each group may be evicted. */
struct gy_hold_limits {
	uint64_t ns[GY_RING_GROUPS];
};

struct gy_ring_writer {
	struct gy_ring_page *page;
	uint32_t buffers;
	/* bit b: the publisher's program draws into buffer b, or keeps its published frame to read
	 * it */
	uint32_t drawing;
	uint64_t sequence; /* of the newest frame published */
	uint32_t spoiled;  /* bit b: buffer b needs new memory before it is drawn into */
	bool lossless;
	/* ns: since then subscribers have held all buffers; 0: some buffer is free */
	uint64_t starved_since;
	uint64_t charged_at; /* ns: when the readers were charged last */
	/* The group that kept the publisher without a buffer at that time. GY_RING_OWN also stands
	 * for "none". */
	enum gy_ring_group blamed;
	/* For how long, in ns, each group has kept the publisher without a buffer. The user of the
	 * ring sets these back to 0. */
	uint64_t starved[GY_RING_GROUPS];
	uint32_t reader_count; /* all places in use are below this one */
	struct gy_ring_reader readers[GY_RING_READERS];
};

/* Takes a buffer that no subscriber reads, for the program to draw into. Takes the buffer with the
 * oldest frame, and the one with the newest frame only if there is no other. busy: bits of buffers
 * that must not be taken. Returns the buffer, or -1. */
int gy_ring_begin(struct gy_ring_writer *writer, uint32_t busy);

/* Gives back a buffer from gy_ring_begin without a frame, or one whose published frame was kept. */
void gy_ring_discard(struct gy_ring_writer *writer, uint32_t buffer);

/* Writes the record, but for its sequence, of the next frame in a buffer that gy_ring_begin has
 * given. The owner of that buffer calls this before gy_ring_publish. It needs no lock. */
void gy_ring_prepare(
	struct gy_ring_writer *writer, uint32_t buffer, const struct gy_ring_record *record);

/* Publishes the frame whose record was prepared. Gives the frame the next sequence and wakes
 * sleeping subscribers. If the frame is kept, gy_ring_begin doesn't take the buffer before
 * gy_ring_discard. */
void gy_ring_publish(struct gy_ring_writer *writer, uint32_t buffer, bool keep);

/* Wakes all subscribers, so that they notice a change outside of the ring. Any thread may call this
 * without the lock. */
void gy_ring_wake(struct gy_ring_writer *writer);

/* Notes whether a thread of the publisher sleeps, so that subscribers wake it. */
void gy_ring_set_waiting(struct gy_ring_writer *writer, bool waits);

/* Gives the subscriber a place. Sets the lease's "taken" so that the subscriber begins with the
 * newest frame. Returns the place, or -1 if all are taken. */
int gy_ring_join(struct gy_ring_writer *writer, struct gy_lease_page *lease, bool every);

/* Frees the subscriber's place. The caller keeps the lease's memory. */
void gy_ring_leave(struct gy_ring_writer *writer, uint32_t reader);

/*
 * Evicts one reader if readers have held all buffers for too long. Call this after a
 * gy_ring_begin that found no buffer.
 *
 * The time counts from when the publisher first found no buffer until gy_ring_end_starving, so
 * readers gain nothing by taking turns. Meanwhile each reader is charged for its buffers and the
 * time. The evicted reader has passed its own limit, and holds a buffer that no reader within its
 * limit holds. Of several such readers, one of the process with the largest sum of charges is
 * evicted. A reader whose lease claims buffers that don't exist is evicted at once.
 *
 * Adds the time to `starved` of one group: of the publisher's own readers if they hold all buffers,
 * else of the settled readers if these hold all others, else of the newcomers.
 *
 * now: in ns, not 0. Returns the place of the evicted reader, or -1. *due: when to call
 * this again, or GY_NEVER.
 */
int gy_ring_evict(struct gy_ring_writer *writer, const struct gy_hold_limits *limits, uint64_t now,
	uint64_t *due);

/* Ends the time without a buffer, and clears the readers' charges. Call this after a gy_ring_begin
 * that found a buffer, if starved_since isn't 0. */
void gy_ring_end_starving(struct gy_ring_writer *writer, uint64_t now);

/* Excuses the readers that have yet to take the oldest frame that no reader holds. Call this after
 * a timeout with lossless pacing. Returns the place of one of them, or -1. */
int gy_ring_excuse(struct gy_ring_writer *writer);

/* Returns how many frames the slowest reader has yet to take. Excused readers, and frames that no
 * buffer holds any more, don't count. For readers that get only the newest frame, it is 1 or 0. */
uint64_t gy_ring_owed(struct gy_ring_writer *writer);

/* Returns the buffers that subscribers read, one bit each. */
uint32_t gy_ring_held(const struct gy_ring_writer *writer);

/* ---- subscriber ---- */

struct gy_ring_view {
	const struct gy_ring_page *page;
	struct gy_lease_page *lease;
	struct gy_doorbell_page *bell; /* NULL: the publisher sleeps on the leases */
	uint32_t buffers;
	uint32_t held; /* a copy of the lease's "held", in private memory */
	uint64_t last; /* sequence of the last frame taken */
	bool every;
	uint32_t place;
	uint64_t epoch;
	/* 1 + the buffer in which a thread that spins has seen a new frame; 0: none. */
	uint32_t seen;
};

/* Reads place, epoch and the last frame's sequence from the lease. Set page, lease, buffers and
 * every before, and bell before the first frame. */
void gy_ring_open(struct gy_ring_view *view);

/* Whether the publisher has left this subscriber out. The subscriber then gets no more frames; the
 * frames that it holds stay as they are. */
bool gy_ring_is_evicted(const struct gy_ring_view *view);

/* Leases the next frame. Returns the frame's buffer, or -1 if there is no new frame. */
int gy_ring_take(struct gy_ring_view *view);

/* Returns the buffer in which the next frame will probably come: the publisher draws into it, or it
 * has the oldest frame. */
uint32_t gy_ring_expect(const struct gy_ring_view *view);

/* Whether that buffer has a new frame. The answer may be wrong for a moment. A thread that spins
 * looks at this, since the word lies in the cache line of the frame's record: the record comes with
 * it. Writes the lease's "looking". */
bool gy_ring_has_come(const struct gy_ring_view *view, uint32_t buffer);

/* Copies the record of the frame that gy_ring_take has just leased. *record must be all zero, or
 * the record of an earlier frame. */
void gy_ring_read(const struct gy_ring_view *view, uint32_t buffer, struct gy_ring_record *record);

/* Gives back a leased buffer and wakes the publisher if it waits. */
void gy_ring_release(struct gy_ring_view *view, uint32_t buffer);

/* Whether gy_ring_take may find a frame. The answer may be wrong for a moment. */
bool gy_ring_has_next(const struct gy_ring_view *view);

/* ---- latencies ---- */

/* Returns the bucket that counts this latency. */
uint32_t gy_latency_bucket(uint64_t ns);

/* Returns the value below which this share (0 to 1) of all counts lies, in ns; 0 if all counts are
 * 0. */
uint64_t gy_latency_percentile(const uint64_t counts[GY_LATENCY_BUCKETS], double share);

#endif
