/* SPDX-License-Identifier: MIT */
/* The members of a subscriber, for the files that implement it. */
#ifndef GY_STREAM_SUBSCRIBER_STATE_H
#define GY_STREAM_SUBSCRIBER_STATE_H

#include "stream/connection.h"

#include "platform/descriptor.h"

#include <pthread.h>

/*
 * `lock` guards all members below it, unless a comment says otherwise. No thread holds the lock
 * while it waits for a publisher. The thread "geyser-ipc" never takes the lock.
 *
 * One thread at a time sends requests to the publisher: the thread that has the turn
 * (`requesting`). Only that thread uses `arriving`, and the members of a connection that belong to
 * the turn. Another thread that wants the turn waits until `turns` changes, no longer than its own
 * deadline.
 */
struct geyser_subscriber {
	/* The caller has one reference, and so has each released frame that this process's device
	 * still reads. Once the caller's reference is dropped, only this struct's memory is left,
	 * for the callbacks of those frames. */
	_Atomic uint32_t references;
	struct geyser_manager *manager;
	struct gy_subject subject;
	/* an interruption ends an acquire with TIMEOUT; NULL: there is none. For feeds. */
	struct gy_interrupt *interrupted_by;

	pthread_mutex_t lock;
	struct gy_stream_connection *connection; /* NULL: there is no publisher at present */
	/* the connections to publishers that are gone, which still have frames in use */
	struct gy_stream_connection *ended;
	/* The unfinished connection, as far as its publisher has answered. This member belongs to
	 * the thread that has the turn. */
	struct gy_stream_connection *arriving;
	struct gy_spin spin; /* not guarded */
	/* geyser_subscriber_create has succeeded, though `arriving` has no buffers yet */
	bool begun;
	/* Why `arriving` failed before it had buffers; the next acquire returns this. Else
	 * GEYSER_OK. */
	enum geyser_result broken_off;
	/* The publisher of the last `arriving` that failed had closed the stream. The member
	 * belongs to the thread that has the turn. */
	bool closed_early;
	bool requesting;
	_Atomic uint32_t turns; /* the wake word for the turn: counts turns that have ended */
	struct gy_kept *kept;   /* events of ended connections that callers may have borrowed */
	bool gone;              /* destroyed: only the memory is left */
	/* taken, but not drawn when the caller's time was up; the next acquire gives it */
	struct geyser_frame *undrawn;
	/* This process's device signals this event after its work on frames. NULL: not needed
	 * yet. */
	struct geyser_event *done;
	uint64_t done_value; /* the last value that a frame was given */
	uint32_t reading;    /* the number of released frames that the device still reads */
	/* the wake word for them: counts frames that the device has read */
	_Atomic uint32_t returns;
	struct geyser_subscriber_stats stats;
	enum geyser_end end;                  /* how the last connection ended */
	uint64_t latency[GY_LATENCY_BUCKETS]; /* sums over ended connections */
	/* The sequence of the last frame that came before a publisher left this subscriber out, and
	 * that stream's `created`. left_at 0: no publisher has left this subscriber out. */
	uint64_t left_at, left_stream;

	/* The members below belong to subscriber_fd.c. */
	bool serving, closing;
	pthread_t thread;
	struct gy_wakeup ready;                 /* raised while an acquire would give something */
	struct gy_wakeup close;                 /* raised when the thread must end */
	struct gy_interrupt interrupt;          /* after an acquire, and when the thread must end */
	struct gy_stream_connection *asleep_on; /* on whose ring the thread sleeps; or NULL */
};

#endif
