/* SPDX-License-Identifier: MIT */
/* The members of a subscriber, for the files that implement it. */
#ifndef GY_STREAM_SUBSCRIBER_STATE_H
#define GY_STREAM_SUBSCRIBER_STATE_H

#include "stream/connection.h"

#include "platform/descriptor.h"

#include <pthread.h>

/*
 * The lock guards all fields below it, except where a comment says otherwise. No thread holds it
 * while it asks a publisher or waits for one. The thread "geyser-ipc" never takes it.
 *
 * One thread at a time asks the publisher: the one that has the turn (asking). Only that thread
 * uses `arriving` and the conversation of a connection. Another thread that wants to ask waits
 * until `turns` changes, no longer than its own deadline.
 */
struct geyser_subscriber {
	/* The caller has one reference, and each frame that waits for our device has one. Without
	 * the caller's, only the memory is left. */
	_Atomic uint32_t references;
	struct geyser_manager *manager;
	char name[GEYSER_STREAM_NAME_MAX + 1];
	enum geyser_delivery delivery;

	pthread_mutex_t lock;
	struct gy_stream_connection *connection; /* NULL: no publisher at present */
	struct gy_stream_connection *ended; /* of publishers that are gone, with frames still out */
	/* The connection that is being made, as far as its publisher has answered. It belongs to
	 * the thread that has the turn. */
	struct gy_stream_connection *arriving;
	bool begun; /* create has succeeded, though `arriving` has no buffers yet */
	/* How `arriving` failed before it had buffers: the next acquire returns it. Else
	 * GEYSER_OK. */
	enum geyser_result broken_off;
	/* The publisher of the last `arriving` that failed had closed the stream. The thread that
	 * has the turn owns this field too. */
	bool closed_early;
	bool asking;
	_Atomic uint32_t turns;       /* counts turns that have ended */
	struct gy_kept *kept;         /* events of ended connections that callers may hold */
	bool gone;                    /* destroyed: only the memory is left */
	struct geyser_frame *undrawn; /* taken, but not drawn yet when the caller's time was up */
	struct geyser_event
		*done;            /* our device's work on frames signals it; NULL until asked for */
	uint64_t done_value;      /* the last that was given to a frame */
	uint32_t reading;         /* frames released that our device still reads */
	_Atomic uint32_t returns; /* counts those that it has read */
	struct geyser_subscriber_stats stats;
	enum geyser_end end;                  /* of the publisher that was detached last */
	uint64_t latency[GY_LATENCY_BUCKETS]; /* of publishers that are gone */
	/* The last frame before a publisher left us out, and which stream that was; 0: none has. */
	uint64_t left_at, left_stream;

	/* for geyser_subscriber_fd */
	bool serving, closing;
	pthread_t thread;
	struct gy_wakeup ready; /* raised while there is something to acquire */
	struct gy_wakeup close; /* raised: the thread is to end */
	_Atomic uint32_t kicks; /* something was acquired, or the thread is to end */
};

#endif
