/* SPDX-License-Identifier: MIT */
/* The members of a publisher, for the files that implement it. */
#ifndef GY_STREAM_PUBLISHER_STATE_H
#define GY_STREAM_PUBLISHER_STATE_H

#include "core/event.h"
#include "core/texture.h"
#include "stream/frame.h"

#include <pthread.h>

/* The publisher's record of one subscriber. */
struct gy_subscription {
	struct gy_subscription *next; /* in the list of retired subscriptions */
	struct gy_lease_page *lease;  /* points to the beginning of a struct gy_lease_memory */
	/* the publisher's threads that wait for the lease, which must stay mapped meanwhile */
	uint32_t sleepers;
	uint32_t reader; /* the subscriber's place in the ring */
	pid_t pid;
	char application[GY_APPLICATION_MAX + 1];
	bool mirrored; /* the subscriber can't import the buffers and reads mirrors */
	/* The subscriber has all that it needs to receive a frame, and is counted. */
	bool counted;
	bool feeds;            /* it feeds a rendition, whose subscribers count in its place */
	bool ready_sent;       /* the event that frames refer to was sent */
	uint32_t buffers_sent; /* bit b: buffer b, or its mirror, was sent */
	/* sequence of the frame before the first one that the subscriber can get */
	uint64_t joined_at;
};

/* Mirrors: copies of the buffers in host memory, for subscribers on another device or none. Each
 * submit fills a mirror while there is such a subscriber. */
struct gy_mirrors {
	struct geyser_event *ready;
	uint64_t ready_value;
	uint32_t readers; /* the number of subscribers that read mirrors */
	struct gy_backend_texture *textures[GY_RING_BUFFERS];
	uint32_t copying; /* bit b: a copy of buffer b ran when gy_mirrors_busy looked last */
	uint64_t holds[GY_RING_BUFFERS]; /* the sequence of the frame in each mirror; 0: none */
	/* the value of mirrors.ready at which that frame is copied */
	uint64_t filled[GY_RING_BUFFERS];
};

/* A process whose subscribers were evicted. */
struct gy_evicted {
	pid_t pid;
	uint32_t times; /* how often it was evicted; 0: the record is free */
	uint64_t last;  /* the time of the last eviction, as of gy_now */
};

#define GY_EVICTED_RECORDS 32

struct gy_rendition; /* see rendition.h */

/* The renditions of a stream. */
struct gy_renditions {
	/* Guards the list. A thread that needs a publisher's lock as well takes this one first. */
	pthread_mutex_t lock;
	struct gy_rendition *first;
	/* The wake word of threads that wait for a rendition. It counts changes of `fed` and of
	 * `users`. */
	_Atomic uint32_t changes;
};

/* How much of its budget a group of subscribers has spent: see eviction.c. */
struct gy_hold_budget {
	uint64_t spent;       /* ns */
	uint64_t refilled_at; /* as of gy_now */
};

/* When the memory of buffers is freed: see idling.c. */
struct gy_idling {
	struct gy_chore chore; /* guarded by the lock of struct gy_ipc */
	uint64_t limit_ns;     /* how long the stream has no subscriber before memory is freed */
	uint64_t since;        /* when the last subscriber left, as of gy_now */
	uint64_t sequence;     /* of the newest frame at the last look */
	uint32_t freed;        /* bit b: buffer b has no memory of its own */
	uint32_t kept;         /* how many buffers keep their memory, as of that look */
	bool freeing;          /* one buffer was freed just now, and there may be more */
};

/* `lock` guards all members below it. A thread that needs both takes the lock of struct gy_ipc
 * first. So no thread makes or releases a texture while it holds `lock`: both take the lock of
 * struct gy_ipc. */
struct geyser_publisher {
	struct geyser_manager *manager;
	struct gy_published_stream published;
	struct gy_watched watched; /* tells of the loss of the manager's device */
	int ring_fd;
	/* The one word on which waiting threads sleep. NULL and -1: they sleep on the words of the
	 * leases and on `wake_word`. */
	struct gy_doorbell_page *bell;
	int bell_fd;
	uint32_t rate_num, rate_den;
	enum geyser_pacing pacing;
	struct gy_renditions renditions; /* has a lock of its own */
	/* the rendition whose frames these are; NULL: the program's own frames */
	struct gy_rendition *rendition;
	struct geyser_publisher *source; /* of the rendition; or NULL */

	pthread_mutex_t lock;
	struct gy_ring_writer ring;
	uint64_t timestamp_ns; /* of the last frame that was submitted */
	struct geyser_frame frames[GY_RING_BUFFERS];
	struct geyser_texture *buffers[GY_RING_BUFFERS];
	uint32_t generations[GY_RING_BUFFERS]; /* of buffers */
	/* The textures that will replace `buffers`, after a resize or where an evicted subscriber
	 * may still read the old memory. A buffer is replaced when the program gets it
	 * next. */
	struct geyser_texture *next[GY_RING_BUFFERS];
	uint32_t generation;

	/* A frame is drawn when this event has reached the frame's value. This and the next three
	 * members are NULL or 0 unless the backend has devices. */
	struct geyser_event *ready;
	uint64_t ready_value;            /* the last value that a frame was given */
	uint64_t drawn[GY_RING_BUFFERS]; /* the value that the last work on each buffer signals */
	struct gy_mirrors mirrors;

	struct gy_subscription *subscriptions[GY_RING_READERS]; /* by place in the ring */
	struct gy_subscription *retired; /* left, but a thread still waits for their leases */
	uint32_t subscriber_count;       /* the number of subscriptions with `counted` */
	/* The wake word of waiting threads: increased when a subscriber comes or goes. A publisher
	 * with a doorbell rings that instead. */
	_Atomic uint32_t wake_word;
	_Atomic bool interrupted; /* acquire doesn't wait; not guarded */
	uint32_t sleepers;        /* threads that have released the lock within acquire or flush */
	struct gy_wakeup notify;  /* no descriptor until the program requests one */
	/* of a rendition: the publisher excuses no subscriber until its stream excuses the feed */
	bool patient;
	uint64_t dropped_before; /* frames that subscribers which have left had dropped */
	uint64_t hold_limit_ns;  /* how long subscribers may keep the publisher without a buffer */
	struct gy_spin spin;     /* not guarded */
	uint64_t evictions;      /* the number of subscribers that were evicted for that */
	struct gy_evicted evicted[GY_EVICTED_RECORDS];
	struct gy_hold_budget budgets[GY_RING_GROUPS]; /* GY_RING_OWN's isn't used */
	struct gy_idling idling;
};

#endif
