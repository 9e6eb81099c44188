/* SPDX-License-Identifier: MIT */
#include "core/notifier.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"

#include <stdlib.h>

/* A callback has no deadline, and is not to be lost to a peer that erases the note that we sleep.
 */
#define LOOK_EVERY GY_SECOND

struct gy_notification {
	struct gy_notification *next;
	uint64_t value;
	geyser_event_callback *callback;
	void *user;
};

void gy_notifier_init(struct gy_notifier *notifier, struct geyser_event *event,
	struct gy_timeline *timeline, _Atomic uint32_t *dead)
{
	*notifier = (struct gy_notifier){.event = event, .timeline = timeline, .dead = dead};
	(void)pthread_mutex_init(&notifier->lock, NULL);
}

static void kick(struct gy_notifier *notifier)
{
	atomic_fetch_add(&notifier->kicks, 1);
	gy_wake(&notifier->kicks, false);
}

/* What a notification at the head is told now, or 1 to go on waiting. */
static int outcome(const struct gy_notifier *notifier, uint64_t value)
{
	if (gy_timeline_value(notifier->timeline) >= value)
		return GEYSER_OK;
	if (notifier->closing)
		return GEYSER_ERROR_STALE;
	if (gy_timeline_is_lost(notifier->timeline))
		return GEYSER_ERROR_DEVICE_LOST;
	if (notifier->dead && atomic_load(notifier->dead))
		return GEYSER_ERROR_DISCONNECTED;
	return 1;
}

/* With the lock held, which it lets go while the callback runs. */
static void call(struct gy_notifier *notifier, int result)
{
	struct gy_notification *first = notifier->pending;

	notifier->pending = first->next;
	(void)pthread_mutex_unlock(&notifier->lock);
	first->callback(notifier->event, gy_timeline_value(notifier->timeline),
		(enum geyser_result)result, first->user);
	free(first);
	(void)pthread_mutex_lock(&notifier->lock);
}

/* With the lock held, which it lets go to sleep. kicks is as it was when the lock was held. */
static void sleep_until_first(struct gy_notifier *notifier)
{
	uint64_t value = notifier->pending ? notifier->pending->value : UINT64_MAX;
	struct gy_wait_word words[GY_TIMELINE_WORDS] = {
		{.word = &notifier->kicks, .expected = atomic_load(&notifier->kicks)},
		{.word = notifier->dead, .expected = 0},
	};
	bool pending = notifier->pending != NULL;

	(void)pthread_mutex_unlock(&notifier->lock);
	if (pending)
		(void)gy_timeline_wait(notifier->timeline, value, gy_deadline(LOOK_EVERY), words,
			notifier->dead ? 2 : 1);
	else
		gy_wait(words, 1, GY_NEVER);
	(void)pthread_mutex_lock(&notifier->lock);
}

static void *run(void *data)
{
	struct gy_notifier *notifier = data;
	void (*finished)(struct geyser_event * event);
	struct geyser_event *event = notifier->event;

	(void)pthread_mutex_lock(&notifier->lock);
	while (notifier->pending || !notifier->closing) {
		int result = notifier->pending ? outcome(notifier, notifier->pending->value) : 1;

		if (result <= 0)
			call(notifier, result);
		else
			sleep_until_first(notifier);
	}
	finished = notifier->finished;
	(void)pthread_mutex_unlock(&notifier->lock);
	if (finished)
		finished(event);
	return NULL;
}

static enum geyser_result start(struct gy_notifier *notifier)
{
	enum geyser_result result =
		gy_thread_start(&notifier->thread, "geyser-event", 0, run, notifier);

	notifier->running = result == GEYSER_OK;
	return result;
}

enum geyser_result gy_notifier_add(
	struct gy_notifier *notifier, uint64_t value, geyser_event_callback *callback, void *user)
{
	struct gy_notification *added = malloc(sizeof(*added)), **link;
	enum geyser_result result = GEYSER_OK;

	if (!added)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a notification");
	*added = (struct gy_notification){.value = value, .callback = callback, .user = user};
	(void)pthread_mutex_lock(&notifier->lock);
	if (!notifier->running)
		result = start(notifier);
	if (result == GEYSER_OK) {
		for (link = &notifier->pending; *link && (*link)->value <= value;)
			link = &(*link)->next;
		added->next = *link;
		*link = added;
		kick(notifier);
	}
	(void)pthread_mutex_unlock(&notifier->lock);
	if (result != GEYSER_OK)
		free(added);
	return result;
}

bool gy_notifier_finish(struct gy_notifier *notifier, void (*finished)(struct geyser_event *event))
{
	bool running, own;

	(void)pthread_mutex_lock(&notifier->lock);
	running = notifier->running;
	own = running && pthread_equal(notifier->thread, pthread_self());
	notifier->closing = true;
	if (own)
		notifier->finished = finished;
	if (running)
		kick(notifier);
	(void)pthread_mutex_unlock(&notifier->lock);
	if (own) {
		(void)pthread_detach(notifier->thread);
		return false;
	}
	if (running)
		(void)pthread_join(notifier->thread, NULL);
	(void)pthread_mutex_destroy(&notifier->lock);
	return true;
}

void gy_notifier_abandon(struct gy_notifier *notifier)
{
	while (notifier->pending) {
		struct gy_notification *first = notifier->pending;

		notifier->pending = first->next;
		free(first);
	}
}
