/* SPDX-License-Identifier: MIT */
/*
 * An audience: the processes that follow a timeline which only its publisher raises. The events of
 * a stream are such timelines.
 *
 * Followers map the timeline's page for reading. So a follower says that it sleeps in a word of
 * other memory, which it shares with the publisher alone. The publisher reads all these words after
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

/* Makes an audience without members; NULL if there is no memory. */
struct gy_audience *gy_audience_create(void);
void gy_audience_destroy(struct gy_audience *audience);

/* Adds a follower and sets its notice to *value. Call this before the follower learns of the
 * timeline. False: all places are taken. */
bool gy_audience_add(struct gy_audience *audience, const struct gy_audience_member *member,
	const _Atomic uint64_t *value);

/* Removes a follower; afterwards nobody reads or writes its words. An unknown follower is
 * ignored. */
void gy_audience_remove(struct gy_audience *audience, const _Atomic uint32_t *sleepers);

/* Writes the value into all notices; call this after raising it. True if a member may sleep. */
bool gy_audience_tell(struct gy_audience *audience, const _Atomic uint64_t *value);

#endif
