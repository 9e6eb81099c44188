/* SPDX-License-Identifier: MIT */
/*
 * The processes that follow a timeline which one process alone raises: a stream's events.
 *
 * Followers map the timeline's page for reading, so a follower says elsewhere that it sleeps: in a
 * word of memory that it shares with the publisher alone. The publisher reads all these words after
 * it has raised the value, and writes the value into each follower's notice.
 */
#ifndef GY_SYNC_AUDIENCE_H
#define GY_SYNC_AUDIENCE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GY_AUDIENCE_MAX 64

struct gy_audience_member {
	/* Written by the follower: how many of its threads may sleep. NULL: a free place. */
	const _Atomic uint32_t *sleepers;
	/* Written by the publisher: the timeline's value, for devices of the follower to wait for.
	 */
	_Atomic uint64_t *notice;
};

struct gy_audience {
	pthread_mutex_t lock;   /* guards members, and the words that they point to */
	_Atomic uint32_t count; /* members in use */
	uint32_t top;           /* all in use are below this place */
	_Atomic uint64_t given; /* the largest value that the publisher's device may signal */
	struct gy_audience_member members[GY_AUDIENCE_MAX];
};

/* NULL if there is no memory. */
struct gy_audience *gy_audience_create(void);
void gy_audience_destroy(struct gy_audience *audience);

/* Before the follower learns of the timeline. Sets its notice to *value. False: all places are
 * taken. */
bool gy_audience_add(struct gy_audience *audience, const struct gy_audience_member *member,
	const _Atomic uint64_t *value);

/* Afterwards nobody reads or writes the member's words. Unknown ones are ignored. */
void gy_audience_remove(struct gy_audience *audience, const _Atomic uint32_t *sleepers);

/* After the value was raised: writes it into all notices. True if a member may sleep. */
bool gy_audience_tell(struct gy_audience *audience, const _Atomic uint64_t *value);

#endif
