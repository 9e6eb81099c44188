/* SPDX-License-Identifier: MIT */
#include "sync/audience.h"

#include <stdlib.h>

struct gy_audience *gy_audience_create(void)
{
	struct gy_audience *audience = calloc(1, sizeof(*audience));

	if (audience)
		(void)pthread_mutex_init(&audience->lock, NULL);
	return audience;
}

void gy_audience_destroy(struct gy_audience *audience)
{
	if (!audience)
		return;
	(void)pthread_mutex_destroy(&audience->lock);
	free(audience);
}

/* Returns the member with that word, or NULL. The caller holds the lock. */
static struct gy_audience_member *find(
	struct gy_audience *audience, const _Atomic uint32_t *sleepers)
{
	for (uint32_t i = 0; i < GY_AUDIENCE_MAX; i++)
		if (audience->members[i].sleepers == sleepers)
			return &audience->members[i];
	return NULL;
}

/* Writes the page's value into the member's notice. The caller holds the lock, so a notice never
 * shrinks, as the page's value never does. */
static void write_notice(const struct gy_audience_member *member, const _Atomic uint64_t *value)
{
	atomic_store_explicit(member->notice, atomic_load(value), memory_order_release);
}

/* Adds to count before it reads the value. A publisher works in the other order: it raises the
 * value, then reads count. If the publisher reads 0, it has raised the value before the value is
 * read here. The notice then has that value, and so does the page when the follower looks at it. */
bool gy_audience_add(struct gy_audience *audience, const struct gy_audience_member *member,
	const _Atomic uint64_t *value)
{
	struct gy_audience_member *place;

	(void)pthread_mutex_lock(&audience->lock);
	place = find(audience, NULL);
	if (place) {
		*place = *member;
		if (place >= audience->members + audience->top)
			audience->top = (uint32_t)(place - audience->members) + 1;
		atomic_fetch_add(&audience->count, 1);
		write_notice(place, value);
	}
	(void)pthread_mutex_unlock(&audience->lock);
	return place != NULL;
}

void gy_audience_remove(struct gy_audience *audience, const _Atomic uint32_t *sleepers)
{
	struct gy_audience_member *place;

	(void)pthread_mutex_lock(&audience->lock);
	place = find(audience, sleepers);
	if (place) {
		*place = (struct gy_audience_member){NULL, NULL};
		while (audience->top > 0 && !audience->members[audience->top - 1].sleepers)
			audience->top--;
		atomic_fetch_sub(&audience->count, 1);
	}
	(void)pthread_mutex_unlock(&audience->lock);
}

bool gy_audience_tell(struct gy_audience *audience, const _Atomic uint64_t *value)
{
	bool asleep = false;

	if (atomic_load(&audience->count) == 0)
		return false;
	(void)pthread_mutex_lock(&audience->lock);
	for (uint32_t i = 0; i < audience->top; i++) {
		const struct gy_audience_member *member = &audience->members[i];

		if (!member->sleepers)
			continue;
		write_notice(member, value);
		asleep |= atomic_load(member->sleepers) != 0;
	}
	(void)pthread_mutex_unlock(&audience->lock);
	return asleep;
}
