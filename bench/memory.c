/* Measures the memory that a texture costs besides its pixels. */
#include <malloc.h>

#include "bench.h"

#define COUNT 400        /* textures: below the usual limit of 1024 descriptors */
#define BOOKKEEPING 1024 /* the most bytes of heap for a texture */
#define PAGE 4096        /* the most bytes of shared memory besides the pixels */
#define WIDTH 1919       /* a width whose pixels don't fill whole pages */
#define HEIGHT 1079

static const struct geyser_texture_desc small = {
	.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 16};

static double heap_bytes(void)
{
	const struct mallinfo2 info = mallinfo2();

	return (double)info.uordblks + (double)info.hblkhd;
}

static void measure_bookkeeping(struct geyser_manager *manager, struct results *results)
{
	struct geyser_texture *textures[COUNT];
	struct geyser_handle handle;
	double before, made, exported;

	/* the first export starts the exporter, which serves all of them */
	require(geyser_texture_create(manager, &small, &textures[0]), "making a texture");
	require(geyser_texture_export(textures[0], &handle), "exporting it");
	before = heap_bytes();
	for (int i = 1; i < COUNT; i++)
		require(geyser_texture_create(manager, &small, &textures[i]), "making a texture");
	made = heap_bytes();
	for (int i = 1; i < COUNT; i++)
		require(geyser_texture_export(textures[i], &handle), "exporting it");
	exported = heap_bytes();
	for (int i = 0; i < COUNT; i++)
		geyser_texture_unref(textures[i]);
	results_add_number(results, "bookkeeping a texture", UNIT_BYTES,
		(made - before) / (COUNT - 1), BOOKKEEPING);
	results_add_number(results, "bookkeeping an exported texture", UNIT_BYTES,
		(exported - before) / (COUNT - 1), BOOKKEEPING);
}

static void measure_pixels(struct geyser_manager *manager, struct results *results)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH, .height = HEIGHT};
	struct geyser_memory_info info;
	struct geyser_texture *texture;

	require(geyser_texture_create(manager, &desc, &texture), "making a texture");
	require(geyser_manager_memory(manager, &info), "asking for the memory held");
	geyser_texture_unref(texture);
	results_add_number(results, "memory over the pixels, 1919x1079", UNIT_BYTES,
		(double)info.textures.held - (double)WIDTH * HEIGHT * 4, PAGE);
}

void bench_memory(const struct settings *settings, struct results *results)
{
	struct geyser_manager *manager;

	(void)settings;
	require(geyser_manager_create(NULL, &manager), "making a manager");
	measure_bookkeeping(manager, results);
	measure_pixels(manager, results);
	geyser_manager_destroy(manager);
}
