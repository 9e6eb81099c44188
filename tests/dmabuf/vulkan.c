/* dma-bufs that Vulkan allocates, their modifiers, and other memory imported as Vulkan images. */
#include "dmabuf.h"

#include <drm_fourcc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* A modifier of a vendor that doesn't exist. */
#define UNKNOWN_MODIFIER UINT64_C(0xf700000000000042)

static void linear_is_among_the_modifiers(void **state)
{
	uint64_t *modifiers;
	bool found = false;
	uint32_t count;

	needs(NEED_VULKAN);
	ok(geyser_vulkan_format_modifiers(
		manager_of(state), plain_desc.format, plain_desc.usage, &modifiers, &count));
	for (uint32_t i = 0; i < count; i++)
		found = found || modifiers[i] == DRM_FORMAT_MOD_LINEAR;
	geyser_vulkan_modifiers_free(modifiers);
	assert_true(found);
}

static void a_texture_is_a_dma_buf(void **state)
{
	struct geyser_native_texture native;
	struct geyser_texture *texture;

	needs(NEED_VULKAN);
	texture = make_dma_buf_texture(manager_of(state));
	assert_true(fill_texture(texture, 1));
	ok(geyser_texture_export_native(texture, &native));
	assert_int_equal(native.type, GEYSER_NATIVE_DMA_BUF);
	assert_true(native.fd >= 0);
	assert_true(native.size >= BYTES);
	assert_in_range(lseek(native.fd, 0, SEEK_END), native.size, INT64_MAX);
	if (native.modifier == DRM_FORMAT_MOD_LINEAR) {
		assert_int_equal(native.plane_count, 1);
		assert_true(dma_buf_holds(&native, 1));
	}
	(void)close(native.fd);
	geyser_texture_unref(texture);
}

static struct geyser_texture *make_with(
	struct geyser_manager *manager, const uint64_t *modifiers, uint32_t count)
{
	struct geyser_texture *texture;

	ok(geyser_vulkan_texture_create_with_modifiers(
		manager, &plain_desc, modifiers, count, &texture));
	return texture;
}

/* The CPU and the GPU each see what the other writes. */
static void a_linear_one_can_be_asked_for(void **state)
{
	const uint64_t modifiers[] = {UNKNOWN_MODIFIER, DRM_FORMAT_MOD_LINEAR};
	struct geyser_native_texture native;
	struct geyser_texture *texture;
	struct gpu gpu;

	needs(NEED_VULKAN);
	for (uint32_t unknown = 0; unknown < 2; unknown++) {
		texture = make_with(manager_of(state), &modifiers[1 - unknown], 1 + unknown);
		native = export_dma_buf(texture);
		assert_int_equal(native.modifier, DRM_FORMAT_MOD_LINEAR);
		assert_int_equal(native.plane_count, 1);
		gpu_open(&gpu, manager_of(state));
		gpu_fill_now(&gpu, texture, 1);
		assert_true(dma_buf_holds(&native, 1));
		assert_true(fill_dma_buf(&native, 2));
		assert_true(gpu_holds_now(&gpu, texture, 2));
		gpu_close(&gpu);
		(void)close(native.fd);
		geyser_texture_unref(texture);
	}
}

static void an_unknown_modifier_is_refused(void **state)
{
	const uint64_t modifier = UNKNOWN_MODIFIER;
	struct geyser_texture *texture;

	needs(NEED_VULKAN);
	refused(GEYSER_ERROR_UNSUPPORTED, "f700000000000042",
		geyser_vulkan_texture_create_with_modifiers(
			manager_of(state), &plain_desc, &modifier, 1, &texture));
	assert_null(texture);
}

/* An exported dma-buf can be imported again, as another texture with the same memory. */
static void what_was_given_away_comes_back(void **state)
{
	struct geyser_texture *texture, *again;
	struct geyser_native_texture native;
	struct gpu gpu;

	needs(NEED_VULKAN);
	texture = make_dma_buf_texture(manager_of(state));
	native = export_dma_buf(texture);
	again = import_dma_buf(manager_of(state), &native);
	(void)close(native.fd);
	gpu_open(&gpu, manager_of(state));
	gpu_fill_now(&gpu, texture, 1);
	assert_true(gpu_holds_now(&gpu, again, 1));
	gpu_fill_now(&gpu, again, 2);
	geyser_texture_unref(again);
	assert_true(gpu_holds_now(&gpu, texture, 2));
	gpu_close(&gpu);
	geyser_texture_unref(texture);
}

/* Uses a size that is no multiple of any alignment that a driver may prefer. */
static void share_as_dma_buf(
	struct geyser_manager *manager, enum geyser_format format, uint32_t usage)
{
	const struct geyser_texture_desc desc = {
		.format = format,
		.width = 13,
		.height = 7,
		.usage = usage & ~(GEYSER_USAGE_HOST_MEMORY | GEYSER_USAGE_LINEAR),
	};
	struct geyser_texture *texture, *imported;
	struct geyser_native_texture native;

	print_message("# %s\n", geyser_format_name(format));
	ok(geyser_texture_create(manager, &desc, &texture));
	assert_true(fill_texture(texture, format));
	native = export_dma_buf(texture);
	ok(geyser_texture_import_native(manager, &native, &desc, &imported));
	(void)close(native.fd);
	assert_true(texture_holds(imported, format));
	assert_true(fill_texture(imported, 1000));
	assert_true(texture_holds(texture, 1000));
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
}

static void every_format_that_can_be_is_shared(void **state)
{
	unsigned shared = 0;
	uint32_t usage;

	needs(NEED_VULKAN);
	for (int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		ok(geyser_manager_format_usage(
			manager_of(state), (enum geyser_format)i, GEYSER_DIMENSION_2D, &usage));
		if (!(usage & GEYSER_USAGE_DMA_BUF))
			continue;
		share_as_dma_buf(manager_of(state), (enum geyser_format)i, usage);
		shared++;
	}
	assert_true(shared > 0);
}

/* ---- imported memory ---- */

static void memory_of_a_heap_is_a_texture(void **state)
{
	struct geyser_native_texture native;
	struct geyser_texture *texture;
	struct gpu gpu;

	needs(NEED_HEAP | NEED_VULKAN);
	native = heap_memory();
	assert_true(fill_dma_buf(&native, 1));
	texture = import_dma_buf(manager_of(state), &native);
	assert_true(texture_holds(texture, 1));
	assert_true(fill_texture(texture, 2));
	assert_true(dma_buf_holds(&native, 2));
	gpu_open(&gpu, manager_of(state));
	assert_true(gpu_holds_now(&gpu, texture, 2));
	gpu_fill_now(&gpu, texture, 3);
	gpu_close(&gpu);
	assert_true(dma_buf_holds(&native, 3));
	geyser_texture_unref(texture);
	(void)close(native.fd);
}

static void refuse(void **state, const struct geyser_native_texture *native,
	enum geyser_result wanted, const char *word)
{
	struct geyser_texture *texture;

	refused(wanted, word,
		geyser_texture_import_native(manager_of(state), native, &plain_desc, &texture));
	assert_null(texture);
}

/* A peer may send wrong information about its memory. */
static void memory_is_checked_against_its_claims(void **state)
{
	struct geyser_native_texture native, lie;

	needs(NEED_HEAP | NEED_VULKAN);
	native = lie = heap_memory();
	lie.size = BYTES + 4096;
	refuse(state, &lie, GEYSER_ERROR_MISMATCH, "16384");
	lie = native;
	lie.planes[0].row_pitch = WIDTH * 4 - 4;
	refuse(state, &lie, GEYSER_ERROR_MISMATCH, "252");
	lie.planes[0].row_pitch = WIDTH * 4 + 64;
	refuse(state, &lie, GEYSER_ERROR_MISMATCH, "12288");
	lie.planes[0].row_pitch = UINT64_C(1) << 60;
	refuse(state, &lie, GEYSER_ERROR_MISMATCH, "1152921504606846976");
	lie = native;
	lie.planes[0].offset = 4096;
	refuse(state, &lie, GEYSER_ERROR_MISMATCH, "4096");
	lie.planes[0].offset = UINT64_MAX - 4095;
	refuse(state, &lie, GEYSER_ERROR_MISMATCH, "18446744073709547520");
	lie = native;
	lie.plane_count = 5;
	refuse(state, &lie, GEYSER_ERROR_MISMATCH, "5");
	lie = native;
	lie.modifier = UNKNOWN_MODIFIER;
	refuse(state, &lie, GEYSER_ERROR_UNSUPPORTED, "f700000000000042");
	(void)close(native.fd);
}

/* ---- video: an image for each plane, all in one dma-buf ---- */

static const struct geyser_texture_desc video_desc = {
	.format = GEYSER_FORMAT_NV12,
	.width = WIDTH,
	.height = HEIGHT,
	.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST,
};

/* Returns memory of a heap as a camera's: NV12, whose chroma follows luma at once. */
static struct geyser_native_texture video_memory(void)
{
	struct geyser_native_texture native = heap_memory();

	native.plane_count = 2;
	native.planes[0].row_pitch = native.planes[1].row_pitch = WIDTH;
	native.planes[1].offset = (uint64_t)WIDTH * HEIGHT;
	return native;
}

static bool offers_video(void **state)
{
	uint32_t usage;

	needs(NEED_HEAP | NEED_VULKAN);
	ok(geyser_manager_format_usage(
		manager_of(state), GEYSER_FORMAT_NV12, GEYSER_DIMENSION_2D, &usage));
	if (!(usage & GEYSER_USAGE_DMA_BUF))
		print_message("# no dma-bufs of several planes here\n");
	return usage & GEYSER_USAGE_DMA_BUF;
}

static void a_cameras_memory_is_a_texture(void **state)
{
	struct geyser_native_texture native;
	struct geyser_texture *texture;
	uint8_t *data;
	struct gpu gpu;

	if (!offers_video(state))
		skip();
	native = video_memory();
	data = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, native.fd, 0);
	assert_true(data != MAP_FAILED);
	ok(geyser_texture_import_native(manager_of(state), &native, &video_desc, &texture));
	gpu_open(&gpu, manager_of(state));
	gpu_fill_now(&gpu, texture, 1);
	assert_true(texture_holds(texture, 1));
	for (uint64_t i = 0; i < WIDTH * HEIGHT * 3 / 2; i++)
		assert_int_equal(data[i], pattern_byte(1, i));
	assert_true(fill_texture(texture, 2));
	assert_true(gpu_holds_now(&gpu, texture, 2));
	gpu_close(&gpu);
	geyser_texture_unref(texture);
	assert_int_equal(munmap(data, BYTES), 0);
	(void)close(native.fd);
}

static void refuse_video(void **state, const struct geyser_native_texture *native, const char *word)
{
	struct geyser_texture *texture;

	refused(GEYSER_ERROR_MISMATCH, word,
		geyser_texture_import_native(manager_of(state), native, &video_desc, &texture));
	assert_null(texture);
}

static void planes_are_checked_against_the_memory(void **state)
{
	static const uint64_t offsets[] = {
		BYTES, BYTES - 1, BYTES - WIDTH * HEIGHT / 2 + 1, UINT64_MAX, UINT64_MAX - 4095};
	static const uint64_t pitches[] = {0, WIDTH - 1, BYTES, UINT64_C(1) << 60, UINT64_MAX};
	static const uint32_t counts[] = {0, 1, 3, 5};
	struct geyser_native_texture native, lie;
	struct geyser_texture *texture;

	if (!offers_video(state))
		skip();
	native = video_memory();
	for (size_t i = 0; i < COUNT_OF(offsets) * 2; i++) {
		lie = native;
		lie.planes[i % 2].offset = offsets[i / 2];
		refuse_video(state, &lie, "offset");
	}
	for (size_t i = 0; i < COUNT_OF(pitches) * 2; i++) {
		lie = native;
		lie.planes[i % 2].row_pitch = pitches[i / 2];
		refuse_video(state, &lie, "row_pitch");
	}
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		lie = native;
		lie.plane_count = counts[i];
		refuse_video(state, &lie, "plane_count");
	}
	lie = native;
	lie.modifier = UNKNOWN_MODIFIER;
	refused(GEYSER_ERROR_UNSUPPORTED, "f700000000000042",
		geyser_texture_import_native(manager_of(state), &lie, &video_desc, &texture));
	(void)close(native.fd);
}

static void what_is_no_dma_buf_is_refused(void **state)
{
	struct geyser_native_texture native;
	int memory, fds[2];

	needs(NEED_HEAP | NEED_VULKAN);
	native = heap_memory();
	(void)close(native.fd);
	memory = memfd_create("test", MFD_CLOEXEC);
	assert_true(memory >= 0);
	assert_int_equal(ftruncate(memory, (off_t)BYTES), 0);
	native.fd = memory;
	refuse(state, &native, GEYSER_ERROR_UNSUPPORTED, "dma-buf");
	(void)close(memory);
	assert_int_equal(pipe(fds), 0);
	native.fd = fds[0];
	refuse(state, &native, GEYSER_ERROR_UNSUPPORTED, "dma-buf");
	(void)close(fds[0]);
	(void)close(fds[1]);
}

const struct CMUnitTest vulkan_tests[] = {
	test(linear_is_among_the_modifiers),
	test(a_texture_is_a_dma_buf),
	test(a_linear_one_can_be_asked_for),
	test(an_unknown_modifier_is_refused),
	test(what_was_given_away_comes_back),
	test(every_format_that_can_be_is_shared),
	test(memory_of_a_heap_is_a_texture),
	test(memory_is_checked_against_its_claims),
	test(a_cameras_memory_is_a_texture),
	test(planes_are_checked_against_the_memory),
	test(what_is_no_dma_buf_is_refused),
};
const size_t vulkan_test_count = COUNT_OF(vulkan_tests);
