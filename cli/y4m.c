/*
 * YUV4MPEG (y4m): which formats have such frames, and how their samples are repacked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "pixels.h"
#include "y4m.h"

/* ---- formats -------------------------------------------------------------------------------- */

/* What each format holds. Of several with the same sampling the one for y4m stands first. */
static const struct kind {
	enum geyser_format format;
	uint32_t divide_x, divide_y, depth;
} kinds[] = {
	{GEYSER_FORMAT_I420, 2, 2, 8},
	{GEYSER_FORMAT_I422, 2, 1, 8},
	{GEYSER_FORMAT_I444, 1, 1, 8},
	{GEYSER_FORMAT_R8_UNORM, 0, 0, 8},
	{GEYSER_FORMAT_P010, 2, 2, 10},
	{GEYSER_FORMAT_P210, 2, 1, 10},
	{GEYSER_FORMAT_P410, 1, 1, 10},
	{GEYSER_FORMAT_P016, 2, 2, 16},
	{GEYSER_FORMAT_P216, 2, 1, 16},
	{GEYSER_FORMAT_P416, 1, 1, 16},
	{GEYSER_FORMAT_R16_UNORM, 0, 0, 16},
	{GEYSER_FORMAT_NV12, 2, 2, 8},
	{GEYSER_FORMAT_NV16, 2, 1, 8},
	{GEYSER_FORMAT_YUY2, 2, 1, 8},
	{GEYSER_FORMAT_UYVY, 2, 1, 8},
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

enum geyser_format y4m_nearest(enum geyser_format format, uint32_t divide)
{
	struct y4m y4m;

	describe(format, &y4m);
	y4m.divide_x = y4m.divide_y = divide;
	return y4m_format(&y4m);
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

/* Copies samples of 16 bits. The texture has luma in its first plane, and Cb and Cr in turn in its
 * second one. */
static void copy_planes_of_words(const struct y4m *y4m, unsigned char *planes,
	const struct geyser_pixels *texture, bool into_texture)
{
	for (uint32_t i = 0; i < component_count(y4m); i++) {
		const uint32_t plane = i > 0, first = i == 2;
		const struct size size = extent_of(y4m, i);

		for (uint32_t y = 0; y < size.height; y++) {
			unsigned char *const row = (unsigned char *)texture->planes[plane].data +
						   y * texture->planes[plane].row_pitch +
						   first * sizeof(uint16_t);

			copy_words(planes, row, plane ? 2 : 1, size.width, 16 - y4m->depth,
				into_texture);
			planes += (size_t)size.width * sizeof(uint16_t);
		}
	}
}

void y4m_copy(const struct y4m *y4m, unsigned char *planes, const struct geyser_texture *texture,
	unsigned char *data, bool into_texture)
{
	const struct geyser_pixels pixels = pixels_of_texture(texture, data);
	struct geyser_pixels frame;

	if (y4m->depth > 8) {
		copy_planes_of_words(y4m, planes, &pixels, into_texture);
		return;
	}
	/* with the same sampling the conversion loses nothing, and nothing in it can fail */
	frame = pixels_of_frame(y4m_format(y4m), y4m->width, y4m->height, planes);
	(void)geyser_convert_pixels(
		into_texture ? &frame : &pixels, into_texture ? &pixels : &frame, NULL);
}
