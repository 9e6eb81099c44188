/* Frames of a host publisher on a Vulkan subscriber. The driver reads them where they lie if their
 * rows are as long as its own, as GEYSER_ROW_ALIGNMENT can make them. Else it gets copies. The
 * frame's path says which. */
#include "frames.h"
#include "gpu.h"
#include "harness.h"

#include <stdio.h>

#define FRAMES 4u /* more than there are buffers */

static const enum geyser_format formats[] = {GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_RGB10A2_UNORM,
	GEYSER_FORMAT_R8_UNORM, GEYSER_FORMAT_RGBA16_FLOAT, GEYSER_FORMAT_NV12};

/* Widths whose rows software Vulkan pads. The heights are multiples of its blocks' 4 rows, for
 * chroma as well: it wants memory for whole blocks, which no alignment of rows brings. */
static const struct {
	uint32_t width, height;
} sizes[] = {{61, 40}, {30, 16}, {1366, 768}};

static struct geyser_texture_desc desc_of(enum geyser_format format, size_t size, uint32_t usage)
{
	return (struct geyser_texture_desc){
		.format = format,
		.width = sizes[size].width,
		.height = sizes[size].height,
		.usage = usage,
	};
}

static bool runs_on_the_cpu(void **state)
{
	return info_of(manager_of(state)).type == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

static void need_host_memory(void **state)
{
	if (info_of(manager_of(state)).host_memory)
		return;
	print_message("# no VK_EXT_external_memory_host here\n");
	skip();
}

/* ---- the driver's rows ---- */

/* Whether an alignment makes the rows of all planes as long as those of the texture. */
static bool makes_rows_of(struct geyser_texture *texture, size_t alignment)
{
	const enum geyser_format format = geyser_texture_get_desc(texture)->format;
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	for (uint32_t plane = 0; plane < info->planes; plane++) {
		const enum geyser_format texels = info->plane[plane].format;
		struct geyser_subresource at;
		size_t row;

		ok(geyser_texture_get_subresource(texture, plane, 0, 0, &at));
		row = (size_t)at.width * geyser_format_get_info(texels)->bytes_per_texel;
		if ((row + alignment - 1) / alignment * alignment != at.row_pitch)
			return false;
	}
	return true;
}

/* Returns the least alignment that makes rows as the driver's, or 0 if none does. A texture that
 * the driver's manager makes in host memory has the driver's rows. */
static uint32_t alignment_of_driver(void **state, enum geyser_format format, size_t size)
{
	const struct geyser_texture_desc desc = desc_of(format, size,
		GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING |
			GEYSER_USAGE_HOST_MEMORY);
	struct geyser_texture *texture;
	uint32_t alignment = 1;

	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	while (alignment <= GEYSER_ROW_ALIGNMENT_MAX && !makes_rows_of(texture, alignment))
		alignment *= 2;
	geyser_texture_unref(texture);
	return alignment <= GEYSER_ROW_ALIGNMENT_MAX ? alignment : 0;
}

/* ---- within this process ---- */

/* Sends frames, which must arrive whole and by one path. Returns the path. */
static enum geyser_path send_frames(
	struct gpu *gpu, const struct frames *frames, uint64_t first_sequence)
{
	enum geyser_path path = GEYSER_PATH_ZERO_COPY;

	for (uint32_t i = 0; i < FRAMES; i++) {
		struct gpu_sync sync = at_once;
		struct geyser_texture *texture;
		struct geyser_frame *frame;
		struct gpu_work work;

		submit(frames->publisher, 1 + i);
		frame = next_frame(frames->subscriber, first_sequence + i);
		texture = geyser_frame_texture(frame);
		if (i == 0)
			path = geyser_texture_path(texture);
		assert_int_equal(geyser_texture_path(texture), path);
		ok(geyser_vulkan_frame_wait_point(frame, &sync.wait));
		work = gpu_read(gpu, texture, sync);
		assert_true(gpu_finish_holds(gpu, &work, 1 + i));
		assert_true(texture_holds(texture, 1 + i));
		ok(geyser_subscriber_release(frames->subscriber, frame));
	}
	return path;
}

static const char *name_of(enum geyser_path path)
{
	return path == GEYSER_PATH_ZERO_COPY ? "zero-copy" : "copied";
}

/* Returns the path of a stream's frames whose rows have this alignment, or none (0). */
static enum geyser_path path_of(struct gpu *gpu, struct geyser_manager *host,
	enum geyser_format format, size_t size, uint32_t alignment)
{
	const struct geyser_texture_desc desc =
		desc_of(format, size, GEYSER_ROW_ALIGNMENT(alignment));
	const struct frames frames = open_frames(host, gpu->manager, &desc, 2);
	const enum geyser_path path = send_frames(gpu, &frames, 1);

	close_frames(&frames);
	return path;
}

/* Rows that are shorter than the driver's, as long, and longer. Only software Vulkan is known to
 * read memory in place: a GPU may copy all of these frames. */
static void expect_paths(void **state, struct gpu *gpu, struct geyser_manager *host,
	enum geyser_format format, size_t size)
{
	const uint32_t alignment = alignment_of_driver(state, format, size);
	const enum geyser_path tight = path_of(gpu, host, format, size, 0);
	const enum geyser_path aligned = path_of(gpu, host, format, size, alignment);
	const enum geyser_path longer = path_of(gpu, host, format, size, GEYSER_ROW_ALIGNMENT_MAX);

	print_message("# %s, %u × %u: tight rows %s, aligned to %u bytes %s, to %u %s\n",
		geyser_format_name(format), sizes[size].width, sizes[size].height, name_of(tight),
		alignment, name_of(aligned), GEYSER_ROW_ALIGNMENT_MAX, name_of(longer));
	if (!runs_on_the_cpu(state))
		return;
	assert_int_not_equal(alignment, 0);
	assert_int_equal(tight, alignment == 1 ? GEYSER_PATH_ZERO_COPY : GEYSER_PATH_COPY);
	assert_int_equal(aligned, GEYSER_PATH_ZERO_COPY);
	assert_int_equal(longer, GEYSER_PATH_COPY);
}

static void aligned_rows_need_no_copy(void **state)
{
	struct geyser_manager *host;
	struct gpu gpu;

	need_host_memory(state);
	host = make_manager_on(GEYSER_BACKEND_HOST);
	gpu_open(&gpu, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		for (size_t size = 0; size < COUNT_OF(sizes); size++)
			expect_paths(state, &gpu, host, formats[i], size);
	gpu_close(&gpu);
	geyser_manager_destroy(host);
}

/* The subscriber stays connected while the rows of its stream change. */
static void a_resize_changes_the_path(void **state)
{
	const enum geyser_format format = GEYSER_FORMAT_RGBA8_UNORM;
	const struct geyser_texture_desc tight = desc_of(format, 0, 0);
	struct geyser_texture_desc aligned = tight;
	struct geyser_manager *host;
	struct frames frames;
	struct gpu gpu;

	need_host_memory(state);
	aligned.usage = GEYSER_ROW_ALIGNMENT(alignment_of_driver(state, format, 0));
	host = make_manager_on(GEYSER_BACKEND_HOST);
	gpu_open(&gpu, manager_of(state));
	frames = open_frames(host, manager_of(state), &tight, 2);
	for (uint32_t i = 0; i < 4; i++) {
		enum geyser_path path;

		ok(geyser_publisher_resize(frames.publisher, i % 2 ? &aligned : &tight));
		path = send_frames(&gpu, &frames, 1 + i * FRAMES);
		if (runs_on_the_cpu(state))
			assert_int_equal(path, i % 2 ? GEYSER_PATH_ZERO_COPY : GEYSER_PATH_COPY);
	}
	close_frames(&frames);
	gpu_close(&gpu);
	geyser_manager_destroy(host);
}

/* ---- between processes ---- */

static void expect_frames(
	struct two_peers *two, uint32_t alignment, unsigned first, enum geyser_path path)
{
	ask_for(&two->first, "ok", "resize rgba8unorm %u %u %u", sizes[0].width, sizes[0].height,
		GEYSER_ROW_ALIGNMENT(alignment));
	for (unsigned i = first; i < first + FRAMES; i++) {
		ask_for(&two->first, "ok", "submit %u", i);
		ask_frame_by(&two->second, "take-gpu", i, path);
	}
}

static void the_alignment_holds_between_processes(void **state)
{
	struct two_peers two;
	uint32_t alignment;

	need_host_memory(state);
	if (!runs_on_the_cpu(state)) {
		print_message("# a GPU may copy all frames of another process's host memory\n");
		skip();
	}
	alignment = alignment_of_driver(state, GEYSER_FORMAT_RGBA8_UNORM, 0);
	start_stream(&two, "host", "vulkan", "rgba8unorm 61 40 2");
	expect_frames(&two, 0, 1, GEYSER_PATH_COPY);
	expect_frames(&two, alignment, 1 + FRAMES, GEYSER_PATH_ZERO_COPY);
	expect_frames(&two, GEYSER_ROW_ALIGNMENT_MAX, 1 + 2 * FRAMES, GEYSER_PATH_COPY);
	end_two(&two);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(aligned_rows_need_no_copy),
		manager_test(a_resize_changes_the_path),
		manager_test(the_alignment_holds_between_processes),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "rows", tests, COUNT_OF(tests));
}
