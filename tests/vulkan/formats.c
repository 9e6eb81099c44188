/* Every format, and mip levels, layers and depth: filled, exported, imported by a second manager,
 * equal, on the CPU's way and on the GPU's. */
#include "gpu.h"
#include "harness.h"

#include <stdio.h>

static uint32_t usage_of(
	struct geyser_manager *manager, enum geyser_format format, enum geyser_dimension dimension)
{
	uint32_t usage;

	ok(geyser_manager_format_usage(manager, format, dimension, &usage));
	return usage;
}

/* ---- depth: the texels are numbers from 0 to 1, and of 24 bits the other 8 are anybody's ---- */

static uint32_t depth_texel(enum geyser_format format, uint32_t seed, uint32_t place)
{
	const uint32_t hash = (place + seed * 77777u) * 2654435761u;

	if (format == GEYSER_FORMAT_DEPTH32_FLOAT)
		return 0x3f000000u | hash >> 9; /* 0.5 to 1 */
	return format == GEYSER_FORMAT_DEPTH24_PLUS ? hash >> 8 : hash;
}

static uint32_t mask_of(enum geyser_format format)
{
	return format == GEYSER_FORMAT_DEPTH24_PLUS ? 0x00ffffffu : 0xffffffffu;
}

static bool walk_depth(struct geyser_texture *texture, uint32_t seed, bool compare)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	struct geyser_mapping mapping;
	uint32_t wanted, found;
	bool good = true;

	ok(geyser_texture_map(
		texture, compare ? GEYSER_ACCESS_READ : GEYSER_ACCESS_WRITE, &mapping));
	for (uint32_t y = 0; y < desc->height && good; y++)
		for (uint32_t x = 0; x < desc->width && good; x++) {
			uint8_t *texel =
				(uint8_t *)mapping.data + y * mapping.row_pitch + (size_t)x * 4;

			wanted = depth_texel(desc->format, seed, y * desc->width + x);
			if (!compare)
				memcpy(texel, &wanted, 4);
			memcpy(&found, texel, 4);
			good = ((wanted ^ found) & mask_of(desc->format)) == 0;
		}
	geyser_texture_unmap(texture);
	return good;
}

static bool fill_any(struct geyser_texture *texture, uint32_t seed)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);

	return geyser_format_get_info(desc->format)->depth ? walk_depth(texture, seed, false)
							   : fill_texture(texture, seed);
}

static bool any_holds(struct geyser_texture *texture, uint32_t seed)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);

	return geyser_format_get_info(desc->format)->depth ? walk_depth(texture, seed, true)
							   : texture_holds(texture, seed);
}

/* ---- */

/* A read by the GPU of a colour texture, and what it writes. */
static void expect_gpus_way(struct gpu *mine, struct gpu *theirs, struct geyser_texture *texture,
	struct geyser_texture *imported)
{
	gpu_fill_now(mine, texture, 5);
	assert_true(gpu_holds_now(theirs, imported, 5));
	assert_true(texture_holds(imported, 5));
	gpu_fill_now(theirs, imported, 6);
	assert_true(gpu_holds_now(mine, texture, 6));
	assert_true(texture_holds(texture, 6));
}

static void expect_shared(
	struct gpu *mine, struct gpu *theirs, const struct geyser_texture_desc *desc)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	struct geyser_texture *texture, *imported;
	struct geyser_vulkan_image_info image;
	struct geyser_handle handle;

	ok(geyser_texture_create(mine->manager, desc, &texture));
	if (!geyser_format_is_video(desc->format)) { /* planes.c looks at video */
		ok(geyser_vulkan_texture_get_info(texture, &image));
		assert_int_equal(image.format, info->vk_format);
	}
	assert_true(fill_any(texture, 1));
	assert_true(any_holds(texture, 1));
	handle = export_texture(texture);
	imported = import_texture(theirs->manager, &handle);
	assert_true(any_holds(imported, 1));
	assert_true(fill_any(imported, 2));
	assert_true(any_holds(texture, 2));
	if (!info->depth)
		expect_gpus_way(mine, theirs, texture, imported);
	geyser_texture_unref(texture);
	geyser_texture_unref(imported);
}

static void run_formats(struct gpu *mine, struct gpu *theirs, uint32_t memory)
{
	unsigned count = 0;

	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const struct geyser_texture_desc desc = {
			.format = i,
			.width = 37,
			.height = 21,
			.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | memory,
		};
		uint32_t usage = usage_of(mine->manager, i, GEYSER_DIMENSION_2D);
		struct geyser_texture *texture;

		if ((usage & desc.usage) == desc.usage) {
			expect_shared(mine, theirs, &desc);
			count++;
			continue;
		}
		print_message("# %s%s: not here\n", geyser_format_name(i),
			memory == GEYSER_USAGE_HOST_MEMORY ? " in host memory"
			: memory                           ? " in rows"
							   : "");
		refused(GEYSER_ERROR_UNSUPPORTED, geyser_format_name(i),
			geyser_texture_create(mine->manager, &desc, &texture));
		assert_null(texture);
	}
	print_message("# %u formats\n", count);
	assert_in_range(count, memory == GEYSER_USAGE_HOST_MEMORY ? 0 : 20, GEYSER_FORMAT_COUNT);
}

static void run_all(struct gpu *mine, struct gpu *theirs)
{
	run_formats(mine, theirs, 0);
}

static void run_in_host_memory(struct gpu *mine, struct gpu *theirs)
{
	run_formats(mine, theirs, GEYSER_USAGE_HOST_MEMORY);
}

static void run_in_rows(struct gpu *mine, struct gpu *theirs)
{
	run_formats(mine, theirs, GEYSER_USAGE_LINEAR);
}

static void every_format_in_rows(void **state)
{
	with_two_gpus(manager_of(state), run_in_rows);
}

static void every_format(void **state)
{
	with_two_gpus(manager_of(state), run_all);
}

static void every_format_in_host_memory(void **state)
{
	with_two_gpus(manager_of(state), run_in_host_memory);
}

/* What the device says it can, it can: each usage alone and all together. */
static void every_usage(void **state)
{
	static const uint32_t usages[] = {
		GEYSER_USAGE_COPY_SRC,
		GEYSER_USAGE_COPY_DST,
		GEYSER_USAGE_TEXTURE_BINDING,
		GEYSER_USAGE_STORAGE_BINDING,
		GEYSER_USAGE_RENDER_ATTACHMENT,
		0x1f,
	};

	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++)
		for (size_t j = 0; j < COUNT_OF(usages); j++) {
			struct geyser_texture_desc desc = {
				.format = i,
				.width = 16,
				.height = 16,
			};
			struct geyser_texture *texture;

			desc.usage =
				usages[j] & usage_of(manager_of(state), i, GEYSER_DIMENSION_2D);
			if (!desc.usage)
				continue;
			ok(geyser_texture_create(manager_of(state), &desc, &texture));
			assert_true(fill_any(texture, 1));
			assert_true(any_holds(texture, 1));
			geyser_texture_unref(texture);
		}
}

static void run_shapes(struct gpu *mine, struct gpu *theirs)
{
	static const struct geyser_texture_desc shapes[] = {
		{GEYSER_FORMAT_RGBA8_UNORM, .width = 64, .height = 64, .mip_levels = 7},
		{GEYSER_FORMAT_RGBA8_UNORM, .width = 37, .height = 5, .mip_levels = 6},
		{GEYSER_FORMAT_RGBA8_UNORM, .width = 31, .height = 17, .layers = 5},
		{GEYSER_FORMAT_R8_UNORM, .width = 40, .height = 24, .layers = 3, .mip_levels = 4},
		{GEYSER_FORMAT_RGBA8_UNORM, .width = 9, .height = 10, .depth = 11},
		{GEYSER_FORMAT_R16_FLOAT, .width = 16, .height = 8, .depth = 4, .mip_levels = 5},
		{GEYSER_FORMAT_RGBA32_UINT, .width = 1, .height = 1},
		{GEYSER_FORMAT_R8_UNORM, .width = 4096, .height = 1},
		{GEYSER_FORMAT_R8_UNORM, .width = 1, .height = 4096},
	};

	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		expect_shared(mine, theirs, &shapes[i]);
}

static void mip_levels_layers_and_depth(void **state)
{
	with_two_gpus(manager_of(state), run_shapes);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(every_format),
		manager_test(every_format_in_host_memory),
		manager_test(every_format_in_rows),
		manager_test(every_usage),
		manager_test(mip_levels_layers_and_depth),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "formats", tests, COUNT_OF(tests));
}
