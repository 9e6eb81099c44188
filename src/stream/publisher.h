/* SPDX-License-Identifier: MIT */
/* The inside of a publisher, for publisher.c and serving.c. */
#ifndef GY_STREAM_PUBLISHER_H
#define GY_STREAM_PUBLISHER_H

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
	struct gy_served served;
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

extern const struct gy_served_ops gy_publisher_ops;

/* The functions below are implemented in mirrors.c. Call them with the lock held. */

/* Counts one more subscriber that reads mirrors. Makes missing mirrors, and starts the copies of
 * frames later than the sequence `after`; each copy is done when mirrors.ready reaches
 * mirrors.filled. gy_mirrors_leave ends it. Errors: as texture_copy, OUT_OF_MEMORY, LIMIT,
 * UNSUPPORTED (the buffers are in host memory). */
enum geyser_result gy_mirrors_join(struct geyser_publisher *publisher, uint64_t after);
void gy_mirrors_leave(struct geyser_publisher *publisher);

/* Starts the copy of a frame that the program submits, if any subscriber reads mirrors. Sets
 * record->mirror_ready. */
enum geyser_result gy_mirrors_fill(
	struct geyser_publisher *publisher, uint32_t buffer, struct gy_ring_record *record);

/* Returns the buffers that copies still read, by bit. */
uint32_t gy_mirrors_busy(struct geyser_publisher *publisher);

/* Waits until a copy of one of these buffers has ended. Lets go of the lock while it waits.
 * deadline: ns, as of gy_now. */
void gy_mirrors_wait(struct geyser_publisher *publisher, uint32_t buffers, uint64_t deadline);

/* Makes the buffer's mirror anew, for the texture that is to be the buffer's; frees the old one. If
 * nobody reads mirrors, there is none then. On failure the old one stays. Errors: as mirror_create.
 */
enum geyser_result gy_mirrors_replace(
	struct geyser_publisher *publisher, uint32_t buffer, const struct geyser_texture *texture);

void gy_mirrors_finish(struct geyser_publisher *publisher);

/* Unmaps the leases of subscribers that have left, except those that a thread sleeps on: that
 * thread unmaps them when it wakes, and a leaving subscriber wakes it. With the lock held. */
void gy_publisher_reap(struct geyser_publisher *publisher);

/* Counts a subscription that can now receive frames, or stops counting one that ends. Raises the
 * descriptor that watches the count. */
void gy_subscription_set_counted(
	struct geyser_publisher *publisher, struct gy_subscription *subscription, bool counted);

/* ---- eviction.c, with the lock held ---- */

/* Leaves out a subscriber that has kept the publisher waiting for longer than the hold limit. Call
 * this if there is no buffer to draw into. False: there is no such subscriber; *due is when to look
 * again, or GY_NEVER. */
bool gy_publisher_evict(struct geyser_publisher *publisher, uint64_t *due);

/* Returns the time, as of gy_now, at which a subscriber of that process that joins now stops being
 * a newcomer. 0 for this process, whose subscribers never are. */
uint64_t gy_publisher_settles_at(pid_t pid);

/* Whether that process may have one more subscriber. Errors: LIMIT. */
enum geyser_result gy_publisher_admit(struct geyser_publisher *publisher, pid_t pid);

/* Fails with LIMIT: the stream has no place left. */
enum geyser_result gy_publisher_fail_full(const struct geyser_publisher *publisher);

#endif
