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

/* One number for each side and round. */
struct series {
	size_t rounds;
	double ours[BENCH_ROUNDS_MAX], floor[BENCH_ROUNDS_MAX];
};

/* Adds a round: this quantile (0.5: the median) of each side's samples. Sorts the samples. */
void series_add(
	struct series *series, double quantile, uint64_t *ours, uint64_t *floor, size_t count);

struct summary {
	double ours, floor;      /* medians over the rounds */
	double ratio, low, high; /* the median, lowest and highest of the rounds' ratios */
};

struct summary series_summarize(const struct series *series);

/* ---- results (report.c) --------------------------------------------------------------------- */

enum placement {
	PLACE_SAME_CPU, /* both ends pinned to one CPU */
	PLACE_UNPINNED, /* the scheduler decides */
	PLACE_TWO_CPUS, /* each end pinned to a CPU of its own */
	PLACE_NONE,     /* there is no second process */
};

enum unit { UNIT_NANOSECONDS, UNIT_BYTES, UNIT_SYSTEM_CALLS };

enum limit { LIMIT_NONE, LIMIT_RATIO, LIMIT_OURS };

struct result {
	char name[64];
	char text[96]; /* printed instead of a figure; the fields below are then unused */
	enum placement placement;
	enum unit unit;
	bool has_floor; /* false: only summary.ours is used */
	struct summary summary;
	enum limit limit; /* the figure that the target limits */
	double target;    /* the limit: the figure may be this at most */
};

#define BENCH_RESULTS_MAX 128

struct results {
	size_t count;
	struct result list[BENCH_RESULTS_MAX];
};

struct settings {
	size_t rounds;
	bool quick; /* fewer samples in each round, too */
};

/* Adds both sides' times under a name. With LIMIT_NONE they are for information only. */
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
void bench_release(const struct settings *settings, struct results *results);
void bench_signal(const struct settings *settings, struct results *results);
void bench_create(const struct settings *settings, struct results *results);
void bench_memory(const struct settings *settings, struct results *results);
void bench_handover(const struct settings *settings, struct results *results);
void bench_spinning(const struct settings *settings, struct results *results);
void bench_cpu(const struct settings *settings, struct results *results);
void bench_fanout(const struct settings *settings, struct results *results);
void bench_renditions(const struct settings *settings, struct results *results);
void bench_convert(const struct settings *settings, struct results *results);
void bench_vkconvert(const struct settings *settings, struct results *results);
void bench_vkcreate(const struct settings *settings, struct results *results);
void bench_vkhandover(const struct settings *settings, struct results *results);
void bench_vkstream(const struct settings *settings, struct results *results);
void bench_cudahandover(const struct settings *settings, struct results *results);
void bench_pcie(const struct settings *settings, struct results *results);

/* Whether this turn measures geyser. Turns 2 r and 2 r + 1 belong to round r; each side has one of
 * them, and the side that comes first changes from round to round. Both processes follow the same
 * order. */
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

/* Prints the message and ends the program, which can't measure anything. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void require(enum geyser_result result, const char *what);
void *allocate(size_t count, size_t size);

/* Returns the bytes of a picture's planes, with rows that have no gaps. */
size_t picture_bytes(enum geyser_format format, uint32_t width, uint32_t height);

/* Makes a directory without other programs' exports, sets GEYSER_RUNTIME_DIR to it, and removes it
 * at exit. */
void runtime_directory_make(void);

/* Whether this process may use enough CPUs for the placement. */
bool place_possible(enum placement placement);
void place_self(enum placement placement, bool second);
const char *place_name(enum placement placement);

/* A second process. It sends all results through a pipe. */
struct peer {
	pid_t pid;
	int in;   /* the pipe that the peer writes to */
	int hold; /* closing this end tells the peer to end */
};

/* The peer's ends of the pipes: `hold` is read until its end, which tells the peer to end. */
struct peer_pipes {
	int out, hold;
};

void peer_start(struct peer *peer, enum placement placement,
	void (*run)(const struct peer_pipes *pipes, void *data), void *data);
void peer_stop(struct peer *peer);
void peer_abandon(struct peer *peer); /* kills a peer that isn't needed */

/* Runs a benchmark in a process of its own. GPU drivers don't survive a fork; so this process has
 * no driver open when it makes the next second process. */
void run_apart(void (*run)(const struct settings *settings, struct results *results),
	const struct settings *settings, struct results *results);

/* Reads a peer's next order. Returns false if no more orders will come. */
bool next_order(const struct peer_pipes *pipes, void *order, size_t size);
void read_all(int fd, void *data, size_t size);
void write_all(int fd, const void *data, size_t size);
void wait_for_end(const struct peer_pipes *pipes);

/* Maps memory that both processes share; it is never freed. */
void *shared_memory(size_t size);

/* ---- the floors: what a program without geyser would do (byhand.c) --------------------------- */

struct hand_memory {
	int fd;
	void *data;
	size_t size;
};

/* Makes memory as geyser promises it for a texture: allocated, sealed against resizing, mapped. */
void hand_create(struct hand_memory *out, size_t size);
void hand_destroy(struct hand_memory *memory);

/* Sends a descriptor and a number over a connected socket. */
void hand_send_fd(int connection, int fd, uint64_t number);
uint64_t hand_receive_fd(int connection, int *fd);

int hand_listen(const char *path);

/* Accepts one connection, sends the memory over it, and closes it. */
void hand_serve(int listener, const struct hand_memory *memory);

/* Connects, receives the memory and maps it. The connection stays open, as geyser's does. */
void hand_import(const char *path, struct hand_memory *out, int *connection);

/* The floor of a wake (byword.c): a counter in memory that both processes share, and how many
 * threads sleep on it. */
struct hand_word {
	_Alignas(64) _Atomic uint32_t value;
	_Atomic uint32_t waiters;
};

void hand_signal(struct hand_word *word, uint32_t value);
/* waits until the counter is at least value */
void hand_wait(struct hand_word *word, uint32_t value);
/* the same without sleeping */
void hand_spin(const struct hand_word *word, uint32_t value);

/* Writes the time into the first and the last 8 bytes of a frame. */
void frame_stamp(void *data, size_t size, uint64_t time);

/* Reads the time. Both copies must be the same, or the frame is torn. */
uint64_t frame_read_stamp(const void *data, size_t size);

#endif
