/* SPDX-License-Identifier: MIT */
/* Core Graphics draws into textures, and each byte is checked. Textures that it can't draw into are
 * refused. This program doesn't load Core Image and OpenGL: messages name the missing framework. */
#include "interop.h"

#include <CoreGraphics/CoreGraphics.h>
#include <geyser/apple.h>
#include <stdio.h>

#define WIDTH 5u /* the rows of a surface have padding then */
#define HEIGHT 3u

static CGContextRef begin(struct geyser_texture *texture, enum geyser_alpha alpha)
{
	void *context;

	ok(geyser_coregraphics_context_create(texture, alpha, NULL, &context));
	assert_non_null(context);
	return (CGContextRef)context;
}

static CGImageRef image_of(struct geyser_texture *texture, enum geyser_alpha alpha)
{
	void *image;

	ok(geyser_coregraphics_image_create(texture, alpha, NULL, &image));
	assert_non_null(image);
	return (CGImageRef)image;
}

/* ---- contexts ---- */

static const struct {
	enum geyser_format format;
	uint8_t texel[16]; /* of red 1, green 0.2, blue 0.6, opaque; grey is 1 */
} drawn[] = {
	{GEYSER_FORMAT_R8_UNORM, {0xff}},
	{GEYSER_FORMAT_BGRA8_UNORM, {0x99, 0x33, 0xff, 0xff}},
	{GEYSER_FORMAT_RGBA8_UNORM, {0xff, 0x33, 0x99, 0xff}},
	{GEYSER_FORMAT_BGRA8_UNORM_SRGB, {0x99, 0x33, 0xff, 0xff}},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, {0xff, 0x33, 0x99, 0xff}},
	{GEYSER_FORMAT_RGBA16_FLOAT, {0x00, 0x3c, 0x66, 0x32, 0xcd, 0x38, 0x00, 0x3c}},
	{GEYSER_FORMAT_RGBA32_FLOAT, {0, 0, 0x80, 0x3f, 0xcd, 0xcc, 0x4c, 0x3e, 0x9a, 0x99, 0x19,
					     0x3f, 0, 0, 0x80, 0x3f}},
	{GEYSER_FORMAT_R32_FLOAT, {0, 0, 0x80, 0x3f}},
};

/* The bottom left corner is the first texel of the last row. */
static void draw_corner(struct geyser_texture *texture, bool grey)
{
	CGContextRef context = begin(texture, GEYSER_ALPHA_PREMULTIPLIED);

	if (grey)
		CGContextSetGrayFillColor(context, 1, 1);
	else
		CGContextSetRGBFillColor(context, 1, 0.2, 0.6, 1);
	CGContextFillRect(context, CGRectMake(0, 0, 2, 1));
	geyser_coregraphics_context_finish(texture, context);
}

static void test_context_draws_every_format(void **state)
{
	struct fixture *fixture = *state;
	static const uint8_t nothing[16];

	for (size_t i = 0; i < COUNT_OF(drawn); i++) {
		const bool grey = geyser_format_get_info(drawn[i].format)->channels == 1;
		struct geyser_texture *texture =
			make_texture(fixture->manager, drawn[i].format, WIDTH, HEIGHT);

		draw_corner(texture, grey);
		expect_texel(texture, 0, HEIGHT - 1, drawn[i].texel);
		expect_texel(texture, 1, HEIGHT - 1, drawn[i].texel);
		expect_texel(texture, 2, HEIGHT - 1, nothing);
		expect_texel(texture, 0, HEIGHT - 2, nothing);
		expect_texel(texture, WIDTH - 1, 0, nothing);
		geyser_texture_unref(texture);
	}
}

static void test_context_draws_other_backends(void **state)
{
	static const uint8_t texel[4] = {0x99, 0x33, 0xff, 0xff};
	struct geyser_manager *manager = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *texture =
		make_texture(manager, GEYSER_FORMAT_BGRA8_UNORM, WIDTH, HEIGHT);

	(void)state;
	draw_corner(texture, false);
	expect_texel(texture, 0, HEIGHT - 1, texel);
	geyser_texture_unref(texture);
	geyser_manager_destroy(manager);
}

static void test_context_premultiplies_over_what_is_there(void **state)
{
	static const uint8_t before[4] = {100, 0, 0, 0xff}, after[4] = {50, 0, 0x80, 0xff};
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 1, 1);
	CGContextRef context;

	put_texel(texture, 0, 0, before);
	context = begin(texture, GEYSER_ALPHA_PREMULTIPLIED);
	CGContextSetRGBFillColor(context, 1, 0, 0, 0.5);
	CGContextFillRect(context, CGRectMake(0, 0, 1, 1));
	geyser_coregraphics_context_finish(texture, context);
	expect_texel(texture, 0, 0, after);
	geyser_texture_unref(texture);
}

static void test_opaque_context_ignores_alpha(void **state)
{
	static const uint8_t before[4] = {100, 0, 0, 0};
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 1, 1);
	struct geyser_mapping mapping;
	CGContextRef context;

	put_texel(texture, 0, 0, before);
	context = begin(texture, GEYSER_ALPHA_OPAQUE);
	CGContextSetRGBFillColor(context, 1, 0, 0, 0.5);
	CGContextFillRect(context, CGRectMake(0, 0, 1, 1));
	geyser_coregraphics_context_finish(texture, context);
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	assert_memory_equal(mapping.data, "\x32\x00\x80", 3); /* as over an opaque texel */
	geyser_texture_unmap(texture);
	geyser_texture_unref(texture);
}

/* ---- images ---- */

static void test_image_is_a_copy(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, WIDTH, HEIGHT);
	struct geyser_texture *copy =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, WIDTH, HEIGHT);
	static const uint8_t texel[4] = {1, 2, 3, 0xff}, later[4] = {9, 9, 9, 0xff};
	static const uint8_t nothing[4];
	CGContextRef context;
	CGImageRef image;

	put_texel(texture, 3, 1, texel);
	image = image_of(texture, GEYSER_ALPHA_PREMULTIPLIED);
	put_texel(texture, 3, 1, later);
	geyser_texture_unref(texture);
	context = begin(copy, GEYSER_ALPHA_PREMULTIPLIED);
	CGContextDrawImage(context, CGRectMake(0, 0, WIDTH, HEIGHT), image);
	geyser_coregraphics_context_finish(copy, context);
	CGImageRelease(image);
	expect_texel(copy, 3, 1, texel);
	expect_texel(copy, 3, 2, nothing);
	geyser_texture_unref(copy);
}

static void test_image_says_what_the_texture_is(void **state)
{
	static const struct {
		enum geyser_format format;
		enum geyser_alpha alpha;
		CGBitmapInfo info;
		size_t bits, channels;
	} rows[] = {
		{GEYSER_FORMAT_BGRA8_UNORM, GEYSER_ALPHA_STRAIGHT,
			kCGImageAlphaFirst | kCGBitmapByteOrder32Little, 32, 3},
		{GEYSER_FORMAT_BGRA8_UNORM, GEYSER_ALPHA_OPAQUE,
			kCGImageAlphaNoneSkipFirst | kCGBitmapByteOrder32Little, 32, 3},
		{GEYSER_FORMAT_RGBA8_UNORM, GEYSER_ALPHA_STRAIGHT,
			kCGImageAlphaLast | kCGBitmapByteOrder32Big, 32, 3},
		{GEYSER_FORMAT_RGBA16_FLOAT, GEYSER_ALPHA_PREMULTIPLIED,
			kCGImageAlphaPremultipliedLast | kCGBitmapFloatComponents |
				kCGBitmapByteOrder16Little,
			64, 3},
		{GEYSER_FORMAT_RGBA32_FLOAT, GEYSER_ALPHA_OPAQUE,
			kCGImageAlphaNoneSkipLast | kCGBitmapFloatComponents |
				kCGBitmapByteOrder32Little,
			128, 3},
		{GEYSER_FORMAT_R8_UNORM, GEYSER_ALPHA_STRAIGHT, kCGImageAlphaNone, 8, 1},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct geyser_texture *texture =
			make_texture(fixture->manager, rows[i].format, WIDTH, HEIGHT);
		CGImageRef image = image_of(texture, rows[i].alpha);

		assert_int_equal(CGImageGetWidth(image), WIDTH);
		assert_int_equal(CGImageGetHeight(image), HEIGHT);
		assert_int_equal(CGImageGetBitsPerPixel(image), rows[i].bits);
		assert_int_equal(CGImageGetBitmapInfo(image), rows[i].info);
		assert_int_equal(CGColorSpaceGetNumberOfComponents(CGImageGetColorSpace(image)),
			rows[i].channels);
		CGImageRelease(image);
		geyser_texture_unref(texture);
	}
}

static void test_straight_image_is_premultiplied_when_drawn(void **state)
{
	static const uint8_t straight[4] = {0, 0, 200, 0x80}, drawn_as[4] = {0, 0, 100, 0x80};
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 1, 1);
	CGContextRef context;
	CGImageRef image;

	put_texel(texture, 0, 0, straight);
	image = image_of(texture, GEYSER_ALPHA_STRAIGHT);
	put_texel(texture, 0, 0, "\0\0\0");
	context = begin(texture, GEYSER_ALPHA_PREMULTIPLIED);
	CGContextDrawImage(context, CGRectMake(0, 0, 1, 1), image);
	geyser_coregraphics_context_finish(texture, context);
	CGImageRelease(image);
	expect_texel(texture, 0, 0, drawn_as);
	geyser_texture_unref(texture);
}

static void test_colour_space_is_the_callers(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, WIDTH, HEIGHT);
	CGColorSpaceRef space = CGColorSpaceCreateDeviceRGB();
	CGColorSpaceRef grey = CGColorSpaceCreateWithName(kCGColorSpaceGenericGrayGamma2_2);
	void *image, *context;

	ok(geyser_coregraphics_image_create(texture, GEYSER_ALPHA_OPAQUE, space, &image));
	assert_ptr_equal(CGImageGetColorSpace((CGImageRef)image), space);
	CGImageRelease((CGImageRef)image);
	ok(geyser_coregraphics_context_create(texture, GEYSER_ALPHA_OPAQUE, space, &context));
	geyser_coregraphics_context_finish(texture, context);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "color_space has 1 channels",
		geyser_coregraphics_context_create(texture, GEYSER_ALPHA_OPAQUE, grey, &context));
	assert_null(context);
	CGColorSpaceRelease(grey);
	CGColorSpaceRelease(space);
	geyser_texture_unref(texture);
}

/* ---- refusals ---- */

static bool is_drawn(enum geyser_format format)
{
	for (size_t i = 0; i < COUNT_OF(drawn); i++)
		if (drawn[i].format == format)
			return true;
	return format == GEYSER_FORMAT_R8_UNORM_SRGB;
}

static void test_every_other_format_is_refused_by_name(void **state)
{
	struct geyser_manager *manager = make_manager_on(GEYSER_BACKEND_HOST);
	unsigned refusals = 0;

	(void)state;
	for (int f = 1; f < GEYSER_FORMAT_COUNT; f++) {
		const enum geyser_format format = (enum geyser_format)f;
		struct geyser_texture *texture;
		void *out = &texture;

		if (is_drawn(format))
			continue;
		texture = make_texture(manager, format, 2, 2);
		refused(GEYSER_ERROR_UNSUPPORTED, geyser_format_name(format),
			geyser_coregraphics_context_create(
				texture, GEYSER_ALPHA_OPAQUE, NULL, &out));
		assert_null(out);
		out = &texture;
		if (geyser_format_is_video(format))
			refused(GEYSER_ERROR_UNSUPPORTED, "; geyser_texture_convert converts video",
				geyser_coregraphics_context_create(
					texture, GEYSER_ALPHA_OPAQUE, NULL, &out));
		refused(GEYSER_ERROR_UNSUPPORTED, geyser_format_name(format),
			geyser_coregraphics_image_create(texture, GEYSER_ALPHA_OPAQUE, NULL, &out));
		assert_null(out);
		geyser_texture_unref(texture);
		refusals++;
	}
	assert_int_equal(refusals, GEYSER_FORMAT_COUNT - 1 - COUNT_OF(drawn) - 1);
	geyser_manager_destroy(manager);
}

static void test_what_is_no_bitmap_is_refused(void **state)
{
	struct geyser_texture_desc descs[] = {
		{.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 4, .height = 4, .layers = 2},
		{.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 4, .height = 4, .depth = 2},
		{.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 4, .height = 4, .mip_levels = 2},
	};
	struct geyser_manager *manager = make_manager_on(GEYSER_BACKEND_HOST);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(descs); i++) {
		struct geyser_texture *texture;
		void *out;

		ok(geyser_texture_create(manager, &descs[i], &texture));
		refused(GEYSER_ERROR_UNSUPPORTED, "one layer",
			geyser_coregraphics_context_create(
				texture, GEYSER_ALPHA_OPAQUE, NULL, &out));
		refused(GEYSER_ERROR_UNSUPPORTED, "one layer",
			geyser_coregraphics_image_create(texture, GEYSER_ALPHA_OPAQUE, NULL, &out));
		geyser_texture_unref(texture);
	}
	geyser_manager_destroy(manager);
}

static void test_wrong_arguments(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 1, 1);
	const enum geyser_alpha unknown = (enum geyser_alpha)3;
	void *out;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_coregraphics_context_create(texture, GEYSER_ALPHA_OPAQUE, NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_coregraphics_image_create(texture, GEYSER_ALPHA_OPAQUE, NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_coregraphics_context_create(NULL, GEYSER_ALPHA_OPAQUE, NULL, &out));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL",
		geyser_coregraphics_image_create(NULL, GEYSER_ALPHA_OPAQUE, NULL, &out));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "alpha (3)",
		geyser_coregraphics_context_create(texture, unknown, NULL, &out));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "alpha (3)",
		geyser_coregraphics_image_create(texture, unknown, NULL, &out));
	refused(GEYSER_ERROR_UNSUPPORTED, "straight",
		geyser_coregraphics_context_create(texture, GEYSER_ALPHA_STRAIGHT, NULL, &out));
	geyser_coregraphics_context_finish(texture, NULL);
	geyser_texture_unref(texture);
}

/* After a failure nothing stays locked or alive: the next drawing succeeds, and the double counts
 * live objects when the program ends. */
static void test_failures_leave_nothing_behind(void **state)
{
	static const struct {
		const char *call;
		enum geyser_result context, image;
	} rows[] = {
		{"CGColorSpaceCreateWithName", GEYSER_ERROR_OUT_OF_MEMORY,
			GEYSER_ERROR_OUT_OF_MEMORY},
		{"CGBitmapContextCreate", GEYSER_ERROR_UNSUPPORTED, GEYSER_OK},
		{"CGDataProviderCreateWithData", GEYSER_OK, GEYSER_ERROR_UNSUPPORTED},
		{"CGImageCreate", GEYSER_OK, GEYSER_ERROR_UNSUPPORTED},
		{"IOSurfaceLock", GEYSER_ERROR_SYSTEM, GEYSER_ERROR_SYSTEM},
	};
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, WIDTH, HEIGHT);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const unsigned long live = apple_double_live();
		void *out;

		apple_double_fail(rows[i].call, rows[i].context != GEYSER_OK);
		assert_int_equal(geyser_coregraphics_context_create(
					 texture, GEYSER_ALPHA_OPAQUE, NULL, &out),
			rows[i].context);
		geyser_coregraphics_context_finish(texture, out);
		apple_double_fail(NULL, 0);
		if (rows[i].image != GEYSER_OK)
			apple_double_fail(rows[i].call, 1);
		assert_int_equal(
			geyser_coregraphics_image_create(texture, GEYSER_ALPHA_OPAQUE, NULL, &out),
			rows[i].image);
		CGImageRelease((CGImageRef)out);
		apple_double_fail(NULL, 0);
		assert_int_equal(apple_double_live(), live);
	}
	draw_corner(texture, false);
	geyser_texture_unref(texture);
}

static void test_frameworks_that_are_not_loaded(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_texture *texture =
		make_texture(fixture->manager, GEYSER_FORMAT_BGRA8_UNORM, 1, 1);
	int context;
	void *image;

	refused(GEYSER_ERROR_UNSUPPORTED, "OpenGL isn't loaded",
		geyser_cgl_texture_bind(&context, texture));
	refused(GEYSER_ERROR_UNSUPPORTED, "Core Image isn't loaded",
		geyser_coreimage_image_create(texture, NULL, &image));
	refused(GEYSER_ERROR_UNSUPPORTED, "Core Image isn't loaded",
		geyser_coreimage_render(
			&context, &context, texture, GEYSER_ALPHA_PREMULTIPLIED, NULL));
	geyser_texture_unref(texture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_manager, teardown_manager)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_context_draws_every_format),
		TEST(test_context_draws_other_backends),
		TEST(test_context_premultiplies_over_what_is_there),
		TEST(test_opaque_context_ignores_alpha),
		TEST(test_image_is_a_copy),
		TEST(test_image_says_what_the_texture_is),
		TEST(test_straight_image_is_premultiplied_when_drawn),
		TEST(test_colour_space_is_the_callers),
		TEST(test_every_other_format_is_refused_by_name),
		TEST(test_what_is_no_bitmap_is_refused),
		TEST(test_wrong_arguments),
		TEST(test_failures_leave_nothing_behind),
		TEST(test_frameworks_that_are_not_loaded),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return cmocka_run_group_tests_name("core graphics", tests, NULL, NULL);
}
