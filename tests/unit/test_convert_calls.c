/*
 * The arguments of geyser_convert_pixels, and the examples of docs/conversion.md.
 *
 * SPDX-License-Identifier: MIT
 */
#include <geyser/convert.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define GUARD 0x5A

static unsigned char from[128], is[128];

/* Changes a valid call, which has to be refused then, with a sentence that has this text. */
struct refusal {
	struct geyser_pixels source, destination;
	enum geyser_result result;
	const char *text;
};

static void refusals_name_the_value(void **state)
{
	const struct refusal refusals[] = {
		{{0, 4, 4, {{from, 16}}}, {GEYSER_FORMAT_R8_UNORM, 4, 4, {{is, 4}}},
			GEYSER_ERROR_INVALID_ARGUMENT,
			"source format (0): geyser's formats are 1 to"},
		{{GEYSER_FORMAT_R8_UNORM, 4, 4, {{from, 16}}}, {99, 4, 4, {{is, 4}}},
			GEYSER_ERROR_INVALID_ARGUMENT, "destination format (99)"},
		{{GEYSER_FORMAT_DEPTH24_PLUS, 4, 4, {{from, 16}}},
			{GEYSER_FORMAT_R8_UNORM, 4, 4, {{is, 4}}}, GEYSER_ERROR_UNSUPPORTED,
			"source format (depth24plus)"},
		{{GEYSER_FORMAT_R8_UNORM, 4, 4, {{from, 16}}},
			{GEYSER_FORMAT_DEPTH32_FLOAT, 4, 4, {{is, 16}}}, GEYSER_ERROR_UNSUPPORTED,
			"destination format (depth32float)"},
		{{GEYSER_FORMAT_R8_UNORM, 4, 4, {{from, 16}}},
			{GEYSER_FORMAT_R8_UNORM, 4, 5, {{is, 4}}}, GEYSER_ERROR_INVALID_ARGUMENT,
			"destination size (4 × 5): the source has 4 × 4"},
		{{GEYSER_FORMAT_R8_UNORM, 4, 4, {{NULL, 16}}},
			{GEYSER_FORMAT_R8_UNORM, 4, 4, {{is, 4}}}, GEYSER_ERROR_INVALID_ARGUMENT,
			"source planes[0].data is NULL"},
		{{GEYSER_FORMAT_R8_UNORM, 4, 4, {{from, 16}}},
			{GEYSER_FORMAT_RGBA8_UNORM, 4, 4, {{is, 15}}},
			GEYSER_ERROR_INVALID_ARGUMENT,
			"destination planes[0].row_pitch (15 bytes): 4 texels of rgba8unorm take "
			"16"},
		{{GEYSER_FORMAT_R8_UNORM, 4, 4, {{from, SIZE_MAX / 2}}},
			{GEYSER_FORMAT_R8_UNORM, 4, 4, {{is, 4}}}, GEYSER_ERROR_INVALID_ARGUMENT,
			"source planes[0].row_pitch ("},
		{{GEYSER_FORMAT_R8_UNORM, 4, 4, {{from, 4}}},
			{GEYSER_FORMAT_R8_UNORM, 4, 4, {{from + 15, 4}}},
			GEYSER_ERROR_INVALID_ARGUMENT, "overlap"},
		{{GEYSER_FORMAT_R8_UNORM, 4, 4, {{from + 63, 4}}},
			{GEYSER_FORMAT_RGBA8_UNORM, 4, 4, {{from, 16}}},
			GEYSER_ERROR_INVALID_ARGUMENT, "overlap"},
	};

	(void)state;
	memset(is, GUARD, 64);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *const refusal = &refusals[i];

		assert_int_equal(
			geyser_convert_pixels(&refusal->source, &refusal->destination, NULL),
			refusal->result);
		if (!strstr(geyser_error_detail(), refusal->text))
			fail_msg("\"%s\" lacks \"%s\"", geyser_error_detail(), refusal->text);
	}
	assert_int_equal(geyser_convert_pixels(NULL, &refusals[0].destination, NULL),
		GEYSER_ERROR_INVALID_ARGUMENT);
	assert_int_equal(geyser_convert_pixels(&refusals[1].source, NULL, NULL),
		GEYSER_ERROR_INVALID_ARGUMENT);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(is[i], GUARD);
}

/* Options that have to be refused, with a sentence that has this text. */
static void refused_options_are_named(void **state)
{
	const struct {
		enum geyser_format format;
		struct geyser_convert_options options;
		enum geyser_result result;
		const char *text;
	} refusals[] = {
		{GEYSER_FORMAT_R8_UNORM, {.filter = 4}, GEYSER_ERROR_INVALID_ARGUMENT,
			"filter (4): geyser's filters are 0 to 3"},
		{GEYSER_FORMAT_R8_UNORM, {.orientation = 8}, GEYSER_ERROR_INVALID_ARGUMENT,
			"orientation (8): geyser's orientations are 0 to 7"},
		{GEYSER_FORMAT_R8_UNORM, {.crop = {1, 0, 4, 4}}, GEYSER_ERROR_INVALID_ARGUMENT,
			"crop (4 × 4 texels from 1, 0): it must be a part of the source, which has "
			"4 × 4"},
		{GEYSER_FORMAT_R8_UNORM, {.crop = {0, 0, 4, 0}}, GEYSER_ERROR_INVALID_ARGUMENT,
			"crop (4 × 0 texels from 0, 0)"},
		{GEYSER_FORMAT_R8_UNORM, {.crop = {0, UINT32_MAX, 4, 4}},
			GEYSER_ERROR_INVALID_ARGUMENT, "crop (4 × 4 texels from 0, 4294967295)"},
		{GEYSER_FORMAT_R8_UNORM, {.crop = {0, 0, 3, 4}}, GEYSER_ERROR_INVALID_ARGUMENT,
			"destination size (4 × 4): the source has 3 × 4 to convert, and without a "
			"filter both must be the same"},
		{GEYSER_FORMAT_DEPTH32_FLOAT, {.filter = GEYSER_FILTER_BILINEAR},
			GEYSER_ERROR_UNSUPPORTED, "source format (depth32float)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct geyser_pixels source = {refusals[i].format, 4, 4, {{from, 16}}};
		const struct geyser_pixels destination = {refusals[i].format, 4, 4, {{is, 16}}};

		memset(is, GUARD, sizeof(is));
		assert_int_equal(geyser_convert_pixels(&source, &destination, &refusals[i].options),
			refusals[i].result);
		if (!strstr(geyser_error_detail(), refusals[i].text))
			fail_msg("\"%s\" lacks \"%s\"", geyser_error_detail(), refusals[i].text);
		for (size_t at = 0; at < sizeof(is); at++)
			assert_int_equal(is[at], GUARD);
	}
}

static void extents_that_cannot_be_scaled_are_named(void **state)
{
	const struct geyser_convert_options options = {.filter = GEYSER_FILTER_NEAREST};
	const struct geyser_pixels one = {GEYSER_FORMAT_R8_UNORM, 1, 1, {{is, 1}}};
	const struct geyser_pixels none = {GEYSER_FORMAT_R8_UNORM, 4, 0, {{from, 4}}};
	const struct geyser_pixels wide = {GEYSER_FORMAT_R8_UNORM, 32769, 1, {{from, 32769}}};

	(void)state;
	assert_int_equal(
		geyser_convert_pixels(&none, &one, &options), GEYSER_ERROR_INVALID_ARGUMENT);
	assert_non_null(strstr(geyser_error_detail(), "source height (0)"));
	assert_int_equal(
		geyser_convert_pixels(&wide, &one, &options), GEYSER_ERROR_INVALID_ARGUMENT);
	assert_non_null(strstr(geyser_error_detail(), "source width (32769): at most 32768"));
	assert_int_equal(geyser_convert_pixels(&one, &none, &options), GEYSER_OK);
}

static void depth_is_turned(void **state)
{
	const struct geyser_convert_options options = {.orientation = GEYSER_ORIENTATION_180};
	const struct geyser_pixels in = {GEYSER_FORMAT_DEPTH32_FLOAT, 2, 2, {{from, 8}}};
	const struct geyser_pixels out = {GEYSER_FORMAT_DEPTH32_FLOAT, 2, 2, {{is, 8}}};

	(void)state;
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (unsigned char)i;
	assert_int_equal(geyser_convert_pixels(&in, &out, &options), GEYSER_OK);
	for (size_t i = 0; i < 4; i++)
		assert_memory_equal(is + 4 * i, from + 4 * (3 - i), 4);
}

static void nothing_is_converted_without_texels(void **state)
{
	const struct geyser_pixels sizes[] = {{GEYSER_FORMAT_R8_UNORM, 0, 4, {{NULL, 0}}},
		{GEYSER_FORMAT_R8_UNORM, 4, 0, {{NULL, 0}}}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct geyser_pixels destination = sizes[i];

		destination.format = GEYSER_FORMAT_RGBA32_FLOAT;
		assert_int_equal(geyser_convert_pixels(&sizes[i], &destination, NULL), GEYSER_OK);
	}
}

static void neighbours_in_memory_are_no_overlap(void **state)
{
	struct geyser_pixels before = {GEYSER_FORMAT_R8_UNORM, 4, 4, {{from, 4}}};
	struct geyser_pixels after = {GEYSER_FORMAT_RGBA8_UNORM, 4, 4, {{from + 16, 16}}};

	(void)state;
	assert_int_equal(geyser_convert_pixels(&before, &after, NULL), GEYSER_OK);
	assert_int_equal(geyser_convert_pixels(&after, &before, NULL), GEYSER_OK);
}

static void depth_is_copied_to_its_own_format(void **state)
{
	struct geyser_pixels in = {GEYSER_FORMAT_DEPTH24_PLUS_STENCIL8, 4, 4, {{from, 16}}};
	struct geyser_pixels out = {GEYSER_FORMAT_DEPTH24_PLUS_STENCIL8, 4, 4, {{is, 20}}};

	(void)state;
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (unsigned char)(i * 7);
	assert_int_equal(geyser_convert_pixels(&in, &out, NULL), GEYSER_OK);
	for (size_t row = 0; row < 4; row++)
		assert_memory_equal(from + row * 16, is + row * 20, 16);
}

/* One texel, as bytes in memory. */
struct example {
	enum geyser_format from;
	unsigned char texel[16];
	enum geyser_format to;
	unsigned char becomes[16];
};

/* The examples of docs/conversion.md, in its order, and alpha that is dropped. */
static void examples_are_as_the_page_says(void **state)
{
	static const struct example examples[] = {
		{GEYSER_FORMAT_RGBA8_UNORM, {128}, GEYSER_FORMAT_RGBA16_FLOAT, {0x04, 0x38}},
		{GEYSER_FORMAT_R32_FLOAT, {0, 0, 0, 0x3F}, GEYSER_FORMAT_R8_UNORM, {128}},
		{GEYSER_FORMAT_R32_FLOAT, {0, 0, 0x40, 0xC0}, GEYSER_FORMAT_R8_UNORM, {0}},
		{GEYSER_FORMAT_R32_FLOAT, {0, 0, 0, 0x40}, GEYSER_FORMAT_R8_UNORM, {255}},
		{GEYSER_FORMAT_R32_FLOAT, {0, 0, 0xC0, 0x7F}, GEYSER_FORMAT_R8_UNORM, {0}},
		{GEYSER_FORMAT_R8_UNORM, {128}, GEYSER_FORMAT_R8_UNORM_SRGB, {188}},
		{GEYSER_FORMAT_R8_UNORM_SRGB, {188}, GEYSER_FORMAT_R8_UNORM, {128}},
		{GEYSER_FORMAT_R32_FLOAT, {0, 0xEF, 0x7F, 0x47}, GEYSER_FORMAT_R16_FLOAT,
			{0xFF, 0x7B}},
		{GEYSER_FORMAT_R32_FLOAT, {0, 0xF0, 0x7F, 0x47}, GEYSER_FORMAT_R16_FLOAT,
			{0, 0x7C}},
		{GEYSER_FORMAT_RGBA32_FLOAT, {0, 0x50, 0xC3, 0x47}, GEYSER_FORMAT_RG11B10_UFLOAT,
			{0xBF, 0x07}},
		{GEYSER_FORMAT_R16_UINT, {2}, GEYSER_FORMAT_R8_UNORM, {255}},
		{GEYSER_FORMAT_R32_SINT, {255, 255, 255, 255}, GEYSER_FORMAT_R32_UINT, {0}},
		{GEYSER_FORMAT_R32_FLOAT, {0, 0, 0x20, 0x40}, GEYSER_FORMAT_R16_UINT, {2}},
		{GEYSER_FORMAT_RG8_UNORM, {1, 2}, GEYSER_FORMAT_RGBA8_UNORM, {1, 2, 0, 255}},
		{GEYSER_FORMAT_BGRA8_UNORM, {1, 2, 3, 4}, GEYSER_FORMAT_RG8_UNORM, {3, 2}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *const example = &examples[i];
		const struct geyser_pixels in = {
			example->from, 1, 1, {{(void *)(uintptr_t)example->texel, 16}}};
		const struct geyser_pixels out = {example->to, 1, 1, {{is, 16}}};

		memset(is, 0, 16);
		assert_int_equal(geyser_convert_pixels(&in, &out, NULL), GEYSER_OK);
		assert_memory_equal(is, example->becomes, 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_name_the_value),
		cmocka_unit_test(refused_options_are_named),
		cmocka_unit_test(extents_that_cannot_be_scaled_are_named),
		cmocka_unit_test(depth_is_turned),
		cmocka_unit_test(nothing_is_converted_without_texels),
		cmocka_unit_test(neighbours_in_memory_are_no_overlap),
		cmocka_unit_test(depth_is_copied_to_its_own_format),
		cmocka_unit_test(examples_are_as_the_page_says),
	};

	return cmocka_run_group_tests_name("convert_calls", tests, NULL, NULL);
}
