/* Measures the time from a subscriber's release to a publisher that waits for a buffer and runs
 * again, beside a wake by a word that both processes share. Where the system can't sleep on several
 * words, the publisher sleeps on its doorbell. */
#include <sys/mman.h>

#include <geyser/stream.h>

#include "bench.h"

#define NAME "release"
#define BUFFERS 2
#define SAMPLES_MAX 1000
#define TARGET 2.0
#define REST_NS 100000 /* so that the publisher sleeps before the release */

/* Memory that both processes share. */
struct shared {
	struct hand_word to_publisher, to_subscriber;
	_Alignas(64) uint64_t stamp; /* the time just before the release */
};

struct pair {
	struct shared *shared;
	size_t samples, turns; /* turns counts the rounds of both sides */
	uint32_t value;        /* of the words */
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct geyser_frame *held[BUFFERS]; /* by the subscriber; the oldest first */
};

/* ---- the subscriber's process ---- */

static struct geyser_frame *take(struct pair *pair)
{
	struct geyser_frame *frame;

	require(geyser_subscriber_acquire(pair->subscriber, UINT64_MAX, &frame), "taking a frame");
	return frame;
}

/* Holds all buffers again when it returns. */
static void release_ours(struct pair *pair)
{
	pair->shared->stamp = now_ns();
	require(geyser_subscriber_release(pair->subscriber, pair->held[0]), "releasing a frame");
	pair->held[0] = pair->held[1];
	pair->held[1] = take(pair);
}

static void release_bare(struct pair *pair)
{
	pair->value++;
	pair->shared->stamp = now_ns();
	hand_signal(&pair->shared->to_publisher, pair->value);
	hand_wait(&pair->shared->to_subscriber, pair->value);
}

static void follow(struct pair *pair, bool ours)
{
	for (size_t i = 0; i < pair->samples; i++) {
		const struct timespec rest = {.tv_nsec = REST_NS};

		(void)nanosleep(&rest, NULL);
		if (ours)
			release_ours(pair);
		else
			release_bare(pair);
	}
}

static void run_subscriber(const struct peer_pipes *pipes, void *data)
{
	const struct geyser_subscriber_desc desc = {
		.name = NAME,
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = CONNECT_TIMEOUT,
	};
	struct pair *pair = data;
	struct geyser_manager *manager;

	require(geyser_manager_create(NULL, &manager), "making a manager");
	require(geyser_subscriber_create(manager, &desc, &pair->subscriber), "subscribing");
	for (int i = 0; i < BUFFERS; i++)
		pair->held[i] = take(pair);
	for (size_t turn = 0; turn < pair->turns; turn++)
		follow(pair, turn_is_ours(turn));
	wait_for_end(pipes);
	geyser_subscriber_destroy(pair->subscriber);
	geyser_manager_destroy(manager);
}

/* ---- the publisher's process ---- */

static void submit(struct pair *pair, struct geyser_frame *frame)
{
	require(geyser_publisher_submit(pair->publisher, frame), "submitting a frame");
}

static uint64_t await_ours(struct pair *pair)
{
	struct geyser_frame *frame;
	uint64_t taken;

	require(geyser_publisher_acquire(pair->publisher, UINT64_MAX, &frame), "waiting");
	taken = now_ns() - pair->shared->stamp;
	submit(pair, frame);
	return taken;
}

static uint64_t await_bare(struct pair *pair)
{
	uint64_t taken;

	pair->value++;
	hand_wait(&pair->shared->to_publisher, pair->value);
	taken = now_ns() - pair->shared->stamp;
	hand_signal(&pair->shared->to_subscriber, pair->value);
	return taken;
}

static void lead(struct pair *pair, bool ours, uint64_t samples[SAMPLES_MAX])
{
	for (size_t i = 0; i < pair->samples; i++)
		samples[i] = ours ? await_ours(pair) : await_bare(pair);
}

/* Waits for the subscriber, and fills the buffers that it holds from then on. */
static void publish_first(struct pair *pair)
{
	struct geyser_publisher_stats stats = {.subscribers = 0};

	while (stats.subscribers == 0) {
		const struct timespec rest = {.tv_nsec = REST_NS};

		(void)nanosleep(&rest, NULL);
		require(geyser_publisher_get_stats(pair->publisher, &stats), "asking");
	}
	for (int i = 0; i < BUFFERS; i++) {
		struct geyser_frame *frame;

		require(geyser_publisher_acquire(pair->publisher, UINT64_MAX, &frame), "waiting");
		submit(pair, frame);
	}
}

/* The first round only warms up. */
static void measure(struct pair *pair, size_t rounds, struct series *medians, struct series *tails)
{
	static uint64_t samples[2][SAMPLES_MAX]; /* of the floor and of geyser */

	for (size_t round = 0; round <= rounds; round++) {
		for (size_t turn = 2 * round; turn < 2 * round + 2; turn++)
			lead(pair, turn_is_ours(turn), samples[turn_is_ours(turn)]);
		if (round == 0)
			continue;
		series_add(medians, 0.5, samples[1], samples[0], pair->samples);
		series_add(tails, 0.99, samples[1], samples[0], pair->samples);
	}
}

static void make_publisher(struct pair *pair, struct geyser_manager *manager)
{
	const struct geyser_stream_desc desc = {
		.name = NAME,
		.texture = {.format = GEYSER_FORMAT_R8_UNORM, .width = 64, .height = 64},
		.buffers = BUFFERS,
		.pacing = GEYSER_PACING_LOSSLESS,
	};

	require(geyser_publisher_create(manager, &desc, &pair->publisher), "publishing");
	require(geyser_publisher_set_hold_limit(pair->publisher, UINT64_MAX), "setting a limit");
}

static void run_placed(
	const struct settings *settings, enum placement placement, struct results *results)
{
	struct series medians = {.rounds = 0}, tails = {.rounds = 0};
	struct pair pair = {
		.shared = shared_memory(sizeof(struct shared)),
		.samples = settings->quick ? 200 : SAMPLES_MAX,
		.turns = 2 * (settings->rounds + 1),
	};
	struct geyser_manager *manager;
	struct peer subscriber;

	place_self(placement, false);
	peer_start(&subscriber, placement, run_subscriber, &pair);
	require(geyser_manager_create(NULL, &manager), "making a manager");
	make_publisher(&pair, manager);
	publish_first(&pair);
	measure(&pair, settings->rounds, &medians, &tails);
	peer_stop(&subscriber);
	geyser_publisher_destroy(pair.publisher);
	geyser_manager_destroy(manager);
	(void)munmap(pair.shared, sizeof(*pair.shared));
	place_self(PLACE_UNPINNED, false);
	results_add_times(
		results, "release wakes publisher", placement, &medians, LIMIT_RATIO, TARGET);
	results_add_times(
		results, "release wakes publisher, p99", placement, &tails, LIMIT_NONE, 0);
}

void bench_release(const struct settings *settings, struct results *results)
{
	for (enum placement place = PLACE_SAME_CPU; place <= PLACE_TWO_CPUS; place++)
		if (place_possible(place))
			run_placed(settings, place, results);
}
