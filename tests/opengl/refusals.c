/* Refused calls and their messages, and contexts that lack functions. */
#include "hooks.h"

#include <stdio.h>

static const struct geyser_texture_desc small = {
	.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 8};

static int setup(void **state)
{
	hooks = (struct hooks){.major = 0};
	return setup_manager(state);
}

#define gl_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown_manager)

static struct geyser_texture *make_small(struct geyser_manager *manager)
{
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, &small, &texture));
	return texture;
}

static struct geyser_gl *make_with_hooks(void)
{
	struct geyser_gl *made;

	ok(make_hooked(&made));
	return made;
}

/* ---- arguments ---- */

static void nothing_is_null(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_small(manager_of(state));
	struct geyser_gl_texture *imported;
	struct geyser_gl_texture_info info;
	struct geyser_texture *shared;
	struct geyser_gl_info gl_info;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_gl_create(NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "gl", geyser_gl_get_info(NULL, &gl_info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_gl_get_info(for_gl, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "gl",
		geyser_gl_texture_import(NULL, texture, &imported));
	assert_null(imported);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_gl_texture_import(for_gl, NULL, &imported));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_gl_texture_import(for_gl, texture, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture", geyser_gl_texture_get_info(NULL, &info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_gl_texture_acquire(NULL, GEYSER_ACCESS_READ));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_gl_texture_release(NULL, GEYSER_ACCESS_READ));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager",
		geyser_gl_texture_share(for_gl, NULL, 1, GL_TEXTURE_2D, &small, &shared));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "desc",
		geyser_gl_texture_share(
			for_gl, manager_of(state), 1, GL_TEXTURE_2D, NULL, &shared));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_gl_texture_share(for_gl, manager_of(state), 1, GL_TEXTURE_2D, &small, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event", geyser_gl_event_wait(for_gl, NULL, 1, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event", geyser_gl_event_signal(for_gl, NULL, 1));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame",
		geyser_gl_frame_begin(for_gl, NULL, GEYSER_ACCESS_READ, 0, &info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "frame", geyser_gl_frame_end(for_gl, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "publisher",
		geyser_gl_publish(for_gl, NULL, 1, GL_TEXTURE_2D, 0, 0));
	assert_false(geyser_gl_event_is_native(for_gl, NULL));
	geyser_gl_texture_destroy(NULL);
	geyser_gl_destroy(NULL);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
}

static void access_is_in_order(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_small(manager_of(state));
	struct geyser_gl_texture *imported;

	ok(geyser_gl_texture_import(for_gl, texture, &imported));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "isn't acquired",
		geyser_gl_texture_release(imported, GEYSER_ACCESS_READ));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "access (0)",
		geyser_gl_texture_acquire(imported, (enum geyser_access)0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "access (4)",
		geyser_gl_texture_acquire(imported, (enum geyser_access)4));
	ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ));
	refused(GEYSER_ERROR_BUSY, "acquired already",
		geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "acquired for 1",
		geyser_gl_texture_release(imported, GEYSER_ACCESS_WRITE));
	/* the failed release has released it */
	ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ_WRITE));
	ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_WRITE));
	geyser_gl_texture_destroy(imported);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
}

/* ---- contexts ---- */

static void without_a_context(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_small(manager_of(state));
	struct geyser_gl_texture *imported, *other;
	struct geyser_gl *none;

	ok(geyser_gl_texture_import(for_gl, texture, &imported));
	use_context(EGL_NO_CONTEXT);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "no EGL context is current",
		geyser_gl_create(NULL, &none));
	assert_null(none);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "no context is current",
		geyser_gl_texture_import(for_gl, texture, &other));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "no context is current",
		geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ));
	geyser_gl_texture_destroy(imported); /* the next call ends it */
	use_context(context);
	ok(geyser_gl_texture_import(for_gl, texture, &other));
	geyser_gl_texture_destroy(other);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
}

static void in_another_context(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_small(manager_of(state));
	const EGLContext stranger = make_context(EGL_NO_CONTEXT);
	const EGLContext sharing = make_context(context);
	struct geyser_gl_texture *imported;
	struct geyser_gl_texture_info info;
	GLuint names[20];

	assert_true(stranger != EGL_NO_CONTEXT && sharing != EGL_NO_CONTEXT);
	assert_true(fill_texture(texture, 3));
	use_context(stranger);
	/* contexts have the same names for different objects */
	for (unsigned i = 0; i < COUNT_OF(names); i++)
		names[i] = own_texture(GL_TEXTURE_2D, GL_RGBA8, 4, 4, i);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "shares no objects",
		geyser_gl_texture_import(for_gl, texture, &imported));
	gl.DeleteTextures(COUNT_OF(names), names);
	no_gl_error("a stranger's context");
	use_context(sharing);
	ok(geyser_gl_texture_import(for_gl, texture, &imported));
	ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ));
	ok(geyser_gl_texture_get_info(imported, &info));
	assert_int_equal(gl_holds(texture, &info, 3), 1);
	ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_READ));
	use_context(context);
	assert_int_equal(gl_holds(texture, &info, 3), 1);
	geyser_gl_texture_destroy(imported);
	destroy_context(sharing);
	destroy_context(stranger);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
}

static void a_lost_context(void **state)
{
	struct geyser_gl *const for_gl = make_with_hooks();
	struct geyser_texture *const texture = make_small(manager_of(state));
	struct geyser_gl_texture *imported;

	hooks.lost = true;
	refused(GEYSER_ERROR_DEVICE_LOST, "lost",
		geyser_gl_texture_import(for_gl, texture, &imported));
	hooks.lost = false;
	ok(geyser_gl_texture_import(for_gl, texture, &imported));
	geyser_gl_texture_destroy(imported);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
}

/* ---- contexts that can less ---- */

static void functions_and_versions(void **state)
{
	struct geyser_gl *none;

	(void)state;
	hooks.no_function = "glBlitFramebuffer";
	refused(GEYSER_ERROR_UNSUPPORTED, "glBlitFramebuffer is missing", make_hooked(&none));
	assert_null(none);
	hooks = (struct hooks){.major = 2};
	refused(GEYSER_ERROR_UNSUPPORTED, "OpenGL 3.2 or OpenGL ES 3.0", make_hooked(&none));
}

/* The texture is copied instead, and its texels are right. */
static void expect_copied(const char *why, struct geyser_manager *manager)
{
	struct geyser_gl *const for_gl = make_with_hooks();
	struct geyser_texture *const texture = make_small(manager);
	struct geyser_gl_texture *imported;
	struct geyser_gl_texture_info info;

	ok(geyser_gl_texture_import(for_gl, texture, &imported));
	ok(geyser_gl_texture_get_info(imported, &info));
	assert_int_equal(info.path, GEYSER_PATH_COPY);
	if (!strstr(info.reason, why))
		fail_msg("\"%s\", wanted \"%s\"", info.reason, why);
	hooks.error_after = NULL;
	assert_true(fill_texture(texture, 1));
	ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ));
	assert_int_equal(gl_holds(texture, &info, 1), 1);
	ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_READ));
	ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_WRITE));
	gl_fill(texture, &info, 2);
	ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_WRITE));
	assert_true(texture_holds(texture, 2));
	geyser_gl_texture_destroy(imported);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
}

static void without_memory_objects(void **state)
{
	struct geyser_gl_info info;
	struct geyser_gl *for_gl;

	hooks.no_extension = "GL_EXT_memory_object_fd";
	for_gl = make_with_hooks();
	ok(geyser_gl_get_info(for_gl, &info));
	assert_false(info.memory_object_fd);
	geyser_gl_destroy(for_gl);
	expect_copied("GL_EXT_memory_object_fd", manager_of(state));
	hooks = (struct hooks){.no_function = "glTexStorageMem3DEXT"};
	expect_copied("GL_EXT_memory_object_fd", manager_of(state));
}

/* No descriptor stays open in either case: the end of each test counts them. */
static void where_the_driver_refuses(void **state)
{
	hooks = (struct hooks){
		.error = GL_INVALID_OPERATION, .error_after = "glTexStorageMem2DEXT"};
	expect_copied("GL_INVALID_OPERATION", manager_of(state));
	hooks = (struct hooks){.error = GL_INVALID_VALUE, .error_after = "glImportMemoryFdEXT"};
	expect_copied("GL_INVALID_VALUE", manager_of(state));
}

/* A texture in host memory with two mip levels can't be a dma-buf. */
static void out_of_memory(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 8, .mip_levels = 2};
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl *const for_gl = make_with_hooks();
	struct geyser_texture *const texture = make_small(manager_of(state));
	struct geyser_gl_texture *imported;
	struct geyser_texture *in_memory;

	ok(geyser_texture_create(host, &desc, &in_memory));
	hooks = (struct hooks){.error = GL_OUT_OF_MEMORY, .error_after = "glTexStorageMem2DEXT"};
	refused(GEYSER_ERROR_OUT_OF_MEMORY, "GL_OUT_OF_MEMORY",
		geyser_gl_texture_import(for_gl, texture, &imported));
	assert_null(imported);
	hooks.error_after = "glTexImage2D";
	refused(GEYSER_ERROR_OUT_OF_MEMORY, "glTexImage",
		geyser_gl_texture_import(for_gl, in_memory, &imported));
	assert_null(imported);
	hooks = (struct hooks){.major = 0};
	geyser_texture_unref(in_memory);
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

/* ---- formats and devices ---- */

static void formats_by_extension(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R8_UNORM_SRGB, .width = 4, .height = 4};
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl_texture *imported;
	struct geyser_texture *texture;
	struct geyser_gl *for_gl;

	(void)state;
	hooks.no_extension = "GL_EXT_texture_sRGB_R8";
	for_gl = make_with_hooks();
	ok(geyser_texture_create(host, &desc, &texture));
	refused(GEYSER_ERROR_UNSUPPORTED, "r8unorm-srgb",
		geyser_gl_texture_import(for_gl, texture, &imported));
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

static void expect_mismatch(struct geyser_texture *texture, const char *word, const char *uuid)
{
	struct geyser_gl *const for_gl = make_with_hooks();
	struct geyser_gl_texture *imported;

	refused(GEYSER_ERROR_MISMATCH, word, geyser_gl_texture_import(for_gl, texture, &imported));
	assert_non_null(strstr(geyser_error_detail(), uuid));
	assert_null(imported);
	geyser_gl_destroy(for_gl);
}

static void another_device(void **state)
{
	static const uint8_t other[16] = {0xab, 0xcd, 0xef, 1, 2, 3};
	const char *const text = "abcdef01020300000000000000000000";
	struct geyser_texture *const texture = make_small(manager_of(state));
	const struct geyser_vulkan_info info = info_of(manager_of(state));
	char its[33] = "";

	for (unsigned i = 0; i < 16; i++)
		(void)snprintf(its + (size_t)2 * i, 3, "%02x", info.device_uuid[i]);
	hooks.device = other;
	expect_mismatch(texture, "device", text);
	expect_mismatch(texture, "device", its);
	hooks = (struct hooks){.driver = other};
	expect_mismatch(texture, "driver", text);
	geyser_texture_unref(texture);
}

/* ---- giving away GL's own textures ---- */

static void sharing_by_dma_buf_only(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	const GLuint own = own_texture(GL_TEXTURE_2D, GL_RGBA8, 16, 8, 1);
	struct geyser_texture_desc wrong = small;
	struct geyser_texture *shared;
	struct geyser_gl_info info;

	ok(geyser_gl_get_info(for_gl, &info));
	if (!info.dma_buf_export) {
		refused(GEYSER_ERROR_UNSUPPORTED, "EGL_MESA_image_dma_buf_export",
			geyser_gl_texture_share(
				for_gl, manager_of(state), own, GL_TEXTURE_2D, &small, &shared));
		assert_null(shared);
	} else {
		wrong.width = 17;
		refused(GEYSER_ERROR_UNSUPPORTED, "target",
			geyser_gl_texture_share(
				for_gl, manager_of(state), own, GL_TEXTURE_3D, &small, &shared));
		refused(GEYSER_ERROR_INVALID_ARGUMENT, "name (0)",
			geyser_gl_texture_share(
				for_gl, manager_of(state), 0, GL_TEXTURE_2D, &small, &shared));
		refused(GEYSER_ERROR_MISMATCH, "17x8",
			geyser_gl_texture_share(
				for_gl, manager_of(state), own, GL_TEXTURE_2D, &wrong, &shared));
	}
	gl.DeleteTextures(1, &own);
	geyser_gl_destroy(for_gl);
}

/* ---- publishing ---- */

static struct geyser_publisher *make_publisher(
	struct geyser_manager *manager, const char *name, enum geyser_format format)
{
	const struct geyser_stream_desc desc = {.name = name,
		.texture = {.format = format, .width = 16, .height = 8},
		.buffers = 2};
	struct geyser_publisher *publisher;

	ok(geyser_publisher_create(manager, &desc, &publisher));
	return publisher;
}

static void expect_frames(struct geyser_publisher *publisher, uint64_t wanted)
{
	struct geyser_publisher_stats stats;

	ok(geyser_publisher_get_stats(publisher, &stats));
	assert_int_equal(stats.frames, wanted);
}

static void what_cant_be_published(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_publisher *const publisher =
		make_publisher(manager_of(state), "rgba", GEYSER_FORMAT_RGBA8_UNORM);
	const GLuint own = own_texture(GL_TEXTURE_2D, GL_RGBA8, 16, 8, 1);
	const GLuint large = own_texture(GL_TEXTURE_2D, GL_RGBA8, 17, 9, 1);

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "flags (0x2)",
		geyser_gl_publish(for_gl, publisher, own, GL_TEXTURE_2D, 2, 0));
	refused(GEYSER_ERROR_UNSUPPORTED, "target (0x806f)",
		geyser_gl_publish(for_gl, publisher, own, GL_TEXTURE_3D, 0, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "name (0)",
		geyser_gl_publish(for_gl, publisher, 0, GL_TEXTURE_2D, 0, 0));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "name (4711)",
		geyser_gl_publish(for_gl, publisher, 4711, GL_TEXTURE_2D, 0, 0));
	for (unsigned i = 0; i < 5; i++) /* the failures have lost none of its buffers */
		refused(GEYSER_ERROR_MISMATCH, "17x9",
			geyser_gl_publish(for_gl, publisher, large, GL_TEXTURE_2D, 0, 0));
	assert_non_null(strstr(geyser_error_detail(), "16x8"));
	expect_frames(publisher, 0);
	ok(geyser_gl_publish(for_gl, publisher, own, GL_TEXTURE_2D, 0, PATIENCE));
	expect_frames(publisher, 1);
	gl.DeleteTextures(1, &large);
	gl.DeleteTextures(1, &own);
	geyser_publisher_destroy(publisher);
	geyser_gl_destroy(for_gl);
}

/* Integers aren't colours to a copy on the GPU, depth is none. */
static void formats_that_cant_be_published(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_publisher *const integers =
		make_publisher(host, "integers", GEYSER_FORMAT_RGBA32_UINT);
	struct geyser_publisher *const depth =
		make_publisher(host, "depth", GEYSER_FORMAT_DEPTH32_FLOAT);
	const GLuint own = own_texture(GL_TEXTURE_2D, GL_RGBA8, 16, 8, 1);

	(void)state;
	refused(GEYSER_ERROR_UNSUPPORTED, "rgba32uint",
		geyser_gl_publish(for_gl, integers, own, GL_TEXTURE_2D, 0, PATIENCE));
	refused(GEYSER_ERROR_UNSUPPORTED, "depth32float",
		geyser_gl_publish(for_gl, depth, own, GL_TEXTURE_2D, 0, PATIENCE));
	expect_frames(integers, 0);
	expect_frames(depth, 0);
	gl.DeleteTextures(1, &own);
	geyser_publisher_destroy(depth);
	geyser_publisher_destroy(integers);
	geyser_manager_destroy(host);
	geyser_gl_destroy(for_gl);
}

static void frames_are_begun_and_ended(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_publisher *const publisher =
		make_publisher(manager_of(state), "rgba", GEYSER_FORMAT_RGBA8_UNORM);
	struct geyser_gl_texture_info info;
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "isn't begun", geyser_gl_frame_end(for_gl, frame));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_gl_frame_begin(for_gl, frame, GEYSER_ACCESS_WRITE, 0, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "access (8)",
		geyser_gl_frame_begin(for_gl, frame, (enum geyser_access)8, 0, &info));
	assert_int_equal(info.name, 0);
	ok(geyser_gl_frame_begin(for_gl, frame, GEYSER_ACCESS_WRITE, PATIENCE, &info));
	refused(GEYSER_ERROR_BUSY, "acquired already",
		geyser_gl_frame_begin(for_gl, frame, GEYSER_ACCESS_WRITE, PATIENCE, &info));
	ok(geyser_gl_frame_end(for_gl, frame));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "isn't begun", geyser_gl_frame_end(for_gl, frame));
	ok(geyser_publisher_submit(publisher, frame));
	geyser_publisher_destroy(publisher);
	geyser_gl_destroy(for_gl);
}

static void a_subscribers_frame_is_only_read(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_manager *const managers[] = {manager_of(state), host};
	const struct geyser_subscriber_desc desc = {.name = "read"};
	struct geyser_gl *const for_gl = make_gl();

	for (size_t i = 0; i < COUNT_OF(managers); i++) {
		struct geyser_publisher *const publisher =
			make_publisher(managers[i], "read", GEYSER_FORMAT_RGBA8_UNORM);
		struct geyser_subscriber *subscriber;
		struct geyser_gl_texture_info info;
		struct geyser_frame *frame;

		ok(geyser_subscriber_create(managers[i], &desc, &subscriber));
		ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
		ok(geyser_publisher_submit(publisher, frame));
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		for (int access = GEYSER_ACCESS_WRITE; access <= GEYSER_ACCESS_READ_WRITE; access++)
			refused(GEYSER_ERROR_PERMISSION, "GEYSER_USAGE_WRITERS",
				geyser_gl_frame_begin(for_gl, frame, (enum geyser_access)access,
					PATIENCE, &info));
		ok(geyser_gl_frame_begin(for_gl, frame, GEYSER_ACCESS_READ, PATIENCE, &info));
		ok(geyser_gl_frame_end(for_gl, frame));
		ok(geyser_subscriber_release(subscriber, frame));
		geyser_subscriber_destroy(subscriber);
		geyser_publisher_destroy(publisher);
	}
	geyser_manager_destroy(host);
	geyser_gl_destroy(for_gl);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		gl_test(nothing_is_null),
		gl_test(access_is_in_order),
		gl_test(without_a_context),
		gl_test(in_another_context),
		gl_test(a_lost_context),
		gl_test(functions_and_versions),
		gl_test(without_memory_objects),
		gl_test(where_the_driver_refuses),
		gl_test(out_of_memory),
		gl_test(formats_by_extension),
		gl_test(another_device),
		gl_test(sharing_by_dma_buf_only),
		gl_test(what_cant_be_published),
		gl_test(a_subscribers_frame_is_only_read),
		gl_test(formats_that_cant_be_published),
		gl_test(frames_are_begun_and_ended),
	};

	return RUN_GL_SUITE("opengl refusals", tests, argc > 1 ? argv[1] : "gl");
}
