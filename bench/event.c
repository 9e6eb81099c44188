/* Measures the time from a signal to a waiter in another process that runs again, there and
 * back. */
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

#define SAMPLES_MAX 2000
#define TARGET 1.15

/* One-way times by direction: to the importer, which also watches whether the exporter lives, and
 * back. */
enum direction { TO_IMPORTER, TO_EXPORTER, DIRECTIONS };

/* Memory that both processes share. */
struct shared {
	struct hand_word words[DIRECTIONS];
	_Alignas(64) uint64_t stamp[DIRECTIONS]; /* the time just before the signal */
	uint64_t samples[DIRECTIONS][SAMPLES_MAX];
};

struct pair {
	struct shared *shared;
	size_t samples, turns; /* turns counts the rounds of both sides */
	struct geyser_handle handles[DIRECTIONS];
	struct geyser_event *events[DIRECTIONS];
	uint64_t value; /* the value of the next signal */
};

/* ---- both sides' signal and wait ------------------------------------------------------------- */

static void signal_bare(struct pair *pair, enum direction direction, uint64_t value)
{
	hand_signal(&pair->shared->words[direction], (uint32_t)value);
}

static void wait_bare(struct pair *pair, enum direction direction, uint64_t value)
{
	hand_wait(&pair->shared->words[direction], (uint32_t)value);
}

static void signal_ours(struct pair *pair, enum direction direction, uint64_t value)
{
	require(geyser_event_signal(pair->events[direction], value), "signalling");
}

static void wait_ours(struct pair *pair, enum direction direction, uint64_t value)
{
	require(geyser_event_wait(pair->events[direction], value, UINT64_MAX), "waiting");
}

struct side {
	void (*signal)(struct pair *pair, enum direction direction, uint64_t value);
	void (*wait)(struct pair *pair, enum direction direction, uint64_t value);
};

static const struct side ours = {signal_ours, wait_ours};
static const struct side bare = {signal_bare, wait_bare};

static const struct side *side_of_turn(size_t turn)
{
	return turn_is_ours(turn) ? &ours : &bare;
}

/* ---- ping-pong ------------------------------------------------------------------------------- */

static void send(struct pair *pair, const struct side *side, enum direction direction)
{
	pair->shared->stamp[direction] = now_ns();
	side->signal(pair, direction, pair->value);
}

static void receive(
	struct pair *pair, const struct side *side, enum direction direction, size_t sample)
{
	side->wait(pair, direction, pair->value);
	pair->shared->samples[direction][sample] = now_ns() - pair->shared->stamp[direction];
}

static void lead(struct pair *pair, const struct side *side)
{
	for (size_t i = 0; i < pair->samples; i++) {
		pair->value++;
		send(pair, side, TO_IMPORTER);
		receive(pair, side, TO_EXPORTER, i);
	}
}

static void follow(struct pair *pair, const struct side *side)
{
	for (size_t i = 0; i < pair->samples; i++) {
		pair->value++;
		receive(pair, side, TO_IMPORTER, i);
		send(pair, side, TO_EXPORTER);
	}
}

static void run_follower(const struct peer_pipes *pipes, void *data)
{
	struct pair *pair = data;
	struct geyser_manager *manager;

	read_all(pipes->hold, pair->handles, sizeof(pair->handles));
	require(geyser_manager_create(NULL, &manager), "making a manager");
	for (int i = 0; i < DIRECTIONS; i++)
		require(geyser_event_import(manager, &pair->handles[i], &pair->events[i]),
			"importing an event");
	for (size_t turn = 0; turn < pair->turns; turn++)
		follow(pair, side_of_turn(turn));
	wait_for_end(pipes);
	for (int i = 0; i < DIRECTIONS; i++)
		geyser_event_unref(pair->events[i]);
	geyser_manager_destroy(manager);
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static void run_turn(struct pair *pair, size_t turn, uint64_t samples[DIRECTIONS][SAMPLES_MAX])
{
	lead(pair, side_of_turn(turn));
	memcpy(samples, pair->shared->samples, sizeof(pair->shared->samples));
}

/* The first round only warms up. */
static void measure(struct pair *pair, size_t rounds, struct series medians[DIRECTIONS],
	struct series tails[DIRECTIONS])
{
	/* samples of the floor and of geyser */
	static uint64_t samples[2][DIRECTIONS][SAMPLES_MAX];

	for (size_t round = 0; round <= rounds; round++) {
		for (size_t turn = 2 * round; turn < 2 * round + 2; turn++)
			run_turn(pair, turn, samples[side_of_turn(turn) == &ours]);
		for (int i = 0; round > 0 && i < DIRECTIONS; i++) {
			series_add(&medians[i], 0.5, samples[1][i], samples[0][i], pair->samples);
			series_add(&tails[i], 0.99, samples[1][i], samples[0][i], pair->samples);
		}
	}
}

static void report(struct results *results, enum placement placement,
	const struct series medians[DIRECTIONS], const struct series tails[DIRECTIONS])
{
	results_add_times(results, "event wake, importer waits", placement, &medians[TO_IMPORTER],
		LIMIT_RATIO, TARGET);
	results_add_times(results, "event wake, exporter waits", placement, &medians[TO_EXPORTER],
		LIMIT_RATIO, TARGET);
	results_add_times(results, "event wake, importer waits, p99", placement,
		&tails[TO_IMPORTER], LIMIT_NONE, 0);
	results_add_times(results, "event wake, exporter waits, p99", placement,
		&tails[TO_EXPORTER], LIMIT_NONE, 0);
}

static void make_events(struct pair *pair, struct geyser_manager *manager)
{
	for (int i = 0; i < DIRECTIONS; i++) {
		require(geyser_event_create(manager, 0, &pair->events[i]), "making an event");
		require(geyser_event_export(pair->events[i], &pair->handles[i]), "exporting it");
	}
}

static void run_placed(
	const struct settings *settings, enum placement placement, struct results *results)
{
	struct series medians[DIRECTIONS] = {{.rounds = 0}}, tails[DIRECTIONS] = {{.rounds = 0}};
	struct pair pair = {
		.shared = shared_memory(sizeof(struct shared)),
		.samples = settings->quick ? 300 : SAMPLES_MAX,
		.turns = 2 * (settings->rounds + 1),
	};
	struct geyser_manager *manager;
	struct peer follower;

	place_self(placement, false);
	peer_start(&follower, placement, run_follower, &pair);
	require(geyser_manager_create(NULL, &manager), "making a manager");
	make_events(&pair, manager);
	write_all(follower.hold, pair.handles, sizeof(pair.handles));
	measure(&pair, settings->rounds, medians, tails);
	peer_stop(&follower);
	for (int i = 0; i < DIRECTIONS; i++)
		geyser_event_unref(pair.events[i]);
	geyser_manager_destroy(manager);
	(void)munmap(pair.shared, sizeof(*pair.shared));
	place_self(PLACE_UNPINNED, false);
	report(results, placement, medians, tails);
}

void bench_event(const struct settings *settings, struct results *results)
{
	for (enum placement place = PLACE_SAME_CPU; place <= PLACE_TWO_CPUS; place++)
		if (place_possible(place))
			run_placed(settings, place, results);
}
