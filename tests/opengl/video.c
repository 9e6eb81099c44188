/* Video, whose planes are GL textures: texels in both directions, frames of streams, refusals. */
#include "frames.h"
#include "hooks.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define COLOR (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING)

struct video {
	struct geyser_gl *gl;
	struct geyser_texture *texture;
	struct geyser_gl_texture *imported;
	uint32_t count;
	struct geyser_gl_texture_info planes[GEYSER_FORMAT_PLANES_MAX];
};

/* ---- texels ---- */

/* Checks that each plane is a GL texture of its own, of the plane's format, and that all planes go
 * the same way. */
static void expect_planes(const struct video *video)
{
	const enum geyser_format format = geyser_texture_get_desc(video->texture)->format;
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	assert_int_equal(video->count, info->planes);
	for (uint32_t i = 0; i < video->count; i++) {
		const struct geyser_format_info *const texels =
			geyser_format_get_info(info->plane[i].format);

		assert_true(gl.IsTexture(video->planes[i].name));
		assert_int_equal(video->planes[i].target, GL_TEXTURE_2D);
		assert_int_equal(video->planes[i].internal_format, texels->gl.internal_format);
		assert_int_equal(video->planes[i].path, video->planes[0].path);
		assert_string_equal(video->planes[i].reason, video->planes[0].reason);
		assert_false(video->planes[i].swapped);
		for (uint32_t other = 0; other < i; other++)
			assert_true(video->planes[i].name != video->planes[other].name);
	}
	assert_int_equal(
		video->planes[0].path == GEYSER_PATH_COPY, video->planes[0].reason[0] != '\0');
}

/* Imports the texture. Returns false if this GL lacks the planes' formats. */
static bool open_video(
	struct video *video, struct geyser_gl *for_gl, struct geyser_texture *texture)
{
	const struct geyser_format_info *const info =
		geyser_format_get_info(geyser_texture_get_desc(texture)->format);
	const enum geyser_result result =
		geyser_gl_texture_import(for_gl, texture, &video->imported);

	video->gl = for_gl;
	video->texture = texture;
	video->count = info->planes;
	if (result == GEYSER_ERROR_UNSUPPORTED) {
		print_message("# %s\n", geyser_error_detail());
		assert_true(on_es && info->bytes_per_texel == 2 && info->channels == 3);
		geyser_texture_unref(texture);
		return false;
	}
	ok(result);
	for (uint32_t i = 0; i < video->count; i++)
		ok(geyser_gl_texture_get_plane_info(video->imported, i, &video->planes[i]));
	no_gl_error("import");
	expect_planes(video);
	return true;
}

static void close_video(struct video *video)
{
	geyser_gl_texture_destroy(video->imported);
	geyser_texture_unref(video->texture);
	no_gl_error("close_video");
}

/* Checks that GL reads the pattern. OpenGL ES need not read textures of one or two channels; the
 * test of sampling reads them in another way. */
static void expect_holds(
	struct geyser_texture *texture, const struct geyser_gl_texture_info *planes, uint32_t seed)
{
	const int holds = gl_holds(texture, planes, seed);

	if (holds < 0)
		print_message("# %s: not read by GL here\n",
			geyser_format_name(geyser_texture_get_desc(texture)->format));
	assert_true(holds == 1 || (holds < 0 && on_es));
}

static void expect_both_ways(struct video *video)
{
	enum geyser_result result;

	assert_true(fill_texture(video->texture, 1));
	ok(geyser_gl_texture_acquire(video->imported, GEYSER_ACCESS_READ));
	expect_holds(video->texture, video->planes, 1);
	ok(geyser_gl_texture_release(video->imported, GEYSER_ACCESS_READ));
	ok(geyser_gl_texture_acquire(video->imported, GEYSER_ACCESS_WRITE));
	gl_fill(video->texture, video->planes, 2);
	result = geyser_gl_texture_release(video->imported, GEYSER_ACCESS_WRITE);
	if (result == GEYSER_ERROR_UNSUPPORTED && on_es) {
		print_message("# %s\n", geyser_error_detail());
		assert_int_equal(video->planes[0].path, GEYSER_PATH_COPY);
		return;
	}
	ok(result);
	gl.Finish();
	assert_true(texture_holds(video->texture, 2));
	no_gl_error("expect_both_ways");
}

static const struct {
	uint32_t width, height;
} sizes[] = {{64, 48}, {333, 77}, {1, 1}, {3, 3}, {2, 1}, {1, 5}};

/* Tries each format of video in each size. Returns how many there were. */
static unsigned run_video(struct geyser_manager *manager, uint32_t usage)
{
	struct geyser_gl *const for_gl = make_gl();
	unsigned count = 0, shared = 0;
	struct video video;

	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++)
		for (size_t size = 0; geyser_format_is_video(i) && size < COUNT_OF(sizes); size++) {
			const struct geyser_texture_desc desc = {.format = i,
				.width = sizes[size].width,
				.height = sizes[size].height,
				.usage = usage};
			struct geyser_texture *texture;

			if (geyser_texture_create(manager, &desc, &texture) != GEYSER_OK ||
				!open_video(&video, for_gl, texture))
				continue;
			expect_both_ways(&video);
			close_video(&video);
			count++;
			shared += video.planes[0].path == GEYSER_PATH_ZERO_COPY;
		}
	print_message("# %u textures of video, %u zero-copy\n", count, shared);
	geyser_gl_destroy(for_gl);
	return count;
}

static void every_format_of_the_host(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);

	(void)state;
	assert_in_range(run_video(host, COLOR), 6 * COUNT_OF(sizes), 1000);
	geyser_manager_destroy(host);
}

static void every_format_of_vulkan(void **state)
{
	(void)run_video(manager_of(state), COLOR);
	(void)run_video(manager_of(state), COLOR | GEYSER_USAGE_LINEAR);
	if (info_of(manager_of(state)).host_memory)
		(void)run_video(manager_of(state), COLOR | GEYSER_USAGE_HOST_MEMORY);
}

/* Each plane is storage of its own in the one memory object, at the plane's offset. llvmpipe gets
 * no such storage, as it ignores the offset: here it passes for another driver, and no texel is
 * touched. */
static void planes_lie_at_their_offsets(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_I420, .width = 333, .height = 77, .usage = COLOR};
	struct geyser_native_texture native;
	struct geyser_texture *texture;
	struct geyser_gl *for_gl;
	struct video video;

	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	ok(geyser_texture_export_native_as(texture, GEYSER_NATIVE_OPAQUE_FD, &native));
	hooks.renderer = "another driver";
	ok(make_hooked(&for_gl));
	assert_true(open_video(&video, for_gl, texture));
	assert_string_equal(video.planes[0].reason, "");
	assert_int_equal(video.planes[0].path, GEYSER_PATH_ZERO_COPY);
	assert_int_equal(hooks.storage_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(hooks.storages[i].format, GL_R8);
		assert_int_equal(hooks.storages[i].width, i ? 167 : 333);
		assert_int_equal(hooks.storages[i].height, i ? 39 : 77);
		assert_int_equal(hooks.storages[i].memory, hooks.storages[0].memory);
		assert_true(hooks.storages[i].offset == native.planes[i].offset);
	}
	assert_true(hooks.storages[1].offset > 0);
	geyser_native_texture_release(&native);
	close_video(&video);
	geyser_gl_destroy(for_gl);
}

/* If the driver refuses one plane, all planes are copied. */
static void planes_go_the_same_way(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_NV12, .width = 16, .height = 16, .usage = COLOR};
	struct geyser_texture *texture;
	struct geyser_gl *for_gl;
	struct video video;

	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	hooks = (struct hooks){.renderer = "another driver",
		.error = GL_INVALID_OPERATION,
		.error_after = "glTexStorageMem2DEXT",
		.error_skips = 1};
	ok(make_hooked(&for_gl));
	assert_true(open_video(&video, for_gl, texture));
	assert_int_equal(video.planes[0].path, GEYSER_PATH_COPY);
	assert_non_null(strstr(video.planes[0].reason, "GL_INVALID_OPERATION"));
	hooks = (struct hooks){.major = 0};
	expect_both_ways(&video);
	close_video(&video);
	geyser_gl_destroy(for_gl);
}

/* Rows that GL can't count in texels: a plane of two channels whose rows are an odd number of bytes
 * apart. */
static void rows_of_any_length(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_NV12, .width = 21, .height = 9, .usage = COLOR};
	struct geyser_native_texture native = {
		.type = GEYSER_NATIVE_MEMFD,
		.fd = memfd_create("rows", MFD_CLOEXEC | MFD_ALLOW_SEALING),
		.size = 4096,
		.plane_count = 2,
		.planes = {{.row_pitch = 37}, {.offset = 1001, .row_pitch = 27}},
	};
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *texture;
	struct video video;

	(void)state;
	assert_int_equal(ftruncate(native.fd, 4096), 0);
	assert_int_equal(
		fcntl(native.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	ok(geyser_texture_import_native(host, &native, &desc, &texture));
	(void)close(native.fd);
	assert_true(open_video(&video, for_gl, texture));
	expect_both_ways(&video);
	close_video(&video);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

/* A shader gets luma in red, and chroma in red and green. */
static void samples_are_where_they_belong(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl *const for_gl = make_gl();
	uint8_t luma[6 * 4 * 4], chroma[3 * 2 * 4];
	struct video video;

	(void)state;
	assert_true(open_video(&video, for_gl, make_texture(host, GEYSER_FORMAT_NV12, 6, 4)));
	assert_true(fill_texture(video.texture, 5));
	ok(geyser_gl_texture_acquire(video.imported, GEYSER_ACCESS_READ));
	gl_sample(video.planes[0].name, 6, 4, luma);
	gl_sample(video.planes[1].name, 3, 2, chroma);
	ok(geyser_gl_texture_release(video.imported, GEYSER_ACCESS_READ));
	for (uint32_t i = 0; i < 6 * 4; i++)
		assert_int_equal(luma[(size_t)i * 4], pattern_byte(5, i));
	for (uint32_t i = 0; i < 3 * 2 * 2; i++)
		assert_int_equal(chroma[i / 2 * 4 + i % 2], pattern_byte(5, 6 * 4 + i));
	close_video(&video);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

/* ---- streams ---- */

static void run_stream(enum geyser_backend from, enum geyser_backend to, enum geyser_format format)
{
	const struct geyser_texture_desc desc = {.format = format, .width = 61, .height = 33};
	struct geyser_manager *const publishers = make_manager_on(from);
	struct geyser_manager *const subscribers = make_manager_on(to);
	struct geyser_gl_texture_info planes[GEYSER_FORMAT_PLANES_MAX];
	const uint32_t count = geyser_format_get_info(format)->planes;
	struct geyser_gl *const for_gl = make_gl();
	const struct frames frames = open_frames(publishers, subscribers, &desc, 0);

	for (uint32_t i = 1; i < 6; i++) {
		struct geyser_frame *frame = begin_frame(frames.publisher);

		ok(geyser_gl_frame_begin_planes(
			for_gl, frame, GEYSER_ACCESS_WRITE, PATIENCE, planes));
		for (uint32_t plane = 0; plane < GEYSER_FORMAT_PLANES_MAX; plane++)
			assert_int_equal(planes[plane].name != 0, plane < count);
		gl_fill(geyser_frame_texture(frame), planes, i);
		ok(geyser_gl_frame_end(for_gl, frame));
		ok(geyser_publisher_submit(frames.publisher, frame));
		frame = next_frame(frames.subscriber, i);
		ok(geyser_gl_frame_begin_planes(
			for_gl, frame, GEYSER_ACCESS_READ, PATIENCE, planes));
		expect_holds(geyser_frame_texture(frame), planes, i);
		ok(geyser_gl_frame_end(for_gl, frame));
		assert_true(texture_holds(geyser_frame_texture(frame), i));
		ok(geyser_subscriber_release(frames.subscriber, frame));
	}
	close_frames(&frames);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(subscribers);
	geyser_manager_destroy(publishers);
}

static void frames_have_planes(void **state)
{
	static const enum geyser_format formats[] = {GEYSER_FORMAT_NV12, GEYSER_FORMAT_I420,
		GEYSER_FORMAT_UYVY, GEYSER_FORMAT_RGBA8_UNORM};
	uint32_t offered;

	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		run_stream(GEYSER_BACKEND_HOST, GEYSER_BACKEND_HOST, formats[i]);
		ok(geyser_manager_format_usage(
			manager_of(state), formats[i], GEYSER_DIMENSION_2D, &offered));
		if (!offered)
			continue;
		run_stream(GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_VULKAN, formats[i]);
		run_stream(GEYSER_BACKEND_VULKAN, GEYSER_BACKEND_HOST, formats[i]);
	}
}

/* ---- refusals ---- */

static void one_texture_of_video_is_refused(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_NV12, .width = 16, .height = 16};
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl *const for_gl = make_gl();
	const struct frames frames = open_frames(host, host, &desc, 0);
	const GLuint own = own_texture(GL_TEXTURE_2D, GL_RGBA8, 16, 16, 1);
	struct geyser_frame *const frame = begin_frame(frames.publisher);
	struct geyser_gl_texture_info info;
	struct geyser_texture *shared;
	struct video video;

	assert_true(open_video(&video, for_gl, make_texture(host, GEYSER_FORMAT_NV12, 16, 16)));
	refused(GEYSER_ERROR_UNSUPPORTED, "geyser_gl_texture_get_plane_info",
		geyser_gl_texture_get_info(video.imported, &info));
	assert_int_equal(info.name, 0);
	refused(GEYSER_ERROR_UNSUPPORTED, "geyser_gl_frame_begin_planes",
		geyser_gl_frame_begin(for_gl, frame, GEYSER_ACCESS_WRITE, PATIENCE, &info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "begun", geyser_gl_frame_end(for_gl, frame));
	refused(GEYSER_ERROR_UNSUPPORTED, "nv12",
		geyser_gl_publish(for_gl, frames.publisher, own, GL_TEXTURE_2D, 0, PATIENCE));
	refused(GEYSER_ERROR_UNSUPPORTED, "nv12",
		geyser_gl_texture_share(
			for_gl, manager_of(state), own, GL_TEXTURE_2D, &desc, &shared));
	ok(geyser_publisher_discard(frames.publisher, frame));
	gl.DeleteTextures(1, &own);
	close_video(&video);
	close_frames(&frames);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

static void planes_are_those_of_the_format(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_gl_texture_info planes[GEYSER_FORMAT_PLANES_MAX], info, whole;
	struct geyser_gl_texture *imported;
	struct geyser_texture *colour;
	struct video video;

	(void)state;
	assert_true(open_video(&video, for_gl, make_texture(host, GEYSER_FORMAT_NV12, 16, 16)));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (2): nv12 has 2",
		geyser_gl_texture_get_plane_info(video.imported, 2, &info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_gl_texture_get_plane_info(NULL, 0, &info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_gl_texture_get_plane_info(video.imported, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_gl_frame_begin_planes(for_gl, NULL, GEYSER_ACCESS_READ, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame",
		geyser_gl_frame_begin_planes(for_gl, NULL, GEYSER_ACCESS_READ, 0, planes));
	close_video(&video);
	/* a texture of colours is its plane 0 */
	colour = make_texture(host, GEYSER_FORMAT_RGBA8_UNORM, 16, 16);
	ok(geyser_gl_texture_import(for_gl, colour, &imported));
	ok(geyser_gl_texture_get_info(imported, &whole));
	ok(geyser_gl_texture_get_plane_info(imported, 0, &info));
	assert_int_equal(info.name, whole.name);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (1): rgba8unorm has 1",
		geyser_gl_texture_get_plane_info(imported, 1, &info));
	geyser_gl_texture_destroy(imported);
	geyser_texture_unref(colour);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

/* OpenGL ES has no textures of 16-bit numbers by itself. */
static void planes_that_gl_lacks(void **state)
{
	struct geyser_manager *host;
	struct geyser_texture *texture;
	struct geyser_gl_texture *imported;
	struct geyser_gl *for_gl;

	(void)state;
	if (!on_es)
		skip();
	host = make_manager_on(GEYSER_BACKEND_HOST);
	hooks.no_extension = "GL_EXT_texture_norm16";
	ok(make_hooked(&for_gl));
	texture = make_texture(host, GEYSER_FORMAT_P010, 16, 16);
	refused(GEYSER_ERROR_UNSUPPORTED, "p010): its planes are r16unorm",
		geyser_gl_texture_import(for_gl, texture, &imported));
	assert_null(imported);
	geyser_texture_unref(texture);
	texture = make_texture(host, GEYSER_FORMAT_NV12, 16, 16);
	ok(geyser_gl_texture_import(for_gl, texture, &imported));
	geyser_gl_texture_destroy(imported);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

static int setup(void **state)
{
	hooks = (struct hooks){.major = 0};
	return setup_manager(state);
}

#define video_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown_drawn)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		video_test(every_format_of_the_host),
		video_test(every_format_of_vulkan),
		video_test(planes_lie_at_their_offsets),
		video_test(planes_go_the_same_way),
		video_test(rows_of_any_length),
		video_test(samples_are_where_they_belong),
		video_test(frames_have_planes),
		video_test(one_texture_of_video_is_refused),
		video_test(planes_are_those_of_the_format),
		video_test(planes_that_gl_lacks),
	};

	return RUN_GL_SUITE("opengl video", tests, argc > 1 ? argv[1] : "gl");
}
