/* The same hand-over with CUDA's own means, by a program of its own: geyser-bench-cuda. */
#ifndef BENCH_CUDARUN_H
#define BENCH_CUDARUN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cuda {
	pid_t pid; /* 0: the program doesn't run */
	int to, from;
	const char *missing; /* why the program doesn't run */
};

/* Starts the program on the GPU with this UUID. */
void cuda_start(struct cuda *cuda, const uint8_t uuid[16]);

/* Hands this many frames over and writes the time of each, in nanoseconds. */
void cuda_turn(struct cuda *cuda, uint64_t *samples, size_t count);
void cuda_stop(struct cuda *cuda);

#endif
