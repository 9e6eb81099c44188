/* SPDX-License-Identifier: MIT */
#include "sync/follower.h"

#include "base/clock.h"
#include "base/thread.h"

/* Returns whether the timeline gets no further value: its exporter has died, or a device that
 * signals it is lost. */
static bool is_over(const struct gy_timeline *timeline)
{
	return (timeline->dead && atomic_load(timeline->dead)) || gy_timeline_is_lost(timeline);
}

/* A hostile holder may hide a signal, so that the wait is a watchful one. */
static void *run(void *data)
{
	struct gy_follower *follower = data;

	for (;;) {
		uint64_t value;
		bool over;

		gy_interrupt_notice(&follower->interrupt);
		if (atomic_load(&follower->closing))
			break;
		over = is_over(follower->timeline);
		value = gy_timeline_value(follower->timeline);
		follower->carry(follower->user, over ? GY_FREED : value);
		if (over)
			break;
		if (value < GY_FREED)
			(void)gy_timeline_wait(
				follower->timeline, value + 1, GY_WATCHFUL, &follower->interrupt);
		else
			gy_interrupt_await(&follower->interrupt, GY_NEVER);
	}
	return NULL;
}

enum geyser_result gy_follower_start(struct gy_follower *follower, const char *name)
{
	return gy_thread_start(&follower->thread, name, 0, run, follower);
}

void gy_follower_stop(struct gy_follower *follower)
{
	atomic_store(&follower->closing, true);
	gy_interrupt(&follower->interrupt);
	(void)pthread_join(follower->thread, NULL);
}
