/*
 * Two processes and frames: this one publishes, a second one subscribes. By hand the frames lie in
 * memory of the same kind and a counter says how many there are.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <geyser/stream.h>

#include "bench.h"

#define PAIR_BUFFERS 3
#define PAIR_FRAMES_MAX 2000

/* In memory that both processes see. */
struct pair_shared {
	struct hand_word sent; /* by hand only */
	struct hand_word got;  /* on both sides: that the reader has given the frame back */
	_Alignas(64) uint64_t reader_cpu_ns;
	uint64_t samples[PAIR_FRAMES_MAX];
};

struct pair {
	/* filled in by the caller */
	uint32_t width, height; /* texels of rgba8unorm */
	size_t frames, turns;   /* frames a turn; turns of both sides together */
	uint64_t interval_ns;   /* 0: the next frame goes when the last was given back */

	struct pair_shared *shared;
	struct hand_memory buffers[PAIR_BUFFERS];
	size_t size; /* bytes a frame */
	struct peer reader;
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber; /* in the reader */
	uint32_t count;                       /* frames so far, of both sides */
};

void pair_start(struct pair *pair, enum placement placement);

/* Takes a turn. Then the shared samples are the times from stamp to read. Returns the CPU time that
 * both processes took for it. */
uint64_t pair_turn(struct pair *pair, size_t turn);
void pair_stop(struct pair *pair);

#endif
