/*
 * A small copy of a frame as it is meant to be seen, for terminals.
 *
 * SPDX-License-Identifier: MIT
 */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include <geyser/convert.h>

#include "pixels.h"
#include "upright.h"
#include "view_colour.h"
#include "view_small.h"

/* ---- scaling --------------------------------------------------------------------------------- */

static bool reserve(struct view_small *small, uint32_t texels)
{
	float *const numbers = texels > small->room
				       ? realloc(small->numbers, (size_t)texels * 4 * sizeof(float))
				       : small->numbers;
	uint8_t *const colours =
		texels > small->room ? realloc(small->colours, (size_t)texels * 3) : small->colours;

	small->numbers = numbers ? numbers : small->numbers;
	small->colours = colours ? colours : small->colours;
	if (!numbers || !colours)
		return false;
	small->room = texels > small->room ? texels : small->room;
	return true;
}

/* Sets the size: the picture's shape, as large as fits. */
static void fit(struct view_small *small, uint32_t picture_width, uint32_t picture_height,
	uint32_t width, uint32_t height)
{
	small->width = width;
	small->height = (uint32_t)((uint64_t)picture_height * width / picture_width);
	if (small->height > height) {
		small->height = height;
		small->width = (uint32_t)((uint64_t)picture_width * height / picture_height);
	}
	if (!small->width)
		small->width = 1;
	if (!small->height)
		small->height = 1;
}

/* Depth isn't converted by the library: each texel's first float, or lowest 24 bits, are its depth.
 * The texels were scaled into the same memory. */
static void spread_depth(struct view_small *small, enum geyser_format format)
{
	for (size_t i = (size_t)small->width * small->height; i-- > 0;) {
		float *const out = small->numbers + i * 4;
		uint32_t word;
		float depth;

		(void)memcpy(
			&word, (unsigned char *)small->numbers + i * sizeof(word), sizeof(word));
		(void)memcpy(&depth, &word, sizeof(depth));
		out[0] = out[1] = out[2] = format == GEYSER_FORMAT_DEPTH32_FLOAT
						   ? depth
						   : (float)(word & 0xffffff) / 0xffffff;
		out[3] = 1;
	}
}

/* Scales the frame to float, upright. */
static enum geyser_result scale(struct view_small *small, struct geyser_texture *texture,
	const struct geyser_frame_info *info, const struct geyser_rect *crop)
{
	const enum geyser_format format = geyser_texture_get_desc(texture)->format;
	const bool depth = geyser_format_get_info(format)->depth;
	const struct geyser_convert_options options = {
		.color = &info->color,
		.siting = info->siting,
		.crop = *crop,
		.orientation = info->orientation,
		.filter = depth ? GEYSER_FILTER_NEAREST : GEYSER_FILTER_BOX,
	};
	const struct geyser_pixels to = {depth ? format : GEYSER_FORMAT_RGBA32_FLOAT, small->width,
		small->height,
		{{small->numbers, (size_t)small->width * (depth ? 4 : 4 * sizeof(float))}}};
	struct geyser_pixels from;
	struct geyser_mapping mapping;
	enum geyser_result result = geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping);

	if (result)
		return result;
	from = pixels_of_texture(texture, mapping.data);
	result = geyser_convert_pixels(&from, &to, &options);
	geyser_texture_unmap(texture);
	if (depth && !result)
		spread_depth(small, format);
	return result;
}

bool view_small_make(struct view_small *small, struct view_feed *feed, const struct view_look *look,
	uint32_t width, uint32_t height)
{
	struct geyser_texture *const texture = geyser_frame_texture(feed->frame);
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	const struct geyser_frame_info *const info = geyser_frame_get_info(feed->frame);
	const struct view_meaning meaning = view_meaning_of(desc->format, info);
	const struct geyser_rect crop = upright_crop(info, desc->width, desc->height);
	const bool swap = (unsigned)info->orientation & 1;
	bool reserved;

	fit(small, swap ? crop.height : crop.width, swap ? crop.width : crop.height, width, height);
	(void)snprintf(small->what, sizeof(small->what), "%ux%u %s", desc->width, desc->height,
		geyser_format_name(desc->format));
	small->scale = meaning.scale;
	small->channels = meaning.channels;
	reserved = reserve(small, small->width * small->height);
	if (!reserved || scale(small, texture, info, &crop)) {
		(void)snprintf(feed->trouble, sizeof(feed->trouble), "%s",
			reserved ? geyser_error_detail() : "no memory for a picture");
		feed->state = VIEW_FAILED;
		small->width = small->height = 0;
		return false;
	}
	for (size_t i = 0; i < (size_t)small->width * small->height; i++)
		view_colour_show(&meaning, look, small->numbers + i * 4, small->colours + i * 3);
	return true;
}

bool view_small_range(const struct view_small *small, float *low, float *high)
{
	*low = FLT_MAX;
	*high = -FLT_MAX;
	for (size_t i = 0; i < (size_t)small->width * small->height; i++) {
		for (unsigned c = 0; c < small->channels && c < 3; c++) {
			const float number = small->numbers[i * 4 + c] * small->scale;

			*low = number < *low ? number : *low;
			*high = number > *high ? number : *high;
		}
	}
	return *low < *high;
}

void view_small_finish(struct view_small *small)
{
	free(small->numbers);
	free(small->colours);
	*small = (struct view_small){.width = 0};
}

/* ---- half-blocks ----------------------------------------------------------------------------- */

static void print_colour(FILE *file, unsigned ground, const uint8_t *colour)
{
	(void)fprintf(file, "\033[%u;2;%u;%u;%um", ground, colour[0], colour[1], colour[2]);
}

void view_small_blocks(const struct view_small *small, const char *end, FILE *file)
{
	static const uint8_t black[3];

	for (uint32_t y = 0; y < small->height; y += 2) {
		const uint8_t *upper = NULL, *lower = NULL;

		for (uint32_t x = 0; x < small->width; x++) {
			const uint8_t *const top =
				small->colours + ((size_t)y * small->width + x) * 3;
			const uint8_t *const bottom =
				y + 1 < small->height ? top + (size_t)small->width * 3 : black;

			if (!upper || memcmp(upper, top, 3) != 0)
				print_colour(file, 38, top);
			if (!lower || memcmp(lower, bottom, 3) != 0)
				print_colour(file, 48, bottom);
			(void)fputs("\xe2\x96\x80", file); /* U+2580, the upper half block */
			upper = top;
			lower = bottom;
		}
		(void)fprintf(file, "\033[0m%s", end);
	}
}

/* ---- sixels ---------------------------------------------------------------------------------- */

#define LEVELS 6u
#define COLOURS (LEVELS * LEVELS * LEVELS)

/* Chooses the entry of the palette, by an ordered dither. */
static uint8_t choose(const uint8_t *colour, uint32_t x, uint32_t y)
{
	static const uint8_t bayer[4][4] = {
		{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
	/* thresholds of 1/32 to 31/32 of a step: plain levels stay plain */
	const unsigned threshold = (bayer[y % 4][x % 4] * 2u + 1) * 255 / 32;
	unsigned index = 0;

	for (unsigned i = 0; i < 3; i++)
		index = index * LEVELS + (colour[i] * (LEVELS - 1) + threshold) / 255;
	return (uint8_t)index;
}

static void print_run(FILE *file, unsigned bits, unsigned length)
{
	if (length > 3)
		(void)fprintf(file, "!%u%c", length, (int)('?' + bits));
	else
		for (unsigned i = 0; i < length; i++)
			(void)fputc((int)('?' + bits), file);
}

/* Prints the sixels of one colour in a band of six rows. */
static void print_band_colour(
	FILE *file, const uint8_t *indices, uint32_t width, unsigned rows, unsigned colour)
{
	unsigned bits = 0, length = 0;

	(void)fprintf(file, "#%u", colour);
	for (uint32_t x = 0; x < width; x++) {
		unsigned here = 0;

		for (unsigned row = 0; row < rows; row++)
			here |= (unsigned)(indices[(size_t)row * width + x] == colour) << row;
		if (length && here != bits) {
			print_run(file, bits, length);
			length = 0;
		}
		bits = here;
		length++;
	}
	if (bits)
		print_run(file, bits, length);
	(void)fputc('$', file);
}

static void print_band(FILE *file, const struct view_small *small, uint32_t y, uint8_t *indices)
{
	const unsigned rows = small->height - y < 6 ? small->height - y : 6;
	bool used[COLOURS] = {false};

	for (unsigned row = 0; row < rows; row++) {
		for (uint32_t x = 0; x < small->width; x++) {
			const uint8_t index =
				choose(small->colours + ((size_t)(y + row) * small->width + x) * 3,
					x, y + row);

			indices[(size_t)row * small->width + x] = index;
			used[index] = true;
		}
	}
	for (unsigned colour = 0; colour < COLOURS; colour++) {
		if (used[colour])
			print_band_colour(file, indices, small->width, rows, colour);
	}
	(void)fputc('-', file);
}

void view_small_sixels(const struct view_small *small, FILE *file)
{
	uint8_t *const indices = malloc((size_t)small->width * 6);

	if (!indices)
		return;
	/* pixels are square; pixels of no colour stay */
	(void)fprintf(file, "\033P0;1q\"1;1;%u;%u", small->width, small->height);
	for (unsigned i = 0; i < COLOURS; i++)
		(void)fprintf(file, "#%u;2;%u;%u;%u", i, i / LEVELS / LEVELS * 20,
			i / LEVELS % LEVELS * 20, i % LEVELS * 20);
	for (uint32_t y = 0; y < small->height; y += 6)
		print_band(file, small, y, indices);
	(void)fputs("\033\\\n", file);
	free(indices);
}
