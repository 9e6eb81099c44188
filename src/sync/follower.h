/* SPDX-License-Identifier: MIT */
/* A follower is a thread that carries a timeline's values to a device's semaphore or shared event,
 * so that both stay equal. (A process that follows a published timeline is called a follower, too:
 * audience.h.) */
#ifndef GY_SYNC_FOLLOWER_H
#define GY_SYNC_FOLLOWER_H

#include "sync/timeline.h"

#include <pthread.h>

/* A value above all others. The thread carries it when no further value can come, so that no
 * device's queue waits for ever. */
#define GY_FREED UINT64_MAX

struct gy_follower {
	/* The caller sets these members before the start. */
	struct gy_timeline *timeline;
	/* The thread calls this with each value that it sees, beginning with the timeline's present
	 * value. The last call has GY_FREED, if the exporter has died or a device that signals is
	 * lost. */
	void (*carry)(void *user, uint64_t value);
	void *user;

	pthread_t thread;
	_Atomic bool closing;
	struct gy_interrupt interrupt;
};

/* Starts the thread with that name. Errors: OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_follower_start(struct gy_follower *follower, const char *name);

/* Ends the thread and waits for its end. carry isn't called afterwards. */
void gy_follower_stop(struct gy_follower *follower);

/* Notes that a value was carried in either direction. Returns true if *carried was below the value
 * until now, and false if that value or a larger one was noted already. */
static inline bool gy_note_carried(_Atomic uint64_t *carried, uint64_t value)
{
	uint64_t before = atomic_load(carried);

	while (value > before)
		if (atomic_compare_exchange_weak(carried, &before, value))
			return true;
	return false;
}

#endif
