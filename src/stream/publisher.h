/* SPDX-License-Identifier: MIT */
/* The inside of a publisher, for publisher.c and serving.c. */
#ifndef GY_STREAM_PUBLISHER_H
#define GY_STREAM_PUBLISHER_H

#include "core/texture.h"
#include "stream/frame.h"

#include <pthread.h>

/* One subscriber, seen from the publisher. */
struct gy_subscription {
	struct gy_subscription *next; /* in graves */
	struct gy_lease_page *lease;
	uint32_t reader; /* its place in the ring */
	pid_t pid;
	char application[GY_APPLICATION_MAX + 1];
};

/*
 * The lock guards all below it. Order: the ipc's lock, then this; so nothing that takes the ipc's
 * (making or releasing a texture) is done under it.
 */
struct geyser_publisher {
	struct geyser_manager *manager;
	struct gy_served served;
	int ring_fd;
	uint32_t rate_num, rate_den;
	enum geyser_pacing pacing;

	pthread_mutex_t lock;
	struct gy_ring_writer ring;
	struct geyser_frame frames[GY_RING_BUFFERS];
	struct geyser_texture *buffers[GY_RING_BUFFERS];
	uint32_t generations[GY_RING_BUFFERS]; /* of buffers */
	/* After a resize: what replaces each buffer when nobody reads it any more. */
	struct geyser_texture *next[GY_RING_BUFFERS];
	uint32_t generation;

	struct gy_subscription *subscriptions[GY_RING_READERS]; /* by place in the ring */
	struct gy_subscription *graves; /* gone, but somebody sleeps on their pages */
	uint32_t subscriber_count;
	_Atomic uint32_t kicks;  /* a subscriber has come or gone: who waits looks again */
	uint32_t sleepers;       /* threads asleep on lease pages, which must stay mapped */
	int notify_fd;           /* eventfd or -1 */
	uint64_t dropped_before; /* by those that have left */
};

extern const struct gy_served_ops gy_publisher_ops;

/* Unmaps the pages of those who have left, unless somebody sleeps on them. With the lock held. */
void gy_publisher_reap(struct geyser_publisher *publisher);

#endif
