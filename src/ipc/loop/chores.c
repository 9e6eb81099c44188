/* SPDX-License-Identifier: MIT */
#include "ipc/loop/chores.h"

#include "base/clock.h"

#include <stddef.h>

/* Runs the chores that are due. Returns in how many milliseconds the next one is due, or -1. */
static int tick(struct gy_loop_client *client)
{
	const struct gy_chores *chores =
		(const struct gy_chores *)((char *)client - offsetof(struct gy_chores, client));
	uint64_t now, next = GY_NEVER;

	if (!chores->first)
		return -1;
	now = gy_now();
	for (struct gy_chore *it = chores->first; it; it = it->next) {
		if (it->due <= now)
			it->due = it->run(it, now);
		next = gy_earlier(next, it->due);
	}
	if (next == GY_NEVER)
		return -1;
	next = next > now ? (next - now) / GY_MILLISECOND + 1 : 0;
	return next < INT32_MAX ? (int)next : INT32_MAX;
}

/* The chores belong to objects of the parent, which the child doesn't use. */
static void abandon(struct gy_loop_client *client)
{
	(void)client;
}

void gy_chores_init(struct gy_chores *chores, struct gy_loop *loop)
{
	chores->client = (struct gy_loop_client){.tick = tick, .abandon = abandon};
	chores->loop = loop;
	gy_loop_add_client(loop, &chores->client);
}

void gy_chores_set(struct gy_chores *chores, struct gy_chore *chore, uint64_t due)
{
	(void)pthread_mutex_lock(&chores->loop->lock);
	gy_loop_leave_parents(chores->loop);
	if (!chore->link) {
		chore->next = chores->first;
		chore->link = &chores->first;
		if (chore->next)
			chore->next->link = &chore->next;
		chores->first = chore;
	}
	chore->due = due;
	if (chores->loop->running)
		gy_loop_wake(chores->loop);
	(void)pthread_mutex_unlock(&chores->loop->lock);
}

void gy_chores_remove(struct gy_chores *chores, struct gy_chore *chore)
{
	(void)pthread_mutex_lock(&chores->loop->lock);
	if (chore->link) {
		*chore->link = chore->next;
		if (chore->next)
			chore->next->link = chore->link;
		chore->link = NULL;
	}
	(void)pthread_mutex_unlock(&chores->loop->lock);
}
