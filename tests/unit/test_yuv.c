/*
 * Conversion of video, compared with a conversion in double precision (yuv_reference.c): every
 * format to and from colours and every other one, with each matrix and range, and sizes that are
 * odd and wider than a chunk.
 *
 * SPDX-License-Identifier: MIT
 */
#include "format/convert_pixels.h"
#include "format/convert_rows.h"
#include "format/yuv.h"
#include "format/yuv_fixed.h"
#include "pictures.h"
#include "yuv_reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t sizes[][2] = {{1, 1}, {3, 3}, {2, 5}, {33, 7}, {GY_CONVERT_CHUNK, 2},
	{GY_CONVERT_CHUNK + 1, 3}, {2 * GY_CONVERT_CHUNK + 3, 4}, {7, 1}, {1, 7},
	{2 * 1024 + 5, 3}};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))
#define LARGE 200 /* texels */

static const unsigned int matrices[] = {1, 6, 9};

static const struct {
	enum geyser_siting siting;
	double across, down;
} sitings[] = {{GEYSER_SITING_UNSPECIFIED, 0, 0.5}, {GEYSER_SITING_LEFT, 0, 0.5},
	{GEYSER_SITING_CENTER, 0.5, 0.5}, {GEYSER_SITING_TOP_LEFT, 0, 0},
	{GEYSER_SITING_TOP, 0.5, 0}, {GEYSER_SITING_BOTTOM_LEFT, 0, 1},
	{GEYSER_SITING_BOTTOM, 0.5, 1}};

#define SITINGS (sizeof(sitings) / sizeof(sitings[0]))

/* One range, siting and set of instructions. */
struct way {
	bool limited;
	size_t siting;
	const struct gy_convert_kernels *kernels;
};

#define WAYS (2 * 2 * SITINGS)

/* Tells whether to try a size in a way. Small sizes are tried in every way. Each pair of formats
 * tries a large size in every seventh way; all pairs together try it in every way. */
static bool is_tried(size_t size, size_t index, size_t pair)
{
	return sizes[size][0] * sizes[size][1] < LARGE || (index + size + pair) % 7 == 0;
}

static struct way way_of(size_t index)
{
	return (struct way){index % 2, index / 4,
		index / 2 % 2 ? &gy_convert_kernels_base : gy_convert_kernels()};
}

static struct yuv_picture picture_of(const struct geyser_pixels *pixels, const struct way *way)
{
	return (struct yuv_picture){
		pixels, way->limited, sitings[way->siting].across, sitings[way->siting].down};
}

static void convert(const struct way *way, const struct geyser_pixels *from,
	const struct geyser_pixels *to, unsigned int matrix)
{
	const struct geyser_color color = {.matrix = (uint8_t)matrix,
		.range = way->limited ? GEYSER_COLOR_RANGE_LIMITED : GEYSER_COLOR_RANGE_FULL};
	const struct geyser_convert_options options = {
		.color = &color, .siting = sitings[way->siting].siting};
	struct gy_yuv_meaning meaning;

	assert_int_equal(gy_yuv_meaning_of(&options, &meaning), GEYSER_OK);
	gy_convert_pixels(way->kernels, from, to, &meaning);
}

static void compare(const struct geyser_pixels *from, const struct geyser_pixels *to,
	const char *what, uint32_t x, uint32_t y, double is, double expected, double tolerance)
{
	if (fabs(is - expected) > tolerance)
		fail_msg("%s to %s, %u × %u, %s at %u, %u: %f, not %f",
			geyser_format_name(from->format), geyser_format_name(to->format),
			from->width, from->height, what, x, y, is, expected);
}

/* ---- to colours ------------------------------------------------------------------------------ */

static double clamped(double value)
{
	return value < 0 ? 0 : value > 1 ? 1 : value;
}

static void compare_colours(const struct yuv_picture *from, const struct geyser_pixels *to,
	unsigned int matrix, uint32_t x, uint32_t y)
{
	const struct geyser_format_info *const info = geyser_format_get_info(to->format);
	const bool floats = info->type == GEYSER_FORMAT_TYPE_FLOAT;
	const unsigned char *const texel = (const unsigned char *)to->planes[0].data +
					   y * to->planes[0].row_pitch +
					   (size_t)x * info->bytes_per_texel;
	/* 16-bit integers have an error of 0.019 */
	const double tolerance = floats                                                 ? 1e-5
				 : gy_yuv_fixed_knows(from->pixels->format, to->format) ? 0.52
											: 0.501;
	double yuv[3], rgb[3];

	for (unsigned int i = 0; i < 3; i++)
		yuv[i] = yuv_reference_normal(from, i, x, y);
	yuv_reference_colours(matrix, yuv, rgb);
	for (size_t i = 0; i < 3 && i < info->channels; i++) {
		float value = texel[i];

		if (floats)
			memcpy(&value, texel + 4 * i, sizeof(value));
		compare(from->pixels, to, "a colour", x, y, (double)value,
			floats ? rgb[i] : 255 * clamped(rgb[i]), tolerance);
	}
}

static void check_to_colours(enum geyser_format format, enum geyser_format colours, size_t size)
{
	struct geyser_pixels from =
		picture_make_random(format, sizes[size][0], sizes[size][1], (uint32_t)size);
	struct geyser_pixels to = picture_make(colours, sizes[size][0], sizes[size][1]);

	for (size_t i = 0; i < WAYS; i++) {
		const unsigned int matrix = matrices[(i + size) % 3];
		const struct way way = way_of(i);
		const struct yuv_picture picture = picture_of(&from, &way);

		if (!is_tried(size, i, (size_t)format + (size_t)colours))
			continue;
		convert(&way, &from, &to, matrix);
		for (uint32_t at = 0; at < from.width * from.height; at++)
			compare_colours(&picture, &to, matrix, at % from.width, at / from.width);
	}
	picture_finish(&from);
	picture_finish(&to);
}

static bool is_video(unsigned int format)
{
	return geyser_format_is_video((enum geyser_format)format);
}

static void video_becomes_colours(void **state)
{
	static const enum geyser_format colours[] = {GEYSER_FORMAT_RGBA8_UNORM,
		GEYSER_FORMAT_RGBA32_FLOAT, GEYSER_FORMAT_R8_UNORM, GEYSER_FORMAT_RG8_UNORM,
		GEYSER_FORMAT_R32_FLOAT, GEYSER_FORMAT_RG32_FLOAT};

	(void)state;
	for (unsigned int format = 1; format < GEYSER_FORMAT_COUNT; format++)
		for (size_t i = 0; is_video(format) && i < SIZES * 6; i++)
			check_to_colours((enum geyser_format)format, colours[i % 6], i / 6);
}

/* ---- from colours ---------------------------------------------------------------------------- */

struct colours {
	const struct geyser_pixels *pixels;
	unsigned int matrix;
};

static double limit(double value, uint32_t size)
{
	return value < 0 ? 0 : value > size - 1.0 ? size - 1.0 : value;
}

static double component_at(const void *source, unsigned int component, double x, double y)
{
	const struct colours *const colours = source;
	const struct geyser_pixels *const pixels = colours->pixels;
	const unsigned int channels = geyser_format_get_info(pixels->format)->channels;
	const unsigned char *const texel =
		(const unsigned char *)pixels->planes[0].data +
		(size_t)limit(y, pixels->height) * pixels->planes[0].row_pitch +
		(size_t)limit(x, pixels->width) * channels;
	double rgb[3] = {0}, yuv[3];

	for (unsigned int i = 0; i < 3 && i < channels; i++)
		rgb[i] = texel[i] / 255.0;

	yuv_reference_video(colours->matrix, rgb, yuv);
	return yuv[component];
}

static void check_from_colours(
	enum geyser_format source, enum geyser_format format, size_t size, size_t index)
{
	const struct way way = way_of(index);
	struct geyser_pixels from =
		picture_make_random(source, sizes[size][0], sizes[size][1], (uint32_t)size);
	struct geyser_pixels to = picture_make(format, sizes[size][0], sizes[size][1]);
	const struct colours colours = {&from, matrices[(index + size) % 3]};
	const struct yuv_picture picture = picture_of(&to, &way);

	convert(&way, &from, &to, colours.matrix);
	for (unsigned int i = 0; i < 3; i++)
		for (uint32_t y = 0; y < yuv_reference_rows(&to, i); y++)
			for (uint32_t x = 0; x < yuv_reference_columns(&to, i); x++)
				compare(&from, &to, "a sample", x, y,
					yuv_reference_sample(&to, i, x, y),
					yuv_reference_store(&picture, i,
						yuv_reference_shared(GEYSER_FORMAT_NONE, &picture,
							component_at, &colours, i, x, y)),
					0.52);
	picture_finish(&from);
	picture_finish(&to);
}

static void colours_become_video(void **state)
{
	static const enum geyser_format colours[] = {
		GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_RG8_UNORM, GEYSER_FORMAT_R8_UNORM};

	(void)state;
	for (unsigned int format = 1; format < GEYSER_FORMAT_COUNT; format++)
		for (size_t i = 0; is_video(format) && i < SIZES * 3; i++)
			for (size_t way = 0; way < WAYS; way++)
				if (is_tried(i / 3, way, format + i % 3))
					check_from_colours(colours[i % 3],
						(enum geyser_format)format, i / 3, way);
}

/* ---- the order of bytes ---------------------------------------------------------------------- */

static void swap(const struct geyser_pixels *texels)
{
	for (uint32_t y = 0; y < texels->height; y++)
		for (uint32_t x = 0; x < texels->width; x++) {
			unsigned char *const texel = (unsigned char *)texels->planes[0].data +
						     y * texels->planes[0].row_pitch +
						     (size_t)x * 4;
			const unsigned char first = texel[0];

			texel[0] = texel[2];
			texel[2] = first;
		}
}

/* Converts video to BGRA8 and RGBA8, and both back to video. The first conversion has the
 * processor's best instructions, and the second one those of every processor. */
static void check_order(enum geyser_format format, size_t size, size_t index)
{
	const struct way best = way_of(index & ~(size_t)2), base = way_of(index | 2);
	const uint32_t width = sizes[size][0], height = sizes[size][1];
	struct geyser_pixels video = picture_make_random(format, width, height, (uint32_t)size);
	struct geyser_pixels is = picture_make_random(GEYSER_FORMAT_BGRA8_UNORM, width, height, 7);
	struct geyser_pixels expected =
		picture_make_random(GEYSER_FORMAT_RGBA8_UNORM, width, height, 7);
	struct geyser_pixels back = picture_make_random(format, width, height, 8);
	struct geyser_pixels expected_back = picture_make_random(format, width, height, 8);
	unsigned char *const last = (unsigned char *)expected.planes[0].data +
				    (height - 1) * expected.planes[0].row_pitch;

	convert(&best, &video, &is, 1);
	convert(&base, &video, &expected, 1);
	assert_int_equal(last[4 * width - 1], 255);
	convert(&base, &expected, &expected_back, 1);
	convert(&best, &is, &back, 1);
	assert_true(pictures_are_same(&back, &expected_back));
	swap(&expected);
	assert_true(pictures_are_same(&is, &expected));
	picture_finish(&video);
	picture_finish(&is);
	picture_finish(&expected);
	picture_finish(&back);
	picture_finish(&expected_back);
}

static void bytes_in_either_order_are_the_same(void **state)
{
	(void)state;
	for (unsigned int format = 1; format < GEYSER_FORMAT_COUNT; format++)
		for (size_t size = 0; is_video(format) && size < SIZES; size++)
			for (size_t way = 0; way < WAYS; way++)
				if (is_tried(size, way, format))
					check_order((enum geyser_format)format, size, way);
}

/* ---- from video to video --------------------------------------------------------------------- */

struct repacked {
	struct yuv_picture from;
	enum geyser_format to;
};

static double repacked_at(const void *source, unsigned int component, double x, double y)
{
	const struct repacked *const repacked = source;

	return yuv_reference_between(&repacked->from, repacked->to, component, x, y);
}

static void check_repacking(
	enum geyser_format source, enum geyser_format destination, size_t size, size_t index)
{
	const struct way way = way_of(index);
	struct geyser_pixels from =
		picture_make_random(source, sizes[size][0], sizes[size][1], (uint32_t)(size + 100));
	struct geyser_pixels to =
		picture_make_random(destination, sizes[size][0], sizes[size][1], 7);
	const struct repacked repacked = {picture_of(&from, &way), destination};
	const struct yuv_picture picture = picture_of(&to, &way);

	convert(&way, &from, &to, 6);
	for (unsigned int i = 0; i < 3; i++)
		for (uint32_t y = 0; y < yuv_reference_rows(&to, i); y++)
			for (uint32_t x = 0; x < yuv_reference_columns(&to, i); x++)
				compare(&from, &to, "a sample", x, y,
					yuv_reference_sample(&to, i, x, y),
					yuv_reference_store(&picture, i,
						yuv_reference_shared(source, &picture, repacked_at,
							&repacked, i, x, y)),
					0.52);
	picture_finish(&from);
	picture_finish(&to);
}

static void video_becomes_video(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < GEYSER_FORMAT_COUNT * GEYSER_FORMAT_COUNT; i++) {
		const unsigned int from = i % GEYSER_FORMAT_COUNT, to = i / GEYSER_FORMAT_COUNT;

		for (size_t at = 0; is_video(from) && is_video(to) && at < SIZES * WAYS; at++)
			if (is_tried(at % SIZES, at / SIZES, from + to))
				check_repacking((enum geyser_format)from, (enum geyser_format)to,
					at % SIZES, at / SIZES);
	}
}

/* With the same chroma, a conversion to as many bits or more and back gives the same samples. */
static void repacking_loses_nothing(void **state)
{
	static const enum geyser_format pairs[][2] = {{GEYSER_FORMAT_NV12, GEYSER_FORMAT_I420},
		{GEYSER_FORMAT_NV12, GEYSER_FORMAT_P010}, {GEYSER_FORMAT_P010, GEYSER_FORMAT_P016},
		{GEYSER_FORMAT_YUY2, GEYSER_FORMAT_NV16}, {GEYSER_FORMAT_UYVY, GEYSER_FORMAT_P216},
		{GEYSER_FORMAT_I444, GEYSER_FORMAT_P410}};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(pairs) / sizeof(pairs[0]); i++) {
		const enum geyser_format *const pair = pairs[i / 2];
		struct geyser_pixels from = picture_make_random(pair[0], 33, 7, (uint32_t)i);
		struct geyser_pixels between = picture_make_random(pair[1], 33, 7, 1);
		struct geyser_pixels to = picture_make_random(pair[0], 33, 7, 2);

		const struct way way = way_of(i % 2);

		convert(&way, &from, &between, 1);
		convert(&way, &between, &to, 1);
		for (unsigned int component = 0; component < 3; component++)
			for (uint32_t y = 0; y < yuv_reference_rows(&to, component); y++)
				for (uint32_t x = 0; x < yuv_reference_columns(&to, component); x++)
					assert_int_equal(yuv_reference_sample(&to, component, x, y),
						yuv_reference_sample(&from, component, x, y));
		picture_finish(&from);
		picture_finish(&between);
		picture_finish(&to);
	}
}

/* ---- colours of every kind ------------------------------------------------------------------- */

/* Every colour format gets the numbers that rgba32float has, by the rules between colour formats.
 * The -srgb formats get those of the format without it. */
static void compare_rows(
	const struct geyser_pixels *is, const struct geyser_pixels *expected, size_t row_size)
{
	for (size_t y = 0; y < is->height; y++)
		assert_memory_equal((char *)is->planes[0].data + y * is->planes[0].row_pitch,
			(char *)expected->planes[0].data + y * is->planes[0].row_pitch, row_size);
}

static void every_colour_format_takes_part(void **state)
{
	struct geyser_pixels video = picture_make_random(GEYSER_FORMAT_NV12, 33, 3, 1);
	struct geyser_pixels back = picture_make(GEYSER_FORMAT_I444, 33, 3);
	struct geyser_pixels expected_back = picture_make(GEYSER_FORMAT_I444, 33, 3);
	struct geyser_pixels lanes = picture_make(GEYSER_FORMAT_RGBA32_FLOAT, 33, 3);
	struct geyser_pixels numbers = picture_make(GEYSER_FORMAT_RGBA32_FLOAT, 33, 3);

	(void)state;
	assert_int_equal(geyser_convert_pixels(&video, &lanes, NULL), GEYSER_OK);
	for (unsigned int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const struct geyser_format_info *const info =
			geyser_format_get_info((enum geyser_format)i);
		struct geyser_pixels is = picture_make_random(info->format, 33, 3, 1);
		struct geyser_pixels expected = picture_make_random(info->format, 33, 3, 1);

		if (info->srgb)
			expected.format = (enum geyser_format)(
				i + GEYSER_FORMAT_R8_UNORM - GEYSER_FORMAT_R8_UNORM_SRGB);
		if (!info->depth && !is_video(i)) {
			assert_int_equal(geyser_convert_pixels(&video, &is, NULL), GEYSER_OK);
			assert_int_equal(geyser_convert_pixels(&lanes, &expected, NULL), GEYSER_OK);
			compare_rows(&is, &expected, (size_t)33 * info->bytes_per_texel);
			assert_int_equal(geyser_convert_pixels(&is, &back, NULL), GEYSER_OK);
			assert_int_equal(
				geyser_convert_pixels(&expected, &numbers, NULL), GEYSER_OK);
			assert_int_equal(
				geyser_convert_pixels(&numbers, &expected_back, NULL), GEYSER_OK);
			assert_true(pictures_are_same(&back, &expected_back));
		}
		picture_finish(&is);
		picture_finish(&expected);
	}
	picture_finish(&numbers);
	picture_finish(&lanes);
	picture_finish(&expected_back);
	picture_finish(&back);
	picture_finish(&video);
}

static void numbers_beyond_are_clamped(void **state)
{
	float lanes[] = {2, -1, NAN, 0, INFINITY, INFINITY, -INFINITY, NAN};
	const struct geyser_pixels from = {
		GEYSER_FORMAT_RGBA32_FLOAT, 2, 1, {{lanes, sizeof(lanes)}}};
	const unsigned char clamped_lanes[] = {255, 0, 0, 0, 255, 255, 0, 0};
	const struct geyser_pixels clamped_from = {GEYSER_FORMAT_RGBA8_UNORM, 2, 1,
		{{(void *)(uintptr_t)clamped_lanes, sizeof(clamped_lanes)}}};
	struct geyser_pixels is = picture_make_random(GEYSER_FORMAT_I444, 2, 1, 1);
	struct geyser_pixels expected = picture_make_random(GEYSER_FORMAT_I444, 2, 1, 1);

	(void)state;
	assert_int_equal(geyser_convert_pixels(&from, &is, NULL), GEYSER_OK);
	assert_int_equal(geyser_convert_pixels(&clamped_from, &expected, NULL), GEYSER_OK);
	for (unsigned int plane = 0; plane < 3; plane++)
		assert_memory_equal(is.planes[plane].data, expected.planes[plane].data, 2);
	picture_finish(&is);
	picture_finish(&expected);
}

/* ---- arguments ------------------------------------------------------------------------------- */

static void refused(enum geyser_result result, const char *words, const struct geyser_pixels *from,
	const struct geyser_pixels *to, const struct geyser_color *color)
{
	const struct geyser_convert_options options = {.color = color};

	assert_int_equal(geyser_convert_pixels(from, to, &options), result);
	if (!strstr(geyser_error_detail(), words))
		fail_msg("\"%s\" lacks \"%s\"", geyser_error_detail(), words);
}

static void what_has_no_result_is_refused(void **state)
{
	const struct geyser_color gbr = {.matrix = 0}, chroma_derived = {.matrix = 12};
	struct geyser_pixels from = picture_make_random(GEYSER_FORMAT_NV12, 5, 3, 1), bad = from;
	struct geyser_pixels to = picture_make_random(GEYSER_FORMAT_RGBA8_UNORM, 5, 3, 1);
	struct geyser_pixels video = picture_make_random(GEYSER_FORMAT_I420, 5, 3, 1);

	(void)state;
	refused(GEYSER_ERROR_UNSUPPORTED, "color matrix (0)", &from, &to, &gbr);
	refused(GEYSER_ERROR_UNSUPPORTED, "color matrix (12)", &to, &from, &chroma_derived);
	bad.planes[1].data = NULL;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "source planes[1].data is NULL: 3 × 2", &bad, &to,
		NULL);
	bad.planes[1] = from.planes[1];
	bad.planes[1].row_pitch = 5;
	refused(GEYSER_ERROR_INVALID_ARGUMENT,
		"source planes[1].row_pitch (5 bytes): 5 texels of nv12 take 6", &bad, &to, NULL);
	bad = video;
	bad.planes[2].data = (char *)from.planes[1].data + 5;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "destination planes[2].data: its", &from, &bad,
		NULL);
	picture_finish(&video);
	picture_finish(&to);
	picture_finish(&from);
}

/* Without a colour, and with a matrix that isn't specified, samples are BT.601's. */
static void unspecified_is_601(void **state)
{
	const struct geyser_color colors[] = {{.matrix = 2, .range = GEYSER_COLOR_RANGE_LIMITED},
		{.matrix = 5, .range = GEYSER_COLOR_RANGE_LIMITED},
		{.matrix = 6, .range = GEYSER_COLOR_RANGE_LIMITED}};
	struct geyser_pixels from = picture_make_random(GEYSER_FORMAT_NV12, 33, 1, 1);
	struct geyser_pixels is = picture_make_random(GEYSER_FORMAT_RGBA8_UNORM, 33, 1, 1);
	struct geyser_pixels expected = picture_make_random(GEYSER_FORMAT_RGBA8_UNORM, 33, 1, 1);

	(void)state;
	assert_int_equal(geyser_convert_pixels(&from, &expected, NULL), GEYSER_OK);
	for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
		const struct geyser_convert_options options = {.color = &colors[i]};

		assert_int_equal(geyser_convert_pixels(&from, &is, &options), GEYSER_OK);
		assert_memory_equal(is.planes[0].data, expected.planes[0].data, 33 * 4);
	}
	picture_finish(&from);
	picture_finish(&is);
	picture_finish(&expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(video_becomes_colours),
		cmocka_unit_test(colours_become_video),
		cmocka_unit_test(bytes_in_either_order_are_the_same),
		cmocka_unit_test(video_becomes_video),
		cmocka_unit_test(repacking_loses_nothing),
		cmocka_unit_test(every_colour_format_takes_part),
		cmocka_unit_test(numbers_beyond_are_clamped),
		cmocka_unit_test(what_has_no_result_is_refused),
		cmocka_unit_test(unspecified_is_601),
	};

	return cmocka_run_group_tests_name("yuv", tests, NULL, NULL);
}
