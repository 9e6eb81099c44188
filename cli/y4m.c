/*
 * YUV4MPEG (y4m): which formats have such frames, and how their samples are repacked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "y4m.h"

/* ---- formats -------------------------------------------------------------------------------- */

/* Where a component lies: in which plane, at which sample of a texel, and from texel to texel. */
struct place {
	uint32_t plane, first, step;
};

#define PLANAR                        \
	{                             \
		{0, 0, 1}, {1, 0, 1}, \
		{                     \
			2, 0, 1       \
		}                     \
	}
#define PAIRS                         \
	{                             \
		{0, 0, 1}, {1, 0, 2}, \
		{                     \
			1, 1, 2       \
		}                     \
	}

/* What each format holds. Of several with the same sampling the one for y4m stands first. */
static const struct kind {
	enum geyser_format format;
	uint32_t divide_x, divide_y, depth;
	struct place places[3];
} kinds[] = {
	{GEYSER_FORMAT_I420, 2, 2, 8, PLANAR},
	{GEYSER_FORMAT_I422, 2, 1, 8, PLANAR},
	{GEYSER_FORMAT_I444, 1, 1, 8, PLANAR},
	{GEYSER_FORMAT_R8_UNORM, 0, 0, 8, PLANAR},
	{GEYSER_FORMAT_P010, 2, 2, 10, PAIRS},
	{GEYSER_FORMAT_P210, 2, 1, 10, PAIRS},
	{GEYSER_FORMAT_P410, 1, 1, 10, PAIRS},
	{GEYSER_FORMAT_P016, 2, 2, 16, PAIRS},
	{GEYSER_FORMAT_P216, 2, 1, 16, PAIRS},
	{GEYSER_FORMAT_P416, 1, 1, 16, PAIRS},
	{GEYSER_FORMAT_R16_UNORM, 0, 0, 16, PLANAR},
	{GEYSER_FORMAT_NV12, 2, 2, 8, PAIRS},
	{GEYSER_FORMAT_NV16, 2, 1, 8, PAIRS},
	{GEYSER_FORMAT_YUY2, 2, 1, 8, {{0, 0, 2}, {0, 1, 4}, {0, 3, 4}}},
	{GEYSER_FORMAT_UYVY, 2, 1, 8, {{0, 1, 2}, {0, 0, 4}, {0, 2, 4}}},
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static bool holds(const struct kind *kind, const struct y4m *y4m)
{
	return kind->divide_x == y4m->divide_x && kind->divide_y == y4m->divide_y &&
	       kind->depth >= y4m->depth && (kind->depth > 8) == (y4m->depth > 8);
}

static const struct kind *kind_of(enum geyser_format format)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (kinds[i].format == format)
			return &kinds[i];
	}
	return NULL;
}

enum geyser_format y4m_format(const struct y4m *y4m)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (holds(&kinds[i], y4m))
			return kinds[i].format;
	}
	return GEYSER_FORMAT_NONE;
}

bool y4m_fits(const struct y4m *y4m, enum geyser_format format)
{
	const struct kind *const kind = kind_of(format);

	return kind && holds(kind, y4m);
}

bool y4m_is_same(const struct y4m *y4m, enum geyser_format format)
{
	return y4m->depth == 8 && y4m_format(y4m) == format;
}

bool y4m_of_format(enum geyser_format format, struct y4m *out)
{
	const struct kind *const kind = kind_of(format);

	*out = (struct y4m){0};
	if (!kind)
		return false;
	out->divide_x = kind->divide_x;
	out->divide_y = kind->divide_y;
	out->depth = kind->depth;
	return true;
}

/* Describes y4m that keeps every bit of a format. Colours become luma and full chroma. */
static void describe(enum geyser_format format, struct y4m *out)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);
	uint32_t bits;

	if (y4m_of_format(info ? format : GEYSER_FORMAT_I420, out))
		return;
	bits = 8 * info->bytes_per_texel / info->channels;
	out->divide_x = out->divide_y = info->channels > 1 ? 1 : 0;
	out->depth = format == GEYSER_FORMAT_RGB10A2_UNORM ? 10 : bits > 8 ? 16 : 8;
}

void y4m_write_pixels(enum geyser_format format, char text[Y4M_PIXELS_MAX])
{
	struct y4m y4m;
	char depth[32] = "";

	describe(format, &y4m);
	if (y4m.depth > 8)
		(void)snprintf(depth, sizeof(depth), "%s%ule -strict -1", y4m.divide_x ? "p" : "",
			y4m.depth);
	else if (y4m.divide_x)
		(void)snprintf(depth, sizeof(depth), "p");
	(void)snprintf(text, Y4M_PIXELS_MAX, "-pix_fmt %s%s",
		!y4m.divide_x       ? "gray"
		: y4m.divide_x == 1 ? "yuv444"
		: y4m.divide_y == 1 ? "yuv422"
				    : "yuv420",
		depth);
}

/* ---- frames --------------------------------------------------------------------------------- */

static uint32_t divided(uint32_t extent, uint32_t divisor)
{
	return extent / divisor + (extent % divisor != 0);
}

/* Returns the samples of a component, each way. Luma is component 0. */
static struct size extent_of(const struct y4m *y4m, uint32_t component)
{
	return (struct size){
		.width = component ? divided(y4m->width, y4m->divide_x) : y4m->width,
		.height = component ? divided(y4m->height, y4m->divide_y) : y4m->height,
	};
}

static uint32_t component_count(const struct y4m *y4m)
{
	return y4m->divide_x ? 3 : 1;
}

uint64_t y4m_size(const struct y4m *y4m)
{
	uint64_t samples = 0;

	for (uint32_t i = 0; i < component_count(y4m); i++)
		samples += (uint64_t)extent_of(y4m, i).width * extent_of(y4m, i).height;
	return samples * (y4m->depth > 8 ? 2 : 1);
}

/* Copies a row of bytes. step is that of the texture's samples. */
static void copy_bytes(
	unsigned char *file, unsigned char *texels, size_t step, uint32_t count, bool into_texture)
{
	if (step == 1) {
		(void)memcpy(into_texture ? texels : file, into_texture ? file : texels, count);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (into_texture)
			texels[i * step] = file[i];
		else
			file[i] = texels[i * step];
	}
}

/* Copies a row of words, which the texture has in its high bits. */
static void copy_words(unsigned char *file, unsigned char *texels, size_t step, uint32_t count,
	uint32_t shift, bool into_texture)
{
	for (uint32_t i = 0; i < count; i++) {
		unsigned char *const sample = file + (size_t)i * 2;
		unsigned char *const texel = texels + i * step * 2;
		uint16_t word;

		if (into_texture) {
			word = (uint16_t)((sample[0] | sample[1] << 8) << shift);
			(void)memcpy(texel, &word, sizeof(word));
		} else {
			(void)memcpy(&word, texel, sizeof(word));
			word = (uint16_t)(word >> shift);
			sample[0] = (unsigned char)word;
			sample[1] = (unsigned char)(word >> 8);
		}
	}
}

void y4m_copy(const struct y4m *y4m, unsigned char *planes, const struct geyser_texture *texture,
	unsigned char *data, bool into_texture)
{
	const struct kind *const kind = kind_of(geyser_texture_get_desc(texture)->format);
	const uint32_t bytes = y4m->depth > 8 ? 2 : 1;

	for (uint32_t i = 0; i < component_count(y4m); i++) {
		const struct place *const place = &kind->places[i];
		const struct size size = extent_of(y4m, i);
		struct geyser_subresource at;

		(void)geyser_texture_get_subresource(texture, place->plane, 0, 0, &at);
		for (uint32_t y = 0; y < size.height; y++) {
			unsigned char *const row =
				data + at.offset + y * at.row_pitch + (size_t)place->first * bytes;

			if (bytes == 1)
				copy_bytes(planes, row, place->step, size.width, into_texture);
			else
				copy_words(planes, row, place->step, size.width, 16 - y4m->depth,
					into_texture);
			planes += (size_t)size.width * bytes;
		}
	}
}
