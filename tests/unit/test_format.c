/*
 * The format table. Each row is compared with the meaning of its name, and with the native numbers.
 * These numbers are written here a second time, taken from the native headers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <geyser/geyser.h>

#include <ctype.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct native {
	enum geyser_format format;
	unsigned int value; /* fixed by the ABI */
	const char *name;
	const char *drm; /* four characters, or NULL */
	uint32_t vk, mtl;
	const char *iosurface; /* four characters, or NULL */
	struct geyser_format_gl gl;
	struct geyser_format_cuda cuda;
};

/* clang-format off */
static const struct native natives[] = {
	{GEYSER_FORMAT_R8_UNORM, 1, "r8unorm",
		"R8  ", 9, 10, "L008", {0x8229, 0x1903, 0x1401}, {0x01, 1}},
	{GEYSER_FORMAT_RG8_UNORM, 2, "rg8unorm",
		"GR88", 16, 30, "2C08", {0x822b, 0x8227, 0x1401}, {0x01, 2}},
	{GEYSER_FORMAT_RGBA8_UNORM, 3, "rgba8unorm",
		"AB24", 37, 70, "RGBA", {0x8058, 0x1908, 0x1401}, {0x01, 4}},
	{GEYSER_FORMAT_BGRA8_UNORM, 4, "bgra8unorm",
		"AR24", 44, 80, "BGRA", {0x8058, 0x80e1, 0x1401}, {0x01, 4}},
	{GEYSER_FORMAT_R8_UNORM_SRGB, 5, "r8unorm-srgb",
		"R8  ", 15, 11, "L008", {0x8fbd, 0x1903, 0x1401}, {0x01, 1}},
	{GEYSER_FORMAT_RG8_UNORM_SRGB, 6, "rg8unorm-srgb",
		"GR88", 22, 31, "2C08", {0x8fbe, 0x8227, 0x1401}, {0x01, 2}},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, 7, "rgba8unorm-srgb",
		"AB24", 43, 71, "RGBA", {0x8c43, 0x1908, 0x1401}, {0x01, 4}},
	{GEYSER_FORMAT_BGRA8_UNORM_SRGB, 8, "bgra8unorm-srgb",
		"AR24", 50, 81, "BGRA", {0x8c43, 0x80e1, 0x1401}, {0x01, 4}},
	{GEYSER_FORMAT_R16_FLOAT, 9, "r16float",
		"R  H", 76, 25, "L00h", {0x822d, 0x1903, 0x140b}, {0x10, 1}},
	{GEYSER_FORMAT_R16_UINT, 10, "r16uint",
		NULL, 74, 23, NULL, {0x8234, 0x8d94, 0x1403}, {0x02, 1}},
	{GEYSER_FORMAT_R16_SINT, 11, "r16sint",
		NULL, 75, 24, NULL, {0x8233, 0x8d94, 0x1402}, {0x09, 1}},
	{GEYSER_FORMAT_RG16_FLOAT, 12, "rg16float",
		"GR H", 83, 65, "2C0h", {0x822f, 0x8227, 0x140b}, {0x10, 2}},
	{GEYSER_FORMAT_RG16_UINT, 13, "rg16uint",
		NULL, 81, 63, NULL, {0x823a, 0x8228, 0x1403}, {0x02, 2}},
	{GEYSER_FORMAT_RG16_SINT, 14, "rg16sint",
		NULL, 82, 64, NULL, {0x8239, 0x8228, 0x1402}, {0x09, 2}},
	{GEYSER_FORMAT_RGBA16_FLOAT, 15, "rgba16float",
		"AB4H", 97, 115, "RGhA", {0x881a, 0x1908, 0x140b}, {0x10, 4}},
	{GEYSER_FORMAT_RGBA16_UINT, 16, "rgba16uint",
		NULL, 95, 113, NULL, {0x8d76, 0x8d99, 0x1403}, {0x02, 4}},
	{GEYSER_FORMAT_RGBA16_SINT, 17, "rgba16sint",
		NULL, 96, 114, NULL, {0x8d88, 0x8d99, 0x1402}, {0x09, 4}},
	{GEYSER_FORMAT_R32_FLOAT, 18, "r32float",
		"R  F", 100, 55, "L00f", {0x822e, 0x1903, 0x1406}, {0x20, 1}},
	{GEYSER_FORMAT_R32_UINT, 19, "r32uint",
		NULL, 98, 53, NULL, {0x8236, 0x8d94, 0x1405}, {0x03, 1}},
	{GEYSER_FORMAT_R32_SINT, 20, "r32sint",
		NULL, 99, 54, NULL, {0x8235, 0x8d94, 0x1404}, {0x0a, 1}},
	{GEYSER_FORMAT_RG32_FLOAT, 21, "rg32float",
		"GR F", 103, 105, "2C0f", {0x8230, 0x8227, 0x1406}, {0x20, 2}},
	{GEYSER_FORMAT_RG32_UINT, 22, "rg32uint",
		NULL, 101, 103, NULL, {0x823c, 0x8228, 0x1405}, {0x03, 2}},
	{GEYSER_FORMAT_RG32_SINT, 23, "rg32sint",
		NULL, 102, 104, NULL, {0x823b, 0x8228, 0x1404}, {0x0a, 2}},
	{GEYSER_FORMAT_RGBA32_FLOAT, 24, "rgba32float",
		"AB8F", 109, 125, "RGfA", {0x8814, 0x1908, 0x1406}, {0x20, 4}},
	{GEYSER_FORMAT_RGBA32_UINT, 25, "rgba32uint",
		NULL, 107, 123, NULL, {0x8d70, 0x8d99, 0x1405}, {0x03, 4}},
	{GEYSER_FORMAT_RGBA32_SINT, 26, "rgba32sint",
		NULL, 108, 124, NULL, {0x8d82, 0x8d99, 0x1404}, {0x0a, 4}},
	{GEYSER_FORMAT_DEPTH32_FLOAT, 27, "depth32float",
		NULL, 126, 252, NULL, {0x8cac, 0x1902, 0x1406}, {0x20, 1}},
	{GEYSER_FORMAT_DEPTH24_PLUS, 28, "depth24plus",
		NULL, 125, 252, NULL, {0x81a6, 0x1902, 0x1405}, {0x03, 1}},
	{GEYSER_FORMAT_DEPTH24_PLUS_STENCIL8, 29, "depth24plus-stencil8",
		NULL, 129, 260, NULL, {0x88f0, 0x84f9, 0x84fa}, {0x03, 1}},
	{GEYSER_FORMAT_RGB10A2_UNORM, 30, "rgb10a2unorm",
		"AB30", 64, 90, NULL, {0x8059, 0x1908, 0x8368}, {0x03, 1}},
	{GEYSER_FORMAT_RG11B10_UFLOAT, 31, "rg11b10ufloat",
		NULL, 122, 92, NULL, {0x8c3a, 0x1907, 0x8c3b}, {0x03, 1}},
	{GEYSER_FORMAT_R16_UNORM, 32, "r16unorm",
		"R16 ", 70, 20, "L016", {0x822a, 0x1903, 0x1403}, {0x02, 1}},
	{GEYSER_FORMAT_RG16_UNORM, 33, "rg16unorm",
		"GR32", 77, 60, "2C16", {0x822c, 0x8227, 0x1403}, {0x02, 2}},
	{GEYSER_FORMAT_RGBA16_UNORM, 34, "rgba16unorm",
		"AB48", 91, 110, "l64r", {0x805b, 0x1908, 0x1403}, {0x02, 4}},
	{GEYSER_FORMAT_NV12, 35, "nv12", "NV12", 1000156003, 0, "420v", {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_NV16, 36, "nv16", "NV16", 1000156005, 0, "422v", {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_P010, 37, "p010", "P010", 1000156013, 0, "x420", {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_I420, 38, "i420", "YU12", 1000156002, 0, "y420", {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_YUY2, 39, "yuy2", "YUYV", 1000156000, 0, "yuvs", {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_UYVY, 40, "uyvy", "UYVY", 1000156001, 0, "2vuy", {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_I422, 41, "i422", "YU16", 1000156004, 0, NULL, {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_I444, 42, "i444", "YU24", 1000156006, 0, NULL, {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_P016, 43, "p016", "P016", 1000156030, 0, NULL, {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_P210, 44, "p210", "P210", 1000156015, 0, "x422", {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_P216, 45, "p216", NULL, 1000156032, 0, "sv22", {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_P410, 46, "p410", NULL, 1000330001, 0, "x444", {0, 0, 0}, {0, 0}},
	{GEYSER_FORMAT_P416, 47, "p416", NULL, 1000330003, 0, "sv44", {0, 0, 0}, {0, 0}},
};
/* clang-format on */

#define NATIVE_COUNT (sizeof(natives) / sizeof(natives[0]))

/* The properties of a texel as the format's name spells them. */
struct spelled {
	uint32_t bits, channels;
	enum geyser_format_type type;
	bool srgb, depth, stencil;
};

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);

	return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

static uint32_t read_number(const char **text)
{
	uint32_t number = 0;

	for (; isdigit((unsigned char)**text); (*text)++)
		number = number * 10 + (uint32_t)(**text - '0');
	return number;
}

static enum geyser_format_type read_type(const char *text)
{
	static const struct {
		const char *word;
		enum geyser_format_type type;
	} words[] = {
		{"unorm", GEYSER_FORMAT_TYPE_UNORM},
		{"float", GEYSER_FORMAT_TYPE_FLOAT},
		{"ufloat", GEYSER_FORMAT_TYPE_UFLOAT},
		{"uint", GEYSER_FORMAT_TYPE_UINT},
		{"sint", GEYSER_FORMAT_TYPE_SINT},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (has_prefix(text, words[i].word))
			return words[i].type;
	}
	fail_msg("no type is called \"%s\"", text);
	return 0;
}

/* Parses a name such as "depth24plus-stencil8": 24 and 8 bits. Depth alone fills a 32-bit word. */
static struct spelled spell_depth(const char *name)
{
	const char *rest = name + strlen("depth");
	struct spelled out = {
		.channels = 1,
		.type = GEYSER_FORMAT_TYPE_DEPTH,
		.depth = true,
		.stencil = has_suffix(name, "-stencil8"),
	};

	out.bits = read_number(&rest);
	if (out.stencil) {
		out.bits += 8;
		out.channels++;
	}
	out.bits = (out.bits + 31) / 32 * 32;
	return out;
}

/* Parses a name such as "rg11b10ufloat": groups of letters, each followed by the bits of each
 * letter's channel, then the type. */
static struct spelled spell(const char *name)
{
	struct spelled out = {.srgb = has_suffix(name, "-srgb")};
	const char *rest = name;

	if (has_prefix(name, "depth"))
		return spell_depth(name);
	for (;;) {
		uint32_t letters = (uint32_t)strspn(rest, "rgba");

		if (!letters)
			break;
		rest += letters;
		out.channels += letters;
		out.bits += letters * read_number(&rest);
	}
	out.type = read_type(rest);
	return out;
}

static const struct geyser_format_info *info_of(unsigned int value)
{
	const struct geyser_format_info *info = geyser_format_get_info((enum geyser_format)value);

	assert_non_null(info);
	return info;
}

static void every_value_has_its_own_row(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < GEYSER_FORMAT_COUNT; i++)
		assert_int_equal(info_of(i)->format, i);
}

static void names_are_unique_and_read_back(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const char *name = info_of(i)->name;

		assert_string_equal(geyser_format_name((enum geyser_format)i), name);
		assert_int_equal(geyser_format_from_name(name), i);
		for (unsigned int j = 1; j < i; j++)
			assert_string_not_equal(info_of(j)->name, name);
	}
}

static void texels_are_as_the_name_says(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < GEYSER_FORMAT_NV12; i++) {
		const struct geyser_format_info *info = info_of(i);
		struct spelled expected = spell(info->name);

		assert_int_equal(info->bytes_per_texel * 8, expected.bits);
		assert_int_equal(info->channels, expected.channels);
		assert_int_equal(info->type, expected.type);
		assert_int_equal(info->srgb, expected.srgb);
		assert_int_equal(info->depth, expected.depth);
		assert_int_equal(info->stencil, expected.stencil);
	}
}

static void one_plane_of_single_texels(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < GEYSER_FORMAT_NV12; i++) {
		assert_int_equal(info_of(i)->planes, 1);
		assert_int_equal(info_of(i)->block_width, 1);
		assert_int_equal(info_of(i)->block_height, 1);
		assert_int_equal(info_of(i)->plane[0].format, i);
		assert_int_equal(info_of(i)->plane[0].width_divisor, 1);
		assert_int_equal(info_of(i)->plane[0].height_divisor, 1);
	}
}

/* The planes of video, written once more: bits of a channel, channels of plane 0 and of the others,
 * the others' divisors. */
static void planes_of_video(void **state)
{
	static const struct {
		enum geyser_format format;
		uint32_t planes, bits, first, other, divide_x, divide_y;
	} video[] = {
		{GEYSER_FORMAT_NV12, 2, 8, 1, 2, 2, 2},
		{GEYSER_FORMAT_NV16, 2, 8, 1, 2, 2, 1},
		{GEYSER_FORMAT_P010, 2, 16, 1, 2, 2, 2},
		{GEYSER_FORMAT_I420, 3, 8, 1, 1, 2, 2},
		{GEYSER_FORMAT_YUY2, 1, 8, 4, 0, 2, 1},
		{GEYSER_FORMAT_UYVY, 1, 8, 4, 0, 2, 1},
		{GEYSER_FORMAT_I422, 3, 8, 1, 1, 2, 1},
		{GEYSER_FORMAT_I444, 3, 8, 1, 1, 1, 1},
		{GEYSER_FORMAT_P016, 2, 16, 1, 2, 2, 2},
		{GEYSER_FORMAT_P210, 2, 16, 1, 2, 2, 1},
		{GEYSER_FORMAT_P216, 2, 16, 1, 2, 2, 1},
		{GEYSER_FORMAT_P410, 2, 16, 1, 2, 1, 1},
		{GEYSER_FORMAT_P416, 2, 16, 1, 2, 1, 1},
	};

	(void)state;
	for (int format = 0; format < GEYSER_FORMAT_NV12; format++)
		assert_false(geyser_format_is_video((enum geyser_format)format));
	assert_int_equal(
		GEYSER_FORMAT_NV12 + sizeof(video) / sizeof(video[0]), GEYSER_FORMAT_COUNT);
	for (size_t i = 0; i < sizeof(video) / sizeof(video[0]); i++) {
		const struct geyser_format_info *info = info_of(video[i].format);

		assert_int_equal(info->type, GEYSER_FORMAT_TYPE_YUV);
		assert_true(geyser_format_is_video(video[i].format));
		assert_int_equal(info->channels, 3);
		assert_int_equal(info->planes, video[i].planes);
		assert_int_equal(info->bytes_per_texel * 8, video[i].bits * video[i].first);
		assert_int_equal(info->block_width, video[i].planes == 1 ? 2 : 1);
		assert_int_equal(info->block_height, 1);
		for (uint32_t p = 0; p < info->planes; p++) {
			const struct geyser_format_plane *plane = &info->plane[p];
			const struct geyser_format_info *texels = info_of(plane->format);
			const bool divided = p > 0 || info->planes == 1;

			assert_int_equal(texels->type, GEYSER_FORMAT_TYPE_UNORM);
			assert_int_equal(texels->planes, 1);
			assert_int_equal(texels->channels, p ? video[i].other : video[i].first);
			assert_int_equal(
				texels->bytes_per_texel * 8, video[i].bits * texels->channels);
			assert_int_equal(plane->width_divisor, divided ? video[i].divide_x : 1);
			assert_int_equal(plane->height_divisor, divided ? video[i].divide_y : 1);
		}
	}
}

static void extents_of_planes(void **state)
{
	static const struct {
		enum geyser_format format;
		uint32_t plane, width, height, has_width, has_height;
		uint64_t row_bytes;
	} extents[] = {
		{GEYSER_FORMAT_RGBA8_UNORM, 0, 3, 5, 3, 5, 12},
		{GEYSER_FORMAT_NV12, 0, 333, 77, 333, 77, 333},
		{GEYSER_FORMAT_NV12, 1, 333, 77, 167, 39, 334},
		{GEYSER_FORMAT_P010, 1, 1, 1, 1, 1, 4},
		{GEYSER_FORMAT_I420, 2, 1918, 1078, 959, 539, 959},
		{GEYSER_FORMAT_YUY2, 0, 333, 77, 167, 77, 668},
		{GEYSER_FORMAT_P416, 1, 32768, 32767, 32768, 32767, 131072},
	};
	struct geyser_plane_extent extent;

	(void)state;
	for (size_t i = 0; i < sizeof(extents) / sizeof(extents[0]); i++) {
		assert_true(geyser_format_get_plane_extent(extents[i].format, extents[i].plane,
			extents[i].width, extents[i].height, &extent));
		assert_int_equal(extent.width, extents[i].has_width);
		assert_int_equal(extent.height, extents[i].has_height);
		assert_true(extent.row_bytes == extents[i].row_bytes);
		assert_true(extent.size == extent.row_bytes * extent.height);
	}
	assert_false(geyser_format_get_plane_extent(GEYSER_FORMAT_NV12, 2, 4, 4, &extent));
	assert_false(geyser_format_get_plane_extent(GEYSER_FORMAT_NONE, 0, 4, 4, &extent));
	assert_true(extent.width == 0 && extent.size == 0);
}

static void storage_is_for_plain_colour_only(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < GEYSER_FORMAT_NV12; i++) {
		struct spelled expected = spell(info_of(i)->name);

		assert_int_equal(info_of(i)->usage, expected.srgb || expected.depth ? 0x17 : 0x1f);
	}
	for (unsigned int i = GEYSER_FORMAT_NV12; i < GEYSER_FORMAT_COUNT; i++)
		assert_int_equal(info_of(i)->usage, 0x1f);
}

static void a_test_row_for_each_format(void **state)
{
	(void)state;
	assert_int_equal(NATIVE_COUNT, GEYSER_FORMAT_COUNT - 1);
	for (size_t i = 0; i < NATIVE_COUNT; i++)
		assert_int_equal(natives[i].value, i + 1);
}

static void constants_names_and_numbers_never_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < NATIVE_COUNT; i++) {
		assert_int_equal(natives[i].format, natives[i].value);
		assert_string_equal(geyser_format_name(natives[i].format), natives[i].name);
	}
}

static uint32_t byte_at(const char *text, size_t index)
{
	return (uint32_t)(unsigned char)text[index];
}

static void drm_fourccs(void **state)
{
	(void)state;
	for (size_t i = 0; i < NATIVE_COUNT; i++) {
		const char *drm = natives[i].drm;
		uint32_t expected = 0;

		for (size_t c = 0; drm && c < 4; c++)
			expected |= byte_at(drm, c) << (8 * c);
		assert_int_equal(info_of(natives[i].value)->drm_fourcc, expected);
	}
	assert_int_equal(info_of(GEYSER_FORMAT_RGBA8_UNORM)->drm_fourcc, 0x34324241);
}

static void iosurface_fourccs(void **state)
{
	(void)state;
	for (size_t i = 0; i < NATIVE_COUNT; i++) {
		const char *iosurface = natives[i].iosurface;
		uint32_t expected = 0;

		for (size_t c = 0; iosurface && c < 4; c++)
			expected = expected << 8 | byte_at(iosurface, c);
		assert_int_equal(info_of(natives[i].value)->iosurface_fourcc, expected);
	}
	assert_int_equal(info_of(GEYSER_FORMAT_BGRA8_UNORM)->iosurface_fourcc, 0x42475241);
}

static void vulkan_and_metal_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NATIVE_COUNT; i++) {
		assert_int_equal(info_of(natives[i].value)->vk_format, natives[i].vk);
		assert_int_equal(info_of(natives[i].value)->mtl_pixel_format, natives[i].mtl);
	}
}

static void opengl_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NATIVE_COUNT; i++) {
		const struct geyser_format_gl *gl = &info_of(natives[i].value)->gl;

		assert_int_equal(gl->internal_format, natives[i].gl.internal_format);
		assert_int_equal(gl->format, natives[i].gl.format);
		assert_int_equal(gl->type, natives[i].gl.type);
	}
}

static void cuda_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NATIVE_COUNT; i++) {
		const struct geyser_format_info *info = info_of(natives[i].value);

		assert_int_equal(info->cuda.array_format, natives[i].cuda.array_format);
		assert_int_equal(info->cuda.channels, natives[i].cuda.channels);
		/* A CUDA element has as many channels as the texel. A packed texel is one channel,
		 * a 32-bit word. */
		if (info->cuda.channels > 1)
			assert_int_equal(info->cuda.channels, info->channels);
	}
}

static void names_of_ffmpeg(void **state)
{
	static const struct {
		const char *text;
		enum geyser_format format;
	} names[] = {
		{"rgba", GEYSER_FORMAT_RGBA8_UNORM},
		{"bgra", GEYSER_FORMAT_BGRA8_UNORM},
		{"gray", GEYSER_FORMAT_R8_UNORM},
		{"gray16le", GEYSER_FORMAT_R16_UNORM},
		{"gray16", GEYSER_FORMAT_R16_UNORM},
		{"rgba64", GEYSER_FORMAT_RGBA16_UNORM},
		{"grayf32", GEYSER_FORMAT_R32_FLOAT},
		{"x2bgr10le", GEYSER_FORMAT_RGB10A2_UNORM},
		{"yuv420p", GEYSER_FORMAT_I420},
		{"yuyv422", GEYSER_FORMAT_YUY2},
		{"p010le", GEYSER_FORMAT_P010},
		{"nv12", GEYSER_FORMAT_NV12},
		{"rgb24", GEYSER_FORMAT_NONE},
		{"gray1", GEYSER_FORMAT_NONE},
		{"gray16be", GEYSER_FORMAT_NONE},
		{"yuv420", GEYSER_FORMAT_NONE},
		{"le", GEYSER_FORMAT_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(geyser_format_from_name(names[i].text), names[i].format);
	/* Every one of ffmpeg's names is that of a format with the same bytes. */
	for (unsigned int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const struct geyser_format_info *info = info_of(i), *named;

		if (!info->ffmpeg)
			continue;
		named = info_of(geyser_format_from_name(info->ffmpeg));
		assert_string_equal(named->ffmpeg, info->ffmpeg);
		assert_int_equal(named->bytes_per_texel, info->bytes_per_texel);
		assert_int_equal(named->channels, info->channels);
	}
}

static void numbers_that_are_no_format(void **state)
{
	static const int numbers[] = {-1, GEYSER_FORMAT_COUNT, 48, 256 + 3, INT_MAX, INT_MIN};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		enum geyser_format format = (enum geyser_format)numbers[i];

		assert_null(geyser_format_get_info(format));
		assert_false(geyser_format_is_video(format));
		assert_string_equal(geyser_format_name(format), "unknown");
	}
}

static void none_has_a_name_but_no_row(void **state)
{
	(void)state;
	assert_null(geyser_format_get_info(GEYSER_FORMAT_NONE));
	assert_string_equal(geyser_format_name(GEYSER_FORMAT_NONE), "none");
}

static void texts_that_name_no_format(void **state)
{
	static const char *const texts[] = {NULL, "", " ", "none", "unknown", "RGBA8UNORM",
		"rgba8unorm ", " rgba8unorm", "rgba8unor", "rgba8unorm-", "rgba8unorm-SRGB",
		"rgba8_unorm", "r8", "depth24plus-stencil", "3", "%s%n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(geyser_format_from_name(texts[i]), GEYSER_FORMAT_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_has_its_own_row),
		cmocka_unit_test(names_are_unique_and_read_back),
		cmocka_unit_test(texels_are_as_the_name_says),
		cmocka_unit_test(one_plane_of_single_texels),
		cmocka_unit_test(planes_of_video),
		cmocka_unit_test(extents_of_planes),
		cmocka_unit_test(storage_is_for_plain_colour_only),
		cmocka_unit_test(a_test_row_for_each_format),
		cmocka_unit_test(constants_names_and_numbers_never_change),
		cmocka_unit_test(drm_fourccs),
		cmocka_unit_test(iosurface_fourccs),
		cmocka_unit_test(vulkan_and_metal_numbers),
		cmocka_unit_test(opengl_numbers),
		cmocka_unit_test(cuda_numbers),
		cmocka_unit_test(names_of_ffmpeg),
		cmocka_unit_test(numbers_that_are_no_format),
		cmocka_unit_test(none_has_a_name_but_no_row),
		cmocka_unit_test(texts_that_name_no_format),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
