/* The picture as one multi-planar image, on drivers that have such images, and the refusals. */
#include "gpu.h"
#include "harness.h"

#include <stdio.h>

#define COPIES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)

static const VkImageAspectFlagBits aspects[] = {
	VK_IMAGE_ASPECT_PLANE_0_BIT, VK_IMAGE_ASPECT_PLANE_1_BIT, VK_IMAGE_ASPECT_PLANE_2_BIT};

static struct geyser_texture *make(
	struct geyser_manager *manager, enum geyser_format format, uint32_t usage)
{
	const struct geyser_texture_desc desc = {
		.format = format, .width = 64, .height = 48, .usage = usage};
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, &desc, &texture));
	return texture;
}

/* ---- what has no multi-planar image ---- */

static void refuse(
	void **state, enum geyser_format format, uint32_t width, uint32_t height, const char *words)
{
	struct geyser_texture *texture = make_texture(manager_of(state), format, width, height);
	VkImage image = (VkImage)(uintptr_t)1;

	refused(GEYSER_ERROR_UNSUPPORTED, words,
		geyser_vulkan_texture_multiplanar_image(texture, &image));
	assert_true(image == VK_NULL_HANDLE);
	geyser_texture_unref(texture);
}

static void what_has_no_multiplanar_image(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *texture = make_texture(host, GEYSER_FORMAT_NV12, 8, 8);
	VkImage image;

	refuse(state, GEYSER_FORMAT_NV12, 7, 8, "size (7 × 8)");
	refuse(state, GEYSER_FORMAT_NV12, 8, 7, "multiples of 2 × 2");
	refuse(state, GEYSER_FORMAT_I420, 1, 1, "size (1 × 1)");
	refuse(state, GEYSER_FORMAT_NV16, 7, 8, "multiples of 2 × 1");
	refuse(state, GEYSER_FORMAT_YUY2, 8, 8, "yuy2: it has one plane");
	refuse(state, GEYSER_FORMAT_RGBA8_UNORM, 8, 8, "rgba8unorm: it has one plane");
	refused(GEYSER_ERROR_UNSUPPORTED, "host backend",
		geyser_vulkan_texture_multiplanar_image(texture, &image));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_vulkan_texture_multiplanar_image(NULL, &image));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_vulkan_texture_multiplanar_image(texture, NULL));
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

/* A refusal changes nothing: the planes' images work as before. */
static void a_refusal_leaves_the_planes(void **state)
{
	struct geyser_texture *texture = make(manager_of(state), GEYSER_FORMAT_NV12, COPIES);
	struct gpu gpu;
	VkImage image;

	gpu_open(&gpu, manager_of(state));
	(void)geyser_vulkan_texture_multiplanar_image(texture, &image);
	gpu_fill_now(&gpu, texture, 1);
	assert_true(texture_holds(texture, 1));
	assert_true(fill_texture(texture, 2));
	assert_true(gpu_holds_now(&gpu, texture, 2));
	gpu_close(&gpu);
	geyser_texture_unref(texture);
}

/* ---- copies by the multi-planar image ---- */

static const struct geyser_vulkan_access reads = {
	VK_IMAGE_LAYOUT_GENERAL, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT};
static const struct geyser_vulkan_access writes = {
	VK_IMAGE_LAYOUT_GENERAL, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT};

/* Copies a plane between the multi-planar image and an image of another texture's plane. */
static void record_plane(struct gpu_work *work, VkImage picture, struct geyser_texture *other,
	uint32_t plane, bool to_picture)
{
	struct geyser_vulkan_image_info info;
	VkImageSubresourceLayers of_picture = {aspects[plane], 0, 0, 1};
	VkImageSubresourceLayers of_plane = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
	VkImageCopy copy;

	ok(geyser_vulkan_texture_get_plane_info(other, plane, &info));
	copy = (VkImageCopy){
		.srcSubresource = to_picture ? of_plane : of_picture,
		.dstSubresource = to_picture ? of_picture : of_plane,
		.extent = info.extent,
	};
	vkCmdCopyImage(work->commands, to_picture ? info.image : picture, VK_IMAGE_LAYOUT_GENERAL,
		to_picture ? picture : info.image, VK_IMAGE_LAYOUT_GENERAL, 1, &copy);
}

static void copy_picture(struct gpu *gpu, struct geyser_texture *texture, VkImage picture,
	struct geyser_texture *other, bool to_picture)
{
	const enum geyser_format format = geyser_texture_get_desc(texture)->format;
	struct gpu_work work = gpu_begin(gpu);

	ok(geyser_vulkan_cmd_acquire(work.commands, texture, to_picture ? &writes : &reads));
	ok(geyser_vulkan_cmd_acquire(work.commands, other, to_picture ? &reads : &writes));
	for (uint32_t plane = 0; plane < geyser_format_get_info(format)->planes; plane++)
		record_plane(&work, picture, other, plane, to_picture);
	ok(geyser_vulkan_cmd_release(work.commands, other, to_picture ? &reads : &writes));
	ok(geyser_vulkan_cmd_release(work.commands, texture, to_picture ? &writes : &reads));
	gpu_submit(gpu, &work, at_once);
	gpu_finish(gpu, &work);
}

/* What the CPU and the planes' images write, the multi-planar image reads, and the other way. */
static void expect_one_memory(struct gpu *gpu, struct geyser_texture *texture, VkImage picture)
{
	struct geyser_texture *other =
		make(gpu->manager, geyser_texture_get_desc(texture)->format, COPIES);
	VkImage again;

	ok(geyser_vulkan_texture_multiplanar_image(texture, &again));
	assert_true(again == picture);
	assert_true(fill_texture(texture, 1));
	copy_picture(gpu, texture, picture, other, false);
	assert_true(texture_holds(other, 1));
	gpu_fill_now(gpu, texture, 2);
	copy_picture(gpu, texture, picture, other, false);
	assert_true(texture_holds(other, 2));
	assert_true(fill_texture(other, 3));
	copy_picture(gpu, texture, picture, other, true);
	assert_true(texture_holds(texture, 3));
	assert_true(gpu_holds_now(gpu, texture, 3));
	geyser_texture_unref(other);
}

/* Returns whether the driver has the image. Says why not. */
static bool try_picture(struct gpu *gpu, struct geyser_texture *texture, const char *what)
{
	const char *name = geyser_format_name(geyser_texture_get_desc(texture)->format);
	VkImage picture;
	const enum geyser_result result =
		geyser_vulkan_texture_multiplanar_image(texture, &picture);

	if (result == GEYSER_ERROR_UNSUPPORTED) {
		print_message("# %s, %s: %s\n", name, what, geyser_error_detail());
		return false;
	}
	ok(result);
	expect_one_memory(gpu, texture, picture);
	print_message("# %s, %s: one memory\n", name, what);
	return true;
}

static unsigned try_places(struct gpu *gpu, struct geyser_manager *other, enum geyser_format format)
{
	static const struct {
		uint32_t usage;
		const char *name;
	} places[] = {
		{COPIES, "copies"},
		{COPIES | GEYSER_USAGE_TEXTURE_BINDING, "sampled"},
		{COPIES | GEYSER_USAGE_TEXTURE_BINDING | GEYSER_USAGE_RENDER_ATTACHMENT, "drawn"},
		{COPIES | GEYSER_USAGE_LINEAR, "in rows"},
		{COPIES | GEYSER_USAGE_HOST_MEMORY, "in host memory"},
	};
	unsigned there = 0;
	uint32_t usage;

	ok(geyser_manager_format_usage(gpu->manager, format, GEYSER_DIMENSION_2D, &usage));
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct geyser_texture *texture, *imported;
		struct geyser_handle handle;

		if ((usage & places[i].usage) != places[i].usage)
			continue;
		texture = make(other, format, places[i].usage);
		handle = export_texture(texture);
		imported = import_texture(gpu->manager, &handle);
		there += try_picture(gpu, imported, places[i].name);
		geyser_texture_unref(imported);
		geyser_texture_unref(texture);
		texture = make(gpu->manager, format, places[i].usage);
		there += try_picture(gpu, texture, places[i].name);
		geyser_texture_unref(texture);
	}
	return there;
}

static void pictures_have_one_memory(void **state)
{
	struct geyser_manager *other = make_manager();
	unsigned there = 0;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++)
		if (geyser_format_get_info(i)->planes > 1)
			there += try_places(&gpu, other, i);
	gpu_close(&gpu);
	geyser_manager_destroy(other);
	if (there == 0)
		skip(); /* the lines above say why */
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(what_has_no_multiplanar_image),
		manager_test(a_refusal_leaves_the_planes),
		manager_test(pictures_have_one_memory),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "multiplanar", tests, COUNT_OF(tests));
}
