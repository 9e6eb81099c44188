/* SPDX-License-Identifier: MIT */
/*
 * Callbacks for an event: a thread, "geyser-event", from the event's first notification to the
 * event's end.
 */
#ifndef GY_CORE_NOTIFIER_H
#define GY_CORE_NOTIFIER_H

#include "sync/timeline.h"

#include <pthread.h>

struct gy_notification;

struct gy_notifier {
	pthread_mutex_t lock;
	struct gy_notification
		*pending;       /* by value, smallest first; equal ones in the order they came */
	_Atomic uint32_t kicks; /* changes when pending or closing does */
	bool closing, running;
	pthread_t thread;
	struct geyser_event *event; /* handed to callbacks */
	struct gy_timeline *timeline;
	_Atomic uint32_t *dead;                       /* NULL: nobody's death matters */
	void (*finished)(struct geyser_event *event); /* see gy_notifier_finish */
};

void gy_notifier_init(struct gy_notifier *notifier, struct geyser_event *event,
	struct gy_timeline *timeline, _Atomic uint32_t *dead);

/* Errors: OUT_OF_MEMORY, SYSTEM (no thread). */
enum geyser_result gy_notifier_add(
	struct gy_notifier *notifier, uint64_t value, geyser_event_callback *callback, void *user);

/* Runs what is pending with GEYSER_ERROR_STALE and ends the thread. False if called from one of its
 * callbacks: then the thread calls finished(event) when it has ended its work, and the event must
 * live until then. */
bool gy_notifier_finish(struct gy_notifier *notifier, void (*finished)(struct geyser_event *event));

/* In a forked child, where its thread isn't: the callbacks are the parent's, and are not called. */
void gy_notifier_abandon(struct gy_notifier *notifier);

#endif
