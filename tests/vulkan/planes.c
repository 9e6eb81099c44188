/* Textures of video: an image for each plane, in one memory of each kind. */
#include "gpu.h"
#include "harness.h"

#include <stdio.h>
#include <unistd.h>

#define COPIES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)

static const enum geyser_format formats[] = {GEYSER_FORMAT_NV12, GEYSER_FORMAT_P010,
	GEYSER_FORMAT_I420, GEYSER_FORMAT_NV16, GEYSER_FORMAT_I444, GEYSER_FORMAT_P410,
	GEYSER_FORMAT_YUY2, GEYSER_FORMAT_UYVY};

static const struct {
	uint32_t width, height;
} sizes[] = {{1, 1}, {3, 3}, {333, 77}, {64, 48}, {62, 34}};

static struct geyser_texture_desc desc_of(enum geyser_format format, size_t size, uint32_t usage)
{
	return (struct geyser_texture_desc){
		.format = format,
		.width = sizes[size].width,
		.height = sizes[size].height,
		.usage = usage,
	};
}

static struct geyser_texture *make(
	struct geyser_manager *manager, const struct geyser_texture_desc *desc)
{
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, desc, &texture));
	return texture;
}

/* ---- the images ---- */

static void expect_plane(struct geyser_texture *texture, uint32_t plane)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	const struct geyser_format_plane *of = &geyser_format_get_info(desc->format)->plane[plane];
	struct geyser_vulkan_image_info info;
	VkImage image;

	ok(geyser_vulkan_texture_get_plane_info(texture, plane, &info));
	ok(geyser_vulkan_texture_plane_image(texture, plane, &image));
	assert_true(image == info.image && image != VK_NULL_HANDLE);
	assert_int_equal(info.format, geyser_format_get_info(of->format)->vk_format);
	assert_int_equal(
		info.extent.width, (desc->width + of->width_divisor - 1) / of->width_divisor);
	assert_int_equal(
		info.extent.height, (desc->height + of->height_divisor - 1) / of->height_divisor);
	assert_int_equal(info.extent.depth, 1);
	assert_int_equal(info.mip_levels, 1);
	assert_int_equal(info.aspects, VK_IMAGE_ASPECT_COLOR_BIT);
}

static void each_plane_has_an_image(void **state)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		for (size_t size = 0; size < COUNT_OF(sizes); size++) {
			const struct geyser_texture_desc desc = desc_of(formats[i], size, 0);
			struct geyser_texture *texture = make(manager_of(state), &desc);
			const uint32_t planes = geyser_format_get_info(formats[i])->planes;

			for (uint32_t plane = 0; plane < planes; plane++)
				expect_plane(texture, plane);
			geyser_texture_unref(texture);
		}
}

static void one_image_is_no_picture(void **state)
{
	struct geyser_texture *texture = make_texture(manager_of(state), GEYSER_FORMAT_NV12, 6, 6);
	struct geyser_vulkan_image_info info = {.mip_levels = 1};
	VkImage image = (VkImage)(uintptr_t)1;

	refused(GEYSER_ERROR_UNSUPPORTED, "geyser_vulkan_texture_plane_image",
		geyser_vulkan_texture_image(texture, &image));
	assert_true(image == VK_NULL_HANDLE);
	refused(GEYSER_ERROR_UNSUPPORTED, "geyser_vulkan_texture_get_plane_info",
		geyser_vulkan_texture_get_info(texture, &info));
	assert_int_equal(info.mip_levels, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (2): nv12 has planes 0 to 1",
		geyser_vulkan_texture_plane_image(texture, 2, &image));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (4294967295)",
		geyser_vulkan_texture_get_plane_info(texture, UINT32_MAX, &info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_vulkan_texture_plane_image(NULL, 0, &image));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_vulkan_texture_plane_image(texture, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_vulkan_texture_get_plane_info(texture, 0, NULL));
	geyser_texture_unref(texture);
}

/* A format of one plane has the same image by both functions. */
static void plane_0_of_colours_is_the_image(void **state)
{
	static const enum geyser_format single[] = {GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_YUY2};

	for (size_t i = 0; i < COUNT_OF(single); i++) {
		struct geyser_texture *texture = make_texture(manager_of(state), single[i], 6, 6);
		VkImage image, plane;

		ok(geyser_vulkan_texture_image(texture, &image));
		ok(geyser_vulkan_texture_plane_image(texture, 0, &plane));
		assert_true(image == plane);
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (1)",
			geyser_vulkan_texture_plane_image(texture, 1, &plane));
		geyser_texture_unref(texture);
	}
}

/* The usages that all planes' formats have, the picture has. */
static void planes_are_drawn_into(void **state)
{
	const uint32_t drawn = GEYSER_USAGE_RENDER_ATTACHMENT | GEYSER_USAGE_TEXTURE_BINDING;
	const struct geyser_texture_desc desc = desc_of(GEYSER_FORMAT_NV12, 2, drawn);
	struct geyser_vulkan_image_info info;
	struct geyser_texture *texture;
	uint32_t nv12, luma, chroma;

	ok(geyser_manager_format_usage(
		manager_of(state), GEYSER_FORMAT_NV12, GEYSER_DIMENSION_2D, &nv12));
	ok(geyser_manager_format_usage(
		manager_of(state), GEYSER_FORMAT_R8_UNORM, GEYSER_DIMENSION_2D, &luma));
	ok(geyser_manager_format_usage(
		manager_of(state), GEYSER_FORMAT_RG8_UNORM, GEYSER_DIMENSION_2D, &chroma));
	assert_int_equal(nv12 & 0x1f, luma & chroma & 0x1f);
	texture = make(manager_of(state), &desc);
	ok(geyser_vulkan_texture_get_plane_info(texture, 1, &info));
	assert_true(info.usage & VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT);
	assert_true(info.usage & VK_IMAGE_USAGE_SAMPLED_BIT);
	geyser_texture_unref(texture);
}

/* ---- each kind of memory, at every size, in two managers ---- */

static void expect_shared(struct gpu *mine, struct gpu *theirs, struct geyser_texture *texture)
{
	const struct geyser_handle handle = export_texture(texture);
	struct geyser_texture *imported = import_texture(theirs->manager, &handle);

	gpu_fill_now(mine, texture, 1);
	assert_true(gpu_holds_now(theirs, imported, 1));
	assert_true(texture_holds(imported, 1));
	assert_true(fill_texture(imported, 2));
	assert_true(gpu_holds_now(mine, texture, 2));
	gpu_fill_now(theirs, imported, 3);
	assert_true(texture_holds(texture, 3));
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
}

static void share_in_each_memory(struct gpu *mine, struct gpu *theirs)
{
	static const uint32_t places[] = {
		0, GEYSER_USAGE_LINEAR, GEYSER_USAGE_HOST_MEMORY, GEYSER_USAGE_DMA_BUF};
	unsigned shared = 0;

	for (size_t i = 0; i < COUNT_OF(formats) * COUNT_OF(places); i++) {
		const enum geyser_format format = formats[i / COUNT_OF(places)];
		const uint32_t place = places[i % COUNT_OF(places)];
		uint32_t usage;

		ok(geyser_manager_format_usage(mine->manager, format, GEYSER_DIMENSION_2D, &usage));
		if ((usage & place) != place)
			continue;
		for (size_t size = 0; size < COUNT_OF(sizes); size++) {
			const struct geyser_texture_desc desc =
				desc_of(format, size, COPIES | place);

			expect_shared(mine, theirs, make(mine->manager, &desc));
			shared++;
		}
	}
	assert_true(shared >= COUNT_OF(formats) * COUNT_OF(sizes));
}

static void pictures_are_shared_in_each_memory(void **state)
{
	with_two_gpus(manager_of(state), share_in_each_memory);
}

/* The host backend's planes follow one another without gaps. So chroma begins where Vulkan can't
 * copy it, and rows are as long as no driver has them. */
static void share_from_host(struct gpu *mine, struct gpu *theirs)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		for (size_t size = 0; size < COUNT_OF(sizes); size++) {
			const struct geyser_texture_desc desc = desc_of(formats[i], size, COPIES);
			struct geyser_texture *texture = make(mine->host, &desc), *imported;
			const struct geyser_handle handle = export_texture(texture);

			assert_true(fill_texture(texture, 1));
			imported = import_texture(theirs->manager, &handle);
			assert_true(gpu_holds_now(theirs, imported, 1));
			gpu_fill_now(theirs, imported, 2);
			assert_true(texture_holds(texture, 2));
			geyser_texture_unref(imported);
			geyser_texture_unref(texture);
		}
}

static void the_hosts_pictures_are_used_by_gpus(void **state)
{
	if (!info_of(manager_of(state)).host_memory)
		skip();
	with_two_gpus(manager_of(state), share_from_host);
}

/* ---- textures that are used again ---- */

static bool is_zero(struct geyser_texture *texture)
{
	struct geyser_mapping mapping;
	bool zero = true;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	for (size_t i = 0; i < mapping.size && zero; i++)
		zero = ((const uint8_t *)mapping.data)[i] == 0;
	geyser_texture_unmap(texture);
	return zero;
}

/* What a map and a multi-planar image need is made again, or kept: nothing leaks. At odd sizes
 * chroma begins at an odd place, at even sizes there may be multi-planar images. */
static void released_pictures_come_back_cleared(void **state)
{
	for (uint32_t i = 0; i < 6; i++) {
		const struct geyser_texture_desc desc = {
			.format = GEYSER_FORMAT_NV12, .width = 333 + i % 2, .height = 301 + i % 2};
		struct geyser_texture *texture = make(manager_of(state), &desc);
		VkImage image;

		(void)geyser_vulkan_texture_multiplanar_image(texture, &image);
		assert_true(is_zero(texture));
		assert_true(fill_texture(texture, 1 + i));
		assert_true(texture_holds(texture, 1 + i));
		geyser_texture_unref(texture);
	}
}

/* ---- memory that isn't what it says it is ---- */

static void refuse(void **state, const struct geyser_native_texture *native,
	const struct geyser_texture_desc *desc, const char *word)
{
	struct geyser_texture *texture = (struct geyser_texture *)state;
	const unsigned fds = fd_count();

	refused(GEYSER_ERROR_MISMATCH, word,
		geyser_texture_import_native(manager_of(state), native, desc, &texture));
	assert_null(texture);
	assert_int_equal(fd_count(), fds);
}

static void refuse_offsets(void **state, const struct geyser_native_texture *offered,
	const struct geyser_texture_desc *desc)
{
	const uint64_t offsets[] = {offered->size, offered->size - 1, UINT64_MAX, UINT64_MAX - 4095,
		UINT64_MAX - 65535, (offered->size + 65535) / 65536 * 65536};

	for (uint32_t plane = 0; plane < offered->plane_count; plane++)
		for (size_t i = 0; i < COUNT_OF(offsets); i++) {
			struct geyser_native_texture native = *offered;

			native.planes[plane].offset = offsets[i];
			refuse(state, &native, desc, "plane");
		}
}

static void refuse_counts(void **state, const struct geyser_native_texture *offered,
	const struct geyser_texture_desc *desc)
{
	static const uint32_t counts[] = {0, 1, 3, 4, 5, UINT32_MAX};

	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		struct geyser_native_texture native = *offered;

		native.plane_count = counts[i];
		refuse(state, &native, desc, "plane_count");
	}
}

static void opaque_planes_outside_of_the_memory(void **state)
{
	static const uint32_t usages[] = {COPIES, COPIES | GEYSER_USAGE_LINEAR};

	for (size_t i = 0; i < COUNT_OF(usages); i++) {
		const struct geyser_texture_desc desc = desc_of(GEYSER_FORMAT_NV12, 2, usages[i]);
		struct geyser_texture *texture = make(manager_of(state), &desc);
		struct geyser_native_texture offered, native;

		assert_true(fill_texture(texture, 1));
		ok(geyser_texture_export_native(texture, &offered));
		assert_int_equal(offered.plane_count, 2);
		assert_false(offered.dedicated);
		assert_true(offered.planes[1].offset >= 333 * 77);
		refuse_offsets(state, &offered, &desc);
		refuse_counts(state, &offered, &desc);
		native = offered;
		native.dedicated = true;
		refuse(state, &native, &desc, "dedicated");
		native = offered;
		native.planes[1].row_pitch += 64;
		refuse(state, &native, &desc, "row_pitch");
		native = offered;
		native.size = offered.planes[1].offset;
		refuse(state, &native, &desc, "size");
		assert_true(texture_holds(texture, 1)); /* no harm was done */
		geyser_native_texture_release(&offered);
		geyser_texture_unref(texture);
	}
}

static void host_planes_outside_of_the_memory(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	const struct geyser_texture_desc desc = desc_of(GEYSER_FORMAT_NV12, 2, COPIES);
	struct geyser_texture *texture = make(host, &desc);
	struct geyser_native_texture offered;

	assert_true(fill_texture(texture, 1));
	ok(geyser_texture_export_native(texture, &offered));
	if (info_of(manager_of(state)).host_memory) {
		refuse_offsets(state, &offered, &desc);
		refuse_counts(state, &offered, &desc);
	}
	assert_true(texture_holds(texture, 1));
	geyser_native_texture_release(&offered);
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(each_plane_has_an_image),
		manager_test(one_image_is_no_picture),
		manager_test(plane_0_of_colours_is_the_image),
		manager_test(planes_are_drawn_into),
		manager_test(pictures_are_shared_in_each_memory),
		manager_test(the_hosts_pictures_are_used_by_gpus),
		manager_test(released_pictures_come_back_cleared),
		manager_test(opaque_planes_outside_of_the_memory),
		manager_test(host_planes_outside_of_the_memory),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "planes", tests, COUNT_OF(tests));
}
