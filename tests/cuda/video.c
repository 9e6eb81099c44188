/* Video as CUDA memory: each plane is an array, or rows at an address. */
#include "cu.h"
#include "frames.h"

#define COPIES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)

static const struct {
	uint32_t width, height;
} sizes[] = {{64, 48}, {333, 77}, {1, 1}, {3, 3}, {2, 1}, {1, 5}};

/* ---- planes on the CPU ---- */

/* Returns a plane as if it were a texture of its own. */
static struct geyser_texture_desc plane_desc(struct geyser_texture *texture, uint32_t plane)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	struct geyser_plane_extent extent;

	assert_true(geyser_format_get_plane_extent(
		desc->format, plane, desc->width, desc->height, &extent));
	return (struct geyser_texture_desc){
		.format = geyser_format_get_info(desc->format)->plane[plane].format,
		.width = extent.width,
		.height = extent.height,
	};
}

static uint32_t plane_count(struct geyser_texture *texture)
{
	return geyser_format_get_info(geyser_texture_get_desc(texture)->format)->planes;
}

/* Writes or compares a pattern for each plane: that of seed + plane. */
static bool walk_planes(struct geyser_texture *texture, uint32_t seed, bool compare)
{
	struct geyser_subresource sub;
	struct geyser_mapping mapping;
	bool good = true;

	ok(geyser_texture_map(
		texture, compare ? GEYSER_ACCESS_READ : GEYSER_ACCESS_WRITE, &mapping));
	for (uint32_t plane = 0; plane < plane_count(texture); plane++) {
		const struct geyser_texture_desc desc = plane_desc(texture, plane);
		uint64_t place = 0;

		ok(geyser_texture_get_subresource(texture, plane, 0, 0, &sub));
		for (size_t y = 0; y < sub.height; y++)
			for (size_t x = 0; x < row_bytes(&desc); x++, place++) {
				uint8_t *const byte = (uint8_t *)mapping.data + sub.offset +
						      y * sub.row_pitch + x;
				const uint8_t wanted = pattern_byte(seed + plane, place);

				good = good && (!compare || *byte == wanted);
				*byte = compare ? *byte : wanted;
			}
	}
	geyser_texture_unmap(texture);
	return good;
}

/* ---- planes in CUDA ---- */

/* Checks that a plane is what its texture's kind of memory makes of it. */
static void expect_plane(struct geyser_texture *texture, uint32_t plane)
{
	const struct geyser_texture_desc desc = plane_desc(texture, plane);
	struct geyser_cuda_texture first, seen, again;

	ok(geyser_cuda_texture_plane(texture, 0, &first));
	ok(geyser_cuda_texture_plane(texture, plane, &seen));
	ok(geyser_cuda_texture_plane(texture, plane, &again));
	assert_memory_equal(&seen, &again, sizeof(seen));
	assert_int_equal(seen.path, first.path);
	assert_true(seen.host == first.host && seen.writable == first.writable);
	assert_ptr_equal(seen.context, first.context);
	assert_int_equal(seen.device, first.device);
	assert_true((seen.array != NULL) == (first.array != NULL));
	if (plane > 0)
		assert_true(seen.array ? seen.array != first.array : seen.pointer != first.pointer);
	if (seen.array)
		return;
	assert_in_range(seen.row_pitch, row_bytes(&desc), 8192);
	assert_int_equal(seen.size, seen.row_pitch * desc.height);
	assert_int_equal(seen.slice_pitch, seen.size);
	assert_true(pointer_holds(&seen, &desc, 8 + plane));
}

/* Copies each plane out and in, with rows of that many more bytes than they need. */
static void expect_copies(struct geyser_texture *texture, size_t padding)
{
	assert_true(walk_planes(texture, 8, false));
	for (uint32_t plane = 0; plane < plane_count(texture); plane++) {
		const struct geyser_texture_desc desc = plane_desc(texture, plane);
		const size_t pitch = row_bytes(&desc) + padding;
		struct cu_memory memory = cu_allocate(pitch * desc.height);

		ok(geyser_cuda_texture_copy_plane_to(
			texture, plane, memory.pointer, pitch, cu_stream()));
		cuda(cu.StreamSynchronize(cu_stream()));
		assert_true(cu_holds(&memory, &desc, pitch, 8 + plane));
		cu_write(&memory, &desc, pitch, 20 + plane);
		ok(geyser_cuda_texture_copy_plane_from(
			texture, plane, memory.pointer, pitch, cu_stream()));
		cuda(cu.StreamSynchronize(cu_stream()));
		cu_free(&memory);
	}
	assert_true(walk_planes(texture, 20, true));
}

/* Tries each format of video in each size. Returns how many of them the manager has. */
static unsigned run_video(struct geyser_manager *manager, uint32_t usage)
{
	unsigned count = 0;

	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++)
		for (size_t size = 0; geyser_format_is_video(i) && size < COUNT_OF(sizes); size++) {
			const struct geyser_texture_desc desc = {.format = i,
				.width = sizes[size].width,
				.height = sizes[size].height,
				.usage = usage};
			struct geyser_texture *texture;

			if (geyser_texture_create(manager, &desc, &texture) != GEYSER_OK)
				continue;
			assert_true(walk_planes(texture, 8, false));
			for (uint32_t plane = 0; plane < plane_count(texture); plane++)
				expect_plane(texture, plane);
			expect_copies(texture, 0);
			expect_copies(texture, 24);
			geyser_texture_unref(texture);
			count++;
		}
	print_message("# %u textures of video\n", count);
	return count;
}

static void planes_of_the_hosts_memory(void **state)
{
	cu_enter();
	assert_in_range(
		run_video(((struct fixture *)*state)->manager, 0), 13 * COUNT_OF(sizes), 1000);
	cu_leave();
}

static void planes_of_vulkans_memory(void **state)
{
	struct geyser_manager *manager = ((struct fixture *)*state)->manager;

	cu_enter();
	(void)run_video(manager, COPIES);
	(void)run_video(manager, COPIES | GEYSER_USAGE_LINEAR);
	if (info_of(manager).host_memory)
		(void)run_video(manager, COPIES | GEYSER_USAGE_HOST_MEMORY);
	cu_leave();
}

/* Memory that can't be pinned is copied through the mapping, each plane from its own place. */
static void memory_that_cant_be_pinned(void **state)
{
	struct geyser_texture *texture =
		make_texture(((struct fixture *)*state)->manager, GEYSER_FORMAT_NV12, 333, 77);
	struct geyser_cuda_texture seen;

	if (!cu_is_double) {
		geyser_texture_unref(texture);
		skip();
	}
	cu_enter();
	cu.double_fail("cuMemHostRegister_v2", 2);
	for (uint32_t plane = 0; plane < 2; plane++) {
		ok(geyser_cuda_texture_plane(texture, plane, &seen));
		assert_true(seen.host && seen.pointer == 0);
		assert_int_equal(seen.path, GEYSER_PATH_COPY);
	}
	expect_copies(texture, 0);
	expect_copies(texture, 5);
	cu_leave();
	geyser_texture_unref(texture);
}

/* ---- frames ---- */

static void draw_frame(struct geyser_publisher *publisher, struct cu_memory *memory, uint32_t seed)
{
	struct geyser_frame *frame = begin_frame(publisher);
	struct geyser_texture *texture = geyser_frame_texture(frame);

	ok(geyser_cuda_frame_wait(frame, cu_stream()));
	for (uint32_t plane = 0; plane < plane_count(texture); plane++) {
		const struct geyser_texture_desc desc = plane_desc(texture, plane);

		cu_write(memory, &desc, row_bytes(&desc), seed + plane);
		ok(geyser_cuda_texture_copy_plane_from(
			texture, plane, memory->pointer, 0, cu_stream()));
		cuda(cu.StreamSynchronize(cu_stream())); /* the memory is written again */
	}
	ok(geyser_cuda_frame_signal(frame, cu_stream()));
	ok(geyser_publisher_submit(publisher, frame));
}

static void read_frame(
	struct geyser_subscriber *subscriber, struct cu_memory *memory, uint32_t sequence)
{
	struct geyser_frame *frame = next_frame(subscriber, sequence);
	struct geyser_texture *texture = geyser_frame_texture(frame);

	ok(geyser_cuda_frame_wait(frame, cu_stream()));
	for (uint32_t plane = 0; plane < plane_count(texture); plane++) {
		const struct geyser_texture_desc desc = plane_desc(texture, plane);

		ok(geyser_cuda_texture_copy_plane_to(
			texture, plane, memory->pointer, 0, cu_stream()));
		cuda(cu.StreamSynchronize(cu_stream()));
		assert_true(cu_holds(memory, &desc, row_bytes(&desc), sequence + plane));
		refused(GEYSER_ERROR_PERMISSION, "reading only",
			geyser_cuda_texture_copy_plane_from(
				texture, plane, memory->pointer, 0, cu_stream()));
	}
	ok(geyser_cuda_frame_signal(frame, cu_stream()));
	ok(geyser_subscriber_release(subscriber, frame));
}

static void frames_have_planes(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_NV12, .width = 61, .height = 33};
	struct geyser_manager *manager = ((struct fixture *)*state)->manager;
	struct cu_memory memory;
	struct frames frames;
	uint32_t offered;

	ok(geyser_manager_format_usage(manager, desc.format, GEYSER_DIMENSION_2D, &offered));
	if (!offered)
		skip();
	frames = open_frames(manager, manager, &desc, 0);
	cu_enter();
	memory = cu_allocate((size_t)61 * 33);
	for (uint32_t i = 1; i < 6; i++) {
		draw_frame(frames.publisher, &memory, i);
		read_frame(frames.subscriber, &memory, i);
	}
	cu_free(&memory);
	cu_leave();
	close_frames(&frames);
}

/* ---- refusals ---- */

/* All of a texture of video is refused, rather than luma alone copied. */
static void the_whole_of_video_is_refused(void **state)
{
	static unsigned char rows[64 * 64 * 8];
	const unsigned long long pointer = (uintptr_t)rows;

	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		struct geyser_cuda_texture seen = {.pointer = 1};
		struct geyser_texture *texture;

		if (!geyser_format_is_video(i))
			continue;
		texture = make_texture(((struct fixture *)*state)->manager, i, 64, 64);
		refused(GEYSER_ERROR_UNSUPPORTED, geyser_format_name(i),
			geyser_cuda_texture(texture, &seen));
		assert_true(seen.pointer == 0 && !seen.array);
		refused(GEYSER_ERROR_UNSUPPORTED, "geyser_cuda_texture_copy_plane_to",
			geyser_cuda_texture_copy_to(texture, pointer, 0, NULL));
		refused(GEYSER_ERROR_UNSUPPORTED, "geyser_cuda_texture_copy_plane_from",
			geyser_cuda_texture_copy_from(texture, pointer, 1, NULL));
		geyser_texture_unref(texture);
	}
}

static void planes_are_those_of_the_format(void **state)
{
	struct geyser_manager *manager = ((struct fixture *)*state)->manager;
	struct geyser_texture *video = make_texture(manager, GEYSER_FORMAT_NV12, 9, 9);
	struct geyser_texture *colour = make_texture(manager, GEYSER_FORMAT_RGBA8_UNORM, 9, 9);
	struct geyser_cuda_texture whole, seen = {.pointer = 1};
	static unsigned char rows[9 * 9 * 4];
	const unsigned long long pointer = (uintptr_t)rows;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (2): nv12 has 2",
		geyser_cuda_texture_plane(video, 2, &seen));
	assert_true(seen.pointer == 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (4294967295)",
		geyser_cuda_texture_copy_plane_to(video, UINT32_MAX, pointer, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (3)",
		geyser_cuda_texture_copy_plane_from(video, 3, pointer, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "a row of 5 rg8unorm has 10 bytes",
		geyser_cuda_texture_copy_plane_to(video, 1, pointer, 9, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "pointer",
		geyser_cuda_texture_copy_plane_to(video, 1, 0, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_cuda_texture_plane(NULL, 0, &seen));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_cuda_texture_copy_plane_to(NULL, 0, pointer, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_cuda_texture_plane(video, 0, NULL));
	/* a texture of colours is its plane 0 */
	ok(geyser_cuda_texture(colour, &whole));
	ok(geyser_cuda_texture_plane(colour, 0, &seen));
	assert_memory_equal(&whole, &seen, sizeof(seen));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (1): rgba8unorm has 1",
		geyser_cuda_texture_plane(colour, 1, &seen));
	geyser_texture_unref(colour);
	geyser_texture_unref(video);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		host_test(planes_of_the_hosts_memory),
		vulkan_test(planes_of_vulkans_memory),
		host_test(memory_that_cant_be_pinned),
		host_test(frames_have_planes),
		vulkan_test(frames_have_planes),
		host_test(the_whole_of_video_is_refused),
		host_test(planes_are_those_of_the_format),
	};

	return has_cuda() ? cmocka_run_group_tests_name("video", tests, NULL, NULL) : 0;
}
