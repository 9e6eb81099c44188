/* A context that EGL hasn't made: an off-screen context of Mesa. The test is skipped without Mesa's
 * library. */
#include "gpu.h"
#include "harness.h"

#include <geyser/opengl.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define WIDTH 32
#define HEIGHT 16
#define GL_TEXTURE_2D 0x0DE1
#define GL_RGBA 0x1908
#define GL_UNSIGNED_BYTE 0x1401
#define OSMESA_FORMAT 0x22
#define OSMESA_PROFILE 0x33
#define OSMESA_CORE_PROFILE 0x34
#define OSMESA_CONTEXT_MAJOR_VERSION 0x36
#define OSMESA_CONTEXT_MINOR_VERSION 0x37

static struct {
	void *(*create)(const int *attributes, void *share);
	void (*destroy)(void *context);
	unsigned char (*make_current)(
		void *context, void *pixels, unsigned type, int width, int height);
	void *(*get_proc_address)(const char *name);
} os;

static struct {
	void (*gen_textures)(int count, unsigned *names);
	void (*bind_texture)(unsigned target, unsigned name);
	void (*tex_image)(unsigned target, int level, int internal_format, int width, int height,
		int border, unsigned format, unsigned type, const void *data);
	void (*delete_textures)(int count, const unsigned *names);
	unsigned (*get_error)(void);
} gl;

static uint8_t pixels[WIDTH * HEIGHT * 4]; /* of the contexts' own framebuffer, which isn't used */

static void *get(void *user, const char *name)
{
	(void)user;
	return os.get_proc_address(name);
}

static const struct geyser_gl_desc desc = {.get_proc_address = get};

static bool load(void)
{
	static void *library; /* never closed */

	library = dlopen("libOSMesa.so.8", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return false;
	*(void **)&os.create = dlsym(library, "OSMesaCreateContextAttribs");
	*(void **)&os.destroy = dlsym(library, "OSMesaDestroyContext");
	*(void **)&os.make_current = dlsym(library, "OSMesaMakeCurrent");
	*(void **)&os.get_proc_address = dlsym(library, "OSMesaGetProcAddress");
	if (!os.create || !os.destroy || !os.make_current || !os.get_proc_address)
		return false;
	*(void **)&gl.gen_textures = os.get_proc_address("glGenTextures");
	*(void **)&gl.bind_texture = os.get_proc_address("glBindTexture");
	*(void **)&gl.tex_image = os.get_proc_address("glTexImage2D");
	*(void **)&gl.delete_textures = os.get_proc_address("glDeleteTextures");
	*(void **)&gl.get_error = os.get_proc_address("glGetError");
	return gl.gen_textures && gl.bind_texture && gl.tex_image && gl.get_error;
}

static void *new_context(void)
{
	const int attributes[] = {OSMESA_FORMAT, GL_RGBA, OSMESA_PROFILE, OSMESA_CORE_PROFILE,
		OSMESA_CONTEXT_MAJOR_VERSION, 3, OSMESA_CONTEXT_MINOR_VERSION, 3, 0};

	return os.create(attributes, NULL);
}

static bool make_current(void *context)
{
	return os.make_current(context, context ? pixels : NULL, GL_UNSIGNED_BYTE,
		context ? WIDTH : 0, context ? HEIGHT : 0);
}

static unsigned make_texture_name(uint32_t seed)
{
	uint8_t bytes[WIDTH * HEIGHT * 4];
	unsigned name;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = pattern_byte(seed, i);
	gl.gen_textures(1, &name);
	gl.bind_texture(GL_TEXTURE_2D, name);
	gl.tex_image(GL_TEXTURE_2D, 0, 0x8058 /* GL_RGBA8 */, WIDTH, HEIGHT, 0, GL_RGBA,
		GL_UNSIGNED_BYTE, bytes);
	gl.bind_texture(GL_TEXTURE_2D, 0);
	assert_int_equal(gl.get_error(), 0);
	return name;
}

/* ---- tests ---- */

static void it_publishes(void **state)
{
	const struct geyser_stream_desc stream = {.name = "offscreen",
		.texture = {GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH, .height = HEIGHT}};
	const struct geyser_subscriber_desc subscription = {
		.name = "offscreen", .delivery = GEYSER_DELIVER_EVERY};
	struct geyser_subscriber *subscriber;
	struct geyser_publisher *publisher;
	struct geyser_gl_info info;
	struct geyser_frame *frame;
	struct geyser_gl *for_gl;

	ok(geyser_gl_create(&desc, &for_gl));
	ok(geyser_gl_get_info(for_gl, &info));
	print_message("# %s, %s, memory objects: %d\n", info.version, info.renderer,
		info.memory_object_fd);
	assert_false(info.egl || info.dma_buf_import || info.dma_buf_export);
	ok(geyser_publisher_create(manager_of(state), &stream, &publisher));
	ok(geyser_subscriber_create(manager_of(state), &subscription, &subscriber));
	for (uint32_t i = 1; i < 5; i++) {
		const unsigned name = make_texture_name(i);

		ok(geyser_gl_publish(for_gl, publisher, name, GL_TEXTURE_2D, 0, PATIENCE));
		ok(geyser_subscriber_acquire(subscriber, PATIENCE, &frame));
		assert_true(texture_holds(geyser_frame_texture(frame), i));
		ok(geyser_subscriber_release(subscriber, frame));
		gl.delete_textures(1, &name);
	}
	geyser_subscriber_destroy(subscriber);
	geyser_publisher_destroy(publisher);
	geyser_gl_destroy(for_gl);
}

/* Without EGL the library recognizes the current context only by its objects. */
static void strangers_are_refused(void **state)
{
	const struct geyser_texture_desc small = {
		GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH, .height = HEIGHT};
	void *const stranger = new_context();
	struct geyser_gl_texture *imported;
	struct geyser_texture *texture;
	struct geyser_gl *for_gl, *other;

	assert_non_null(stranger);
	ok(geyser_texture_create(manager_of(state), &small, &texture));
	ok(geyser_gl_create(&desc, &for_gl));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "no EGL context", geyser_gl_create(NULL, &other));
	assert_true(make_current(stranger));
	for (uint32_t i = 0; i < 20; i++)
		(void)make_texture_name(i);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "shares no objects",
		geyser_gl_texture_import(for_gl, texture, &imported));
	ok(geyser_gl_create(&desc, &other));
	ok(geyser_gl_texture_import(other, texture, &imported));
	geyser_gl_texture_destroy(imported);
	geyser_gl_destroy(other);
	geyser_gl_destroy(for_gl); /* the context isn't current: its objects end with it */
	geyser_texture_unref(texture);
	os.destroy(stranger);
}

static void *context;

static int use_context(void **state)
{
	if (!context)
		context = new_context();
	if (setup_manager(state) != 0 || !context)
		return -1;
	return make_current(context) ? 0 : -1;
}

int main(void)
{
	int status;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_publishes, use_context, teardown_manager),
		cmocka_unit_test_setup_teardown(
			strangers_are_refused, use_context, teardown_manager),
	};

	test_backend = GEYSER_BACKEND_HOST;
	if (!load()) {
		(void)printf("1..0 # SKIP no libOSMesa.so.8 (on Debian libosmesa6)\n");
		return 0;
	}
	status = cmocka_run_group_tests_name("opengl, not EGL's", tests, NULL, NULL);
	os.destroy(context);
	return status;
}
