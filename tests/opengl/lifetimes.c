/* Contexts, textures, events and streams may be destroyed in any order, and on any thread. */
#include "gl.h"

#include <pthread.h>

static const struct geyser_texture_desc small = {
	.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 8};

static struct geyser_texture *make_small(struct geyser_manager *manager)
{
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, &small, &texture));
	return texture;
}

static struct geyser_gl_texture *import(struct geyser_gl *for_gl, struct geyser_texture *texture)
{
	struct geyser_gl_texture *imported;

	ok(geyser_gl_texture_import(for_gl, texture, &imported));
	return imported;
}

static GLuint name_of(const struct geyser_gl_texture *imported)
{
	struct geyser_gl_texture_info info;

	ok(geyser_gl_texture_get_info(imported, &info));
	return info.name;
}

static void an_import_keeps_its_texture(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_small(manager_of(state));
	struct geyser_gl_texture *const imported = import(for_gl, texture);
	struct geyser_gl_texture_info info;

	assert_true(fill_texture(texture, 8));
	geyser_texture_unref(texture);
	ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ));
	ok(geyser_gl_texture_get_info(imported, &info));
	assert_int_equal(gl_holds(texture, &info, 8), 1);
	ok(geyser_gl_texture_release(imported, GEYSER_ACCESS_READ));
	geyser_gl_texture_destroy(imported);
	geyser_gl_destroy(for_gl);
}

/* Destroying an import deletes the GL texture at once, even if it is acquired. */
static void destroying_deletes(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_small(manager_of(state));
	struct geyser_gl_texture *const imported = import(for_gl, texture);
	const GLuint name = name_of(imported);

	assert_true(gl.IsTexture(name));
	ok(geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ));
	geyser_gl_texture_destroy(imported);
	assert_false(gl.IsTexture(name));
	geyser_texture_unref(texture);
	geyser_gl_destroy(for_gl);
}

static void the_context_goes_first(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_small(manager_of(state));
	struct geyser_gl_texture *const imported = import(for_gl, texture);
	const GLuint name = name_of(imported);

	geyser_gl_destroy(for_gl);
	assert_false(gl.IsTexture(name));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "is destroyed",
		geyser_gl_texture_acquire(imported, GEYSER_ACCESS_READ));
	geyser_gl_texture_destroy(imported);
	geyser_texture_unref(texture);
}

static void destroyed_without_a_context(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_texture *const texture = make_small(manager_of(state));
	struct geyser_gl_texture *const imported = import(for_gl, texture);
	const GLuint name = name_of(imported);

	use_context(EGL_NO_CONTEXT);
	geyser_gl_destroy(for_gl);
	geyser_gl_texture_destroy(imported);
	use_context(context);
	assert_true(gl.IsTexture(
		name)); /* no call could delete it without a context; it ends with its context */
	gl.DeleteTextures(1, &name);
	geyser_texture_unref(texture);
}

static void several_contexts(void **state)
{
	struct geyser_texture *const texture = make_small(manager_of(state));
	const EGLContext other = make_context(EGL_NO_CONTEXT);
	struct geyser_gl *const first = make_gl();
	struct geyser_gl_texture *const in_first = import(first, texture);
	struct geyser_gl_texture *in_second;
	struct geyser_gl_texture_info info;
	struct geyser_gl *second;

	use_context(other);
	second = make_gl();
	in_second = import(second, texture);
	ok(geyser_gl_texture_acquire(in_second, GEYSER_ACCESS_WRITE));
	ok(geyser_gl_texture_get_info(in_second, &info));
	gl_fill(texture, &info, 6);
	ok(geyser_gl_texture_release(in_second, GEYSER_ACCESS_WRITE));
	gl.Finish();
	use_context(context);
	ok(geyser_gl_texture_acquire(in_first, GEYSER_ACCESS_READ));
	ok(geyser_gl_texture_get_info(in_first, &info));
	assert_int_equal(gl_holds(texture, &info, 6), 1);
	ok(geyser_gl_texture_release(in_first, GEYSER_ACCESS_READ));
	geyser_gl_texture_destroy(in_first);
	geyser_gl_destroy(first);
	use_context(other);
	geyser_gl_texture_destroy(in_second);
	geyser_gl_destroy(second);
	use_context(context);
	destroy_context(other);
	geyser_texture_unref(texture);
}

/* ---- what is kept with the buffers of a stream ---- */

/* The number of textures that each geyser_gl makes for itself. */
#define OF_ITS_OWN 1

/* Counts the GL textures. GL gives the lowest free name to each new texture. */
static unsigned count_textures(void)
{
	unsigned count = 0;

	for (GLuint name = 1; name < 1000; name++)
		count += gl.IsTexture(name) ? 1 : 0;
	return count;
}

static struct geyser_publisher *open_stream(struct geyser_manager *manager)
{
	const struct geyser_stream_desc desc = {.name = "kept", .texture = small, .buffers = 3};
	struct geyser_publisher *publisher;

	ok(geyser_publisher_create(manager, &desc, &publisher));
	return publisher;
}

static void draw_frames(
	struct geyser_publisher *publisher, struct geyser_gl *for_gl, unsigned count)
{
	struct geyser_gl_texture_info info;
	struct geyser_frame *frame;

	for (unsigned i = 0; i < count; i++) {
		ok(geyser_publisher_acquire(publisher, PATIENCE, &frame));
		ok(geyser_gl_frame_begin(for_gl, frame, GEYSER_ACCESS_WRITE, PATIENCE, &info));
		assert_true(gl.IsTexture(info.name));
		ok(geyser_gl_frame_end(for_gl, frame));
		ok(geyser_publisher_submit(publisher, frame));
	}
}

static void buffers_are_imported_once(void **state)
{
	const struct geyser_texture_desc larger = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 32, .height = 8};
	struct geyser_gl *const for_gl = make_gl();
	const unsigned before = count_textures();
	struct geyser_publisher *const publisher = open_stream(manager_of(state));

	draw_frames(publisher, for_gl, 10);
	assert_int_equal(count_textures() - before, 3);
	ok(geyser_publisher_resize(publisher, &larger));
	draw_frames(publisher, for_gl, 10);
	assert_int_equal(count_textures() - before, 3);
	geyser_publisher_destroy(publisher);
	(void)geyser_gl_event_is_native(for_gl, NULL); /* any call deletes the GL objects */
	assert_int_equal(count_textures() - before, 0);
	geyser_gl_destroy(for_gl);
}

static void *destroy_stream(void *data)
{
	geyser_publisher_destroy(data);
	return NULL;
}

/* No context is current on that thread. The next call on this one deletes the buffers' GL objects.
 */
static void a_stream_ends_on_another_thread(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	const unsigned before = count_textures();
	struct geyser_publisher *const publisher = open_stream(manager_of(state));
	pthread_t thread;

	draw_frames(publisher, for_gl, 3);
	assert_int_equal(pthread_create(&thread, NULL, destroy_stream, publisher), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(count_textures() - before, 3);
	(void)geyser_gl_event_is_native(for_gl, NULL);
	assert_int_equal(count_textures() - before, 0);
	geyser_gl_destroy(for_gl);
}

static void and_nobody_calls_again(void **state)
{
	struct geyser_gl *const for_gl = make_gl();
	const unsigned before = count_textures();
	struct geyser_publisher *const publisher = open_stream(manager_of(state));

	draw_frames(publisher, for_gl, 3);
	geyser_publisher_destroy(publisher);
	assert_int_equal(count_textures() - before, 3);
	geyser_gl_destroy(for_gl);
	assert_int_equal(count_textures() + OF_ITS_OWN - before, 0);
}

/* The next geyser_gl imports the buffers anew, even if it has the same address. */
static void a_context_ends_before_its_stream(void **state)
{
	struct geyser_publisher *const publisher = open_stream(manager_of(state));
	const unsigned before = count_textures();

	for (unsigned i = 0; i < 3; i++) {
		struct geyser_gl *const for_gl = make_gl();

		draw_frames(publisher, for_gl, 3);
		assert_int_equal(count_textures() - before, 3 + OF_ITS_OWN);
		geyser_gl_destroy(for_gl);
		assert_int_equal(count_textures() - before, 0);
	}
	geyser_publisher_destroy(publisher);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(an_import_keeps_its_texture),
		manager_test(destroying_deletes),
		manager_test(the_context_goes_first),
		manager_test(destroyed_without_a_context),
		manager_test(several_contexts),
		manager_test(buffers_are_imported_once),
		manager_test(a_stream_ends_on_another_thread),
		manager_test(and_nobody_calls_again),
		manager_test(a_context_ends_before_its_stream),
	};

	return RUN_GL_SUITE("opengl lifetimes", tests, argc > 1 ? argv[1] : "gl");
}
