/* SPDX-License-Identifier: MIT */
/* OpenGL draws into a texture, and each byte is checked. Formats that OpenGL can't draw into are
 * refused, and the message names the format. */
#include "interop.h"

#include <OpenGL/OpenGL.h>
#include <OpenGL/gl3.h>
#include <geyser/apple.h>
#include <geyser/metal.h>

static CGLContextObj make_context(void)
{
	const CGLPixelFormatAttribute attributes[] = {(CGLPixelFormatAttribute)0};
	CGLPixelFormatObj format;
	CGLContextObj context;
	GLint count;

	assert_int_equal(CGLChoosePixelFormat(attributes, &format, &count), kCGLNoError);
	assert_int_equal(CGLCreateContext(format, NULL, &context), kCGLNoError);
	assert_int_equal(CGLDestroyPixelFormat(format), kCGLNoError);
	assert_int_equal(CGLSetCurrentContext(context), kCGLNoError);
	return context;
}

/* Clears the texture to red 1, green 0.2, blue 0.6. */
static void clear(GLuint texture)
{
	GLuint framebuffer;

	glGenFramebuffers(1, &framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(
		GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_RECTANGLE, texture, 0);
	assert_int_equal(glCheckFramebufferStatus(GL_FRAMEBUFFER), GL_FRAMEBUFFER_COMPLETE);
	glClearColor(1, 0.2f, 0.6f, 1);
	glClear(GL_COLOR_BUFFER_BIT);
	glFlush();
	glDeleteFramebuffers(1, &framebuffer);
}

static const struct {
	enum geyser_format format;
	uint8_t texel[8];
} drawn[] = {
	{GEYSER_FORMAT_BGRA8_UNORM, {0x99, 0x33, 0xff, 0xff}},
	{GEYSER_FORMAT_RGBA16_FLOAT, {0x00, 0x3c, 0x66, 0x32, 0xcd, 0x38, 0x00, 0x3c}},
	{GEYSER_FORMAT_R8_UNORM, {0xff}},
};

static void test_opengl_draws_into_the_texture(void **state)
{
	struct fixture *fixture = *state;
	CGLContextObj context = make_context();

	for (size_t i = 0; i < COUNT_OF(drawn); i++) {
		struct geyser_texture *texture =
			make_texture(fixture->manager, drawn[i].format, 5, 3);
		GLuint name;

		glGenTextures(1, &name);
		glBindTexture(GL_TEXTURE_RECTANGLE, name);
		ok(geyser_cgl_texture_bind(context, texture));
		clear(name);
		expect_texel(texture, 0, 0, drawn[i].texel);
		expect_texel(texture, 4, 2, drawn[i].texel);
		glDeleteTextures(1, &name);
		geyser_texture_unref(texture);
	}
	(void)CGLDestroyContext(context);
}

/* A plane is drawn, and the other one stays as it is. */
static void test_opengl_draws_into_planes(void **state)
{
	struct fixture *fixture = *state;
	CGLContextObj context = make_context();
	struct geyser_texture *texture = make_texture(fixture->manager, GEYSER_FORMAT_NV12, 5, 3);
	struct geyser_mapping mapping;
	struct geyser_subresource sub;
	GLuint names[2];

	refused(GEYSER_ERROR_UNSUPPORTED, "nv12) has 2 planes: call geyser_cgl_texture_bind_plane",
		geyser_cgl_texture_bind(context, texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "plane (2): nv12 has 2",
		geyser_cgl_texture_bind_plane(context, texture, 2));
	glGenTextures(2, names);
	for (uint32_t i = 0; i < 2; i++) {
		glBindTexture(GL_TEXTURE_RECTANGLE, names[i]);
		ok(geyser_cgl_texture_bind_plane(context, texture, i));
	}
	clear(names[1]);
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	assert_memory_equal(mapping.data, "\0\0\0\0\0", 5);
	ok(geyser_texture_get_subresource(texture, 1, 0, 0, &sub));
	for (size_t y = 0; y < 2; y++)
		assert_memory_equal((uint8_t *)mapping.data + sub.offset + y * sub.row_pitch,
			"\xff\x33\xff\x33\xff\x33", 6);
	geyser_texture_unmap(texture);
	glDeleteTextures(2, names);
	geyser_texture_unref(texture);
	(void)CGLDestroyContext(context);
}

static void test_opengl_binds_planes_of_16_bits(void **state)
{
	struct fixture *fixture = *state;
	CGLContextObj context = make_context();
	struct geyser_texture *texture;
	GLuint name;

	glGenTextures(1, &name);
	glBindTexture(GL_TEXTURE_RECTANGLE, name);
	if (!geyser_metal_format_refusal(
		    fixture->manager, GEYSER_FORMAT_P010, GEYSER_DIMENSION_2D)) {
		texture = make_texture(fixture->manager, GEYSER_FORMAT_P010, 5, 3);
		ok(geyser_cgl_texture_bind_plane(context, texture, 0));
		ok(geyser_cgl_texture_bind_plane(context, texture, 1));
		geyser_texture_unref(texture);
	}
	texture = make_texture(fixture->manager, GEYSER_FORMAT_YUY2, 4, 3);
	refused(GEYSER_ERROR_UNSUPPORTED, "format (yuy2): OpenGL takes video of several planes",
		geyser_cgl_texture_bind_plane(context, texture, 0));
	geyser_texture_unref(texture);
	glDeleteTextures(1, &name);
	(void)CGLDestroyContext(context);
}

static void test_opengl_keeps_the_surface(void **state)
{
	struct fixture *fixture = *state;
	CGLContextObj context = make_context();
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 5, 3);
	GLuint name;

	glGenTextures(1, &name);
	glBindTexture(GL_TEXTURE_RECTANGLE, name);
	ok(geyser_cgl_texture_bind(context, texture));
	ok(geyser_cgl_texture_bind(
		context, texture)); /* a second time, as a program does after a wait */
	geyser_texture_unref(texture);
	clear(name);
	glDeleteTextures(1, &name);
	(void)CGLDestroyContext(context);
}

static bool is_drawn(enum geyser_format format)
{
	for (size_t i = 0; i < COUNT_OF(drawn); i++)
		if (drawn[i].format == format)
			return true;
	return false;
}

static void test_every_other_format_is_refused_by_name(void **state)
{
	struct fixture *fixture = *state;
	CGLContextObj context = make_context();
	unsigned refusals = 0;

	for (int f = 1; f < GEYSER_FORMAT_COUNT; f++) {
		const enum geyser_format format = (enum geyser_format)f;
		struct geyser_texture *texture;

		if (is_drawn(format) ||
			geyser_metal_format_refusal(fixture->manager, format, GEYSER_DIMENSION_2D))
			continue;
		texture = make_texture(fixture->manager, format, 2, 2);
		refused(GEYSER_ERROR_UNSUPPORTED, geyser_format_name(format),
			geyser_cgl_texture_bind(context, texture));
		if (format == GEYSER_FORMAT_RGB10A2_UNORM)
			refused(GEYSER_ERROR_UNSUPPORTED, "blue first",
				geyser_cgl_texture_bind(context, texture));
		geyser_texture_unref(texture);
		refusals++;
	}
	assert_true(refusals > 8);
	(void)CGLDestroyContext(context);
}

static void test_opengl_says_no(void **state)
{
	struct fixture *fixture = *state;
	CGLContextObj context = make_context();
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 5, 3);

	/* first no texture is bound, then the context isn't current */
	refused(GEYSER_ERROR_SYSTEM, "CGLError 10007", geyser_cgl_texture_bind(context, texture));
	(void)CGLSetCurrentContext(NULL);
	refused(GEYSER_ERROR_SYSTEM, "CGLError 10004 for a 5x3 bgra8unorm",
		geyser_cgl_texture_bind(context, texture));
	(void)CGLDestroyContext(context);
	geyser_texture_unref(texture);
}

static void test_wrong_arguments(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *texture = make_texture(host, GEYSER_FORMAT_BGRA8_UNORM, 5, 3);
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 4, .height = 4, .layers = 2};
	struct geyser_texture *private;
	int context;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "cgl_context is NULL",
		geyser_cgl_texture_bind(NULL, texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_cgl_texture_bind(&context, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, "host backend",
		geyser_cgl_texture_bind(&context, texture));
	ok(geyser_metal_texture_create_private(fixture->manager, &desc, &private));
	refused(GEYSER_ERROR_UNSUPPORTED, "private", geyser_cgl_texture_bind(&context, private));
	geyser_texture_unref(private);
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_manager, teardown_manager)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_opengl_draws_into_the_texture),
		TEST(test_opengl_draws_into_planes),
		TEST(test_opengl_binds_planes_of_16_bits),
		TEST(test_opengl_keeps_the_surface),
		TEST(test_every_other_format_is_refused_by_name),
		TEST(test_opengl_says_no),
		TEST(test_wrong_arguments),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return cmocka_run_group_tests_name("cgl", tests, NULL, NULL);
}
