/*
 * Frames on their way from one thread to another.
 *
 * SPDX-License-Identifier: MIT
 */
#include "media_queue.h"

#define BYTES_MAX (UINT64_C(256) << 20)
#define FEW 2u /* so many frames may always wait, however large they are */

void media_queue_init(struct media_queue *queue)
{
	*queue = (struct media_queue){.first = 0};
	(void)pthread_mutex_init(&queue->lock, NULL);
	(void)pthread_cond_init(&queue->changed, NULL);
}

void media_queue_destroy(struct media_queue *queue)
{
	for (unsigned i = 0; i < queue->count; i++)
		libav.av_frame_free(&queue->items[(queue->first + i) % MEDIA_QUEUE_MAX].frame);
	queue->count = 0;
	(void)pthread_cond_destroy(&queue->changed);
	(void)pthread_mutex_destroy(&queue->lock);
}

static uint64_t bytes_of(const AVFrame *frame)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < AV_NUM_DATA_POINTERS && frame->buf[i]; i++)
		bytes += frame->buf[i]->size;
	return bytes;
}

static bool is_full(const struct media_queue *queue, uint64_t bytes)
{
	return queue->count == MEDIA_QUEUE_MAX ||
	       (queue->count >= FEW && queue->bytes + bytes > BYTES_MAX);
}

bool media_queue_push(struct media_queue *queue, const struct media_item *item)
{
	const uint64_t bytes = bytes_of(item->frame);
	bool pushed;

	(void)pthread_mutex_lock(&queue->lock);
	while (is_full(queue, bytes) && !queue->closed)
		(void)pthread_cond_wait(&queue->changed, &queue->lock);
	pushed = !queue->closed;
	if (pushed) {
		queue->items[(queue->first + queue->count++) % MEDIA_QUEUE_MAX] = *item;
		queue->bytes += bytes;
		(void)pthread_cond_broadcast(&queue->changed);
	}
	(void)pthread_mutex_unlock(&queue->lock);
	if (!pushed) {
		AVFrame *frame = item->frame;

		libav.av_frame_free(&frame);
	}
	return pushed;
}

bool media_queue_pop(struct media_queue *queue, struct media_item *out)
{
	bool popped;

	(void)pthread_mutex_lock(&queue->lock);
	while (!queue->count && !queue->finished && !queue->closed)
		(void)pthread_cond_wait(&queue->changed, &queue->lock);
	popped = queue->count && !queue->closed;
	if (popped) {
		*out = queue->items[queue->first];
		queue->first = (queue->first + 1) % MEDIA_QUEUE_MAX;
		queue->count--;
		queue->bytes -= bytes_of(out->frame);
		(void)pthread_cond_broadcast(&queue->changed);
	}
	(void)pthread_mutex_unlock(&queue->lock);
	return popped;
}

void media_queue_finish(struct media_queue *queue)
{
	(void)pthread_mutex_lock(&queue->lock);
	queue->finished = true;
	(void)pthread_cond_broadcast(&queue->changed);
	(void)pthread_mutex_unlock(&queue->lock);
}

void media_queue_close(void *user)
{
	struct media_queue *const queue = user;

	(void)pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	(void)pthread_cond_broadcast(&queue->changed);
	(void)pthread_mutex_unlock(&queue->lock);
}
