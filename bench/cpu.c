/* Measures the CPU time that 60 frames a second cost both processes together. */
#include "pair.h"

#define TARGET 1.2
#define SPIN_NS UINT64_C(50000) /* far less than a frame lasts: spinning is in vain */
#define INTERVAL (UINT64_C(1000000000) / 60)

/* The first round only warms up. */
static void measure(struct pair *pair, size_t rounds, struct series *series)
{
	uint64_t spent[2]; /* the CPU time of the floor and of geyser */

	for (size_t round = 0; round <= rounds; round++) {
		for (size_t turn = 2 * round; turn < 2 * round + 2; turn++)
			spent[turn_is_ours(turn)] = pair_turn(pair, turn) / pair->frames;
		if (round > 0)
			series_add(series, 0.5, &spent[1], &spent[0], 1);
	}
}

static void run_placed(const struct settings *settings, enum placement placement, uint64_t spin_ns,
	struct results *results)
{
	const size_t rounds = (settings->rounds + 1) / 2; /* half as many, since each takes long */
	struct series series = {.rounds = 0};
	struct pair pair = {
		.width = 1920,
		.height = 1080,
		.frames = settings->quick ? 15 : 30,
		.turns = 2 * (rounds + 1),
		.interval_ns = INTERVAL,
		.spin_ns = spin_ns,
	};

	pair_start(&pair, placement);
	measure(&pair, rounds, &series);
	pair_stop(&pair);
	results_add_times(results,
		spin_ns ? "cpu a frame, 60 a second, spin 50 us" : "cpu a frame, 60 a second",
		placement, &series, spin_ns ? LIMIT_NONE : LIMIT_RATIO, TARGET);
}

void bench_cpu(const struct settings *settings, struct results *results)
{
	for (enum placement place = PLACE_SAME_CPU; place <= PLACE_TWO_CPUS; place++)
		if (place_possible(place)) {
			run_placed(settings, place, 0, results);
			run_placed(settings, place, SPIN_NS, results);
		}
}
