/* SPDX-License-Identifier: MIT */
#include "sync/follower.h"

#include "base/clock.h"
#include "base/thread.h"

/* How often the thread looks again. A hostile peer may erase the mark that this thread sleeps; the
 * thread must not stay asleep then. core/notifier.c does the same. */
#define LOOK_EVERY GY_SECOND

/* Returns whether the timeline gets no further value: its exporter has died, or a device that
 * signals it is lost. */
static bool is_over(const struct gy_follower *follower)
{
	return (follower->dead && atomic_load(follower->dead)) ||
	       gy_timeline_is_lost(follower->timeline);
}

static void *run(void *data)
{
	struct gy_follower *follower = data;
	struct gy_wait_word words[GY_TIMELINE_WORDS] = {
		{.word = &follower->wake_word}, {.word = follower->dead}};
	unsigned count = follower->dead ? 2 : 1;

	while (!atomic_load(&follower->closing)) {
		bool over = is_over(follower);
		uint64_t value = gy_timeline_value(follower->timeline);

		words[0].expected = atomic_load(&follower->wake_word);
		follower->carry(follower->user, over ? GY_FREED : value);
		if (over || atomic_load(&follower->closing))
			break;
		if (value < GY_FREED)
			(void)gy_timeline_wait(follower->timeline, value + 1,
				gy_deadline(LOOK_EVERY), words, count);
		else
			gy_wait(words, count, GY_NEVER);
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
	atomic_fetch_add(&follower->wake_word, 1);
	gy_wake(&follower->wake_word, false);
	(void)pthread_join(follower->thread, NULL);
}
