/* Two processes and frames: this one publishes, the second one subscribes. For the floor the frames
 * lie in memory of the same kind, and a counter says how many there are. */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <geyser/stream.h>

#include "bench.h"

#define PAIR_BUFFERS 3
#define PAIR_FRAMES_MAX 2000

/* Memory that both processes share. */
struct pair_shared {
	/* the record of each frame; used by a floor that spins */
	_Alignas(64) struct geyser_frame_info records[PAIR_BUFFERS];
	struct hand_word sent; /* used by the floor only */
	struct hand_word got;  /* used by both sides: how many frames the reader has released */
	_Alignas(64) uint64_t reader_cpu_ns;
	uint64_t samples[PAIR_FRAMES_MAX];
};

enum pair_floor {
	PAIR_FLOOR_SLEEPS,
	/* The floor spins for good. It carries the record of a frame and a second timestamp, as
	 * geyser does. */
	PAIR_FLOOR_SPINS,
	/* The same, but the record has only the sequence and the timestamp. */
	PAIR_FLOOR_SPINS_SHORT,
};

struct pair {
	/* filled in by the caller */
	uint32_t width, height; /* texels of rgba8unorm */
	size_t frames, turns;   /* the frames of a turn; the turns of both sides together */
	/* 0: the next frame is sent when the reader has released the last one */
	uint64_t interval_ns;
	/* How long geyser's waits spin before they sleep. */
	uint64_t spin_ns;
	enum pair_floor floor;

	struct geyser_frame_info record; /* used by the floor: the last frame's */
	struct pair_shared *shared;
	struct hand_memory buffers[PAIR_BUFFERS];
	size_t size; /* bytes of a frame */
	struct peer reader;
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber; /* used by the reader */
	uint32_t count;                       /* how many frames both sides have sent */
};

void pair_start(struct pair *pair, enum placement placement);

/* Takes a turn and returns the CPU time that both processes used for it. Afterwards the shared
 * samples are the times from stamp to read. */
uint64_t pair_turn(struct pair *pair, size_t turn);
void pair_stop(struct pair *pair);

#endif
