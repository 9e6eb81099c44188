/* Measures making a texture and releasing it, also with a pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <geyser/memory.h>

#include "bench.h"

#define TARGET 1.1

struct size {
	uint32_t width, height;
	size_t samples;
};

struct times {
	uint64_t *made, *released;
};

static void sample_ours(struct geyser_manager *manager, const struct size *size,
	const struct times *times, size_t sample)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = size->width, .height = size->height};
	const uint64_t start = now_ns();
	struct geyser_texture *texture;
	uint64_t made;

	require(geyser_texture_create(manager, &desc, &texture), "making a texture");
	made = now_ns();
	geyser_texture_unref(texture);
	times->made[sample] = made - start;
	times->released[sample] = now_ns() - made;
}

static void sample_floor(const struct size *size, const struct times *times, size_t sample)
{
	const uint64_t start = now_ns();
	struct hand_memory memory;
	uint64_t made;

	hand_create(&memory, (size_t)size->width * size->height * 4);
	made = now_ns();
	hand_destroy(&memory);
	times->made[sample] = made - start;
	times->released[sample] = now_ns() - made;
}

static struct times make_times(size_t samples)
{
	return (struct times){
		.made = allocate(samples, sizeof(uint64_t)),
		.released = allocate(samples, sizeof(uint64_t)),
	};
}

static void free_times(struct times *times)
{
	free(times->made);
	free(times->released);
}

static void measure(struct geyser_manager *manager, const struct size *size, size_t rounds,
	struct series *making, struct series *releasing)
{
	struct times ours = make_times(size->samples), floor = make_times(size->samples);

	for (size_t round = 0; round < rounds; round++) {
		/* The sides take turns within the round, since the page allocator's speed changes
		 * from round to round. */
		for (size_t i = 0; i < size->samples; i++) {
			if (i % 2)
				sample_floor(size, &floor, i);
			sample_ours(manager, size, &ours, i);
			if (i % 2 == 0)
				sample_floor(size, &floor, i);
		}
		series_add(making, 0.5, ours.made, floor.made, size->samples);
		series_add(releasing, 0.5, ours.released, floor.released, size->samples);
	}
	free_times(&ours);
	free_times(&floor);
}

/* Makes a manager whose pool keeps so many bytes. */
static struct geyser_manager *make_manager(uint64_t pool)
{
	struct geyser_manager *manager;

	require(geyser_manager_create(NULL, &manager), "making a manager");
	require(geyser_manager_set_pool(manager, pool, UINT64_MAX), "setting the pool");
	return manager;
}

/* Makes a texture, writes each texel and releases the texture. */
static uint64_t make_and_fill(struct geyser_manager *manager, const struct size *size)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = size->width, .height = size->height};
	const uint64_t start = now_ns();
	struct geyser_mapping mapping;
	struct geyser_texture *texture;

	require(geyser_texture_create(manager, &desc, &texture), "making a texture");
	require(geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mapping), "mapping a texture");
	memset(mapping.data, 1, mapping.size);
	geyser_texture_unmap(texture);
	geyser_texture_unref(texture);
	return now_ns() - start;
}

/* Compares textures from the pool with those that are made anew. */
static void run_pooled(const struct size *size, size_t rounds, struct results *results)
{
	struct geyser_manager *anew = make_manager(0), *pooled = make_manager(UINT64_MAX);
	struct times from_pool = make_times(size->samples), made = make_times(size->samples);
	struct series making = {.rounds = 0}, filling = {.rounds = 0};
	char name[48];

	(void)make_and_fill(pooled, size);
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < size->samples; i++) {
			sample_ours(pooled, size, &from_pool, i);
			sample_ours(anew, size, &made, i);
		}
		series_add(&making, 0.5, from_pool.made, made.made, size->samples);
		for (size_t i = 0; i < size->samples; i++) {
			from_pool.made[i] = make_and_fill(pooled, size);
			made.made[i] = make_and_fill(anew, size);
		}
		series_add(&filling, 0.5, from_pool.made, made.made, size->samples);
	}
	geyser_manager_destroy(pooled);
	geyser_manager_destroy(anew);
	free_times(&from_pool);
	free_times(&made);
	(void)snprintf(name, sizeof(name), "create from pool %ux%u", size->width, size->height);
	results_add_times(results, name, PLACE_UNPINNED, &making, LIMIT_NONE, 0);
	(void)snprintf(name, sizeof(name), "create, fill, release from pool %ux%u", size->width,
		size->height);
	results_add_times(results, name, PLACE_UNPINNED, &filling, LIMIT_NONE, 0);
}

static void run_placed(
	const struct size *size, size_t rounds, enum placement placement, struct results *results)
{
	struct series making = {.rounds = 0}, releasing = {.rounds = 0};
	struct geyser_manager *manager;
	char name[40];

	place_self(placement, false);
	manager = make_manager(0);
	measure(manager, size, rounds, &making, &releasing);
	geyser_manager_destroy(manager);
	place_self(PLACE_UNPINNED, false);
	(void)snprintf(name, sizeof(name), "create %ux%u rgba8unorm", size->width, size->height);
	results_add_times(results, name, placement, &making, LIMIT_RATIO, TARGET);
	(void)snprintf(name, sizeof(name), "release %ux%u rgba8unorm", size->width, size->height);
	results_add_times(results, name, placement, &releasing, LIMIT_NONE, 0);
}

void bench_create(const struct settings *settings, struct results *results)
{
	static const struct size sizes[] = {
		{1920, 1080, 30},
		{640, 480, 100},
		{64, 64, 500},
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct size size = sizes[i];

		if (settings->quick)
			size.samples /= 5;
		run_placed(&size, settings->rounds, PLACE_SAME_CPU, results);
		run_placed(&size, settings->rounds, PLACE_UNPINNED, results);
		if (i < 2) /* smaller textures aren't kept */
			run_pooled(&size, settings->rounds, results);
	}
}
