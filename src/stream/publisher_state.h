/* SPDX-License-Identifier: MIT */
/* The members of a publisher, for the files that implement it. */
#ifndef GY_STREAM_PUBLISHER_STATE_H
#define GY_STREAM_PUBLISHER_STATE_H

#include "core/event.h"
#include "core/texture.h"
#include "stream/frame.h"

#include <pthread.h>

/* One subscriber, seen from the publisher. */
struct gy_subscription {
	struct gy_subscription *next; /* in graves */
	struct gy_lease_page *lease;  /* the beginning of a struct gy_lease_memory */
	uint32_t sleepers; /* publisher threads that sleep on the lease, which must stay mapped */
	uint32_t reader;   /* its place in the ring */
	pid_t pid;
	char application[GY_APPLICATION_MAX + 1];
	bool mirrored; /* reads mirrors: it can't read the buffers */
	/* It is counted once it has all it needs to receive a frame. */
	bool counted;
	bool ready_sent;       /* the event that frames refer to */
	uint32_t buffers_sent; /* bit b: buffer b, or its mirror */
	uint64_t joined_at;    /* the last frame before those that it can get */
};

/* Copies in host memory, a buffer each, for subscribers that can't read the buffers: another
 * device's or none's. They are filled at each submit while there is such a subscriber. */
struct gy_mirrors {
	struct geyser_event *ready;
	uint64_t ready_value;
	uint32_t readers; /* such subscribers */
	struct gy_backend_texture *textures[GY_RING_BUFFERS];
	uint32_t copying; /* bit b: a copy of buffer b was under way when we looked last */
	uint64_t holds[GY_RING_BUFFERS];  /* sequence of each mirror's frame; 0: no frame */
	uint64_t filled[GY_RING_BUFFERS]; /* ready's value at which that frame is copied */
};

/* A process whose subscribers were left out. */
struct gy_outcast {
	pid_t pid;
	uint32_t times; /* 0: a free record */
	uint64_t last;  /* when */
};

#define GY_OUTCASTS 32

/*
 * The lock guards all below it. Order: the ipc's lock, then this; so nothing that takes the ipc's
 * (making or releasing a texture) is done under it.
 */
struct geyser_publisher {
	struct geyser_manager *manager;
	struct gy_published_stream published;
	int ring_fd;
	uint32_t rate_num, rate_den;
	enum geyser_pacing pacing;

	pthread_mutex_t lock;
	struct gy_ring_writer ring;
	struct geyser_frame frames[GY_RING_BUFFERS];
	struct geyser_texture *buffers[GY_RING_BUFFERS];
	uint32_t generations[GY_RING_BUFFERS]; /* of buffers */
	/* What replaces each buffer when nobody reads it any more: after a resize, or where a
	 * subscriber that was left out may still read it. */
	struct geyser_texture *next[GY_RING_BUFFERS];
	uint32_t generation;

	/* Of a backend with a device; else all NULL and 0. */
	struct geyser_event *ready;      /* frames are drawn when it has reached their values */
	uint64_t ready_value;            /* the last that was given to a frame */
	uint64_t drawn[GY_RING_BUFFERS]; /* that each buffer's last work signals */
	struct gy_mirrors mirrors;

	struct gy_subscription *subscriptions[GY_RING_READERS]; /* by place in the ring */
	struct gy_subscription *graves; /* gone, but a thread still sleeps on their leases */
	uint32_t subscriber_count;      /* those that are counted */
	_Atomic uint32_t kicks;  /* a subscription has come or gone: waiting threads look again */
	uint32_t sleepers;       /* threads asleep in acquire or flush */
	struct gy_wakeup notify; /* none until somebody asks for it */
	uint64_t dropped_before; /* by those that have left */
	uint64_t hold_limit_ns;  /* how long a subscriber may keep us without a buffer */
	uint64_t evictions;      /* of subscribers that did so for longer */
	struct gy_outcast outcasts[GY_OUTCASTS];
	uint32_t newcomers_out; /* newcomers that were left out and are not forgotten yet */
	/* When the first of them was left out, or when the last one before was forgotten: ns of
	 * gy_now. */
	uint64_t newcomers_out_at;
};

#endif
