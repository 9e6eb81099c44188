/* SPDX-License-Identifier: MIT */
/* A priority queue of notifications that wait for values of an event. The smallest value comes
 * first; of equal values, the notification that was added first. Adding and taking cost O(log n).
 * The caller must hold its own lock. */
#ifndef GY_CORE_QUEUE_H
#define GY_CORE_QUEUE_H

#include <geyser/geyser.h>

struct gy_notification {
	uint64_t value;
	uint64_t order; /* set by the queue: a count of all additions */
	geyser_event_callback *callback;
	void *user;
	int fd; /* this side's end of a socket pair, if callback is NULL */
};

struct gy_queue {
	/* A binary heap: all[i] comes before all[2 * i + 1] and all[2 * i + 2]. */
	struct gy_notification *all;
	size_t count, room;
	uint64_t added;
};

/* Adds a copy of the notification. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_queue_add(struct gy_queue *queue, const struct gy_notification *notification);

/* Returns the first notification, or NULL. The result is borrowed until the queue changes. */
const struct gy_notification *gy_queue_first(const struct gy_queue *queue);

/* Removes the first notification and returns it. The queue must not be empty. */
struct gy_notification gy_queue_take(struct gy_queue *queue);

/* Removes the notifications for which goes() returns true. */
void gy_queue_sweep(
	struct gy_queue *queue, bool (*goes)(const struct gy_notification *notification));

/* Frees the memory and drops all notifications in the queue. */
void gy_queue_finish(struct gy_queue *queue);

#endif
