/*
 * geyser-bench: what geyser costs beside the same work done by hand.
 *
 * Every figure is a ratio to a floor that is measured in the same run: in each round both sides
 * take turns, so that whatever else the machine does falls on both.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <geyser/geyser.h>

/* How long, in ns, a subscriber waits for its publisher: a driver's first calls may keep the
 * publisher busy. */
#define CONNECT_TIMEOUT UINT64_C(10000000000)

/* ---- statistics (stats.c) ------------------------------------------------------------------- */

#define BENCH_ROUNDS_MAX 200

/* One number a round for each side. */
struct series {
	size_t rounds;
	double ours[BENCH_ROUNDS_MAX], floor[BENCH_ROUNDS_MAX];
};

/* Adds a round: this quantile (0.5: the median) of each side's samples, which it sorts. */
void series_add(
	struct series *series, double quantile, uint64_t *ours, uint64_t *floor, size_t count);

struct summary {
	double ours, floor;      /* medians over the rounds */
	double ratio, low, high; /* median, lowest and highest of the rounds' ratios */
};

struct summary series_summarize(const struct series *series);

/* ---- results (report.c) --------------------------------------------------------------------- */

enum placement {
	PLACE_SAME_CPU, /* both ends pinned to one CPU */
	PLACE_UNPINNED, /* the scheduler decides */
	PLACE_TWO_CPUS, /* each end pinned to one of its own */
	PLACE_NONE,     /* there is no second process */
};

enum unit { UNIT_NANOSECONDS, UNIT_BYTES, UNIT_SYSTEM_CALLS };

enum limit { LIMIT_NONE, LIMIT_RATIO, LIMIT_OURS };

struct result {
	char name[64];
	char text[96]; /* instead of a figure: nothing below counts then */
	enum placement placement;
	enum unit unit;
	bool has_floor; /* else only summary.ours counts */
	struct summary summary;
	enum limit limit; /* what the target is for */
	double target;    /* at most */
};

#define BENCH_RESULTS_MAX 128

struct results {
	size_t count;
	struct result list[BENCH_RESULTS_MAX];
};

struct settings {
	size_t rounds;
	bool quick; /* fewer samples a round too */
};

/* A name for both sides' times; limit LIMIT_NONE: only for information. */
void results_add_times(struct results *results, const char *name, enum placement placement,
	const struct series *series, enum limit limit, double target);
void results_add_number(
	struct results *results, const char *name, enum unit unit, double ours, double target);
void results_add_pair(
	struct results *results, const char *name, enum unit unit, double ours, double floor);
void results_add_text(struct results *results, const char *name, const char *text);
void results_add_missing(struct results *results, const char *name, const char *why);

void report_table(const struct results *results, const struct settings *settings);
void report_json(const struct results *results, const struct settings *settings);

/* ---- the benchmarks ------------------------------------------------------------------------- */

void bench_import(const struct settings *settings, struct results *results);
void bench_event(const struct settings *settings, struct results *results);
void bench_signal(const struct settings *settings, struct results *results);
void bench_create(const struct settings *settings, struct results *results);
void bench_memory(const struct settings *settings, struct results *results);
void bench_handover(const struct settings *settings, struct results *results);
void bench_cpu(const struct settings *settings, struct results *results);
void bench_fanout(const struct settings *settings, struct results *results);
void bench_vkcreate(const struct settings *settings, struct results *results);
void bench_vkhandover(const struct settings *settings, struct results *results);
void bench_vkstream(const struct settings *settings, struct results *results);
void bench_cudahandover(const struct settings *settings, struct results *results);
void bench_pcie(const struct settings *settings, struct results *results);

/* Where two processes take turns, both in the same order: in turns 2 r and 2 r + 1 of round r each
 * side comes once, and who comes first changes from round to round. */
static inline bool turn_is_ours(size_t turn)
{
	return (turn + turn / 2) % 2 == 0;
}

/* ---- processes and places (process.c) ------------------------------------------------------- */

static inline uint64_t now_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

/* Ends the program: there is nothing to measure with. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void require(enum geyser_result result, const char *what);
void *allocate(size_t count, size_t size);

/* Makes a directory of our own, sets GEYSER_RUNTIME_DIR to it, and removes it at exit: it has no
 * other program's exports. */
void runtime_directory_make(void);

/* False: this machine gives us too few CPUs for it. */
bool place_possible(enum placement placement);
void place_self(enum placement placement, bool second);
const char *place_name(enum placement placement);

/* A second process; everything it says comes through a pipe. */
struct peer {
	pid_t pid;
	int in;   /* what it writes */
	int hold; /* closing it tells the peer to end */
};

/* What a peer gets: to write to, and to read from until it ends. */
struct peer_pipes {
	int out, hold;
};

void peer_start(struct peer *peer, enum placement placement,
	void (*run)(const struct peer_pipes *pipes, void *data), void *data);
void peer_stop(struct peer *peer);
void peer_abandon(struct peer *peer); /* there is nothing for it to do: kills it */

/* Runs a benchmark in a process of its own. GPU drivers don't survive a fork: only so is none open
 * in this process when the next second process is made. */
void run_apart(void (*run)(const struct settings *settings, struct results *results),
	const struct settings *settings, struct results *results);

/* A peer's next order; false when there will be none. */
bool next_order(const struct peer_pipes *pipes, void *order, size_t size);
void read_all(int fd, void *data, size_t size);
void write_all(int fd, const void *data, size_t size);
void wait_for_end(const struct peer_pipes *pipes);

/* Both sides' memory, seen by both processes; never freed. */
void *shared_memory(size_t size);

/* ---- the floors: what a program without geyser would do (byhand.c) --------------------------- */

struct hand_memory {
	int fd;
	void *data;
	size_t size;
};

/* Allocated, sealed against resizing, mapped: what geyser promises of a texture. */
void hand_create(struct hand_memory *out, size_t size);
void hand_destroy(struct hand_memory *memory);

/* A descriptor and a number over a connected socket. */
void hand_send_fd(int connection, int fd, uint64_t number);
uint64_t hand_receive_fd(int connection, int *fd);

int hand_listen(const char *path);

/* Accepts one connection, sends it the memory, hangs up. */
void hand_serve(int listener, const struct hand_memory *memory);

/* Connects, receives and maps; the connection stays open as geyser's does. */
void hand_import(const char *path, struct hand_memory *out, int *connection);

/* A wake (byword.c): a counter in memory that both processes see, and how many sleep on it. */
struct hand_word {
	_Alignas(64) _Atomic uint32_t value;
	_Atomic uint32_t waiters;
};

void hand_signal(struct hand_word *word, uint32_t value);
void hand_wait(struct hand_word *word, uint32_t value); /* until it is at least that */

/* The time goes into the first and the last 8 bytes of a frame. */
void frame_stamp(void *data, size_t size, uint64_t time);

/* Both must be the same, or the frame is torn. */
uint64_t frame_read_stamp(const void *data, size_t size);

#endif
