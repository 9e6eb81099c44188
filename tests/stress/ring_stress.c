/*
 * Passes frames through the ring, from one publisher to 16 subscribers. Half of the subscribers get
 * every frame; a quarter keep a frame until they have the next one.
 *
 * Every word of every received frame is checked. A torn frame, a frame too many, too few or out of
 * order, and a hang are failures.
 *
 *	ring_stress [--frames N] [--buffers N] [--lossless] [--bell] [--threads]
 *
 * With --bell the publisher sleeps on its doorbell, as it does where the system can't sleep on
 * several words. It never looks again by itself, so that a lost wake-up is a hang.
 *
 * Subscribers are processes that map the ring and the buffers read-only, or threads (--threads, for
 * ThreadSanitizer). The suite sends 100,000 frames; the long run sends 10 million:
 *
 *	build/tests/stress/ring_stress --frames 10000000
 *	build/tests/stress/ring_stress --frames 10000000 --lossless
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/clock.h"
#include "platform/platform.h"
#include "stream/ring.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUBSCRIBERS 16
#define WORDS 64 /* words in a buffer */
#define ROUNDS_OF_A_LOOK 200

/* No subscriber waits longer for a frame unless a wake-up was lost. */
#define PATIENCE (30 * GY_SECOND)

struct options {
	uint64_t frames;
	uint32_t buffers;
	bool lossless, bell, threads;
};

struct shared {
	struct gy_ring_page *page;
	struct gy_lease_page *leases;
	struct gy_doorbell_page *bell; /* NULL without --bell */
	uint64_t (*buffers)[WORDS];
};

struct subscriber {
	const struct options *options;
	struct shared shared;
	struct gy_ring_view view;
	uint32_t number;
	uint32_t taken;
	int kept; /* number of the buffer that is kept, or -1 */
	uint64_t kept_sequence;
};

static bool complain(uint32_t number, const char *what, uint64_t is, uint64_t expected)
{
	(void)fprintf(stderr,
		"ring_stress: subscriber %u: %s (%" PRIu64 "): expected %" PRIu64 "\n", number,
		what, is, expected);
	return false;
}

/* ---- memory ---- */

static void *map(int fd, size_t size, int protection)
{
	void *data = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	if (data == MAP_FAILED) {
		perror("ring_stress: mmap");
		exit(2);
	}
	return data;
}

static int memory(size_t size)
{
	int fd;

	if (gy_memory_create("ring-stress", size, &fd)) {
		(void)fprintf(stderr, "ring_stress: %s\n", geyser_error_detail());
		exit(2);
	}
	return fd;
}

struct memories {
	int page, leases, bell, buffers; /* bell: -1 without --bell */
};

#define LEASES_SIZE (SUBSCRIBERS * sizeof(struct gy_lease_page))
#define BUFFERS_SIZE (GY_RING_BUFFERS * WORDS * sizeof(uint64_t))

static struct memories create_all(const struct options *options)
{
	return (struct memories){
		.page = memory(sizeof(struct gy_ring_page)),
		.leases = memory(LEASES_SIZE),
		.bell = options->bell ? memory(GY_DOORBELL_SIZE) : -1,
		.buffers = memory(BUFFERS_SIZE),
	};
}

static struct shared map_all(const struct memories *memories, bool publisher)
{
	const int both = PROT_READ | PROT_WRITE, protection = publisher ? both : PROT_READ;

	return (struct shared){
		.page = map(memories->page, sizeof(struct gy_ring_page), protection),
		.leases = map(memories->leases, LEASES_SIZE, both),
		.bell = memories->bell < 0 ? NULL : map(memories->bell, GY_DOORBELL_SIZE, both),
		.buffers = map(memories->buffers, BUFFERS_SIZE, protection),
	};
}

/* ---- a subscriber ---- */

static bool wants_every(uint32_t number)
{
	return number % 2 == 1;
}

static bool spins(uint32_t number)
{
	return number % 4 >= 2;
}

static bool keeps(uint32_t number)
{
	return number % 4 >= 2 && number < SUBSCRIBERS / 2;
}

static bool check_words(const struct subscriber *subscriber, int buffer, uint64_t sequence)
{
	const uint64_t *words = subscriber->shared.buffers[buffer];

	for (uint64_t i = 0; i < WORDS; i++)
		if (words[i] != (sequence ^ i))
			return complain(subscriber->number, "a torn word", words[i], sequence ^ i);
	return true;
}

static bool check_frame(const struct subscriber *subscriber, int buffer, uint64_t last,
	const struct gy_ring_record *record)
{
	uint64_t sequence = record->info.sequence;

	if (sequence <= last)
		return complain(subscriber->number, "an old frame", sequence, last + 1);
	if (subscriber->options->lossless && subscriber->view.every && sequence != last + 1)
		return complain(subscriber->number, "a frame too few", sequence, last + 1);
	if (record->info.presentation_ns != ~sequence)
		return complain(subscriber->number, "another frame's record",
			record->info.presentation_ns, ~sequence);
	return check_words(subscriber, buffer, sequence);
}

static bool release(struct subscriber *subscriber, int buffer, uint64_t sequence)
{
	bool right = check_words(subscriber, buffer, sequence);

	gy_ring_release(&subscriber->view, (uint32_t)buffer);
	return right;
}

static bool use_frame(struct subscriber *subscriber, int buffer)
{
	int kept = subscriber->kept;
	uint64_t sequence = subscriber->kept_sequence;

	subscriber->taken++;
	if (!keeps(subscriber->number))
		return release(subscriber, buffer, subscriber->view.last);
	subscriber->kept = buffer;
	subscriber->kept_sequence = subscriber->view.last;
	return kept < 0 || release(subscriber, kept, sequence);
}

/* Looks for the next frame for a moment, as a thread does that spins. */
static void look(struct gy_ring_view *view)
{
	uint32_t expected = gy_ring_expect(view);

	for (int i = 0; i < ROUNDS_OF_A_LOOK && view->seen == 0; i++)
		if (gy_ring_has_come(view, expected))
			view->seen = expected + 1;
}

/* Sleeps until there is a frame. Returns false if none came within PATIENCE. */
static bool sleep_for_frame(struct gy_ring_view *view)
{
	uint64_t deadline = gy_now() + PATIENCE;
	bool there;

	do {
		struct gy_wait_word word = {
			.word = (_Atomic uint32_t *)&view->page->wakes, .shared = true};

		word.expected = atomic_load(word.word);
		atomic_store(&view->lease->sleeping, 1);
		if (!gy_ring_has_next(view))
			gy_wait(&word, 1, deadline);
		atomic_store(&view->lease->sleeping, 0);
		there = gy_ring_has_next(view);
	} while (!there && gy_now() < deadline);
	return there;
}

static bool check_end(const struct subscriber *subscriber)
{
	uint64_t dropped = atomic_load(&subscriber->view.lease->dropped);

	if (subscriber->taken + dropped != subscriber->options->frames)
		return complain(subscriber->number, "taken and dropped together",
			subscriber->taken + dropped, subscriber->options->frames);
	return true;
}

static bool subscribe(struct subscriber *subscriber)
{
	struct gy_ring_view *view = &subscriber->view;

	gy_ring_open(view); /* the subscriber's place is set by now */
	while (view->last < subscriber->options->frames) {
		uint64_t last = view->last;
		struct gy_ring_record record = {0};
		int buffer = gy_ring_take(view);

		if (buffer < 0 && spins(subscriber->number)) {
			look(view);
			buffer = gy_ring_take(view);
		}
		if (buffer < 0 && !sleep_for_frame(view))
			return complain(subscriber->number, "no frame came after", last, last + 1);
		if (buffer >= 0)
			gy_ring_read(view, (uint32_t)buffer, &record);
		if (buffer >= 0 && !(check_frame(subscriber, buffer, last, &record) &&
					   use_frame(subscriber, buffer)))
			return false;
	}
	if (subscriber->kept >= 0 &&
		!release(subscriber, subscriber->kept, subscriber->kept_sequence))
		return false;
	return check_end(subscriber);
}

static struct subscriber subscriber_init(
	const struct options *options, const struct shared *shared, uint32_t number)
{
	return (struct subscriber){
		.options = options,
		.shared = *shared,
		.number = number,
		.kept = -1,
		.view =
			{
				.page = shared->page,
				.lease = &shared->leases[number],
				.bell = shared->bell,
				.buffers = options->buffers,
				.every = wants_every(number),
			},
	};
}

/* ---- the publisher ---- */

static bool sleep_for_release(
	struct gy_ring_writer *writer, const struct shared *shared, int *buffer)
{
	struct gy_wait_word words[SUBSCRIBERS];
	const unsigned count = shared->bell ? 1 : SUBSCRIBERS;
	uint64_t deadline = gy_now() + PATIENCE;

	do {
		for (unsigned i = 0; i < count; i++) {
			words[i] = (struct gy_wait_word){
				.word = shared->bell ? &shared->bell->rings
						     : &shared->leases[i].releases,
				.shared = true,
			};
			words[i].expected = atomic_load(words[i].word);
		}
		atomic_store(&writer->page->waiting, 1);
		*buffer = gy_ring_begin(writer, 0);
		if (*buffer < 0)
			gy_wait(words, count, deadline);
	} while (*buffer < 0 && gy_now() < deadline);
	atomic_store(&writer->page->waiting, 0);
	return *buffer >= 0;
}

static bool publish_one(struct gy_ring_writer *writer, const struct shared *shared)
{
	struct gy_ring_record record = {.generation = 1};
	uint64_t sequence = writer->sequence + 1;
	int buffer = gy_ring_begin(writer, 0);

	if (buffer < 0 && !sleep_for_release(writer, shared, &buffer))
		return false;
	for (uint64_t i = 0; i < WORDS; i++)
		shared->buffers[buffer][i] = sequence ^ i;
	record.info.presentation_ns = ~sequence;
	gy_ring_prepare(writer, (uint32_t)buffer, &record);
	gy_ring_publish(writer, (uint32_t)buffer, false);
	return true;
}

static bool publish_all(
	const struct options *options, struct gy_ring_writer *writer, const struct shared *shared)
{
	while (writer->sequence < options->frames) {
		if (publish_one(writer, shared))
			continue;
		(void)fprintf(stderr,
			"ring_stress: no buffer came free after frame %" PRIu64
			" (held %#x, owed %" PRIu64 ")\n",
			writer->sequence, gy_ring_held(writer), gy_ring_owed(writer));
		return false;
	}
	return true;
}

static void join_all(struct gy_ring_writer *writer, struct gy_lease_page *leases)
{
	for (uint32_t i = 0; i < SUBSCRIBERS; i++)
		if (gy_ring_join(writer, &leases[i], wants_every(i)) != (int)i)
			abort();
}

/* ---- subscribers as processes ---- */

/* Forks the subscribers and returns in the parent only. The children begin when the pipe's other
 * end is closed. */
static void fork_all(const struct options *options, const struct memories *memories,
	const int start[2], pid_t *pids)
{
	for (uint32_t i = 0; i < SUBSCRIBERS; i++) {
		struct subscriber subscriber;
		struct shared shared;
		char byte;

		pids[i] = fork();
		if (pids[i] > 0)
			continue;
		if (pids[i] < 0) {
			perror("ring_stress: fork");
			exit(2);
		}
		(void)close(start[1]);
		shared = map_all(memories, false);
		subscriber = subscriber_init(options, &shared, i);
		while (read(start[0], &byte, 1) < 0 && errno == EINTR)
			continue;
		_exit(subscribe(&subscriber) ? 0 : 1);
	}
}

static bool reap_all(const pid_t *pids)
{
	bool right = true;

	for (uint32_t i = 0; i < SUBSCRIBERS; i++) {
		int status = -1;

		if (waitpid(pids[i], &status, 0) != pids[i] || status != 0)
			right = complain(i, "wait status", (unsigned)status, 0);
	}
	return right;
}

static bool run_processes(const struct options *options, struct gy_ring_writer *writer,
	const struct memories *memories, struct shared *shared)
{
	pid_t pids[SUBSCRIBERS];
	int start[2];
	bool right;

	if (pipe(start) < 0) {
		perror("ring_stress: pipe");
		return false;
	}
	fork_all(options, memories, start, pids);
	*shared = map_all(memories, true);
	writer->page = shared->page;
	join_all(writer, shared->leases);
	(void)close(start[1]);
	right = publish_all(options, writer, shared);
	(void)close(start[0]);
	return reap_all(pids) && right;
}

/* ---- subscribers as threads ---- */

static void *run_subscriber(void *data)
{
	return subscribe(data) ? data : NULL;
}

static bool run_threads(const struct options *options, struct gy_ring_writer *writer,
	const struct memories *memories, struct shared *shared)
{
	struct subscriber subscribers[SUBSCRIBERS];
	pthread_t threads[SUBSCRIBERS];
	void *result;
	bool right;

	*shared = map_all(memories, true);
	writer->page = shared->page;
	join_all(writer, shared->leases);
	for (uint32_t i = 0; i < SUBSCRIBERS; i++) {
		subscribers[i] = subscriber_init(options, shared, i);
		if (pthread_create(&threads[i], NULL, run_subscriber, &subscribers[i]) != 0)
			abort();
	}
	right = publish_all(options, writer, shared);
	for (uint32_t i = 0; i < SUBSCRIBERS; i++)
		if (pthread_join(threads[i], &result) != 0 || !result)
			right = false;
	return right;
}

/* ---- the program ---- */

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = text ? strtoull(text, &end, 10) : 0;
	return text && *text >= '0' && *text <= '9' && !*end && errno == 0 && *out >= least &&
	       *out <= most;
}

static bool parse(int count, char **arguments, struct options *options)
{
	uint64_t number;

	for (int i = 1; i < count; i++) {
		const char *next = i + 1 < count ? arguments[i + 1] : NULL;

		if (strcmp(arguments[i], "--lossless") == 0) {
			options->lossless = true;
		} else if (strcmp(arguments[i], "--bell") == 0) {
			options->bell = true;
		} else if (strcmp(arguments[i], "--threads") == 0) {
			options->threads = true;
		} else if (strcmp(arguments[i], "--frames") == 0 &&
			   parse_number(next, 1, UINT32_MAX, &options->frames)) {
			i++;
		} else if (strcmp(arguments[i], "--buffers") == 0 &&
			   parse_number(next, 2, GY_RING_BUFFERS, &number)) {
			options->buffers = (uint32_t)number;
			i++;
		} else {
			return false;
		}
	}
	return true;
}

static void report(const struct options *options, const struct shared *shared, uint64_t started)
{
	uint64_t dropped[2] = {0, 0};
	double seconds = (double)(gy_now() - started) / (double)GY_SECOND;

	for (uint32_t i = 0; i < SUBSCRIBERS; i++)
		dropped[wants_every(i)] += atomic_load(&shared->leases[i].dropped);
	(void)printf("%s, %u buffers, %d %s: %" PRIu64 " frames in %.1f s; got by LATEST %" PRIu64
		     ", by EVERY %" PRIu64 ", not one word wrong\n",
		options->lossless ? "lossless" : "free", options->buffers, SUBSCRIBERS,
		options->threads ? "threads" : "processes", options->frames, seconds,
		SUBSCRIBERS / 2 * options->frames - dropped[0],
		SUBSCRIBERS / 2 * options->frames - dropped[1]);
}

int main(int count, char **arguments)
{
	struct options options = {.frames = 200000, .buffers = 4, .bell = !gy_wait_has_several()};
	struct gy_ring_writer writer = {0};
	uint64_t started = gy_now();
	struct memories memories;
	struct shared shared = {.page = NULL};
	bool right;

	if (!parse(count, arguments, &options)) {
		(void)fprintf(stderr,
			"usage: ring_stress [--frames N] [--buffers 2..%d] "
			"[--lossless] [--bell] [--threads]\n",
			GY_RING_BUFFERS);
		return 2;
	}
	memories = create_all(&options);
	writer.buffers = options.buffers;
	writer.lossless = options.lossless;
	right = (options.threads ? run_threads : run_processes)(
		&options, &writer, &memories, &shared);
	if (right)
		report(&options, &shared, started);
	return right ? 0 : 1;
}
