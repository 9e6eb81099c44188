/* SPDX-License-Identifier: MIT */
/*
 * The ring: which buffer holds which frame, who reads it, and who may draw into it. In shared
 * memory, without a lock between processes, and with one writer for each word:
 *
 *	struct gy_ring_page	written by the publisher, mapped read-only by every subscriber
 *	struct gy_lease_page	one for each subscriber, written by it, read by the publisher
 *	struct gy_notice_page	one for each subscriber, written by the publisher, read by it
 *
 * A subscriber leases a buffer by setting its bit in "held", and then looks whether the buffer
 * still holds the frame it wanted. A publisher takes a buffer by clearing its sequence, and then
 * looks whether anybody holds it. Both orders are sequentially consistent, so that at least one of
 * the two sees the other: a buffer is never drawn into while somebody reads it.
 * tests/model/ring.pml is this algorithm, checked over all interleavings.
 *
 * A publisher leaves a subscriber out that keeps it without a buffer: it raises the epoch of the
 * subscriber's place, then looks what the subscriber holds. Those buffers are "spoiled": they get
 * other memory before they are drawn into. From then on nobody looks at that lease. A subscriber
 * that has set its bit looks at the sequence, then at the epoch. So either the publisher sees the
 * bit, or the subscriber sees the epoch; memory that a subscriber holds is never drawn into.
 *
 * What the other side writes is hostile: indices are masked, and a lying subscriber harms only
 * itself. Nothing here locks: a writer is guarded by its publisher's lock, a view by its
 * subscriber's.
 */
#ifndef GY_STREAM_RING_H
#define GY_STREAM_RING_H

#include <geyser/stream.h>

#include "platform/platform.h"

#include <stdalign.h>

#define GY_RING_BUFFERS 16
#define GY_RING_READERS 64

/* Bits of gy_ring_page.newest that name the buffer; the others are the sequence. */
#define GY_RING_BUFFER_BITS 4

_Static_assert(GY_RING_BUFFERS == GEYSER_STREAM_BUFFERS_MAX, "the public limit");
_Static_assert(GY_RING_READERS == GEYSER_STREAM_SUBSCRIBERS_MAX, "the public limit");
_Static_assert(GY_RING_BUFFERS == 1 << GY_RING_BUFFER_BITS, "an index fits");

/* Latencies are counted in 8 steps for each power of two, from 2^GY_LATENCY_SHIFT ns on: within
 * 1/16 of the value. */
#define GY_LATENCY_SHIFT 8
#define GY_LATENCY_BUCKETS 208

struct gy_ring_record {
	uint32_t generation; /* of the buffers: counts resizes */
	/* Values of the publisher's events at which the buffer, and its mirror, are drawn; 0: they
	 * are. */
	uint64_t ready, mirror_ready;
	struct geyser_frame_info info;
};

struct gy_ring_slot {
	_Atomic uint64_t sequence; /* of the frame in this buffer; 0: none to be read */
	struct gy_ring_record record;
};

struct gy_ring_page {
	alignas(64) _Atomic uint64_t newest; /* sequence << GY_RING_BUFFER_BITS | buffer; 0: none */
	_Atomic uint32_t wakes;              /* subscribers sleep on this */
	_Atomic uint32_t waiting;            /* the publisher sleeps: wake it at a release */
	_Atomic uint32_t
		closed; /* 1: the publisher has closed the stream; set before its name goes */
	alignas(64) struct gy_ring_slot slots[GY_RING_BUFFERS];
	/* By place. A subscriber whose own epoch differs has been left out. */
	alignas(64) _Atomic uint64_t epochs[GY_RING_READERS];
	_Atomic uint64_t created; /* CLOCK_MONOTONIC: tells this stream from others of its name */
};

struct gy_lease_page {
	alignas(64) _Atomic uint32_t held; /* bit b: reads buffer b */
	_Atomic uint32_t sleeping;
	_Atomic uint32_t releases; /* the publisher sleeps on this */
	_Atomic uint64_t taken;    /* the largest sequence it has got */
	_Atomic uint64_t dropped;
	_Atomic uint32_t latency[GY_LATENCY_BUCKETS];
	/* How many of its threads sleep on the stream's events; see sync/audience.h. */
	_Atomic uint32_t ready_sleepers, mirror_sleepers;
	/* The subscriber's place and its epoch there. The publisher writes them, and "taken",
	 * before the subscriber gets this page, and never reads them. */
	_Atomic uint32_t place;
	_Atomic uint64_t epoch;
};

/* The values that a device of the subscriber can wait for, in a page of their own, which a driver
 * can register. The publisher writes the values of the stream's events here when it raises them.
 * After the publisher's death only the subscriber writes here, to end its device's waits. */
struct gy_notice_page {
	_Atomic uint64_t ready, mirror_ready;
};

#define GY_NOTICE_ALIGNMENT 4096

/* The memory of a LEASE message, which one subscriber shares with the publisher only. */
struct gy_lease_memory {
	struct gy_lease_page lease;
	alignas(GY_NOTICE_ALIGNMENT) struct gy_notice_page notice;
};

/* ---- publisher ---- */

struct gy_ring_reader {
	const struct gy_lease_page *lease; /* NULL: free */
	bool every;
	/* The reader held a lossless publisher up. The publisher doesn't wait for it until it has
	 * taken more than excused_at. */
	bool excused;
	uint64_t excused_at; /* the most that it has ever taken when it was excused or came back */
	bool evicted;        /* left out: its lease counts no more, its place stays taken */
	uint64_t settles_at; /* the reader is a newcomer until gy_ring_evict's now is this, in ns */
	/* Nanoseconds times buffers that it has held while the publisher found no buffer. */
	uint64_t charge;
};

/* How long, in ns, readers may hold every buffer: settled ones, and newcomers (settles_at). */
struct gy_hold_limits {
	uint64_t settled, newcomer;
};

struct gy_ring_writer {
	struct gy_ring_page *page;
	uint32_t buffers;
	uint32_t drawing;  /* bit b: given out to be drawn into */
	uint64_t sequence; /* of the newest frame */
	uint32_t spoiled;  /* bit b: the buffer gets other memory before it is drawn into */
	bool lossless;
	uint64_t starved_since; /* subscribers have held every buffer since then; 0: they don't */
	uint64_t charged_at;    /* when the readers were charged last */
	uint32_t reader_count;  /* all in use are below this */
	struct gy_ring_reader readers[GY_RING_READERS];
};

/* A buffer that nobody reads, to be drawn into, or -1. The oldest frame goes first, the newest only
 * if there is no other. busy: bits of buffers that are not to be taken. */
int gy_ring_begin(struct gy_ring_writer *writer, uint32_t busy);
void gy_ring_discard(struct gy_ring_writer *writer, uint32_t buffer);

/* The frame gets the next sequence; the record is complete but for that. Wakes who sleeps. */
void gy_ring_publish(
	struct gy_ring_writer *writer, uint32_t buffer, const struct gy_ring_record *record);

/* A free place, or -1. Its lease's "taken" is set so that the reader begins with the newest frame.
 */
int gy_ring_join(struct gy_ring_writer *writer, struct gy_lease_page *lease, bool every);
void gy_ring_leave(struct gy_ring_writer *writer, uint32_t reader);

/* Leaves out one reader after the readers have held every buffer for longer than that reader may,
 * or one whose lease claims buffers that don't exist. Call this after a gy_ring_begin that found no
 * buffer. Readers that take turns gain nothing: the time counts until a buffer is found. Each
 * reader is charged for the buffers it holds and for how long. Among those whose time has come and
 * that hold a buffer which no other reader may keep, the one with the largest charge goes. Returns
 * the reader's place, or -1; *due is then when to call again, or GY_NEVER. now: not 0. */
int gy_ring_evict(struct gy_ring_writer *writer, const struct gy_hold_limits *limits, uint64_t now,
	uint64_t *due);

/* After a timeout: does not wait again, until they move, for those who owe the oldest frame that
 * nobody reads. Returns one of them, or -1. */
int gy_ring_excuse(struct gy_ring_writer *writer);

/* Returns how many frames a reader has yet to take: the largest number of all readers that aren't
 * excused. It is one or none for a reader that gets the newest frame only. Frames that no buffer
 * holds any more don't count. */
uint64_t gy_ring_owed(struct gy_ring_writer *writer);

/* Buffers that somebody reads, as bits. */
uint32_t gy_ring_held(const struct gy_ring_writer *writer);

/* ---- subscriber ---- */

struct gy_ring_view {
	const struct gy_ring_page *page;
	struct gy_lease_page *lease;
	uint32_t buffers;
	uint32_t held; /* as in the lease */
	uint64_t last; /* sequence */
	bool every;
	uint32_t place;
	uint64_t epoch;
};

/* Reads the view's first frame, place and epoch from the lease. Set page, lease, buffers and every
 * before. */
void gy_ring_open(struct gy_ring_view *view);

/* Whether the publisher has left this subscriber out. It gets no more frames; those that it holds
 * stay as they are. */
bool gy_ring_is_evicted(const struct gy_ring_view *view);

/* Leases the next frame and copies its record: its buffer, or -1 if there is none yet. */
int gy_ring_take(struct gy_ring_view *view, struct gy_ring_record *record);
void gy_ring_release(struct gy_ring_view *view, uint32_t buffer);

/* Whether gy_ring_take may find one; may be wrong for a moment. */
bool gy_ring_has_next(const struct gy_ring_view *view);

/* ---- latencies ---- */

uint32_t gy_latency_bucket(uint64_t ns);

/* The value below which that share (0 to 1) of the counts lies; 0 if there are none. */
uint64_t gy_latency_percentile(const uint64_t counts[GY_LATENCY_BUCKETS], double share);

#endif
