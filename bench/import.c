/* Measures the time from a handle to the first readable texel, in a second process. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

#define WIDTH 1920
#define HEIGHT 1080
#define TEXEL UINT32_C(0x11223344)
#define TARGET 1.5
#define WARM_UP 5
#define PAUSE 200 /* µs between samples, so that the other end waits again; no part of a sample */

struct import {
	struct geyser_manager *manager;
	struct geyser_handle handle;
	char path[300]; /* the path of the floor's socket */
	size_t samples, served;
	uint64_t *ours, *cached, *floor;
};

/* ---- the other ends -------------------------------------------------------------------------- */

static void export_texture(const struct peer_pipes *pipes, void *data)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH, .height = HEIGHT};
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_mapping mapping;
	struct geyser_handle handle;

	(void)data;
	require(geyser_manager_create(NULL, &manager), "making a manager");
	require(geyser_texture_create(manager, &desc, &texture), "making a texture");
	require(geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &mapping), "mapping it");
	*(uint32_t *)mapping.data = TEXEL;
	geyser_texture_unmap(texture);
	require(geyser_texture_export(texture, &handle), "exporting it");
	write_all(pipes->out, &handle, sizeof(handle));
	wait_for_end(pipes);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
}

static void serve_by_hand(const struct peer_pipes *pipes, void *data)
{
	const struct import *import = data;
	const int listener = hand_listen(import->path);
	struct hand_memory memory;

	hand_create(&memory, (size_t)WIDTH * HEIGHT * 4);
	*(uint32_t *)memory.data = TEXEL;
	write_all(pipes->out, "", 1);
	for (size_t i = 0; i < import->served; i++)
		hand_serve(listener, &memory);
	(void)close(listener);
	(void)unlink(import->path);
}

/* ---- one sample each ------------------------------------------------------------------------- */

static void check(const volatile uint32_t *texel)
{
	if (*texel != TEXEL)
		die("the imported texel is 0x%08x: it must be 0x%08x", *texel, TEXEL);
}

static struct geyser_texture *import_ours(const struct import *import)
{
	struct geyser_texture *texture;
	struct geyser_mapping mapping;

	require(geyser_texture_import(import->manager, &import->handle, NULL, &texture),
		"importing");
	require(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping), "mapping it");
	check(mapping.data);
	return texture;
}

/* Releases the texture after the sample, which closes the connection: each sample connects anew. */
static uint64_t sample_ours(const struct import *import)
{
	const uint64_t start = now_ns();
	struct geyser_texture *texture = import_ours(import);
	const uint64_t end = now_ns();

	geyser_texture_unmap(texture);
	geyser_texture_unref(texture);
	(void)usleep(PAUSE);
	return end - start;
}

static uint64_t sample_floor(const struct import *import)
{
	const uint64_t start = now_ns();
	struct hand_memory memory;
	int connection;
	uint64_t end;

	hand_import(import->path, &memory, &connection);
	check(memory.data);
	end = now_ns();
	hand_destroy(&memory);
	(void)close(connection);
	(void)usleep(PAUSE);
	return end - start;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static void take_ours(struct import *import)
{
	for (size_t i = 0; i < import->samples; i++)
		import->ours[i] = sample_ours(import);
}

/* Measures an import while another one lives, so that the connection exists already. */
static void take_cached(struct import *import)
{
	struct geyser_texture *kept = import_ours(import);

	for (size_t i = 0; i < import->samples; i++)
		import->cached[i] = sample_ours(import);
	geyser_texture_unmap(kept);
	geyser_texture_unref(kept);
	(void)usleep(PAUSE);
}

static void take_floor(struct import *import)
{
	for (size_t i = 0; i < import->samples; i++)
		import->floor[i] = sample_floor(import);
}

static void run_round(
	struct import *import, bool floor_first, struct series *ours, struct series *cached)
{
	if (floor_first)
		take_floor(import);
	take_ours(import);
	take_cached(import);
	if (!floor_first)
		take_floor(import);
	series_add(ours, 0.5, import->ours, import->floor, import->samples);
	series_add(cached, 0.5, import->cached, import->floor, import->samples);
}

static void measure(
	struct import *import, enum placement placement, size_t rounds, struct results *results)
{
	struct series ours = {.rounds = 0}, cached = {.rounds = 0};

	for (int i = 0; i < WARM_UP; i++) {
		(void)sample_ours(import);
		(void)sample_floor(import);
	}
	for (size_t round = 0; round < rounds; round++)
		run_round(import, round % 2, &ours, &cached);
	results_add_times(
		results, "import 1920x1080 rgba8unorm", placement, &ours, LIMIT_RATIO, TARGET);
	results_add_times(results, "import, already connected", placement, &cached, LIMIT_NONE, 0);
}

static void run_placed(
	struct import *import, enum placement placement, size_t rounds, struct results *results)
{
	struct peer exporter, server;
	char ready;

	place_self(placement, false);
	peer_start(&exporter, placement, export_texture, NULL);
	peer_start(&server, placement, serve_by_hand, import);
	read_all(exporter.in, &import->handle, sizeof(import->handle));
	read_all(server.in, &ready, 1);
	require(geyser_manager_create(NULL, &import->manager), "making a manager");
	measure(import, placement, rounds, results);
	geyser_manager_destroy(import->manager);
	peer_stop(&server);
	peer_stop(&exporter);
	place_self(PLACE_UNPINNED, false);
}

void bench_import(const struct settings *settings, struct results *results)
{
	struct import import = {.samples = settings->quick ? 20 : 100};
	const int length = snprintf(
		import.path, sizeof(import.path), "%s/by-hand.sock", getenv("GEYSER_RUNTIME_DIR"));

	if (length < 0 || (size_t)length >= sizeof(import.path))
		die("the runtime directory's path is too long");
	import.served = settings->rounds * import.samples + WARM_UP;
	import.ours = allocate(import.samples, sizeof(*import.ours));
	import.cached = allocate(import.samples, sizeof(*import.cached));
	import.floor = allocate(import.samples, sizeof(*import.floor));
	for (enum placement place = PLACE_SAME_CPU; place <= PLACE_TWO_CPUS; place++)
		if (place_possible(place))
			run_placed(&import, place, settings->rounds, results);
	free(import.ours);
	free(import.cached);
	free(import.floor);
}
