/* SPDX-License-Identifier: MIT */
/* Core Image reads surfaces and renders into them, and each byte is checked. Formats that it can't
 * use are refused. */
#include "interop.h"

#include <CoreImage/CoreImage.h>
#include <Metal/Metal.h>
#include <geyser/apple.h>
#include <geyser/metal.h>

#define WIDTH 5u
#define HEIGHT 3u

static CIContext *context_of(struct geyser_manager *manager)
{
	void *device;

	ok(geyser_metal_get_device(manager, &device));
	return [CIContext contextWithMTLDevice:(id<MTLDevice>)device];
}

static CIImage *colour(double red, double green, double blue, double alpha)
{
	return [CIImage imageWithColor:[CIColor colorWithRed:red
						       green:green
							blue:blue
						       alpha:alpha]];
}

static CIImage *image_of(struct geyser_texture *texture)
{
	void *image;

	ok(geyser_coreimage_image_create(texture, NULL, &image));
	assert_non_null(image);
	return [(CIImage *)image autorelease];
}

static void render(struct geyser_manager *manager, CIImage *image, struct geyser_texture *texture)
{
	ok(geyser_coreimage_render(
		context_of(manager), image, texture, GEYSER_ALPHA_PREMULTIPLIED, NULL));
}

static void test_renders_every_format(void **state)
{
	static const struct {
		enum geyser_format format;
		uint8_t texel[16];
	} rows[] = {
		{GEYSER_FORMAT_BGRA8_UNORM, {0x99, 0x33, 0xff, 0xff}},
		{GEYSER_FORMAT_RGBA8_UNORM, {0xff, 0x33, 0x99, 0xff}},
		{GEYSER_FORMAT_R8_UNORM, {0xff}},
		{GEYSER_FORMAT_RG8_UNORM, {0xff, 0x33}},
		{GEYSER_FORMAT_R16_FLOAT, {0x00, 0x3c}},
		{GEYSER_FORMAT_RG16_FLOAT, {0x00, 0x3c, 0x66, 0x32}},
		{GEYSER_FORMAT_RGBA16_FLOAT, {0x00, 0x3c, 0x66, 0x32, 0xcd, 0x38, 0x00, 0x3c}},
		{GEYSER_FORMAT_R32_FLOAT, {0, 0, 0x80, 0x3f}},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct geyser_texture *texture =
			make_texture(fixture->manager, rows[i].format, WIDTH, HEIGHT);

		render(fixture->manager, colour(1, 0.2, 0.6, 1), texture);
		expect_texel(texture, 0, 0, rows[i].texel);
		expect_texel(texture, WIDTH - 1, HEIGHT - 1, rows[i].texel);
		geyser_texture_unref(texture);
	}
}

/* Renders one texture into another, upright. Core Image reads the source when it renders. */
static void test_image_is_the_surface(void **state)
{
	static const uint8_t texel[4] = {10, 20, 30, 0xff}, swapped[4] = {30, 20, 10, 0xff};
	static const uint8_t nothing[4];
	struct fixture *fixture = *state;
	struct geyser_texture *from =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, WIDTH, HEIGHT);
	struct geyser_texture *to =
		make_texture(fixture->manager, GEYSER_FORMAT_RGBA8_UNORM, WIDTH, HEIGHT);
	CIImage *image = image_of(from);

	put_texel(from, 3, 0, texel);
	geyser_texture_unref(from); /* the image keeps the surface alive */
	render(fixture->manager, image, to);
	expect_texel(to, 3, 0, swapped);
	expect_texel(to, 3, HEIGHT - 1, nothing);
	geyser_texture_unref(to);
}

static void test_what_an_image_lacks_becomes_transparent(void **state)
{
	static const uint8_t full[4] = {0x99, 0x33, 0xff, 0xff}, nothing[4];
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, WIDTH, HEIGHT);
	CIImage *image = colour(1, 0.2, 0.6, 1);

	render(fixture->manager, image, texture);
	render(fixture->manager, [image imageByCroppingToRect:CGRectMake(0, 0, 2, 1)], texture);
	expect_texel(texture, 1, HEIGHT - 1, full); /* y counts from the bottom */
	expect_texel(texture, 2, HEIGHT - 1, nothing);
	expect_texel(texture, 0, 0, nothing);
	geyser_texture_unref(texture);
}

static void test_alpha_and_colour_space(void **state)
{
	static const struct {
		enum geyser_alpha alpha;
		uint8_t texel[4];
	} rows[] = {
		{GEYSER_ALPHA_STRAIGHT, {0, 0, 0xff, 0x80}},
		{GEYSER_ALPHA_PREMULTIPLIED, {0, 0, 0x80, 0x80}},
		{GEYSER_ALPHA_OPAQUE, {0, 0, 0x80, 0xff}},
	};
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 1, 1);
	CGColorSpaceRef space = CGColorSpaceCreateDeviceRGB();

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		ok(geyser_coreimage_render(context_of(fixture->manager), colour(1, 0, 0, 0.5),
			texture, rows[i].alpha, space));
		expect_texel(texture, 0, 0, rows[i].texel);
	}
	CGColorSpaceRelease(space);
	geyser_texture_unref(texture);
}

/* Core Image reads video, and takes the range from the surface's FourCC. */
static void test_image_of_video(void **state)
{
	static const uint8_t white[4] = {0xff, 0xff, 0xff, 0xff}, black[4] = {0, 0, 0, 0xff};
	struct fixture *fixture = *state;
	struct geyser_texture *from =
		make_texture(fixture->manager, GEYSER_FORMAT_NV12, WIDTH, HEIGHT);
	struct geyser_texture *to =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, WIDTH, HEIGHT);
	struct geyser_mapping mapping;
	struct geyser_subresource sub;
	void *image;

	ok(geyser_texture_map(from, GEYSER_ACCESS_WRITE, &mapping));
	ok(geyser_texture_get_subresource(from, 1, 0, 0, &sub));
	memset(mapping.data, 16, mapping.row_pitch * HEIGHT);
	memset(mapping.data, 235, 1);
	memset((uint8_t *)mapping.data + sub.offset, 128, sub.size);
	geyser_texture_unmap(from);
	ok(geyser_coreimage_image_create(from, NULL, &image));
	render(fixture->manager, (CIImage *)image, to);
	expect_texel(to, 0, 0, white);
	expect_texel(to, 1, 0, black);
	[(CIImage *)image release];
	geyser_texture_unref(to);
	geyser_texture_unref(from);
}

/* ---- refusals ---- */

static void test_formats_that_core_image_lacks(void **state)
{
	static const struct {
		enum geyser_format format;
		const char *image, *rendering;
		enum geyser_result result;
	} rows[] = {
		{GEYSER_FORMAT_RGB10A2_UNORM, "FourCC", "FourCC", GEYSER_ERROR_UNSUPPORTED},
		{GEYSER_FORMAT_RG32_FLOAT, "can't read", "can't render", GEYSER_ERROR_SYSTEM},
		{GEYSER_FORMAT_I420, "can't read", "renders colours", GEYSER_ERROR_UNSUPPORTED},
		{GEYSER_FORMAT_I422, "FourCC", "FourCC", GEYSER_ERROR_UNSUPPORTED},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct geyser_texture *texture =
			make_texture(fixture->manager, rows[i].format, 2, 2);
		void *image = texture;

		refused(GEYSER_ERROR_UNSUPPORTED, rows[i].image,
			geyser_coreimage_image_create(texture, NULL, &image));
		assert_null(image);
		refused(rows[i].result, rows[i].rendering,
			geyser_coreimage_render(context_of(fixture->manager), colour(1, 1, 1, 1),
				texture, GEYSER_ALPHA_PREMULTIPLIED, NULL));
		refused(rows[i].result, geyser_format_name(rows[i].format),
			geyser_coreimage_render(context_of(fixture->manager), colour(1, 1, 1, 1),
				texture, GEYSER_ALPHA_PREMULTIPLIED, NULL));
		geyser_texture_unref(texture);
	}
}

static void test_textures_without_a_surface(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 4, .height = 4, .layers = 2};
	struct fixture *fixture = *state;
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *textures[2];
	void *image;

	ok(geyser_metal_texture_create_private(fixture->manager, &desc, &textures[0]));
	textures[1] = make_texture(host, GEYSER_FORMAT_BGRA8_UNORM, 2, 2);
	for (size_t i = 0; i < COUNT_OF(textures); i++) {
		const char *word = i ? "host backend" : "private";

		refused(GEYSER_ERROR_UNSUPPORTED, word,
			geyser_coreimage_image_create(textures[i], NULL, &image));
		refused(GEYSER_ERROR_UNSUPPORTED, word,
			geyser_coreimage_render(context_of(fixture->manager), colour(1, 1, 1, 1),
				textures[i], GEYSER_ALPHA_PREMULTIPLIED, NULL));
		geyser_texture_unref(textures[i]);
	}
	geyser_manager_destroy(host);
}

static void test_wrong_arguments(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 1, 1);
	CIContext *context = context_of(fixture->manager);
	CIImage *image = colour(1, 1, 1, 1);
	const enum geyser_alpha premultiplied = GEYSER_ALPHA_PREMULTIPLIED;
	void *out;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "ci_image is NULL",
		geyser_coreimage_image_create(texture, NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_coreimage_image_create(NULL, NULL, &out));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "ci_context is NULL",
		geyser_coreimage_render(NULL, image, texture, premultiplied, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "ci_context is no CIContext",
		geyser_coreimage_render(image, image, texture, premultiplied, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "ci_image is NULL",
		geyser_coreimage_render(context, NULL, texture, premultiplied, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "ci_image is no CIImage",
		geyser_coreimage_render(context, context, texture, premultiplied, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_coreimage_render(context, image, NULL, premultiplied, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "alpha (3)",
		geyser_coreimage_render(context, image, texture, (enum geyser_alpha)3, NULL));
	geyser_texture_unref(texture);
}

static void test_core_images_own_words(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 1, 1);
	CIContext *context = context_of(fixture->manager);
	CIImage *image = colour(1, 1, 1, 1);

	apple_double_fail("startTaskToRender", 1);
	refused(GEYSER_ERROR_SYSTEM, "no such destination",
		geyser_coreimage_render(context, image, texture, GEYSER_ALPHA_PREMULTIPLIED, NULL));
	apple_double_fail("waitUntilCompleted", 1);
	refused(GEYSER_ERROR_SYSTEM, "the GPU gave up",
		geyser_coreimage_render(context, image, texture, GEYSER_ALPHA_PREMULTIPLIED, NULL));
	apple_double_fail(NULL, 0);
	render(fixture->manager, image, texture);
	geyser_texture_unref(texture);
}

/* Runs each test in a pool of its own, so that autoreleased objects are gone before the manager. */
#define POOLED(name)                            \
	static void pooled_##name(void **state) \
	{                                       \
		@autoreleasepool {              \
			name(state);            \
		}                               \
	}
POOLED(test_renders_every_format)
POOLED(test_image_is_the_surface)
POOLED(test_image_of_video)
POOLED(test_what_an_image_lacks_becomes_transparent)
POOLED(test_alpha_and_colour_space)
POOLED(test_formats_that_core_image_lacks)
POOLED(test_textures_without_a_surface)
POOLED(test_wrong_arguments)
POOLED(test_core_images_own_words)

#define TEST(name)                                                          \
	{                                                                   \
#name, pooled_##name, setup_manager, teardown_manager, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_renders_every_format),
		TEST(test_image_is_the_surface),
		TEST(test_image_of_video),
		TEST(test_what_an_image_lacks_becomes_transparent),
		TEST(test_alpha_and_colour_space),
		TEST(test_formats_that_core_image_lacks),
		TEST(test_textures_without_a_surface),
		TEST(test_wrong_arguments),
		TEST(test_core_images_own_words),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return cmocka_run_group_tests_name("core image", tests, NULL, NULL);
}
