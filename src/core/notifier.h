/* SPDX-License-Identifier: MIT */
/*
 * Callbacks and descriptors for an event: a thread, "geyser-event", from the event's first
 * notification to the event's end.
 */
#ifndef GY_CORE_NOTIFIER_H
#define GY_CORE_NOTIFIER_H

#include "core/queue.h"
#include "sync/timeline.h"

#include <pthread.h>

struct gy_notifier {
	pthread_mutex_t lock;
	struct gy_queue callbacks;
	struct gy_queue descriptors; /* this side's ends of socket pairs */
	size_t sweep_at;             /* so many descriptors: look which the caller has closed */
	_Atomic uint32_t kicks;      /* changes when what comes first, or closing, does */
	bool closing, running;
	pthread_t thread;
	struct geyser_event *event; /* handed to callbacks */
	struct gy_timeline *timeline;
	_Atomic uint32_t *dead;                       /* NULL: nobody's death matters */
	void (*finished)(struct geyser_event *event); /* see gy_notifier_close */
};

void gy_notifier_init(struct gy_notifier *notifier, struct geyser_event *event,
	struct gy_timeline *timeline, _Atomic uint32_t *dead);

/* Errors: OUT_OF_MEMORY, SYSTEM (no thread), STALE (the notifier is closing). */
enum geyser_result gy_notifier_add(
	struct gy_notifier *notifier, uint64_t value, geyser_event_callback *callback, void *user);

/* The caller owns *out: it is readable for good once the value is reached or the notifier closes.
 * The notifier keeps the other end until then, or until it finds out that the caller has closed
 * *out: it looks whenever the number of descriptors has doubled, and each second. Errors: as
 * gy_notifier_add, LIMIT (no free descriptor, or a quarter of the process's limit is in use
 * here). */
enum geyser_result gy_notifier_add_fd(struct gy_notifier *notifier, uint64_t value, int *out);

/*
 * Runs the pending callbacks with GEYSER_ERROR_STALE and ends the thread. True: all have run.
 *
 * False if called within a callback of any event: the thread might wait for us, so we can't wait
 * for it. The thread then calls finished(event) when its work is done, and the event must live
 * until then.
 */
bool gy_notifier_close(struct gy_notifier *notifier, void (*finished)(struct geyser_event *event));

/* Undoes the close, if a callback has taken a new reference to the event: the notifier is as
 * new. */
void gy_notifier_reopen(struct gy_notifier *notifier);

/* Frees the notifier after gy_notifier_close. A forked child calls this without a close: it has no
 * such thread, and the callbacks belong to the parent and are not called. */
void gy_notifier_finish(struct gy_notifier *notifier);

#endif
