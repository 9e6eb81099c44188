/* Measures the time from just before a submit until another process can read the frame, with one
 * frame in flight. */
#include <stdio.h>
#include <string.h>

#include "pair.h"

#define TARGET 1.3
#define TARGET_P99 2.0

struct size {
	uint32_t width, height;
};

/* The first round only warms up. */
static void measure(struct pair *pair, size_t rounds, struct series *medians, struct series *tails)
{
	static uint64_t samples[2][PAIR_FRAMES_MAX]; /* samples of the floor and of geyser */

	for (size_t round = 0; round <= rounds; round++) {
		for (size_t turn = 2 * round; turn < 2 * round + 2; turn++) {
			(void)pair_turn(pair, turn);
			memcpy(samples[turn_is_ours(turn)], pair->shared->samples,
				pair->frames * sizeof(samples[0][0]));
		}
		if (round == 0)
			continue;
		series_add(medians, 0.5, samples[1], samples[0], pair->frames);
		series_add(tails, 0.99, samples[1], samples[0], pair->frames);
	}
}

static void run_placed(const struct settings *settings, enum placement placement,
	const struct size *size, struct results *results)
{
	struct series medians = {.rounds = 0}, tails = {.rounds = 0};
	struct pair pair = {
		.width = size->width,
		.height = size->height,
		.frames = settings->quick ? 300 : 1000,
		.turns = 2 * (settings->rounds + 1),
	};
	char name[48];

	pair_start(&pair, placement);
	measure(&pair, settings->rounds, &medians, &tails);
	pair_stop(&pair);
	(void)snprintf(name, sizeof(name), "hand-over %ux%u", size->width, size->height);
	results_add_times(results, name, placement, &medians, LIMIT_RATIO, TARGET);
	(void)snprintf(name, sizeof(name), "hand-over %ux%u, p99", size->width, size->height);
	results_add_times(results, name, placement, &tails, LIMIT_RATIO, TARGET_P99);
}

void bench_handover(const struct settings *settings, struct results *results)
{
	static const struct size sizes[] = {{640, 480}, {1920, 1080}, {3840, 2160}};

	for (enum placement place = PLACE_SAME_CPU; place <= PLACE_TWO_CPUS; place++)
		for (size_t i = 0; place_possible(place) && i < sizeof(sizes) / sizeof(sizes[0]);
			i++)
			run_placed(settings, place, &sizes[i], results);
}
