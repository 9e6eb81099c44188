/*
 * A stream of 4K frames between two processes, each on a GPU or on the host: geyser's publisher and
 * subscriber, or by hand through host memory. This process writes, a second one reads.
 */
#ifndef BENCH_VKFRAMES_H
#define BENCH_VKFRAMES_H

#include "vkhand.h"

#define FRAMES_BUFFERS 3
#define FRAMES_SAMPLES_MAX 50

/* In memory that both processes see. */
struct frames_shared {
	struct hand_word sent;       /* by hand only: frames in the buffers */
	struct hand_word got;        /* frames given back */
	struct hand_word done;       /* turns */
	_Alignas(64) uint64_t start; /* just before the submit of the frame in flight */
	uint64_t samples[FRAMES_SAMPLES_MAX];
};

struct frames {
	/* filled in by the caller */
	bool writer_gpu, reader_gpu;

	bool software; /* no GPU, but its driver for CPUs */
	struct frames_shared *shared;
	struct hand_memory buffers[FRAMES_BUFFERS];
	struct peer reader;
	struct vkhand hand; /* where this process is on a GPU */
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber; /* in the reader */
	struct vkhand_image image;            /* the writer's, by hand; the reader's own copy */
	struct vkhand_staging staging;
	uint32_t count, turns; /* so far, of both sides */
};

struct frames_turn {
	bool ours;
	bool one_by_one; /* the next frame goes when the last was read, and the samples are taken */
	size_t frames;
};

/* False: there is no GPU, and why. */
bool frames_start(struct frames *frames, const char **why);

/* Hands the frames over; returns the time it took. */
uint64_t frames_take_turn(struct frames *frames, const struct frames_turn *turn);
void frames_stop(struct frames *frames);

/* The two ends of one frame (vkframe.c): draw and send it; receive and read it. */
void frame_send(struct frames *frames, const struct frames_turn *turn);
void frame_receive(struct frames *frames, const struct frames_turn *turn);

#endif
