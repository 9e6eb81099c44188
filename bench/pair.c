#include "pair.h"

#include <errno.h>
#include <sys/mman.h>

#define STREAM "pair"

static uint64_t cpu_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

static struct hand_memory *buffer_of(struct pair *pair)
{
	return &pair->buffers[pair->count % PAIR_BUFFERS];
}

static struct geyser_frame_info *record_of(struct pair *pair)
{
	return &pair->shared->records[pair->count % PAIR_BUFFERS];
}

static void copy_record(
	const struct pair *pair, struct geyser_frame_info *to, const struct geyser_frame_info *from)
{
	if (pair->floor == PAIR_FLOOR_SPINS_SHORT) {
		to->sequence = from->sequence;
		to->timestamp_ns = from->timestamp_ns;
	} else {
		*to = *from;
	}
}

/* Waits for a counter of the benchmark's own. */
static void await_word(const struct pair *pair, struct hand_word *word)
{
	if (pair->floor != PAIR_FLOOR_SLEEPS)
		hand_spin(word, pair->count);
	else
		hand_wait(word, pair->count);
}

/* ---- the reader: how long a frame took to it ------------------------------------------------- */

static uint64_t receive_ours(struct pair *pair)
{
	struct geyser_mapping mapping;
	struct geyser_frame *frame;
	uint64_t time;

	require(geyser_subscriber_acquire(pair->subscriber, UINT64_MAX, &frame), "acquiring");
	require(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_READ, &mapping),
		"mapping a frame");
	time = frame_read_stamp(mapping.data, pair->size);
	time = now_ns() - time;
	geyser_texture_unmap(geyser_frame_texture(frame));
	require(geyser_subscriber_release(pair->subscriber, frame), "releasing");
	return time;
}

static uint64_t receive_floor(struct pair *pair)
{
	uint64_t time;

	await_word(pair, &pair->shared->sent);
	if (pair->floor != PAIR_FLOOR_SLEEPS)
		copy_record(pair, &pair->record, record_of(pair));
	time = frame_read_stamp(buffer_of(pair)->data, pair->size);
	return now_ns() - time;
}

static void follow(struct pair *pair, size_t turn)
{
	const uint64_t start = cpu_ns();

	for (size_t i = 0; i < pair->frames; i++) {
		pair->count++;
		pair->shared->samples[i] =
			turn_is_ours(turn) ? receive_ours(pair) : receive_floor(pair);
		if (i + 1 == pair->frames)
			pair->shared->reader_cpu_ns = cpu_ns() - start;
		hand_signal(&pair->shared->got, pair->count);
	}
}

static void make_manager(struct pair *pair)
{
	require(geyser_manager_create(NULL, &pair->manager), "making a manager");
	require(geyser_manager_set_spin(pair->manager, pair->spin_ns), "setting the spin time");
}

static void run_reader(const struct peer_pipes *pipes, void *data)
{
	const struct geyser_subscriber_desc desc = {
		.name = STREAM,
		.connect_timeout_ns = CONNECT_TIMEOUT,
	};
	struct pair *pair = data;
	char byte;

	read_all(pipes->hold, &byte, 1);
	make_manager(pair);
	require(geyser_subscriber_create(pair->manager, &desc, &pair->subscriber), "subscribing");
	write_all(pipes->out, "", 1);
	for (size_t turn = 0; turn < pair->turns; turn++)
		follow(pair, turn);
	wait_for_end(pipes);
	geyser_subscriber_destroy(pair->subscriber);
	geyser_manager_destroy(pair->manager);
}

/* ---- the writer ------------------------------------------------------------------------------ */

static void send_ours(struct pair *pair)
{
	struct geyser_mapping mapping;
	struct geyser_frame *frame;

	require(geyser_publisher_acquire(pair->publisher, UINT64_MAX, &frame), "acquiring");
	require(geyser_texture_map(geyser_frame_texture(frame), GEYSER_ACCESS_WRITE, &mapping),
		"mapping a frame");
	geyser_texture_unmap(geyser_frame_texture(frame)); /* the frame keeps the texture mapped */
	frame_stamp(mapping.data, pair->size, now_ns());
	require(geyser_publisher_submit(pair->publisher, frame), "submitting");
}

static void send_floor(struct pair *pair)
{
	frame_stamp(buffer_of(pair)->data, pair->size, now_ns());
	if (pair->floor != PAIR_FLOOR_SLEEPS) {
		pair->record.sequence = pair->count;
		pair->record.timestamp_ns = now_ns();
		copy_record(pair, record_of(pair), &pair->record);
	}
	hand_signal(&pair->shared->sent, pair->count);
}

static void sleep_until(uint64_t time)
{
	const struct timespec until = {
		.tv_sec = (time_t)(time / UINT64_C(1000000000)),
		.tv_nsec = (long)(time % UINT64_C(1000000000)),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

uint64_t pair_turn(struct pair *pair, size_t turn)
{
	const uint64_t begin = now_ns(), start = cpu_ns();

	for (size_t i = 0; i < pair->frames; i++) {
		if (pair->interval_ns)
			sleep_until(begin + (i + 1) * pair->interval_ns);
		pair->count++;
		if (turn_is_ours(turn))
			send_ours(pair);
		else
			send_floor(pair);
		if (!pair->interval_ns)
			await_word(pair, &pair->shared->got);
	}
	await_word(pair, &pair->shared->got);
	return cpu_ns() - start + pair->shared->reader_cpu_ns;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void make_publisher(struct pair *pair)
{
	const struct geyser_stream_desc desc = {
		.name = STREAM,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM,
			.width = pair->width,
			.height = pair->height},
		.buffers = PAIR_BUFFERS,
	};

	make_manager(pair);
	require(geyser_publisher_create(pair->manager, &desc, &pair->publisher), "publishing");
}

/* Starts the second process. The floor's buffers are mapped before the fork, so both processes have
 * them. */
void pair_start(struct pair *pair, enum placement placement)
{
	char byte;

	pair->size = (size_t)pair->width * pair->height * 4;
	pair->shared = shared_memory(sizeof(*pair->shared));
	for (int i = 0; i < PAIR_BUFFERS; i++)
		hand_create(&pair->buffers[i], pair->size);
	place_self(placement, false);
	peer_start(&pair->reader, placement, run_reader, pair);
	make_publisher(pair);
	write_all(pair->reader.hold, "", 1);
	read_all(pair->reader.in, &byte, 1);
}

void pair_stop(struct pair *pair)
{
	peer_stop(&pair->reader);
	geyser_publisher_destroy(pair->publisher);
	geyser_manager_destroy(pair->manager);
	for (int i = 0; i < PAIR_BUFFERS; i++)
		hand_destroy(&pair->buffers[i]);
	(void)munmap(pair->shared, sizeof(*pair->shared));
	place_self(PLACE_UNPINNED, false);
}
