/* SPDX-License-Identifier: MIT */
/*
 * The callbacks and descriptors that wait for values of one event.
 *
 * The first notification starts a thread, "geyser-event", which lives until the event ends. The
 * thread sleeps on the timeline until the smallest value in the two queues is reached. Then it runs
 * the callback, or makes the descriptor readable.
 */
#ifndef GY_CORE_NOTIFIER_H
#define GY_CORE_NOTIFIER_H

#include "core/queue.h"
#include "sync/timeline.h"

#include <pthread.h>

struct gy_notifier {
	pthread_mutex_t lock;
	struct gy_queue callbacks;
	struct gy_queue descriptors; /* this side's ends of the socket pairs */
	size_t sweep_at; /* at this count, look for descriptors that the caller has closed */
	struct gy_interrupt interrupt; /* when the first notification or `closing` changes */
	bool closing, running;
	pthread_t thread;
	struct geyser_event *event; /* passed to callbacks */
	struct gy_timeline *timeline;
	void (*finished)(struct geyser_event *event); /* see gy_notifier_close */
};

/* Starts no thread yet. The notifier borrows event and timeline until gy_notifier_finish. */
void gy_notifier_init(
	struct gy_notifier *notifier, struct geyser_event *event, struct gy_timeline *timeline);

/* Adds a callback. Errors: OUT_OF_MEMORY, SYSTEM (no thread), STALE (the notifier is closing). */
enum geyser_result gy_notifier_add(
	struct gy_notifier *notifier, uint64_t value, geyser_event_callback *callback, void *user);

/*
 * Makes a descriptor that becomes readable, for good, once the value is reached or the notifier
 * closes. The caller owns *out.
 *
 * The notifier keeps the other end of the socket pair until then, or until it finds that the caller
 * has closed *out. The notifier searches for closed descriptors whenever their number has doubled,
 * and each second. Errors: as gy_notifier_add, LIMIT (no free descriptor; or this event has a
 * quarter of the process's limit).
 */
enum geyser_result gy_notifier_add_fd(struct gy_notifier *notifier, uint64_t value, int *out);

/*
 * Runs the pending callbacks with GEYSER_ERROR_STALE and ends the thread. Returns true once all
 * have run.
 *
 * Within a callback of any event this function doesn't wait and returns false, because the thread
 * may be waiting for the calling thread. The notifier's thread then calls finished(event) when its
 * work is done. The event must live until then.
 */
bool gy_notifier_close(struct gy_notifier *notifier, void (*finished)(struct geyser_event *event));

/* Makes a closed notifier usable again, after a callback has taken a new reference to the event. */
void gy_notifier_reopen(struct gy_notifier *notifier);

/* Frees the notifier after gy_notifier_close. A forked child calls this without gy_notifier_close:
 * the thread and the callbacks belong to the parent, so no callback is called. */
void gy_notifier_finish(struct gy_notifier *notifier);

#endif
