/* GBM's buffers as textures, and textures as GBM's buffers. */
#include "dmabuf.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <gbm.h>
#include <unistd.h>
#include <xf86drm.h>

static struct gbm_device *device;

/* Render nodes come first. A driver without 3D makes buffers only on its primary node. */
static const char *const nodes[] = {
	"/dev/dri/renderD128",
	"/dev/dri/renderD129",
	"/dev/dri/card0",
	"/dev/dri/card1",
};

static bool makes_buffers(struct gbm_device *candidate)
{
	struct gbm_bo *bo =
		gbm_bo_create(candidate, WIDTH, HEIGHT, GBM_FORMAT_ABGR8888, GBM_BO_USE_LINEAR);

	if (!bo)
		return false;
	gbm_bo_destroy(bo);
	return true;
}

bool open_gbm(void)
{
	for (size_t i = 0; !device && i < COUNT_OF(nodes); i++) {
		int fd = open(nodes[i], O_RDWR | O_CLOEXEC);

		if (fd < 0)
			continue;
		device = gbm_create_device(fd);
		if (device && makes_buffers(device)) {
			print_message("# GBM: %s\n", nodes[i]);
			break;
		}
		if (device)
			gbm_device_destroy(device);
		device = NULL;
		(void)close(fd);
	}
	return device != NULL;
}

/* Without 3D, the driver's gbm_bo_get_fd gives a descriptor that can't be written to. */
static int dma_buf_of(struct gbm_bo *bo)
{
	int fd = -1;

	assert_int_equal(drmPrimeHandleToFD(gbm_device_get_fd(device), gbm_bo_get_handle(bo).u32,
				 DRM_CLOEXEC | DRM_RDWR, &fd),
		0);
	return fd;
}

static struct geyser_native_texture native_of(struct gbm_bo *bo)
{
	struct geyser_native_texture native = {
		.type = GEYSER_NATIVE_DMA_BUF,
		.fd = dma_buf_of(bo),
		.plane_count = (uint32_t)gbm_bo_get_plane_count(bo),
		.modifier = gbm_bo_get_modifier(bo),
	};

	native.size = (uint64_t)lseek(native.fd, 0, SEEK_END);
	/* The driver made a linear buffer, but has no name for its modifier. */
	if (native.modifier == DRM_FORMAT_MOD_INVALID)
		native.modifier = DRM_FORMAT_MOD_LINEAR;
	for (int i = 0; i < (int)native.plane_count; i++) {
		native.planes[i].offset = gbm_bo_get_offset(bo, i);
		native.planes[i].row_pitch = gbm_bo_get_stride_for_plane(bo, i);
	}
	return native;
}

static void a_gbm_buffer_is_a_texture(void **state)
{
	struct geyser_native_texture native;
	struct geyser_texture *texture;
	struct gbm_bo *bo;
	struct gpu gpu;

	needs(NEED_VULKAN | NEED_GBM);
	bo = gbm_bo_create(device, WIDTH, HEIGHT, GBM_FORMAT_ABGR8888, GBM_BO_USE_LINEAR);
	assert_non_null(bo);
	native = native_of(bo);
	texture = import_dma_buf(manager_of(state), &native);
	gpu_open(&gpu, manager_of(state));
	gpu_fill_now(&gpu, texture, 1);
	assert_true(dma_buf_holds(&native, 1));
	assert_true(fill_dma_buf(&native, 2));
	assert_true(gpu_holds_now(&gpu, texture, 2));
	gpu_close(&gpu);
	assert_true(texture_holds(texture, 2));
	geyser_texture_unref(texture);
	(void)close(native.fd);
	gbm_bo_destroy(bo);
}

/* GBM picks one of the modifiers that both sides support. */
static void a_modifier_is_agreed_on(void **state)
{
	struct geyser_native_texture native;
	struct geyser_texture *texture;
	uint64_t *modifiers;
	struct gbm_bo *bo;
	uint32_t count;
	struct gpu gpu;

	needs(NEED_VULKAN | NEED_GBM);
	ok(geyser_vulkan_format_modifiers(
		manager_of(state), plain_desc.format, plain_desc.usage, &modifiers, &count));
	bo = gbm_bo_create_with_modifiers2(
		device, WIDTH, HEIGHT, GBM_FORMAT_ABGR8888, modifiers, count, 0);
	assert_non_null(bo);
	geyser_vulkan_modifiers_free(modifiers);
	native = native_of(bo);
	texture = import_dma_buf(manager_of(state), &native);
	gpu_open(&gpu, manager_of(state));
	gpu_fill_now(&gpu, texture, 1);
	assert_true(gpu_holds_now(&gpu, texture, 1));
	gpu_close(&gpu);
	geyser_texture_unref(texture);
	(void)close(native.fd);
	gbm_bo_destroy(bo);
}

static struct gbm_bo *import_as_gbm(const struct geyser_native_texture *native)
{
	struct gbm_import_fd_modifier_data data = {
		.width = WIDTH,
		.height = HEIGHT,
		.format = GBM_FORMAT_ABGR8888,
		.num_fds = native->plane_count,
		.modifier = native->modifier,
	};

	for (uint32_t i = 0; i < native->plane_count; i++) {
		data.fds[i] = native->fd;
		data.strides[i] = (int)native->planes[i].row_pitch;
		data.offsets[i] = (int)native->planes[i].offset;
	}
	return gbm_bo_import(device, GBM_BO_IMPORT_FD_MODIFIER, &data, 0);
}

/* The buffer and the texture are the same memory: a descriptor from GBM shows what Vulkan draws
 * later. */
static void a_texture_is_a_gbm_buffer(void **state)
{
	const uint64_t linear = DRM_FORMAT_MOD_LINEAR;
	struct geyser_native_texture native, again;
	struct geyser_texture *texture;
	struct gbm_bo *bo;
	struct gpu gpu;

	needs(NEED_VULKAN | NEED_GBM);
	ok(geyser_vulkan_texture_create_with_modifiers(
		manager_of(state), &plain_desc, &linear, 1, &texture));
	native = export_dma_buf(texture);
	bo = import_as_gbm(&native);
	assert_non_null(bo);
	assert_int_equal(gbm_bo_get_width(bo), WIDTH);
	assert_int_equal(gbm_bo_get_height(bo), HEIGHT);
	again = native_of(bo);
	assert_int_equal(again.planes[0].row_pitch, native.planes[0].row_pitch);
	gpu_open(&gpu, manager_of(state));
	gpu_fill_now(&gpu, texture, 1);
	gpu_close(&gpu);
	assert_true(dma_buf_holds(&again, 1));
	(void)close(again.fd);
	gbm_bo_destroy(bo);
	(void)close(native.fd);
	geyser_texture_unref(texture);
}

const struct CMUnitTest gbm_tests[] = {
	test(a_gbm_buffer_is_a_texture),
	test(a_modifier_is_agreed_on),
	test(a_texture_is_a_gbm_buffer),
};
const size_t gbm_test_count = COUNT_OF(gbm_tests);
