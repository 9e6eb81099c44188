/* SPDX-License-Identifier: MIT */
/* Images on textures, and textures on images: both have the same pixels. Unsupported textures and
 * images are refused. */
#include "moltenvk_device.h"

static const uint8_t drawn[4] = {0x99, 0x33, 0xff, 0xff}; /* the colour of mvk_clear, blue first */

/* ---- an image on a texture ---- */

static void test_image_is_the_texture(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 5, 3);
	struct geyser_moltenvk_image image;
	struct mvk mvk;

	mvk_init(&mvk);
	ok(geyser_moltenvk_image_create(&mvk.device, texture, &image));
	assert_int_equal(image.type, VK_IMAGE_TYPE_2D);
	assert_int_equal(image.format, VK_FORMAT_B8G8R8A8_UNORM);
	assert_int_equal(image.extent.width, 5);
	assert_int_equal(image.extent.height, 3);
	assert_int_equal(image.extent.depth, 1);
	assert_int_equal(image.mip_levels, 1);
	assert_int_equal(image.array_layers, 1);
	assert_int_equal(image.aspects, VK_IMAGE_ASPECT_COLOR_BIT);
	mvk_clear(&mvk, image.image, VK_IMAGE_LAYOUT_PREINITIALIZED);
	expect_texel(texture, 0, 0, drawn);
	expect_texel(texture, 4, 2, drawn);
	geyser_texture_unref(texture); /* the image keeps the surface alive */
	mvk_clear(&mvk, image.image, VK_IMAGE_LAYOUT_GENERAL);
	geyser_moltenvk_image_destroy(&mvk.device, &image);
	assert_null(image.image);
	assert_null(image.memory);
	geyser_moltenvk_image_destroy(&mvk.device, &image);
	geyser_moltenvk_image_destroy(&mvk.device, NULL);
	mvk_finish(&mvk);
}

static void test_usage_is_the_textures(void **state)
{
	static const struct {
		uint32_t usage;
		VkImageUsageFlags flags;
	} rows[] = {
		{0, VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT |
				VK_IMAGE_USAGE_SAMPLED_BIT},
		{GEYSER_USAGE_COPY_SRC, VK_IMAGE_USAGE_TRANSFER_SRC_BIT},
		{GEYSER_USAGE_COPY_DST, VK_IMAGE_USAGE_TRANSFER_DST_BIT},
		{GEYSER_USAGE_TEXTURE_BINDING, VK_IMAGE_USAGE_SAMPLED_BIT},
		{GEYSER_USAGE_STORAGE_BINDING, VK_IMAGE_USAGE_STORAGE_BIT},
		{GEYSER_USAGE_RENDER_ATTACHMENT, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT},
	};
	struct fixture *fixture = *state;
	struct mvk mvk;

	mvk_init(&mvk);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_RGBA8_UNORM,
			.width = 2,
			.height = 2,
			.usage = rows[i].usage};
		struct geyser_moltenvk_image image;
		struct geyser_texture *texture;

		ok(geyser_texture_create(fixture->manager, &desc, &texture));
		ok(geyser_moltenvk_image_create(&mvk.device, texture, &image));
		assert_int_equal(image.usage, rows[i].flags);
		geyser_moltenvk_image_destroy(&mvk.device, &image);
		geyser_texture_unref(texture);
	}
	mvk_finish(&mvk);
}

/* Arrays, 3D textures, mip levels and depth formats have no surface. The double checks that image
 * and texture agree. */
static void test_image_on_private_storage(void **state)
{
	static const struct {
		struct geyser_texture_desc desc;
		VkFormat format;
		VkImageAspectFlags aspects;
		VkImageType type;
	} rows[] = {
		{{.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 8, .height = 8, .layers = 3},
			VK_FORMAT_B8G8R8A8_UNORM, VK_IMAGE_ASPECT_COLOR_BIT, VK_IMAGE_TYPE_2D},
		{{.format = GEYSER_FORMAT_RGBA16_FLOAT, .width = 8, .height = 8, .depth = 4},
			VK_FORMAT_R16G16B16A16_SFLOAT, VK_IMAGE_ASPECT_COLOR_BIT, VK_IMAGE_TYPE_3D},
		{{.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 8, .height = 8, .mip_levels = 3},
			VK_FORMAT_R8G8B8A8_UNORM, VK_IMAGE_ASPECT_COLOR_BIT, VK_IMAGE_TYPE_2D},
		{{.format = GEYSER_FORMAT_DEPTH32_FLOAT, .width = 8, .height = 8},
			VK_FORMAT_D32_SFLOAT, VK_IMAGE_ASPECT_DEPTH_BIT, VK_IMAGE_TYPE_2D},
		{{.format = GEYSER_FORMAT_DEPTH24_PLUS, .width = 8, .height = 8},
			VK_FORMAT_D32_SFLOAT, VK_IMAGE_ASPECT_DEPTH_BIT, VK_IMAGE_TYPE_2D},
		{{.format = GEYSER_FORMAT_DEPTH24_PLUS_STENCIL8,
			 .width = 8,
			 .height = 8,
			 .usage = GEYSER_USAGE_RENDER_ATTACHMENT},
			VK_FORMAT_D32_SFLOAT_S8_UINT,
			VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT, VK_IMAGE_TYPE_2D},
	};
	struct fixture *fixture = *state;
	struct mvk mvk;

	mvk_init(&mvk);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct geyser_moltenvk_image image;
		struct geyser_texture *texture;

		ok(geyser_metal_texture_create_private(fixture->manager, &rows[i].desc, &texture));
		ok(geyser_moltenvk_image_create(&mvk.device, texture, &image));
		assert_int_equal(image.format, rows[i].format);
		assert_int_equal(image.aspects, rows[i].aspects);
		assert_int_equal(image.type, rows[i].type);
		if (rows[i].desc.usage)
			assert_int_equal(image.usage, VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT);
		geyser_moltenvk_image_destroy(&mvk.device, &image);
		geyser_texture_unref(texture);
	}
	mvk_finish(&mvk);
}

/* ---- a texture on an image ---- */

/* Makes an image, on a surface that Vulkan makes or without one. */
static VkImage make_image(struct mvk *mvk, bool surface)
{
	const VkExportMetalObjectCreateInfoEXT export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT,
		.exportObjectType = VK_EXPORT_METAL_OBJECT_TYPE_METAL_IOSURFACE_BIT_EXT,
	};
	const VkImportMetalIOSurfaceInfoEXT import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_METAL_IO_SURFACE_INFO_EXT,
		.pNext = &export,
	};
	const VkImageCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.pNext = surface ? &import : NULL,
		.imageType = VK_IMAGE_TYPE_2D,
		.format = VK_FORMAT_B8G8R8A8_UNORM,
		.extent = {5, 3, 1},
		.mipLevels = 1,
		.arrayLayers = 1,
		.samples = VK_SAMPLE_COUNT_1_BIT,
		.usage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
		.initialLayout = VK_IMAGE_LAYOUT_PREINITIALIZED,
	};
	VkImage image;

	assert_int_equal(vkCreateImage(mvk->device.device, &info, NULL, &image), VK_SUCCESS);
	return image;
}

static VkDeviceMemory bind_memory(struct mvk *mvk, VkImage image)
{
	const VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .memoryTypeIndex = 2};
	VkDeviceMemory memory;

	(void)vkAllocateMemory(mvk->device.device, &info, NULL, &memory);
	(void)vkBindImageMemory(mvk->device.device, image, memory, 0);
	return memory;
}

static void test_texture_is_the_image(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 5, .height = 3};
	struct fixture *fixture = *state;
	struct geyser_texture *texture;
	VkDeviceMemory memory;
	VkImage image;
	struct mvk mvk;

	mvk_init(&mvk);
	image = make_image(&mvk, true);
	memory = bind_memory(&mvk, image);
	ok(geyser_moltenvk_texture_create(&mvk.device, image, fixture->manager, &desc, &texture));
	mvk_clear(&mvk, image, VK_IMAGE_LAYOUT_PREINITIALIZED);
	vkDestroyImage(mvk.device.device, image, NULL);
	vkFreeMemory(mvk.device.device, memory, NULL);
	mvk_finish(&mvk);
	expect_texel(texture, 4, 2, drawn); /* the texture keeps the surface alive */
	geyser_texture_unref(texture);
}

static void test_images_that_no_texture_fits(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 5, .height = 3};
	const struct geyser_texture_desc wider = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 6, .height = 3};
	struct fixture *fixture = *state;
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *texture;
	VkImage with, without;
	struct mvk mvk;

	mvk_init(&mvk);
	with = make_image(&mvk, true);
	without = make_image(&mvk, false);
	refused(GEYSER_ERROR_UNSUPPORTED, "VkImportMetalIOSurfaceInfoEXT",
		geyser_moltenvk_texture_create(
			&mvk.device, without, fixture->manager, &desc, &texture));
	assert_null(texture);
	refused(GEYSER_ERROR_MISMATCH, "6 × 3",
		geyser_moltenvk_texture_create(
			&mvk.device, with, fixture->manager, &wider, &texture));
	refused(GEYSER_ERROR_UNSUPPORTED, "host",
		geyser_moltenvk_texture_create(&mvk.device, with, host, &desc, &texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "image is NULL",
		geyser_moltenvk_texture_create(
			&mvk.device, VK_NULL_HANDLE, fixture->manager, &desc, &texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_moltenvk_texture_create(&mvk.device, with, fixture->manager, &desc, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "device is NULL",
		geyser_moltenvk_texture_create(NULL, with, fixture->manager, &desc, &texture));
	vkDestroyImage(mvk.device.device, with, NULL);
	vkDestroyImage(mvk.device.device, without, NULL);
	mvk_finish(&mvk);
	geyser_manager_destroy(host);
}

/* ---- refusals ---- */

static void test_wrong_arguments(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 5, 3);
	struct geyser_moltenvk_image image;
	struct geyser_moltenvk_device broken;
	struct mvk mvk;

	mvk_init(&mvk);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "device is NULL",
		geyser_moltenvk_image_create(NULL, texture, &image));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_moltenvk_image_create(&mvk.device, NULL, &image));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_moltenvk_image_create(&mvk.device, texture, NULL));
#define WITHOUT(member)                                                        \
	broken = mvk.device;                                                   \
	broken.member = NULL;                                                  \
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "device's " #member " is NULL", \
		geyser_moltenvk_image_create(&broken, texture, &image));
	WITHOUT(instance)
	WITHOUT(physical_device)
	WITHOUT(device)
	WITHOUT(get_instance_proc_addr)
#undef WITHOUT
	mvk_finish(&mvk);
	geyser_texture_unref(texture);
}

static void test_devices_that_lack_something(void **state)
{
	static const char *const nothing[] = {NULL};
	static const char *const objects[] = {METAL_OBJECTS, NULL};
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 5, 3);
	struct geyser_moltenvk_image image;
	struct mvk mvk;

	mvk_create(&mvk, VK_API_VERSION_1_2, true, nothing);
	refused(GEYSER_ERROR_UNSUPPORTED, METAL_OBJECTS,
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	assert_null(image.image);
	mvk_finish(&mvk);
	mvk_create(&mvk, VK_API_VERSION_1_0, false, objects);
	refused(GEYSER_ERROR_UNSUPPORTED, "vkGetPhysicalDeviceProperties2: Vulkan 1.1",
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	mvk_finish(&mvk);
	mvk_init(&mvk);
	apple_double_fail("sameGPU", 1);
	refused(GEYSER_ERROR_MISMATCH, "another GPU",
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	apple_double_fail("importIOSurface", 1);
	refused(GEYSER_ERROR_UNSUPPORTED, "without the surface",
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	apple_double_fail(NULL, 0);
	mvk_finish(&mvk);
	geyser_texture_unref(texture);
}

static PFN_vkVoidFunction without_create_image(VkDevice device, const char *name)
{
	return strcmp(name, "vkCreateImage") == 0 ? NULL : vkGetDeviceProcAddr(device, name);
}

static PFN_vkVoidFunction hiding(VkInstance instance, const char *name)
{
	if (strcmp(name, "vkGetDeviceProcAddr") == 0)
		return (PFN_vkVoidFunction)without_create_image;
	return vkGetInstanceProcAddr(instance, name);
}

static void test_a_missing_function_is_named(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 5, 3);
	struct geyser_moltenvk_image image;
	struct mvk mvk;

	mvk_init(&mvk);
	mvk.device.get_instance_proc_addr = hiding;
	refused(GEYSER_ERROR_UNSUPPORTED, "vkCreateImage",
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	mvk_finish(&mvk);
	geyser_texture_unref(texture);
}

static void test_textures_that_no_image_fits(void **state)
{
	const struct geyser_texture_desc array = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 8, .height = 8, .layers = 257};
	struct fixture *fixture = *state;
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_moltenvk_image image;
	struct geyser_texture *texture;
	struct mvk mvk;

	mvk_init(&mvk);
	texture = make_texture(host, GEYSER_FORMAT_BGRA8_UNORM, 5, 3);
	refused(GEYSER_ERROR_UNSUPPORTED, "host backend",
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	geyser_texture_unref(texture);
	texture = make_texture(fixture->manager, GEYSER_FORMAT_RG8_UNORM, 5, 3);
	refused(GEYSER_ERROR_UNSUPPORTED, "format (rg8unorm)",
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	geyser_texture_unref(texture);
	texture = make_texture(fixture->manager, GEYSER_FORMAT_NV12, 6, 4);
	refused(GEYSER_ERROR_UNSUPPORTED, "format (nv12): make an image of each plane's MTLTexture",
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	geyser_texture_unref(texture);
	texture = make_texture(fixture->manager, GEYSER_FORMAT_R8_UNORM, 4097, 1);
	refused(GEYSER_ERROR_UNSUPPORTED, "size (4097x1x1",
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	geyser_texture_unref(texture);
	ok(geyser_metal_texture_create_private(fixture->manager, &array, &texture));
	refused(GEYSER_ERROR_UNSUPPORTED, "257 layers",
		geyser_moltenvk_image_create(&mvk.device, texture, &image));
	geyser_texture_unref(texture);
	mvk_finish(&mvk);
	geyser_manager_destroy(host);
}

/* Failures release all objects that were made before: the double counts live objects. */
static void test_failures_leave_nothing_behind(void **state)
{
	static const struct {
		const char *call, *word;
		enum geyser_result result;
	} rows[] = {
		{"imageFormatProperties", "ImageFormatProperties", GEYSER_ERROR_OUT_OF_MEMORY},
		{"vkCreateImage", "vkCreateImage: VkResult -2", GEYSER_ERROR_OUT_OF_MEMORY},
		{"memoryTypes", "device-local", GEYSER_ERROR_UNSUPPORTED},
		{"vkAllocateMemory", "vkAllocateMemory", GEYSER_ERROR_OUT_OF_MEMORY},
		{"vkBindImageMemory", "vkBindImageMemory", GEYSER_ERROR_OUT_OF_MEMORY},
		{"newTexture", "vkCreateImage: VkResult -3", GEYSER_ERROR_MISMATCH},
	};
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 5, 3);
	struct mvk mvk;

	mvk_init(&mvk);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const unsigned long live = apple_double_live();
		struct geyser_moltenvk_image image;

		apple_double_fail(rows[i].call, 1);
		refused(rows[i].result, rows[i].word,
			geyser_moltenvk_image_create(&mvk.device, texture, &image));
		apple_double_fail(NULL, 0);
		assert_null(image.image);
		assert_int_equal(apple_double_live(), live);
	}
	mvk_finish(&mvk);
	geyser_texture_unref(texture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_manager, teardown_manager)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_image_is_the_texture),
		TEST(test_usage_is_the_textures),
		TEST(test_image_on_private_storage),
		TEST(test_texture_is_the_image),
		TEST(test_images_that_no_texture_fits),
		TEST(test_wrong_arguments),
		TEST(test_devices_that_lack_something),
		TEST(test_a_missing_function_is_named),
		TEST(test_textures_that_no_image_fits),
		TEST(test_failures_leave_nothing_behind),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return cmocka_run_group_tests_name("moltenvk images", tests, NULL, NULL);
}
