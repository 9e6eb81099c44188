/*
 * Frames on their way from one thread to another, in order. There is room for a few frames, so that
 * neither thread waits for each hiccup of the other one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_QUEUE_H
#define GEYSER_CLI_MEDIA_QUEUE_H

#include <pthread.h>

#include <geyser/stream.h>

#include "media_av.h"
#include "media_store.h"

/* A frame with all that belongs to it. */
struct media_item {
	AVFrame *frame; /* owned */
	/* how the frame lies in the file of a recording; its format is NONE for a film */
	struct media_store store;
	struct geyser_frame_info info;
	/* the frame's time, from the first frame on; never before that of the frame before */
	uint64_t time_ns;
};

#define MEDIA_QUEUE_MAX 64u

struct media_queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct media_item items[MEDIA_QUEUE_MAX];
	unsigned first, count;
	uint64_t bytes; /* of all frames in the queue */
	bool finished;  /* no more frames come */
	bool closed;    /* nobody takes frames any more */
};

void media_queue_init(struct media_queue *queue);

/* Frees the frames that nobody has taken. No thread may use the queue any more. */
void media_queue_destroy(struct media_queue *queue);

/* Appends a frame, which then belongs to the queue. Waits for room: the frames of a queue have 256
 * MiB at most, unless it is one or two frames. If the queue is closed, frees the frame and returns
 * false. */
bool media_queue_push(struct media_queue *queue, const struct media_item *item);

/* Takes the next frame, which then belongs to the caller. Waits for one. Returns false if there is
 * none and no more come, or if the queue is closed. */
bool media_queue_pop(struct media_queue *queue, struct media_item *out);

/* Tells the thread that takes frames that no more come. */
void media_queue_finish(struct media_queue *queue);

/* Ends all waits: no more frames are taken. For signals_set_hook. */
void media_queue_close(void *queue);

#endif
