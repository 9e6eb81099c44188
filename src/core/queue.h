/* SPDX-License-Identifier: MIT */
/* A priority queue of notifications that wait for values of an event. The smallest value comes
 * first, and of equal values the one that was added first. Adding and taking cost O(log n). The
 * caller locks. */
#ifndef GY_CORE_QUEUE_H
#define GY_CORE_QUEUE_H

#include <geyser/geyser.h>

struct gy_notification {
	uint64_t value;
	uint64_t order; /* the queue's: counts what was added */
	geyser_event_callback *callback;
	void *user;
	int fd; /* without a callback: see gy_notifier_add_fd */
};

struct gy_queue {
	struct gy_notification
		*all; /* a heap: all[i] comes before all[2 * i + 1] and [2 * i + 2] */
	size_t count, room;
	uint64_t added;
};

/* Errors: OUT_OF_MEMORY. */
enum geyser_result gy_queue_add(struct gy_queue *queue, const struct gy_notification *notification);

/* Returns the first notification, or NULL. It is borrowed until the queue changes. */
const struct gy_notification *gy_queue_first(const struct gy_queue *queue);

/* Takes the first notification out; the queue must not be empty. */
struct gy_notification gy_queue_take(struct gy_queue *queue);

/* Takes out the notifications for which goes() is true. */
void gy_queue_sweep(
	struct gy_queue *queue, bool (*goes)(const struct gy_notification *notification));

/* Frees the memory and drops all notifications in the queue. */
void gy_queue_finish(struct gy_queue *queue);

#endif
