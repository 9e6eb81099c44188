/* Measures the time from just before a submit until another process can read the frame, with one
 * frame in flight. */
#include <stdio.h>
#include <string.h>

#include "pair.h"

#define TARGET 1.3
#define TARGET_P99 2.0
#define TARGET_SPINNING 1.3
#define SPIN_NS UINT64_C(100000)

struct size {
	uint32_t width, height;
};

static const struct size sizes[] = {{640, 480}, {1920, 1080}, {3840, 2160}};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

struct figures {
	struct series medians, tails, cpu;
};

/* The first round only warms up. */
static void measure(struct pair *pair, size_t rounds, struct figures *figures)
{
	static uint64_t samples[2][PAIR_FRAMES_MAX]; /* samples of the floor and of geyser */
	uint64_t spent[2];                           /* the CPU time of both */

	for (size_t round = 0; round <= rounds; round++) {
		for (size_t turn = 2 * round; turn < 2 * round + 2; turn++) {
			spent[turn_is_ours(turn)] = pair_turn(pair, turn) / pair->frames;
			memcpy(samples[turn_is_ours(turn)], pair->shared->samples,
				pair->frames * sizeof(samples[0][0]));
		}
		if (round == 0)
			continue;
		series_add(&figures->medians, 0.5, samples[1], samples[0], pair->frames);
		series_add(&figures->tails, 0.99, samples[1], samples[0], pair->frames);
		series_add(&figures->cpu, 0.5, &spent[1], &spent[0], 1);
	}
}

static void run_placed(const struct settings *settings, enum placement placement,
	const struct size *size, struct results *results)
{
	struct figures figures = {.medians.rounds = 0};
	struct pair pair = {
		.width = size->width,
		.height = size->height,
		.frames = settings->quick ? 300 : 1000,
		.turns = 2 * (settings->rounds + 1),
	};
	char name[48];

	pair_start(&pair, placement);
	measure(&pair, settings->rounds, &figures);
	pair_stop(&pair);
	(void)snprintf(name, sizeof(name), "hand-over %ux%u", size->width, size->height);
	results_add_times(results, name, placement, &figures.medians, LIMIT_RATIO, TARGET);
	(void)snprintf(name, sizeof(name), "hand-over %ux%u, p99", size->width, size->height);
	results_add_times(results, name, placement, &figures.tails, LIMIT_RATIO, TARGET_P99);
}

/* Both sides spin, so that each needs a CPU of its own. */
static void run_spinning(const struct settings *settings, const struct size *size,
	enum pair_floor floor, struct results *results)
{
	const char *record = floor == PAIR_FLOOR_SPINS_SHORT ? ", short record" : "";
	const enum limit limit = floor == PAIR_FLOOR_SPINS_SHORT ? LIMIT_NONE : LIMIT_RATIO;
	struct figures figures = {.medians.rounds = 0};
	struct pair pair = {
		.width = size->width,
		.height = size->height,
		.frames = settings->quick ? 500 : PAIR_FRAMES_MAX,
		.turns = 2 * (settings->rounds + 1),
		.spin_ns = SPIN_NS,
		.floor = floor,
	};
	char name[64];

	pair_start(&pair, PLACE_TWO_CPUS);
	measure(&pair, settings->rounds, &figures);
	pair_stop(&pair);
	(void)snprintf(name, sizeof(name), "spinning %ux%u%s", size->width, size->height, record);
	results_add_times(results, name, PLACE_TWO_CPUS, &figures.medians, limit, TARGET_SPINNING);
	(void)snprintf(
		name, sizeof(name), "spinning %ux%u%s, p99", size->width, size->height, record);
	results_add_times(results, name, PLACE_TWO_CPUS, &figures.tails, LIMIT_NONE, 0);
	(void)snprintf(name, sizeof(name), "spinning %ux%u%s, cpu a frame", size->width,
		size->height, record);
	results_add_times(results, name, PLACE_TWO_CPUS, &figures.cpu, LIMIT_NONE, 0);
}

void bench_spinning(const struct settings *settings, struct results *results)
{
	for (size_t i = 0; place_possible(PLACE_TWO_CPUS) && i < SIZES; i++)
		run_spinning(settings, &sizes[i], PAIR_FLOOR_SPINS, results);
	if (place_possible(PLACE_TWO_CPUS))
		run_spinning(settings, &sizes[1], PAIR_FLOOR_SPINS_SHORT, results);
}

void bench_handover(const struct settings *settings, struct results *results)
{
	for (enum placement place = PLACE_SAME_CPU; place <= PLACE_TWO_CPUS; place++)
		for (size_t i = 0; place_possible(place) && i < SIZES; i++)
			run_placed(settings, place, &sizes[i], results);
}
