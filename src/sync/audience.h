/* SPDX-License-Identifier: MIT */
/*
 * An audience is the set of processes that follow a published timeline, which only its publisher
 * raises. The events of a stream are published timelines.
 *
 * A follower maps the timeline's page for reading, so it can't note there that it sleeps. It does
 * so in a word of other memory, which it shares with the publisher alone. After the publisher has
 * raised the value, it reads the words of all followers. It also writes the value into each
 * follower's notice, another word in that memory.
 */
#ifndef GY_SYNC_AUDIENCE_H
#define GY_SYNC_AUDIENCE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GY_AUDIENCE_MAX 64

struct gy_audience_member {
	/* The follower writes here how many of its threads may sleep. NULL: this place is free. */
	const _Atomic uint32_t *sleepers;
	/* The publisher writes the timeline's value here. The follower's devices may wait for
	 * it. */
	_Atomic uint64_t *notice;
};

struct gy_audience {
	pthread_mutex_t lock;   /* guards members, and the words that they point to */
	_Atomic uint32_t count; /* how many members are in use */
	uint32_t top;           /* all members in use are below this index */
	_Atomic uint64_t given; /* the largest value that the publisher's device may signal */
	struct gy_audience_member members[GY_AUDIENCE_MAX];
};

/* Makes an audience without members. Returns NULL if there is no memory. */
struct gy_audience *gy_audience_create(void);
void gy_audience_destroy(struct gy_audience *audience);

/* Adds a follower and sets its notice to *value. The publisher calls this before the follower
 * learns of the timeline. Returns false if all places are taken. */
bool gy_audience_add(struct gy_audience *audience, const struct gy_audience_member *member,
	const _Atomic uint64_t *value);

/* Removes a follower. Afterwards the publisher neither reads nor writes the follower's words. An
 * unknown follower is ignored. */
void gy_audience_remove(struct gy_audience *audience, const _Atomic uint32_t *sleepers);

/* Writes *value into all notices. The publisher calls this after it has raised the value. Returns
 * whether a thread of a follower may sleep. */
bool gy_audience_tell(struct gy_audience *audience, const _Atomic uint64_t *value);

#endif
