/* Textures handed over between two managers of this process, on the GPU and in host memory. */
#include "gpu.h"
#include "harness.h"

#include <stdio.h>

/* Rows that drivers lay out tightly, and rows that they pad. */
static const struct {
	uint32_t width, height;
} sizes[] = {{64, 48}, {256, 256}, {333, 77}, {1, 1}, {17, 33}, {1025, 3}};

struct pair {
	struct geyser_manager *other;
	struct geyser_texture *mine, *theirs;
};

static struct geyser_texture *create(struct geyser_manager *manager, enum geyser_format format,
	uint32_t width, uint32_t height, uint32_t usage)
{
	const struct geyser_texture_desc desc = {
		.format = format,
		.width = width,
		.height = height,
		.usage = usage,
	};
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, &desc, &texture));
	return texture;
}

#define COPIES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)

/* A texture of the test's manager, imported by another one on this backend. */
static struct pair make_pair(void **state, enum geyser_backend backend, size_t size, uint32_t usage)
{
	struct pair pair = {.other = make_manager_on(backend)};
	struct geyser_handle handle;

	pair.mine = create(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, sizes[size].width,
		sizes[size].height, usage);
	handle = export_texture(pair.mine);
	pair.theirs = import_texture(pair.other, &handle);
	return pair;
}

static void end_pair(struct pair *pair)
{
	geyser_texture_unref(pair->theirs);
	geyser_texture_unref(pair->mine);
	geyser_manager_destroy(pair->other);
}

static void new_textures_are_zero(void **state)
{
	struct geyser_mapping mapping;
	struct geyser_texture *texture;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (unsigned i = 0; i < 2; i++) {
		texture = create(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 77, 55,
			i ? COPIES | GEYSER_USAGE_HOST_MEMORY : 0);
		ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
		for (size_t y = 0; y < 55; y++)
			for (size_t x = 0; x < (size_t)77 * 4; x++)
				assert_int_equal(
					((uint8_t *)mapping.data)[y * mapping.row_pitch + x], 0);
		geyser_texture_unmap(texture);
		gpu_fill_now(&gpu, texture, 9);
		assert_true(texture_holds(texture, 9));
		geyser_texture_unref(texture);
	}
	gpu_close(&gpu);
}

static void between_two_devices(void **state)
{
	struct gpu mine, theirs;

	gpu_open(&mine, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct pair pair = make_pair(state, GEYSER_BACKEND_VULKAN, i, 0);

		gpu_open(&theirs, pair.other);
		assert_int_equal(geyser_texture_path(pair.mine), GEYSER_PATH_ZERO_COPY);
		assert_int_equal(geyser_texture_path(pair.theirs), GEYSER_PATH_ZERO_COPY);
		gpu_fill_now(&mine, pair.mine, 1);
		assert_true(gpu_holds_now(&theirs, pair.theirs, 1));
		assert_true(texture_holds(pair.theirs, 1));
		gpu_fill_now(&theirs, pair.theirs, 2);
		assert_true(gpu_holds_now(&mine, pair.mine, 2));
		assert_true(fill_texture(pair.mine, 3));
		assert_true(gpu_holds_now(&theirs, pair.theirs, 3));
		gpu_close(&theirs);
		end_pair(&pair);
	}
	gpu_close(&mine);
}

static void a_clear_is_seen_by_the_other(void **state)
{
	struct pair pair = make_pair(state, GEYSER_BACKEND_VULKAN, 2, 0);
	struct geyser_mapping mapping;
	struct gpu_work work;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	work = gpu_clear(&gpu, pair.mine, 1, at_once);
	gpu_finish(&gpu, &work);
	ok(geyser_texture_map(pair.theirs, GEYSER_ACCESS_READ, &mapping));
	for (size_t y = 0; y < sizes[2].height; y++)
		for (size_t x = 0; x < (size_t)sizes[2].width * 4; x++)
			assert_int_equal(((uint8_t *)mapping.data)[y * mapping.row_pitch + x], 255);
	geyser_texture_unmap(pair.theirs);
	gpu_close(&gpu);
	end_pair(&pair);
}

static void every_layout_keeps_the_texels(void **state)
{
	static const VkImageLayout layouts[] = {
		VK_IMAGE_LAYOUT_GENERAL,
		VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
		VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
		VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
		VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
	};
	struct geyser_texture *texture = create(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 20,
		30, COPIES | GEYSER_USAGE_TEXTURE_BINDING | GEYSER_USAGE_RENDER_ATTACHMENT);
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	gpu_fill_now(&gpu, texture, 4);
	for (size_t i = 0; i < COUNT_OF(layouts); i++) {
		const struct geyser_vulkan_access access = {
			.layout = layouts[i],
			.stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
			.access = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
		};
		struct gpu_work work = gpu_begin(&gpu);

		ok(geyser_vulkan_cmd_acquire(work.commands, texture, &access));
		ok(geyser_vulkan_cmd_release(work.commands, texture, &access));
		gpu_submit(&gpu, &work, at_once);
		gpu_finish(&gpu, &work);
		assert_true(texture_holds(texture, 4));
	}
	gpu_close(&gpu);
	geyser_texture_unref(texture);
}

/* ---- host memory ---- */

static bool has_host_memory(void **state)
{
	if (info_of(manager_of(state)).host_memory)
		return true;
	print_message("# no VK_EXT_external_memory_host here\n");
	return false;
}

static void expect_both_ways(struct gpu *gpu, struct geyser_texture *on_gpu,
	struct geyser_texture *in_memory, uint32_t seed)
{
	gpu_fill_now(gpu, on_gpu, seed);
	assert_true(texture_holds(in_memory, seed));
	assert_true(fill_texture(in_memory, seed + 1));
	assert_true(gpu_holds_now(gpu, on_gpu, seed + 1));
	assert_true(texture_holds(on_gpu, seed + 1));
	assert_true(fill_texture(on_gpu, seed + 2));
	assert_true(texture_holds(in_memory, seed + 2));
	assert_true(gpu_holds_now(gpu, on_gpu, seed + 2));
}

/* Software Vulkan lays out some of these sizes tightly and pads others: both paths are walked. */
static void expect_paths(void **state, const unsigned paths[3])
{
	print_message(
		"# zero-copy %u, copy %u\n", paths[GEYSER_PATH_ZERO_COPY], paths[GEYSER_PATH_COPY]);
	assert_int_equal(paths[GEYSER_PATH_ZERO_COPY] + paths[GEYSER_PATH_COPY], COUNT_OF(sizes));
	if (info_of(manager_of(state)).type != VK_PHYSICAL_DEVICE_TYPE_CPU)
		return;
	assert_int_not_equal(paths[GEYSER_PATH_ZERO_COPY], 0);
	assert_int_not_equal(paths[GEYSER_PATH_COPY], 0);
}

/* Made here, in memory that the host backend imports. */
static void to_a_host_manager(void **state)
{
	unsigned paths[3] = {0};
	struct gpu gpu;

	if (!has_host_memory(state))
		return;
	gpu_open(&gpu, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct pair pair =
			make_pair(state, GEYSER_BACKEND_HOST, i, COPIES | GEYSER_USAGE_HOST_MEMORY);

		paths[geyser_texture_path(pair.mine)]++;
		assert_int_equal(geyser_texture_map_path(pair.theirs), GEYSER_PATH_ZERO_COPY);
		expect_both_ways(&gpu, pair.mine, pair.theirs, 1);
		end_pair(&pair);
	}
	gpu_close(&gpu);
	expect_paths(state, paths);
}

static void from_a_host_manager(void **state)
{
	struct geyser_manager *host;
	unsigned paths[3] = {0};
	struct gpu gpu;

	if (!has_host_memory(state))
		return;
	host = make_manager_on(GEYSER_BACKEND_HOST);
	gpu_open(&gpu, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct geyser_texture *theirs = make_texture(host, GEYSER_FORMAT_RGBA8_UNORM,
					      sizes[i].width, sizes[i].height),
				      *mine;
		struct geyser_handle handle = export_texture(theirs);

		assert_true(fill_texture(theirs, 7));
		mine = import_texture(manager_of(state), &handle);
		paths[geyser_texture_path(mine)]++;
		assert_true(gpu_holds_now(&gpu, mine, 7));
		expect_both_ways(&gpu, mine, theirs, 10);
		geyser_texture_unref(theirs);
		assert_true(gpu_holds_now(&gpu, mine, 12));
		geyser_texture_unref(mine);
	}
	gpu_close(&gpu);
	geyser_manager_destroy(host);
	expect_paths(state, paths);
}

static void in_host_memory_between_two_devices(void **state)
{
	struct gpu mine, theirs;

	if (!has_host_memory(state))
		return;
	gpu_open(&mine, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct pair pair = make_pair(
			state, GEYSER_BACKEND_VULKAN, i, COPIES | GEYSER_USAGE_HOST_MEMORY);

		gpu_open(&theirs, pair.other);
		gpu_fill_now(&mine, pair.mine, 1);
		assert_true(gpu_holds_now(&theirs, pair.theirs, 1));
		gpu_fill_now(&theirs, pair.theirs, 2);
		assert_true(gpu_holds_now(&mine, pair.mine, 2));
		gpu_close(&theirs);
		end_pair(&pair);
	}
	gpu_close(&mine);
}

/* Acquires, lets the host write, and releases as having written or only read. */
static void hold_while_the_host_writes(
	struct gpu *gpu, struct pair *pair, const struct geyser_vulkan_access *access)
{
	struct gpu_work acquire = gpu_begin(gpu), release;

	assert_true(fill_texture(pair->theirs, 1));
	ok(geyser_vulkan_cmd_acquire(acquire.commands, pair->mine, access));
	gpu_submit(gpu, &acquire, at_once);
	gpu_finish(gpu, &acquire);
	assert_true(fill_texture(pair->theirs, 2));
	release = gpu_begin(gpu);
	ok(geyser_vulkan_cmd_release(release.commands, pair->mine, access));
	gpu_submit(gpu, &release, at_once);
	gpu_finish(gpu, &release);
}

static void readers_download_nothing(void **state)
{
	struct gpu gpu;

	if (!has_host_memory(state))
		return;
	gpu_open(&gpu, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct pair pair =
			make_pair(state, GEYSER_BACKEND_HOST, i, COPIES | GEYSER_USAGE_HOST_MEMORY);
		bool copied = geyser_texture_path(pair.mine) == GEYSER_PATH_COPY;

		hold_while_the_host_writes(&gpu, &pair, &copy_from);
		assert_true(texture_holds(pair.theirs, 2));
		hold_while_the_host_writes(&gpu, &pair, &copy_to);
		assert_true(texture_holds(pair.theirs, copied ? 1 : 2));
		end_pair(&pair);
	}
	gpu_close(&gpu);
}

/* ---- what can't be ---- */

static void a_host_manager_refuses_what_it_cannot_read(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *texture, *imported = (struct geyser_texture *)&host;
	struct geyser_handle handle;

	texture = make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 64, 48);
	handle = export_texture(texture);
	refused(GEYSER_ERROR_UNSUPPORTED, "HOST_MEMORY",
		geyser_texture_import(host, &handle, NULL, &imported));
	assert_null(imported);
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

static void wrong_arguments(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 8, 8);
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *theirs = make_texture(host, GEYSER_FORMAT_RGBA8_UNORM, 8, 8);
	struct gpu_work work;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	work = gpu_begin(&gpu);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "command_buffer",
		geyser_vulkan_cmd_acquire(VK_NULL_HANDLE, texture, &copy_to));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_vulkan_cmd_acquire(work.commands, NULL, &copy_to));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "to",
		geyser_vulkan_cmd_acquire(work.commands, texture, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, "ulkan",
		geyser_vulkan_cmd_acquire(work.commands, theirs, &copy_to));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "command_buffer",
		geyser_vulkan_cmd_release(VK_NULL_HANDLE, texture, &copy_to));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_vulkan_cmd_release(work.commands, NULL, &copy_to));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "from",
		geyser_vulkan_cmd_release(work.commands, texture, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, "ulkan",
		geyser_vulkan_cmd_release(work.commands, theirs, &copy_to));
	gpu_submit(&gpu, &work, at_once);
	gpu_finish(&gpu, &work);
	gpu_close(&gpu);
	geyser_texture_unref(theirs);
	geyser_manager_destroy(host);
	geyser_texture_unref(texture);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(new_textures_are_zero),
		manager_test(between_two_devices),
		manager_test(a_clear_is_seen_by_the_other),
		manager_test(every_layout_keeps_the_texels),
		manager_test(to_a_host_manager),
		manager_test(from_a_host_manager),
		manager_test(in_host_memory_between_two_devices),
		manager_test(readers_download_nothing),
		manager_test(a_host_manager_refuses_what_it_cannot_read),
		manager_test(wrong_arguments),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "handover", tests, COUNT_OF(tests));
}
