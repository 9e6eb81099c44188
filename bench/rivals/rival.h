/* A program that hands frames to another process: all have the same stamps, the same window of
 * frames in flight and the same report. bench/rivals/run compares them. */
#ifndef BENCH_RIVAL_H
#define BENCH_RIVAL_H

#include "bench.h"

#define RIVAL_WARM_UP 100 /* the first frames, which aren't measured */
#define RIVAL_FRAMES_MAX 100000

/* Memory that both processes share. */
struct rival_shared {
	struct hand_word got; /* how many frames were read */
	uint64_t samples[RIVAL_FRAMES_MAX];
};

struct rival {
	uint32_t width, height; /* texels of 4 bytes */
	size_t size;            /* bytes of a frame */
	uint32_t frames;        /* including those of the warm-up */
	uint32_t window;        /* the most frames in flight */
	uint32_t rate;          /* frames a second; 0: as fast as the window lets them */
	const char *variant;    /* the argument after all others; NULL: none */
	struct rival_shared *shared;
	uint64_t begin; /* the time of the first frame */
	uint64_t start; /* the time of the first frame that is measured */
};

/* Reads the arguments WIDTHxHEIGHT FRAMES WINDOW [VARIANT]. In place of the window, `60/s` is a
 * rate with up to 3 frames in flight. */
void rival_init(struct rival *rival, int count, char **arguments);

/* For the writer: waits until it is the frame's time, and one more may be in flight. */
void rival_wait_turn(struct rival *rival, uint32_t frame);

/* For the writer: waits for the last frame, then prints name, median and p99 in µs, frames a
 * second. */
void rival_report(struct rival *rival, const char *name);

/* For the reader: records that this frame can be read. */
void rival_got(struct rival *rival, const void *data);

#endif
