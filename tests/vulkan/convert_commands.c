/* Conversions in command buffers of the program's own, after other commands and before them. */
#include "gpu.h"
#include "harness.h"

#include <string.h>
#include <sys/resource.h>

#define COPIED (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)
#define SAMPLED (COPIED | GEYSER_USAGE_TEXTURE_BINDING)
#define STORED (SAMPLED | GEYSER_USAGE_STORAGE_BINDING)

static const struct geyser_texture_desc shape = {
	.format = GEYSER_FORMAT_RGBA8_UNORM,
	.width = 70,
	.height = 33,
	.layers = 2,
	.mip_levels = 3,
	.usage = STORED,
};

static struct geyser_texture *make(
	struct geyser_manager *manager, enum geyser_format format, uint32_t usage)
{
	struct geyser_texture_desc desc = shape;
	struct geyser_texture *texture;

	desc.format = format;
	desc.usage = usage;
	ok(geyser_texture_create(manager, &desc, &texture));
	return texture;
}

static const struct geyser_vulkan_access reading = GEYSER_VULKAN_CONVERT_SOURCE;
static const struct geyser_vulkan_access writing = GEYSER_VULKAN_CONVERT_DESTINATION;

static void record(
	VkCommandBuffer commands, struct geyser_texture *source, struct geyser_texture *destination)
{
	ok(geyser_vulkan_cmd_acquire(commands, source, &reading));
	ok(geyser_vulkan_cmd_acquire(commands, destination, &writing));
	ok(geyser_vulkan_cmd_convert(commands, source, destination, NULL));
	ok(geyser_vulkan_cmd_release(commands, source, &reading));
	ok(geyser_vulkan_cmd_release(commands, destination, &writing));
}

static void convert_now(
	struct gpu *gpu, struct geyser_texture *source, struct geyser_texture *destination)
{
	struct gpu_work work = gpu_begin(gpu);

	record(work.commands, source, destination);
	gpu_submit(gpu, &work, at_once);
	gpu_finish(gpu, &work);
}

/* Whether both textures of one shape and format have the same texels. */
static bool are_equal(struct geyser_texture *a, struct geyser_texture *b)
{
	struct geyser_mapping left, right;
	bool equal;

	ok(geyser_texture_map(a, GEYSER_ACCESS_READ, &left));
	ok(geyser_texture_map(b, GEYSER_ACCESS_READ, &right));
	equal = left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
	geyser_texture_unmap(b);
	geyser_texture_unmap(a);
	return equal;
}

static void a_command_converts_all_levels_and_layers(void **state)
{
	struct geyser_manager *const manager = manager_of(state);
	struct geyser_texture *source = make(manager, shape.format, SAMPLED);
	struct geyser_texture *half = make(manager, GEYSER_FORMAT_RGBA16_FLOAT, STORED);
	struct geyser_texture *expected = make(manager, GEYSER_FORMAT_RGBA16_FLOAT, 0);
	struct gpu gpu;

	gpu_open(&gpu, manager);
	assert_true(fill_texture(source, 5));
	convert_now(&gpu, source, half);
	ok(geyser_texture_convert(source, expected, NULL));
	assert_true(are_equal(half, expected));
	assert_true(texture_holds(source, 5));
	gpu_close(&gpu);
	geyser_texture_unref(expected);
	geyser_texture_unref(half);
	geyser_texture_unref(source);
}

/* Makes what a conversion has written visible to the next one. */
static void record_order(VkCommandBuffer commands)
{
	const VkMemoryBarrier memory = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = writing.access,
		.dstAccessMask = reading.access,
	};

	vkCmdPipelineBarrier(
		commands, writing.stages, reading.stages, 0, 1, &memory, 0, NULL, 0, NULL);
}

/* There and back again in one submit. */
static void commands_follow_one_another(void **state)
{
	struct geyser_manager *const manager = manager_of(state);
	struct geyser_texture *source = make(manager, shape.format, SAMPLED);
	struct geyser_texture *half = make(manager, GEYSER_FORMAT_RGBA16_FLOAT, STORED);
	struct geyser_texture *back = make(manager, shape.format, STORED);
	struct gpu_work work;
	struct gpu gpu;

	gpu_open(&gpu, manager);
	assert_true(fill_texture(source, 6));
	work = gpu_begin(&gpu);
	ok(geyser_vulkan_cmd_acquire(work.commands, source, &reading));
	ok(geyser_vulkan_cmd_acquire(work.commands, half, &writing));
	ok(geyser_vulkan_cmd_acquire(work.commands, back, &writing));
	ok(geyser_vulkan_cmd_convert(work.commands, source, half, NULL));
	record_order(work.commands);
	ok(geyser_vulkan_cmd_convert(work.commands, half, back, NULL));
	ok(geyser_vulkan_cmd_release(work.commands, source, &reading));
	ok(geyser_vulkan_cmd_release(work.commands, half, &writing));
	ok(geyser_vulkan_cmd_release(work.commands, back, &writing));
	gpu_submit(&gpu, &work, at_once);
	gpu_finish(&gpu, &work);
	assert_true(texture_holds(back, 6));
	gpu_close(&gpu);
	geyser_texture_unref(back);
	geyser_texture_unref(half);
	geyser_texture_unref(source);
}

/* Video has one level and one layer. */
static struct geyser_texture *make_flat(struct geyser_manager *manager, enum geyser_format format)
{
	const struct geyser_texture_desc desc = {
		.format = format, .width = 33, .height = 7, .usage = STORED};
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, &desc, &texture));
	return texture;
}

static void commands_convert_from_and_to_video(void **state)
{
	struct geyser_manager *const manager = manager_of(state);
	struct geyser_texture *colours, *video, *other;
	struct geyser_mapping mapping;
	struct gpu_work work;
	struct gpu gpu;
	uint32_t usage;

	ok(geyser_manager_format_usage(manager, GEYSER_FORMAT_NV12, GEYSER_DIMENSION_2D, &usage));
	if (!(usage & GEYSER_USAGE_STORAGE_BINDING))
		skip();
	colours = make_flat(manager, shape.format);
	video = make_flat(manager, GEYSER_FORMAT_NV12);
	other = make_flat(manager, GEYSER_FORMAT_I420);
	gpu_open(&gpu, manager);
	convert_now(&gpu, colours, video); /* black */
	ok(geyser_texture_map(video, GEYSER_ACCESS_READ, &mapping));
	assert_int_equal(((unsigned char *)mapping.data)[0], 16);
	geyser_texture_unmap(video);
	convert_now(&gpu, video, colours);
	ok(geyser_texture_map(colours, GEYSER_ACCESS_READ, &mapping));
	assert_memory_equal(mapping.data, ((const unsigned char[]){0, 0, 0, 255}), 4);
	geyser_texture_unmap(colours);
	work = gpu_begin(&gpu);
	refused(GEYSER_ERROR_UNSUPPORTED, "between video and colours",
		geyser_vulkan_cmd_convert(work.commands, video, other, NULL));
	gpu_submit(&gpu, &work, at_once);
	gpu_finish(&gpu, &work);
	gpu_close(&gpu);
	geyser_texture_unref(other);
	geyser_texture_unref(video);
	geyser_texture_unref(colours);
}

static void refuse(struct geyser_manager *manager, enum geyser_format from, uint32_t from_usage,
	enum geyser_format to, uint32_t to_usage, const char *word)
{
	struct geyser_texture *source = make(manager, from, from_usage);
	struct geyser_texture *destination = make(manager, to, to_usage);
	struct gpu_work work;
	struct gpu gpu;

	gpu_open(&gpu, manager);
	work = gpu_begin(&gpu);
	refused(GEYSER_ERROR_UNSUPPORTED, word,
		geyser_vulkan_cmd_convert(work.commands, source, destination, NULL));
	gpu_submit(&gpu, &work, at_once);
	gpu_finish(&gpu, &work);
	gpu_close(&gpu);
	geyser_texture_unref(destination);
	geyser_texture_unref(source);
}

static void refusals_name_what_is_missing(void **state)
{
	struct geyser_manager *const manager = manager_of(state);

	refuse(manager, GEYSER_FORMAT_RGBA16_FLOAT, COPIED, shape.format, STORED,
		"source (without GEYSER_USAGE_TEXTURE_BINDING)");
	refuse(manager, GEYSER_FORMAT_RGBA16_FLOAT, SAMPLED, shape.format, SAMPLED,
		"destination (without GEYSER_USAGE_STORAGE_BINDING)");
	refuse(manager, GEYSER_FORMAT_R16_UINT, SAMPLED, shape.format, STORED,
		"source (a format of integers)");
	refuse(manager, shape.format, SAMPLED, shape.format, STORED, "vkCmdCopyImage");
}

/* The first call for two formats compares results, in textures of its own. Without a free
 * descriptor these can't be made, which says nothing about the results. */
static void a_comparison_that_fails_is_made_again(void **state)
{
	struct geyser_manager *const manager = manager_of(state);
	struct geyser_texture *source = make_flat(manager, GEYSER_FORMAT_NV16);
	struct geyser_texture *picture = make_flat(manager, GEYSER_FORMAT_RGBA8_UNORM);
	struct rlimit limit, tight;
	struct gpu_work work;
	struct gpu gpu;

	gpu_open(&gpu, manager);
	work = gpu_begin(&gpu);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	tight = limit;
	tight.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	refused(GEYSER_ERROR_LIMIT, "descriptor",
		geyser_vulkan_cmd_convert(work.commands, source, picture, NULL));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	record(work.commands, source, picture);
	gpu_submit(&gpu, &work, at_once);
	gpu_finish(&gpu, &work);
	gpu_close(&gpu);
	geyser_texture_unref(picture);
	geyser_texture_unref(source);
}

static void wrong_arguments_are_refused(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_manager *const other = make_manager();
	struct geyser_texture *source = make(manager_of(state), shape.format, STORED);
	struct geyser_texture *in_host = make(host, shape.format, 0);
	struct geyser_texture *elsewhere = make(other, shape.format, STORED);
	struct geyser_texture_desc one_level = shape;
	struct geyser_texture *single[2];
	const struct geyser_convert_options upside_down = {.orientation = GEYSER_ORIENTATION_180};
	struct gpu_work work;
	struct gpu gpu;

	one_level.mip_levels = 1;
	for (size_t i = 0; i < 2; i++)
		ok(geyser_texture_create(manager_of(state), &one_level, &single[i]));
	gpu_open(&gpu, manager_of(state));
	work = gpu_begin(&gpu);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "command_buffer is NULL",
		geyser_vulkan_cmd_convert(NULL, source, elsewhere, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "source is NULL",
		geyser_vulkan_cmd_convert(work.commands, NULL, source, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, "doesn't crop, turn or scale",
		geyser_vulkan_cmd_convert(work.commands, single[0], single[1], &upside_down));
	refused(GEYSER_ERROR_UNSUPPORTED, "source of the host backend",
		geyser_vulkan_cmd_convert(work.commands, in_host, source, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, "destination of another manager",
		geyser_vulkan_cmd_convert(work.commands, source, elsewhere, NULL));
	gpu_submit(&gpu, &work, at_once);
	gpu_finish(&gpu, &work);
	gpu_close(&gpu);
	geyser_texture_unref(single[0]);
	geyser_texture_unref(single[1]);
	geyser_texture_unref(elsewhere);
	geyser_texture_unref(in_host);
	geyser_texture_unref(source);
	geyser_manager_destroy(other);
	geyser_manager_destroy(host);
}

/* Without the feature no shader needs it: the validation layer would say so. */
static void a_device_without_features_is_refused(void **state)
{
	struct geyser_vulkan_device device;
	struct geyser_manager *manager;

	(void)state;
	assert_true(raw_open(&device, NULL));
	ok(geyser_vulkan_manager_create(&device, &manager));
	refuse(manager, GEYSER_FORMAT_RGBA16_FLOAT, SAMPLED, shape.format, STORED,
		"shaderStorageImageWriteWithoutFormat");
	geyser_manager_destroy(manager);
	raw_close(&device);
}

/* The second manager has the device of the first one, with the feature that geyser has enabled. */
static void a_program_tells_what_its_device_can(void **state)
{
	const VkPhysicalDeviceFeatures enabled = {.shaderStorageImageWriteWithoutFormat = VK_TRUE};
	struct geyser_texture *source, *destination, *back;
	struct geyser_vulkan_device device;
	struct geyser_manager *manager;
	struct gpu gpu;

	ok(geyser_vulkan_get_device(manager_of(state), &device));
	ok(geyser_vulkan_manager_create(&device, &manager));
	refuse(manager, GEYSER_FORMAT_RGBA16_FLOAT, SAMPLED, shape.format, STORED,
		"shaderStorageImageWriteWithoutFormat");
	source = make(manager, shape.format, STORED);
	destination = make(manager, GEYSER_FORMAT_RGBA16_FLOAT, STORED);
	back = make(manager, shape.format, STORED);
	assert_true(fill_texture(source, 7));
	ok(geyser_texture_convert(source, destination, NULL)); /* through buffers */
	ok(geyser_vulkan_manager_set_features(manager, &enabled));
	gpu_open(&gpu, manager);
	convert_now(&gpu, destination, back);
	assert_true(texture_holds(back, 7));
	gpu_close(&gpu);
	geyser_texture_unref(back);
	geyser_texture_unref(destination);
	geyser_texture_unref(source);
	geyser_manager_destroy(manager);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL",
		geyser_vulkan_manager_set_features(NULL, &enabled));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(a_command_converts_all_levels_and_layers),
		manager_test(commands_follow_one_another),
		manager_test(commands_convert_from_and_to_video),
		manager_test(refusals_name_what_is_missing),
		manager_test(a_comparison_that_fails_is_made_again),
		manager_test(wrong_arguments_are_refused),
		manager_test(a_device_without_features_is_refused),
		manager_test(a_program_tells_what_its_device_can),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "convert_commands", tests, COUNT_OF(tests));
}
