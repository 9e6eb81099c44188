/*
 * The device converts every pair of colour formats by itself, in images and through buffers, with
 * the same bits as geyser_convert_pixels. tests/unit/test_convert.c compares those with a
 * conversion in double precision, and tests/conformance/conversion.c converts every subresource.
 *
 * SPDX-License-Identifier: MIT
 */
#include "backend/vulkan.h"
#include "format/convert.h"
#include "format/yuv.h"

#include <geyser/convert.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NO_VULKAN 77 /* Meson's exit status for a skipped test */

/* no multiple of a workgroup's size */
#define WIDTH 67u
#define HEIGHT 31u
#define TEXELS (WIDTH * HEIGHT)
#define TEXEL_MAX 16u

static const struct gy_backend *const backend = &gy_vulkan_backend;
static void *device;

static bool is_colour(enum geyser_format format)
{
	return gy_convert_has_steps(format);
}

static uint32_t usage_of(enum geyser_format format)
{
	return backend->format_usage(device, geyser_format_get_info(format), GEYSER_DIMENSION_2D);
}

static struct gy_backend_texture *make(enum geyser_format format, uint32_t usage)
{
	const struct geyser_texture_desc desc = {
		.format = format,
		.width = WIDTH,
		.height = HEIGHT,
		.depth = 1,
		.layers = 1,
		.mip_levels = 1,
		.usage = usage & usage_of(format),
	};
	struct gy_backend_texture *texture;

	assert_int_equal(backend->texture_create(device, &desc, false, &texture), GEYSER_OK);
	return texture;
}

/* Half of the texels are numbers from about 0 to 1 in each format, and half are random bits. */
static void fill(enum geyser_format format, unsigned char *texels)
{
	const size_t size = geyser_format_get_info(format)->bytes_per_texel;
	float numbers[TEXELS / 2 * 4];
	const struct geyser_pixels floats = {
		GEYSER_FORMAT_RGBA32_FLOAT, TEXELS / 2, 1, {{numbers, sizeof(numbers)}}};
	const struct geyser_pixels half = {format, TEXELS / 2, 1, {{texels, TEXELS * size}}};
	uint32_t state = 1;

	for (size_t i = 0; i < TEXELS / 2 * 4; i++) {
		state = state * 1664525 + 1013904223;
		numbers[i] = (float)(state >> 8) * 0x1.2p-24f - 0.0625f;
	}
	assert_int_equal(geyser_convert_pixels(&floats, &half, NULL), GEYSER_OK);
	for (size_t i = TEXELS / 2 * size; i < TEXELS * size; i++) {
		state = state * 1664525 + 1013904223;
		texels[i] = (unsigned char)(state >> 24);
	}
}

static void check_pair(enum geyser_format from, enum geyser_format to, uint32_t usage)
{
	static unsigned char texels[TEXELS * TEXEL_MAX], expected[TEXELS * TEXEL_MAX];
	const size_t in = geyser_format_get_info(from)->bytes_per_texel;
	const size_t out = geyser_format_get_info(to)->bytes_per_texel;
	const struct geyser_pixels source = {from, WIDTH, HEIGHT, {{texels, WIDTH * in}}};
	const struct geyser_pixels destination = {to, WIDTH, HEIGHT, {{expected, WIDTH * out}}};
	const struct gy_yuv_meaning meaning = {0};
	struct gy_backend_texture *a = make(from, usage), *b = make(to, usage);
	bool done = false;
	void *data;

	fill(from, texels);
	assert_int_equal(geyser_convert_pixels(&source, &destination, NULL), GEYSER_OK);
	assert_int_equal(backend->texture_map(a, GEYSER_ACCESS_WRITE, &data), GEYSER_OK);
	memcpy(data, texels, TEXELS * in);
	backend->texture_unmap(a);
	assert_int_equal(gy_vulkan_convert(a, b, &meaning, &done), GEYSER_OK);
	if (!done)
		fail_msg("%s to %s: the device doesn't convert it", geyser_format_name(from),
			geyser_format_name(to));
	assert_int_equal(backend->texture_map(b, GEYSER_ACCESS_READ, &data), GEYSER_OK);
	if (memcmp(data, expected, TEXELS * out) != 0)
		fail_msg("%s to %s: the bits differ", geyser_format_name(from),
			geyser_format_name(to));
	backend->texture_unmap(b);
	backend->texture_destroy(a);
	backend->texture_destroy(b);
}

static void check_all(uint32_t usage)
{
	for (int from = 1; from < GEYSER_FORMAT_COUNT; from++)
		for (int to = 1; to < GEYSER_FORMAT_COUNT; to++)
			if (is_colour((enum geyser_format)from) &&
				is_colour((enum geyser_format)to) &&
				usage_of((enum geyser_format)from) &&
				usage_of((enum geyser_format)to))
				check_pair((enum geyser_format)from, (enum geyser_format)to, usage);
}

static void every_pair_is_converted_through_buffers(void **state)
{
	(void)state;
	check_all(0);
}

static void every_pair_is_converted_in_images(void **state)
{
	(void)state;
	check_all(GEYSER_USAGE_TEXTURE_BINDING | GEYSER_USAGE_STORAGE_BINDING);
}

/* ---- other shapes ---- */

static struct gy_backend_texture *make_shape(
	const struct geyser_texture_desc *shape, enum geyser_format format, uint32_t usage)
{
	struct geyser_texture_desc desc = *shape;
	struct gy_backend_texture *texture;

	desc.format = format;
	desc.usage = usage;
	assert_int_equal(backend->texture_create(device, &desc, false, &texture), GEYSER_OK);
	return texture;
}

/* Describes all texels of a texture as one row: the layouts here have no gaps. */
static struct geyser_pixels all_texels(
	const struct gy_backend_texture *texture, enum geyser_format format, void *data)
{
	const size_t size = (size_t)texture->layout.size;
	const uint32_t texels = (uint32_t)(size / geyser_format_get_info(format)->bytes_per_texel);

	return (struct geyser_pixels){format, texels, 1, {{data, size}}};
}

static void check_shape(const struct geyser_texture_desc *shape, enum geyser_format from,
	enum geyser_format to, uint32_t usage)
{
	struct gy_backend_texture *a = make_shape(shape, from, usage);
	struct gy_backend_texture *b = make_shape(shape, to, usage);
	const struct gy_yuv_meaning meaning = {0};
	struct geyser_pixels source, destination;
	void *texels, *data, *expected = malloc((size_t)b->layout.size);
	uint32_t state = 1;
	bool done = false;

	assert_non_null(expected);
	assert_int_equal(backend->texture_map(a, GEYSER_ACCESS_READ_WRITE, &texels), GEYSER_OK);
	for (uint64_t i = 0; i < a->layout.size; i++) {
		state = state * 1664525 + 1013904223;
		((unsigned char *)texels)[i] = (unsigned char)(state >> 24);
	}
	source = all_texels(a, from, texels);
	destination = all_texels(b, to, expected);
	assert_int_equal(geyser_convert_pixels(&source, &destination, NULL), GEYSER_OK);
	backend->texture_unmap(a);
	assert_int_equal(gy_vulkan_convert(a, b, &meaning, &done), GEYSER_OK);
	assert_true(done);
	assert_int_equal(backend->texture_map(b, GEYSER_ACCESS_READ, &data), GEYSER_OK);
	assert_memory_equal(data, expected, (size_t)b->layout.size);
	backend->texture_unmap(b);
	free(expected);
	backend->texture_destroy(a);
	backend->texture_destroy(b);
}

/* Levels, layers, depth slices, odd widths, and more rows than a buffer holds. */
static void all_shapes_are_converted(void **state)
{
	static const struct geyser_texture_desc shapes[] = {
		{.width = 1, .height = 1, .depth = 1, .layers = 1, .mip_levels = 1},
		{.width = 33, .height = 7, .depth = 1, .layers = 3, .mip_levels = 5},
		{.width = 33, .height = 7, .depth = 5, .layers = 1, .mip_levels = 3},
		{.width = 1023, .height = 3001, .depth = 1, .layers = 1, .mip_levels = 1},
	};
	static const uint32_t both = GEYSER_USAGE_TEXTURE_BINDING | GEYSER_USAGE_STORAGE_BINDING;

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (size_t usage = 0; usage < 2; usage++) {
			check_shape(&shapes[i], GEYSER_FORMAT_RGBA8_UNORM,
				GEYSER_FORMAT_RGBA16_FLOAT, usage ? both : 0);
			check_shape(&shapes[i], GEYSER_FORMAT_RG16_FLOAT, GEYSER_FORMAT_R8_UNORM,
				usage ? both : 0);
			check_shape(&shapes[i], GEYSER_FORMAT_RGBA8_UNORM,
				GEYSER_FORMAT_RGBA8_UNORM, usage ? both : 0);
		}
}

/* Textures of one format are copied, whatever the format. */
static void depth_is_copied(void **state)
{
	static const struct geyser_texture_desc shape = {
		.width = 33, .height = 7, .depth = 1, .layers = 2, .mip_levels = 2};

	(void)state;
	if (usage_of(GEYSER_FORMAT_DEPTH32_FLOAT) == 0)
		skip();
	check_shape(&shape, GEYSER_FORMAT_DEPTH32_FLOAT, GEYSER_FORMAT_DEPTH32_FLOAT, 0);
}

/* ---- video ---- */

/* Describes a mapped texture. */
static struct geyser_pixels describe(const struct gy_backend_texture *texture,
	const struct geyser_texture_desc *desc, enum geyser_format format, void *data)
{
	struct geyser_pixels out = {.format = format, .width = desc->width, .height = desc->height};
	struct geyser_texture_desc own = *desc;
	struct geyser_subresource at;

	own.format = format;
	for (uint32_t i = 0; i < geyser_format_get_info(format)->planes; i++) {
		gy_layout_subresource(&own, &texture->layout, i, 0, 0, &at);
		out.planes[i].data = (char *)data + at.offset;
		out.planes[i].row_pitch = (size_t)at.row_pitch;
	}
	return out;
}

/* Samples of 10 bits are the upper ones of a word. */
static int sample_at(const unsigned char *data, size_t i, enum geyser_format format)
{
	const struct gy_yuv_layout layout = gy_yuv_layout_of(format);

	return layout.bits == 8 ? data[i]
				: (data[2 * i] | data[2 * i + 1] << 8) >> (16 - layout.bits);
}

static void compare_video(
	enum geyser_format format, const void *is, const void *expected, size_t size)
{
	const size_t samples = gy_yuv_layout_of(format).bits == 8 ? size : size / 2;

	for (size_t i = 0; i < samples; i++)
		if (abs(sample_at(is, i, format) - sample_at(expected, i, format)) > 1)
			fail_msg("%s: sample %zu is %d, and must be %d", geyser_format_name(format),
				i, sample_at(is, i, format), sample_at(expected, i, format));
}

static void compare_bytes(const unsigned char *is, const unsigned char *expected, size_t size,
	enum geyser_format format)
{
	for (size_t i = 0; i < size; i++)
		if (abs(is[i] - expected[i]) > 1)
			fail_msg("from %s: byte %zu is %d, and must be %d",
				geyser_format_name(format), i, is[i], expected[i]);
}

/* Converts to rgba8unorm if `to_colours` is set, else from there. */
static void check_video(const struct geyser_texture_desc *shape, enum geyser_format video,
	bool to_colours, const struct geyser_convert_options *options)
{
	const uint32_t usage = GEYSER_USAGE_TEXTURE_BINDING | GEYSER_USAGE_STORAGE_BINDING;
	const enum geyser_format from = to_colours ? video : GEYSER_FORMAT_RGBA8_UNORM;
	const enum geyser_format to = to_colours ? GEYSER_FORMAT_RGBA8_UNORM : video;
	struct gy_backend_texture *a = make_shape(shape, from, usage);
	struct gy_backend_texture *b = make_shape(shape, to, usage);
	const size_t size = (size_t)b->layout.size;
	struct geyser_pixels source, destination;
	void *data, *expected = calloc(1, size);
	struct gy_yuv_meaning meaning;
	uint32_t state = 1;
	bool done = false;

	assert_non_null(expected);
	assert_int_equal(gy_yuv_meaning_of(options, &meaning), GEYSER_OK);
	assert_int_equal(backend->texture_map(a, GEYSER_ACCESS_READ_WRITE, &data), GEYSER_OK);
	for (uint64_t i = 0; i < a->layout.size; i++) {
		state = state * 1664525 + 1013904223;
		((unsigned char *)data)[i] = (unsigned char)(state >> 24);
	}
	source = describe(a, shape, from, data);
	destination = describe(b, shape, to, expected);
	assert_int_equal(geyser_convert_pixels(&source, &destination, options), GEYSER_OK);
	backend->texture_unmap(a);
	assert_int_equal(gy_vulkan_convert(a, b, &meaning, &done), GEYSER_OK);
	if (!done)
		fail_msg("%s %s colours: the device doesn't convert it", geyser_format_name(video),
			to_colours ? "to" : "from");
	assert_int_equal(backend->texture_map(b, GEYSER_ACCESS_READ, &data), GEYSER_OK);
	if (to_colours)
		compare_bytes(data, expected, size, video);
	else
		compare_video(video, data, expected, size);
	backend->texture_unmap(b);
	free(expected);
	backend->texture_destroy(a);
	backend->texture_destroy(b);
}

static bool is_storable(enum geyser_format format)
{
	const uint32_t needed = GEYSER_USAGE_TEXTURE_BINDING | GEYSER_USAGE_STORAGE_BINDING;

	return geyser_format_is_video(format) && (usage_of(format) & needed) == needed;
}

/* Every format of video, in both directions, at even and odd sizes, with every siting. */
static void video_is_converted(void **state)
{
	static const struct geyser_texture_desc shapes[] = {
		{.width = 1, .height = 1, .depth = 1, .layers = 1, .mip_levels = 1},
		{.width = 3, .height = 3, .depth = 1, .layers = 1, .mip_levels = 1},
		{.width = 333, .height = 77, .depth = 1, .layers = 1, .mip_levels = 1},
		{.width = 64, .height = 48, .depth = 1, .layers = 1, .mip_levels = 1},
	};
	static const struct geyser_color full = {.matrix = 9, .range = GEYSER_COLOR_RANGE_FULL};

	(void)state;
	if (!is_storable(GEYSER_FORMAT_NV12))
		skip();
	for (int format = 1; format < GEYSER_FORMAT_COUNT; format++)
		for (size_t i = 0; is_storable((enum geyser_format)format) && i < 4 * 7; i++) {
			const struct geyser_convert_options options = {
				.color = i % 2 ? &full : NULL,
				.siting = (enum geyser_siting)(i % 7)};

			check_video(&shapes[i / 7], (enum geyser_format)format, true, &options);
			check_video(&shapes[i / 7], (enum geyser_format)format, false, &options);
		}
}

/* Whether the device converts between these formats. It compares each pair's numbers by itself. */
static bool converts(enum geyser_format from, enum geyser_format to)
{
	static const struct geyser_texture_desc shape = {
		.width = 8, .height = 8, .depth = 1, .layers = 1, .mip_levels = 1};
	const uint32_t usage = GEYSER_USAGE_TEXTURE_BINDING | GEYSER_USAGE_STORAGE_BINDING;
	struct gy_backend_texture *a = make_shape(&shape, from, usage & usage_of(from));
	struct gy_backend_texture *b = make_shape(&shape, to, usage & usage_of(to));
	struct gy_yuv_meaning meaning;
	bool done = false;

	assert_int_equal(gy_yuv_meaning_of(NULL, &meaning), GEYSER_OK);
	assert_int_equal(gy_vulkan_convert(a, b, &meaning, &done), GEYSER_OK);
	backend->texture_destroy(a);
	backend->texture_destroy(b);
	return done;
}

static void video_is_converted_from_and_to_all_colours(void **state)
{
	static const enum geyser_format video[] = {GEYSER_FORMAT_NV12, GEYSER_FORMAT_P010};

	(void)state;
	if (!is_storable(GEYSER_FORMAT_P010))
		skip();
	for (int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const enum geyser_format colour = (enum geyser_format)i;
		const struct geyser_format_info *const info = geyser_format_get_info(colour);
		const bool plain = !info->srgb && (info->type == GEYSER_FORMAT_TYPE_UNORM ||
							  info->type == GEYSER_FORMAT_TYPE_FLOAT);

		for (size_t j = 0; j < 2 && is_colour(colour) &&
				   (usage_of(colour) & GEYSER_USAGE_STORAGE_BINDING);
			j++) {
			if (converts(video[j], colour) != plain ||
				converts(colour, video[j]) != plain)
				fail_msg("%s and %s", geyser_format_name(video[j]),
					geyser_format_name(colour));
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_shapes_are_converted),
		cmocka_unit_test(depth_is_copied),
		cmocka_unit_test(video_is_converted),
		cmocka_unit_test(video_is_converted_from_and_to_all_colours),
		cmocka_unit_test(every_pair_is_converted_through_buffers),
		cmocka_unit_test(every_pair_is_converted_in_images),
	};
	int failed;

	if (backend->open(false, &device) != GEYSER_OK) {
		(void)printf("1..0 # SKIP %s\n", geyser_error_detail());
		return NO_VULKAN;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	backend->close(device);
	return failed;
}
