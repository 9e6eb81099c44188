/*
 * Pictures that are cropped, turned upright and scaled, compared with a slow way in double
 * precision (scale_reference.c): every filter and orientation, colours and video.
 *
 * SPDX-License-Identifier: MIT
 */
#include "format/convert_pixels.h"
#include "format/convert_rows.h"
#include "format/geometry.h"
#include "format/yuv.h"
#include "pictures.h"
#include "scale_reference.h"
#include "yuv_reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A size of the source, a part of it, and a size of the destination. */
static const struct {
	uint32_t from[2];
	struct geyser_rect crop;
	uint32_t to[2];
} shapes[] = {
	{{1, 1}, {0, 0, 0, 0}, {1, 1}},
	{{1, 1}, {0, 0, 0, 0}, {5, 3}},
	{{3, 3}, {0, 0, 0, 0}, {1, 1}},
	{{3, 3}, {0, 0, 0, 0}, {8, 7}},
	{{3, 3}, {1, 1, 2, 2}, {2, 2}},
	{{6, 6}, {2, 2, 3, 3}, {3, 3}},
	{{9, 6}, {1, 3, 7, 3}, {4, 4}},
	{{333, 77}, {0, 0, 0, 0}, {40, 31}},
	{{40, 31}, {3, 1, 33, 29}, {333, 38}},
	{{700, 5}, {0, 0, 0, 0}, {600, 3}},
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))
#define FIRST_LARGE 7

static const struct {
	enum geyser_siting siting;
	double across, down;
} sitings[] = {{GEYSER_SITING_LEFT, 0, 0.5}, {GEYSER_SITING_CENTER, 0.5, 0.5},
	{GEYSER_SITING_BOTTOM_LEFT, 0, 1}, {GEYSER_SITING_TOP, 0.5, 0}};

#define SITINGS (sizeof(sitings) / sizeof(sitings[0]))

/* ---- pictures -------------------------------------------------------------------------------- */

/* Makes a picture of numbers from 0 to 1, or of integers. */
static struct geyser_pixels make_random(enum geyser_format format, uint32_t width, uint32_t height)
{
	const enum geyser_format_type type = geyser_format_get_info(format)->type;
	struct geyser_pixels out = picture_make_random(format, width, height, 1), numbers;

	if (type != GEYSER_FORMAT_TYPE_FLOAT)
		return out;
	numbers = picture_make_random(GEYSER_FORMAT_RGBA16_UNORM, width, height, 1);
	assert_int_equal(geyser_convert_pixels(&numbers, &out, NULL), GEYSER_OK);
	picture_finish(&numbers);
	return out;
}

/* A way to scale, for the library and for the reference. */
struct way {
	struct geyser_convert_options options;
	struct scale_reference reference;
};

#define WAYS (SHAPES * 8 * 3)

/* Tells whether to try a way. Small shapes are tried in every way. Each pair of formats tries a
 * large shape in every fifth way. */
static bool is_tried(size_t index, size_t pair)
{
	return index / 24 < FIRST_LARGE || (index + pair) % 5 == 0;
}

/* Returns one of WAYS ways. The shape comes with it. */
static struct way way_of(size_t index, size_t siting, size_t *shape)
{
	struct way out = {
		.options = {.filter = 1 + (enum geyser_filter)(index % 3),
			.orientation = (enum geyser_orientation)(index / 3 % 8),
			.siting = sitings[siting].siting},
	};

	*shape = index / 24;
	out.options.crop = shapes[*shape].crop;
	out.reference = (struct scale_reference){.width = shapes[*shape].to[0],
		.height = shapes[*shape].to[1],
		.crop = out.options.crop,
		.filter = out.options.filter,
		.orientation = out.options.orientation,
		.across = sitings[siting].across,
		.down = sitings[siting].down};
	if (out.options.crop.width == 0)
		out.reference.crop =
			(struct geyser_rect){0, 0, shapes[*shape].from[0], shapes[*shape].from[1]};
	return out;
}

/* Scales, with both sets of instructions, which have to give the same bytes. */
static void scale(
	const struct way *way, const struct geyser_pixels *from, const struct geyser_pixels *to)
{
	const uint32_t sizes[2][2] = {{from->width, from->height}, {to->width, to->height}};
	struct geyser_pixels base = picture_make(to->format, to->width, to->height);
	struct gy_yuv_meaning meaning;
	struct gy_geometry geometry;

	assert_int_equal(geyser_convert_pixels(from, to, &way->options), GEYSER_OK);
	assert_int_equal(
		gy_convert_check_formats(from->format, to->format, &way->options, &meaning),
		GEYSER_OK);
	assert_int_equal(gy_geometry_of(&way->options, sizes[0], sizes[1], &geometry), GEYSER_OK);
	gy_convert_scaled(&gy_convert_kernels_base, from, &base, &meaning, &geometry);
	assert_true(pictures_are_same(&base, to));
	picture_finish(&base);
}

static void compare(const struct way *way, const struct geyser_pixels *from,
	const struct geyser_pixels *to, const char *what, uint32_t x, uint32_t y, double is,
	double expected, double tolerance)
{
	if (fabs(is - expected) > tolerance)
		fail_msg("%s %u × %u to %s %u × %u, filter %d, orientation %d, %s at %u, %u: %.9g, "
			 "not %.9g",
			geyser_format_name(from->format), from->width, from->height,
			geyser_format_name(to->format), to->width, to->height,
			(int)way->options.filter, (int)way->options.orientation, what, x, y, is,
			expected);
}

/* ---- colours --------------------------------------------------------------------------------- */

/* The numbers that a picture's channels stand for. */
static struct geyser_pixels numbers_of(const struct geyser_pixels *pixels)
{
	struct geyser_pixels out =
		picture_make(GEYSER_FORMAT_RGBA32_FLOAT, pixels->width, pixels->height);

	assert_int_equal(geyser_convert_pixels(pixels, &out, NULL), GEYSER_OK);
	return out;
}

static double number_at(const void *source, unsigned int lane, uint32_t x, uint32_t y)
{
	const struct geyser_pixels *const pixels = source;
	float out;

	memcpy(&out,
		(const unsigned char *)pixels->planes[0].data + y * pixels->planes[0].row_pitch +
			(4 * (size_t)x + lane) * sizeof(out),
		sizeof(out));
	return (double)out;
}

/* Returns half of the distance between a number and the next one that a channel can hold. */
static double half_step(enum geyser_format format, unsigned int lane, double number)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	switch (info->type) {
	case GEYSER_FORMAT_TYPE_FLOAT:
		return info->bytes_per_texel / info->channels == 2 ? number * 0x1p-11 + 0x1p-25
								   : number * 0x1p-22;
	case GEYSER_FORMAT_TYPE_UINT:
		return 0.5;
	default:
		break;
	}
	if (info->srgb && lane < 3)
		return 0.5 / 255 *
		       (number < 0.0031308 ? 1 / 12.92 : 2.3 * pow(number, 0.58) + 2e-3);
	if (format == GEYSER_FORMAT_RGB10A2_UNORM)
		return lane == 3 ? 0.5 / 3 : 0.5 / 1023;
	return 0.5 / (exp2(8.0 * info->bytes_per_texel / info->channels) - 1);
}

/* What a channel holds of a number. */
static double held(enum geyser_format format, unsigned int lane, double number)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	if (lane >= info->channels)
		return lane == 3;
	return info->type == GEYSER_FORMAT_TYPE_UNORM && number > 1 ? 1 : number;
}

static void compare_colours(
	const struct way *way, const struct geyser_pixels *from, const struct geyser_pixels *to)
{
	const struct scale_grid whole = {1, 1};
	struct geyser_pixels source = numbers_of(from), is = numbers_of(to);

	for (uint32_t y = 0; y < to->height; y++)
		for (uint32_t x = 0; x < to->width; x++)
			for (unsigned int lane = 0; lane < 4; lane++) {
				const double expected = held(to->format, lane,
					scale_reference_sample(&way->reference, whole, whole, false,
						number_at, &source, lane, x, y));

				compare(way, from, to, "a channel", x, y,
					number_at(&is, lane, x, y), expected,
					half_step(to->format, lane, expected) +
						2e-7 * (1 + expected));
			}
	picture_finish(&source);
	picture_finish(&is);
}

/* ---- video ----------------------------------------------------------------------------------- */

static double sample_at(const void *source, unsigned int component, uint32_t x, uint32_t y)
{
	return yuv_reference_sample(source, component, x, y);
}

static struct scale_grid grid_of(enum geyser_format format, unsigned int component)
{
	const struct geyser_pixels pixels = {.format = format, .width = 2, .height = 2};

	return (struct scale_grid){2 / yuv_reference_columns(&pixels, component),
		2 / yuv_reference_rows(&pixels, component)};
}

/* Returns a sample, limited range, as luma from 0 to 1 or chroma around 0. */
static double normal(enum geyser_format format, unsigned int component, double sample)
{
	const double unit = exp2(yuv_reference_bits(format) - 8.0);

	return component ? (sample / unit - 128) / 224 : (sample / unit - 16) / 219;
}

/* Tells whether the source's part is converted by the rules for one size: it isn't turned, and
 * begins at a chroma sample. Where the other format has other chroma, these rules interpolate. */
static bool is_one_size(const struct way *way, const struct geyser_pixels *from)
{
	const struct scale_reference *const how = &way->reference;
	const struct scale_grid grid = grid_of(from->format, 1);

	return how->orientation == GEYSER_ORIENTATION_NORMAL && how->width == how->crop.width &&
	       how->height == how->crop.height && how->crop.x % grid.columns == 0 &&
	       how->crop.y % grid.rows == 0;
}

static void compare_video(
	const struct way *way, const struct geyser_pixels *from, const struct geyser_pixels *to)
{
	const double unit = exp2(yuv_reference_bits(to->format) - 8.0);

	for (unsigned int component = 0; component < (is_one_size(way, from) ? 1 : 3); component++)
		for (uint32_t y = 0; y < yuv_reference_rows(to, component); y++)
			for (uint32_t x = 0; x < yuv_reference_columns(to, component); x++) {
				const double sample = scale_reference_sample(&way->reference,
					grid_of(from->format, component),
					grid_of(to->format, component), false, sample_at, from,
					component, x, y);
				const double scaled = sample * unit /
						      exp2(yuv_reference_bits(from->format) - 8.0);
				const double most = exp2(yuv_reference_bits(to->format)) - 1;

				compare(way, from, to, "a sample", x, y,
					yuv_reference_sample(to, component, x, y),
					scaled > most ? most : scaled, 0.51);
			}
}

static double clamped(double number)
{
	return number < 0 ? 0 : number > 1 ? 1 : number;
}

static void compare_to_colours(
	const struct way *way, const struct geyser_pixels *from, const struct geyser_pixels *to)
{
	const struct scale_grid whole = {1, 1};
	struct geyser_pixels is = numbers_of(to);
	double yuv[3], rgb[3];

	for (uint32_t y = 0; y < to->height; y++)
		for (uint32_t x = 0; x < to->width; x++) {
			for (unsigned int i = 0; i < 3; i++)
				yuv[i] = normal(from->format, i,
					scale_reference_sample(&way->reference,
						grid_of(from->format, i), whole, true, sample_at,
						from, i, x, y));
			yuv_reference_colours(6, yuv, rgb);
			for (unsigned int lane = 0; lane < 3; lane++)
				compare(way, from, to, "a colour", x, y, number_at(&is, lane, x, y),
					clamped(rgb[lane]), 1.01 / 255);
		}
	picture_finish(&is);
}

/* Colours are scaled first, as floats, and become video then. */
static void compare_from_colours(
	const struct way *way, const struct geyser_pixels *from, const struct geyser_pixels *to)
{
	struct geyser_pixels lanes =
		picture_make(GEYSER_FORMAT_RGBA32_FLOAT, to->width, to->height);
	struct geyser_pixels expected = picture_make(to->format, to->width, to->height);
	const struct geyser_convert_options same = {.siting = way->options.siting};

	assert_int_equal(geyser_convert_pixels(from, &lanes, &way->options), GEYSER_OK);
	assert_int_equal(geyser_convert_pixels(&lanes, &expected, &same), GEYSER_OK);
	assert_true(pictures_are_same(&expected, to));
	picture_finish(&expected);
	picture_finish(&lanes);
}

typedef void check_fn(
	const struct way *way, const struct geyser_pixels *from, const struct geyser_pixels *to);

static void compare_way(
	enum geyser_format source, enum geyser_format destination, check_fn *check, size_t index)
{
	size_t shape;
	const struct way way = way_of(index, index % SITINGS, &shape);
	struct geyser_pixels from =
		make_random(source, shapes[shape].from[0], shapes[shape].from[1]);
	struct geyser_pixels to =
		picture_make(destination, shapes[shape].to[0], shapes[shape].to[1]);

	scale(&way, &from, &to);
	check(&way, &from, &to);
	picture_finish(&to);
	picture_finish(&from);
}

static void compare_pair(enum geyser_format source, enum geyser_format destination, check_fn *check)
{
	for (size_t i = 0; i < WAYS; i++)
		if (is_tried(i, (size_t)source + (size_t)destination))
			compare_way(source, destination, check, i);
}

static void colours_are_scaled(void **state)
{
	static const enum geyser_format pairs[][2] = {
		{GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_RGBA8_UNORM},
		{GEYSER_FORMAT_BGRA8_UNORM, GEYSER_FORMAT_RGBA32_FLOAT},
		{GEYSER_FORMAT_BGRA8_UNORM_SRGB, GEYSER_FORMAT_RGBA8_UNORM_SRGB},
		{GEYSER_FORMAT_R8_UNORM, GEYSER_FORMAT_RGBA16_UNORM},
		{GEYSER_FORMAT_RG16_UNORM, GEYSER_FORMAT_RGB10A2_UNORM},
		{GEYSER_FORMAT_RGBA16_FLOAT, GEYSER_FORMAT_BGRA8_UNORM},
		{GEYSER_FORMAT_RGBA32_FLOAT, GEYSER_FORMAT_RGBA16_FLOAT},
		{GEYSER_FORMAT_R16_UINT, GEYSER_FORMAT_R16_UINT},
		{GEYSER_FORMAT_R8_UNORM_SRGB, GEYSER_FORMAT_R8_UNORM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		compare_pair(pairs[i][0], pairs[i][1], compare_colours);
}

static void video_is_scaled(void **state)
{
	(void)state;
	compare_pair(GEYSER_FORMAT_NV12, GEYSER_FORMAT_NV12, compare_video);
	compare_pair(GEYSER_FORMAT_I420, GEYSER_FORMAT_P010, compare_video);
	compare_pair(GEYSER_FORMAT_YUY2, GEYSER_FORMAT_I444, compare_video);
	compare_pair(GEYSER_FORMAT_P416, GEYSER_FORMAT_UYVY, compare_video);
}

static void video_becomes_scaled_colours(void **state)
{
	(void)state;
	compare_pair(GEYSER_FORMAT_NV12, GEYSER_FORMAT_RGBA8_UNORM, compare_to_colours);
	compare_pair(GEYSER_FORMAT_P010, GEYSER_FORMAT_RGBA16_UNORM, compare_to_colours);
	compare_pair(GEYSER_FORMAT_UYVY, GEYSER_FORMAT_BGRA8_UNORM, compare_to_colours);
	compare_pair(GEYSER_FORMAT_I444, GEYSER_FORMAT_RGBA8_UNORM, compare_to_colours);
}

static void scaled_colours_become_video(void **state)
{
	(void)state;
	compare_pair(GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_NV12, compare_from_colours);
	compare_pair(GEYSER_FORMAT_RGBA16_FLOAT, GEYSER_FORMAT_P010, compare_from_colours);
	compare_pair(GEYSER_FORMAT_R8_UNORM, GEYSER_FORMAT_YUY2, compare_from_colours);
}

/* ---- one size -------------------------------------------------------------------------------- */

/* A part that isn't scaled or turned becomes what a picture of this part alone would. */
static void compare_part(enum geyser_format source, enum geyser_format destination)
{
	const struct geyser_convert_options options = {.crop = {4, 2, 21, 3}};
	struct geyser_pixels from = make_random(source, 40, 7), part = from;
	struct geyser_pixels to = picture_make(destination, 21, 3),
			     expected = picture_make(destination, 21, 3);
	struct geyser_plane_extent before;

	for (uint32_t plane = 0; geyser_format_get_plane_extent(source, plane, 4, 2, &before);
		plane++)
		part.planes[plane].data = (unsigned char *)part.planes[plane].data +
					  before.height * part.planes[plane].row_pitch +
					  before.row_bytes;
	part.width = 21;
	part.height = 3;
	assert_int_equal(geyser_convert_pixels(&from, &to, &options), GEYSER_OK);
	assert_int_equal(geyser_convert_pixels(&part, &expected, NULL), GEYSER_OK);
	assert_true(pictures_are_same(&expected, &to));
	picture_finish(&expected);
	picture_finish(&to);
	picture_finish(&from);
}

static void a_part_is_converted_as_a_picture(void **state)
{
	static const enum geyser_format formats[] = {GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_NV12,
		GEYSER_FORMAT_P010, GEYSER_FORMAT_I420, GEYSER_FORMAT_YUY2,
		GEYSER_FORMAT_RGBA32_FLOAT};

	(void)state;
	for (size_t i = 0; i < 36; i++)
		compare_part(formats[i / 6], formats[i % 6]);
}

/* Turned video becomes the colours that it becomes otherwise, turned: chroma doesn't move. */
static void turned_video_becomes_turned_colours(void **state)
{
	struct geyser_pixels from = make_random(GEYSER_FORMAT_NV12, 33, 8);
	struct geyser_pixels colours = picture_make(GEYSER_FORMAT_RGBA32_FLOAT, 33, 8);

	(void)state;
	assert_int_equal(geyser_convert_pixels(&from, &colours, NULL), GEYSER_OK);
	for (int turn = 0; turn < 8; turn++) {
		const struct geyser_convert_options options = {
			.orientation = (enum geyser_orientation)turn};
		const uint32_t width = turn % 2 ? 8 : 33, height = turn % 2 ? 33 : 8;
		struct geyser_pixels is = picture_make(GEYSER_FORMAT_RGBA32_FLOAT, width, height);
		struct geyser_pixels expected =
			picture_make(GEYSER_FORMAT_RGBA32_FLOAT, width, height);

		assert_int_equal(geyser_convert_pixels(&from, &is, &options), GEYSER_OK);
		assert_int_equal(geyser_convert_pixels(&colours, &expected, &options), GEYSER_OK);
		for (uint32_t i = 0; i < 4 * width * height; i++)
			assert_true(fabs(number_at(&is, i % 4, i / 4 % width, i / 4 / width) -
					    number_at(&expected, i % 4, i / 4 % width,
						    i / 4 / width)) < 1e-5);
		picture_finish(&expected);
		picture_finish(&is);
	}
	picture_finish(&colours);
	picture_finish(&from);
}

/* A picture of one colour keeps it, also infinite. */
static void compare_one_colour(const struct way *way, size_t shape, float value)
{
	const uint32_t *const from = shapes[shape].from, *const to = shapes[shape].to;
	struct geyser_pixels source = picture_make(GEYSER_FORMAT_R32_FLOAT, from[0], from[1]);
	struct geyser_pixels is = picture_make(GEYSER_FORMAT_RGBA32_FLOAT, to[0], to[1]);

	for (uint32_t at = 0; at < from[0] * from[1]; at++)
		memcpy((unsigned char *)source.planes[0].data +
				at / from[0] * source.planes[0].row_pitch +
				at % from[0] * sizeof(value),
			&value, sizeof(value));
	assert_int_equal(geyser_convert_pixels(&source, &is, &way->options), GEYSER_OK);
	for (uint32_t at = 0; at < to[0] * to[1]; at++)
		assert_true(number_at(&is, 0, at % to[0], at / to[0]) == (double)value);
	picture_finish(&is);
	picture_finish(&source);
}

static void one_colour_stays(void **state)
{
	const float values[] = {1, 0.1f, INFINITY, -INFINITY, 65504};
	size_t shape;

	(void)state;
	for (size_t i = 0; i < WAYS * 5; i++) {
		const struct way way = way_of(i / 5, 0, &shape);

		compare_one_colour(&way, shape, values[i % 5]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_is_converted_as_a_picture),
		cmocka_unit_test(turned_video_becomes_turned_colours),
		cmocka_unit_test(one_colour_stays),
		cmocka_unit_test(colours_are_scaled),
		cmocka_unit_test(video_is_scaled),
		cmocka_unit_test(video_becomes_scaled_colours),
		cmocka_unit_test(scaled_colours_become_video),
	};

	return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}
