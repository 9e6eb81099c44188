/* Measures how long one frame takes to reach 64 subscribers, each a process: the time of the
 * slowest. */
#include <sys/mman.h>
#include <unistd.h>

#include "pair.h"

#define STREAM "fanout"
#define READERS GEYSER_STREAM_SUBSCRIBERS_MAX
#define SAMPLES_MAX 60
#define TARGET 2.0
#define WIDTH 640
#define HEIGHT 480
#define PAUSE 1500 /* µs between samples, so that all readers sleep again; no part of a sample */

/* Memory that all processes share. */
struct shared {
	struct hand_word sent; /* used by the floor only */
	struct hand_word done; /* the last frame that every reader has */
	_Alignas(64) _Atomic uint32_t got;
	uint64_t arrivals[READERS];
};

struct fan {
	struct shared *shared;
	struct hand_memory buffer; /* the floor's frame */
	size_t samples, turns;
	uint32_t index; /* the index of a reader */
	uint32_t count; /* how many frames were sent */
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
};

/* ---- a reader -------------------------------------------------------------------------------- */

static uint64_t receive_ours(struct fan *fan)
{
	struct geyser_mapping mapping;
	struct geyser_frame *frame;
	uint64_t time;

	require(geyser_subscriber_acquire(fan->subscriber, UINT64_MAX, &frame), "acquiring");
	require(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping),
		"mapping a frame");
	(void)frame_read_stamp(mapping.data, (size_t)WIDTH * HEIGHT * 4);
	time = now_ns();
	geyser_texture_unmap(geyser_frame_texture(frame));
	require(geyser_subscriber_release(fan->subscriber, frame), "releasing");
	return time;
}

static uint64_t receive_floor(struct fan *fan)
{
	hand_wait(&fan->shared->sent, fan->count);
	(void)frame_read_stamp(fan->buffer.data, fan->buffer.size);
	return now_ns();
}

static void follow(struct fan *fan, size_t turn)
{
	for (size_t i = 0; i < fan->samples; i++) {
		fan->count++;
		fan->shared->arrivals[fan->index] =
			turn_is_ours(turn) ? receive_ours(fan) : receive_floor(fan);
		if (atomic_fetch_add(&fan->shared->got, 1) + 1 == READERS)
			hand_signal(&fan->shared->done, fan->count);
	}
}

static void run_reader(const struct peer_pipes *pipes, void *data)
{
	const struct geyser_subscriber_desc desc = {
		.name = STREAM,
		.connect_timeout_ns = CONNECT_TIMEOUT,
	};
	struct geyser_manager *manager;
	struct fan *fan = data;
	char byte;

	read_all(pipes->hold, &byte, 1);
	require(geyser_manager_create(NULL, &manager), "making a manager");
	require(geyser_subscriber_create(manager, &desc, &fan->subscriber), "subscribing");
	write_all(pipes->out, "", 1);
	for (size_t turn = 0; turn < fan->turns; turn++)
		follow(fan, turn);
	wait_for_end(pipes);
	geyser_subscriber_destroy(fan->subscriber);
	geyser_manager_destroy(manager);
}

/* ---- the writer ------------------------------------------------------------------------------ */

static void *begin_ours(struct fan *fan, struct geyser_frame **frame)
{
	struct geyser_mapping mapping;

	require(geyser_publisher_acquire(fan->publisher, UINT64_MAX, frame), "acquiring");
	require(geyser_texture_map(geyser_frame_texture(*frame), GEYSER_ACCESS_WRITE, &mapping),
		"mapping a frame");
	geyser_texture_unmap(geyser_frame_texture(*frame)); /* the frame keeps the texture mapped */
	return mapping.data;
}

static uint64_t send_ours(struct fan *fan)
{
	struct geyser_frame *frame;
	void *data = begin_ours(fan, &frame);
	const uint64_t time = now_ns();

	frame_stamp(data, (size_t)WIDTH * HEIGHT * 4, time);
	require(geyser_publisher_submit(fan->publisher, frame), "submitting");
	return time;
}

static uint64_t send_floor(struct fan *fan)
{
	const uint64_t time = now_ns();

	frame_stamp(fan->buffer.data, fan->buffer.size, time);
	hand_signal(&fan->shared->sent, fan->count);
	return time;
}

static uint64_t slowest(const struct shared *shared)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < READERS; i++)
		if (shared->arrivals[i] > last)
			last = shared->arrivals[i];
	return last;
}

static void lead(struct fan *fan, size_t turn, uint64_t *samples)
{
	for (size_t i = 0; i < fan->samples; i++) {
		uint64_t start;

		(void)usleep(PAUSE);
		atomic_store(&fan->shared->got, 0);
		fan->count++;
		start = turn_is_ours(turn) ? send_ours(fan) : send_floor(fan);
		hand_wait(&fan->shared->done, fan->count);
		samples[i] = slowest(fan->shared) - start;
	}
}

/* ---- rounds ---------------------------------------------------------------------------------- */

/* The first round only warms up. */
static void measure(struct fan *fan, size_t rounds, struct series *medians, struct series *tails)
{
	uint64_t samples[2][SAMPLES_MAX]; /* samples of the floor and of geyser */

	for (size_t round = 0; round <= rounds; round++) {
		for (size_t turn = 2 * round; turn < 2 * round + 2; turn++)
			lead(fan, turn, samples[turn_is_ours(turn)]);
		if (round == 0)
			continue;
		series_add(medians, 0.5, samples[1], samples[0], fan->samples);
		series_add(tails, 0.9, samples[1], samples[0], fan->samples);
	}
}

/* Starts the readers. Each inherits its own index, and the descriptors of earlier readers: so they
 * are stopped in reverse order. */
static void start_readers(struct fan *fan, enum placement placement, struct peer *readers)
{
	for (fan->index = 0; fan->index < READERS; fan->index++)
		peer_start(&readers[fan->index], placement, run_reader, fan);
}

static void connect_readers(struct peer *readers)
{
	char byte;

	for (uint32_t i = 0; i < READERS; i++) {
		write_all(readers[i].hold, "", 1);
		read_all(readers[i].in, &byte, 1);
	}
}

static void run_placed(
	const struct settings *settings, enum placement placement, struct results *results)
{
	const struct geyser_stream_desc desc = {
		.name = STREAM,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH, .height = HEIGHT},
	};
	struct series medians = {.rounds = 0}, tails = {.rounds = 0};
	struct fan fan = {
		.shared = shared_memory(sizeof(struct shared)),
		.samples = settings->quick ? 15 : SAMPLES_MAX,
		.turns = 2 * (settings->rounds + 1),
	};
	struct geyser_manager *manager;
	struct peer readers[READERS];

	hand_create(&fan.buffer, (size_t)WIDTH * HEIGHT * 4);
	place_self(placement, false);
	start_readers(&fan, placement, readers);
	require(geyser_manager_create(NULL, &manager), "making a manager");
	require(geyser_publisher_create(manager, &desc, &fan.publisher), "publishing");
	connect_readers(readers);
	measure(&fan, settings->rounds, &medians, &tails);
	for (uint32_t i = READERS; i-- > 0;)
		peer_stop(&readers[i]);
	geyser_publisher_destroy(fan.publisher);
	geyser_manager_destroy(manager);
	hand_destroy(&fan.buffer);
	(void)munmap(fan.shared, sizeof(*fan.shared));
	place_self(PLACE_UNPINNED, false);
	results_add_times(
		results, "slowest of 64 subscribers", placement, &medians, LIMIT_RATIO, TARGET);
	results_add_times(
		results, "slowest of 64 subscribers, p90", placement, &tails, LIMIT_NONE, 0);
}

void bench_fanout(const struct settings *settings, struct results *results)
{
	run_placed(settings, PLACE_SAME_CPU, results);
	run_placed(settings, PLACE_UNPINNED, results);
}
