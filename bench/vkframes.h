/* A stream of 4K frames between two processes, each on a GPU or on the host: geyser's publisher and
 * subscriber, or for the floor through host memory. This process writes, a second one reads. */
#ifndef BENCH_VKFRAMES_H
#define BENCH_VKFRAMES_H

#include "vkhand.h"

#define FRAMES_BUFFERS 3
#define FRAMES_SAMPLES_MAX 50

/* Memory that both processes share. */
struct frames_shared {
	/* used by the floor only: how many frames are in the buffers */
	struct hand_word sent;
	struct hand_word got;        /* how many frames were released */
	struct hand_word done;       /* how many turns are done */
	_Alignas(64) uint64_t start; /* the time just before the submit of the frame in flight */
	uint64_t samples[FRAMES_SAMPLES_MAX];
};

struct frames {
	/* filled in by the caller */
	bool writer_gpu, reader_gpu;

	bool software; /* the device is a driver that runs on the CPU */
	struct frames_shared *shared;
	struct hand_memory buffers[FRAMES_BUFFERS];
	struct peer reader;
	struct vkhand hand; /* used if this process is on a GPU */
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber; /* used by the reader */
	/* in the writer: the floor's image; in the reader: its own copy */
	struct vkhand_image image;
	struct vkhand_staging staging;
	uint32_t count, turns; /* how many of both sides are done */
};

struct frames_turn {
	bool ours;
	bool one_by_one; /* send the next frame when the last one was read, and take samples */
	size_t frames;
};

/* Starts both processes. Returns false and the reason if there is no GPU. */
bool frames_start(struct frames *frames, const char **why);

/* Hands the frames over and returns the time that took. */
uint64_t frames_take_turn(struct frames *frames, const struct frames_turn *turn);
void frames_stop(struct frames *frames);

/* The two ends of one frame (vkframe.c): frame_send draws and sends it, frame_receive receives and
 * reads it. */
void frame_send(struct frames *frames, const struct frames_turn *turn);
void frame_receive(struct frames *frames, const struct frames_turn *turn);

#endif
