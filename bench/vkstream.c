/* Measures streams of 4K frames, from GPU to GPU and between a GPU and the host. */
#include <stdio.h>
#include <string.h>

#include "vkframes.h"

struct kind {
	const char *name;
	bool writer_gpu, reader_gpu;
};

struct outcome {
	struct series latency, pace;
};

static void take_samples(
	struct frames *frames, bool ours, size_t count, uint64_t samples[FRAMES_SAMPLES_MAX])
{
	const struct frames_turn turn = {.ours = ours, .one_by_one = true, .frames = count};
	const uint32_t first = frames->count;

	(void)frames_take_turn(frames, &turn);
	for (uint32_t i = 0; i < count; i++)
		samples[i] = frames->shared->samples[(first + i) % FRAMES_SAMPLES_MAX];
}

static uint64_t take_pace(struct frames *frames, bool ours, size_t count)
{
	const struct frames_turn turn = {.ours = ours, .one_by_one = false, .frames = count};

	return frames_take_turn(frames, &turn) / count;
}

/* The first round only warms up. */
static void measure(struct frames *frames, size_t rounds, size_t count, struct outcome *outcome)
{
	uint64_t samples[2][FRAMES_SAMPLES_MAX], pace[2]; /* samples of the floor and of geyser */

	for (size_t round = 0; round <= rounds; round++) {
		for (size_t turn = 2 * round; turn < 2 * round + 2; turn++) {
			const bool ours = turn_is_ours(turn);

			take_samples(frames, ours, count, samples[ours]);
			pace[ours] = take_pace(frames, ours, count);
		}
		if (round == 0)
			continue;
		series_add(&outcome->latency, 0.5, samples[1], samples[0], count);
		series_add(&outcome->pace, 0.5, &pace[1], &pace[0], 1);
	}
}

static void run_kind(
	const struct kind *kind, const struct settings *settings, struct results *results)
{
	struct frames frames = {.writer_gpu = kind->writer_gpu, .reader_gpu = kind->reader_gpu};
	struct outcome outcome = {.latency = {.rounds = 0}, .pace = {.rounds = 0}};
	size_t rounds = settings->rounds, count = settings->quick ? 10 : 30;
	char name[64];
	const char *why;

	if (!frames_start(&frames, &why)) {
		results_add_missing(results, kind->name, why);
		return;
	}
	if (kind->writer_gpu && kind->reader_gpu)
		results_add_text(results, "vkstream: device", frames.hand.name);
	if (frames.software) {
		rounds = (rounds + 3) / 4;
		count = 3;
	}
	measure(&frames, rounds, count, &outcome);
	frames_stop(&frames);
	(void)snprintf(name, sizeof(name), "%s, latency", kind->name);
	results_add_times(results, name, PLACE_UNPINNED, &outcome.latency, LIMIT_NONE, 0);
	(void)snprintf(name, sizeof(name), "%s, time a frame", kind->name);
	results_add_times(results, name, PLACE_UNPINNED, &outcome.pace, LIMIT_NONE, 0);
}

static void run_gpus(const struct settings *settings, struct results *results)
{
	run_kind(&(struct kind){"stream GPU to GPU", true, true}, settings, results);
}

static void run_to_host(const struct settings *settings, struct results *results)
{
	run_kind(&(struct kind){"stream GPU to host", true, false}, settings, results);
}

static void run_from_host(const struct settings *settings, struct results *results)
{
	run_kind(&(struct kind){"stream host to GPU", false, true}, settings, results);
}

void bench_vkstream(const struct settings *settings, struct results *results)
{
	run_apart(run_gpus, settings, results);
	run_apart(run_to_host, settings, results);
	run_apart(run_from_host, settings, results);
}
