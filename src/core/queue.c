/* SPDX-License-Identifier: MIT */
#include "core/queue.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 8

static bool is_before(const struct gy_notification *a, const struct gy_notification *b)
{
	return a->value != b->value ? a->value < b->value : a->order < b->order;
}

static void swap(struct gy_notification *a, struct gy_notification *b)
{
	struct gy_notification kept = *a;

	*a = *b;
	*b = kept;
}

static void sift_up(struct gy_queue *queue, size_t at)
{
	while (at > 0 && is_before(&queue->all[at], &queue->all[(at - 1) / 2])) {
		swap(&queue->all[at], &queue->all[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static void sift_down(struct gy_queue *queue, size_t at)
{
	for (;;) {
		size_t first = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < queue->count;
			child++)
			if (is_before(&queue->all[child], &queue->all[first]))
				first = child;
		if (first == at)
			return;
		swap(&queue->all[at], &queue->all[first]);
		at = first;
	}
}

static enum geyser_result make_room(struct gy_queue *queue)
{
	size_t room = queue->room ? 2 * queue->room : ROOM_FIRST;
	struct gy_notification *all;

	if (queue->count < queue->room)
		return GEYSER_OK;
	all = malloc(room * sizeof(*all));
	if (!all)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a notification");
	if (queue->count)
		memcpy(all, queue->all, queue->count * sizeof(*all));
	free(queue->all);
	queue->all = all;
	queue->room = room;
	return GEYSER_OK;
}

enum geyser_result gy_queue_add(struct gy_queue *queue, const struct gy_notification *notification)
{
	enum geyser_result result = make_room(queue);

	if (result != GEYSER_OK)
		return result;
	queue->all[queue->count] = *notification;
	queue->all[queue->count].order = queue->added++;
	sift_up(queue, queue->count++);
	return GEYSER_OK;
}

const struct gy_notification *gy_queue_first(const struct gy_queue *queue)
{
	return queue->count ? &queue->all[0] : NULL;
}

/* Frees the memory of a burst of notifications once all are taken out. */
static void shrink(struct gy_queue *queue)
{
	if (queue->count == 0 && queue->room > ROOM_FIRST)
		gy_queue_finish(queue);
}

struct gy_notification gy_queue_take(struct gy_queue *queue)
{
	struct gy_notification first = queue->all[0];

	queue->all[0] = queue->all[--queue->count];
	sift_down(queue, 0);
	shrink(queue);
	return first;
}

void gy_queue_sweep(
	struct gy_queue *queue, bool (*goes)(const struct gy_notification *notification))
{
	size_t kept = 0;

	for (size_t i = 0; i < queue->count; i++)
		if (!goes(&queue->all[i]))
			queue->all[kept++] = queue->all[i];
	queue->count = kept;
	for (size_t i = kept / 2; i-- > 0;)
		sift_down(queue, i);
	shrink(queue);
}

void gy_queue_finish(struct gy_queue *queue)
{
	free(queue->all);
	queue->all = NULL;
	queue->count = 0;
	queue->room = 0;
}
