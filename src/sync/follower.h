/* SPDX-License-Identifier: MIT */
/* A thread that carries a timeline's values to what must be kept equal to it: a device's semaphore
 * or shared event. */
#ifndef GY_SYNC_FOLLOWER_H
#define GY_SYNC_FOLLOWER_H

#include "sync/timeline.h"

#include <pthread.h>

/* Above all values: nothing that a queue waits for may come any more. */
#define GY_FREED UINT64_MAX

struct gy_follower {
	/* Set before the start. */
	struct gy_timeline *timeline;
	_Atomic uint32_t *dead; /* becomes 1 when the exporter has died; or NULL */
	/* Called on the thread with each value seen, the first one included; the last is GY_FREED
	 * if the exporter has died or a device that signals is lost. */
	void (*carry)(void *user, uint64_t value);
	void *user;

	pthread_t thread;
	_Atomic bool closing;
	_Atomic uint32_t kicks;
};

/* Errors: SYSTEM. */
enum geyser_result gy_follower_start(struct gy_follower *follower, const char *name);

/* Ends the thread, which carries nothing afterwards. */
void gy_follower_stop(struct gy_follower *follower);

/* The largest value that went either way: true if nobody had noted that value or a larger one. */
static inline bool gy_note_carried(_Atomic uint64_t *carried, uint64_t value)
{
	uint64_t before = atomic_load(carried);

	while (value > before)
		if (atomic_compare_exchange_weak(carried, &before, value))
			return true;
	return false;
}

#endif
