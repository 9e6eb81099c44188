/* SPDX-License-Identifier: MIT */
/* The inside of a subscriber, for subscriber.c and subscriber_fd.c. */
#ifndef GY_STREAM_SUBSCRIBER_H
#define GY_STREAM_SUBSCRIBER_H

#include "stream/attachment.h"

#include "platform/descriptor.h"

#include <pthread.h>

/*
 * The lock guards all below it. It is held while a publisher is asked (which has a time limit), let
 * go while waiting for a frame. Nothing on the thread "geyser-ipc" takes it.
 */
struct geyser_subscriber {
	struct geyser_manager *manager;
	char name[GEYSER_STREAM_NAME_MAX + 1];
	enum geyser_delivery delivery;

	pthread_mutex_t lock;
	struct gy_attachment *attachment; /* NULL: no publisher at present */
	struct gy_attachment *ended;      /* of publishers that are gone, with frames still out */
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

/* All below: with the lock held, which they let go while they wait. */

/* Until the publisher is there. stop_fd: -1, or what ends it with BUSY. */
enum geyser_result gy_subscriber_await_publisher(
	struct geyser_subscriber *subscriber, uint64_t deadline, int stop_fd);

/* The publisher has left us out: the attachment ends, and there is none at present. */
bool gy_subscriber_leave_if_evicted(struct geyser_subscriber *subscriber);

/* Until there may be a frame, or its end. word: a private one that also wakes it when it changes,
 * or NULL. */
void gy_subscriber_sleep(
	struct geyser_subscriber *subscriber, uint64_t deadline, const struct gy_wait_word *word);

/* ---- subscriber_fd.c ---- */

/* Something was acquired: whoever polls sees what is left. */
void gy_subscriber_fd_settle(struct geyser_subscriber *subscriber);

/* Without the lock: ends the thread, closes its descriptors. */
void gy_subscriber_fd_finish(struct geyser_subscriber *subscriber);

#endif
