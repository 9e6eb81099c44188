/*
 * One way of handing frames to another process, run for a while: the same stamps, the same window
 * of frames in flight and the same report for all. bench/rivals/run compares them.
 */
#ifndef BENCH_RIVAL_H
#define BENCH_RIVAL_H

#include "bench.h"

#define RIVAL_WARM_UP 100 /* frames that don't count */
#define RIVAL_FRAMES_MAX 100000

/* In memory that both processes see. */
struct rival_shared {
	struct hand_word got; /* frames read */
	uint64_t samples[RIVAL_FRAMES_MAX];
};

struct rival {
	uint32_t width, height; /* texels of 4 bytes */
	size_t size;            /* bytes a frame */
	uint32_t frames;        /* with those of the warm-up */
	uint32_t window;        /* frames in flight, at most */
	const char *variant;    /* the argument after all others; NULL: none */
	struct rival_shared *shared;
	uint64_t start; /* of the first frame that counts */
};

/* The arguments are WIDTHxHEIGHT FRAMES WINDOW [VARIANT]. */
void rival_init(struct rival *rival, int count, char **arguments);

/* The writer: waits until there may be one more in flight. */
void rival_wait_turn(struct rival *rival, uint32_t frame);

/* The writer: waits for the last, then prints name, median and p99 in µs, frames a second. */
void rival_report(struct rival *rival, const char *name);

/* The reader: this frame can be read. */
void rival_got(struct rival *rival, const void *data);

#endif
