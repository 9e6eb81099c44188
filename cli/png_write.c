/*
 * Texels to PNG.
 *
 * SPDX-License-Identifier: MIT
 */
#include <spng.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "png.h"

/* This level is twice as fast as the default, and its files are a tenth larger. The user waits for
 * a grab. */
#define COMPRESSION_LEVEL 3

/* Prints the failure, unless the functions of outfile.h have printed one. */
static bool write_failure(const struct outfile *file, int result)
{
	if (!file->failed)
		(void)failure("%s: can't be written (%s)", file->name, spng_strerror(result));
	return false;
}

static int write_bytes(struct spng_ctx *context, void *user, void *data, size_t size)
{
	(void)context;
	return outfile_write(user, data, size) ? 0 : SPNG_IO_ERROR;
}

/* Returns how many samples a PNG stores for a texel. Two channels become three. */
static unsigned samples(const struct png_layout *layout)
{
	return layout->channels == 2 ? 3 : layout->channels;
}

static bool is_deep(const struct png_layout *layout)
{
	return layout->bits > 8;
}

/* Returns the format of a row of samples, but for two channels. */
static enum geyser_format format_of_samples(const struct png_layout *layout)
{
	if (layout->channels == 1)
		return is_deep(layout) ? GEYSER_FORMAT_R16_UNORM : GEYSER_FORMAT_R8_UNORM;
	return is_deep(layout) ? GEYSER_FORMAT_RGBA16_UNORM : GEYSER_FORMAT_RGBA8_UNORM;
}

/* Takes alpha out of a row of RGBA. */
static void drop_alpha(unsigned char *row, uint32_t width, size_t sample_size)
{
	for (uint32_t x = 1; x < width; x++)
		memmove(row + x * 3 * sample_size, row + x * 4 * sample_size, 3 * sample_size);
}

/* Returns the row's samples: in `room`, or the texels themselves if they are samples already. */
static const unsigned char *samples_of_row(
	const struct png_texels *texels, uint32_t y, unsigned char *room)
{
	const struct png_layout *const layout = png_layout(texels->format);
	const enum geyser_format samples = format_of_samples(layout);
	const unsigned char *const row = texels->data + y * texels->row_pitch;

	if (layout->numbers == samples)
		return row;
	png_convert_row(layout->numbers, row, samples, room, texels->width);
	if (layout->channels == 2)
		drop_alpha(room, texels->width, is_deep(layout) ? 2 : 1);
	return room;
}

enum { CICP_BT709 = 1, CICP_UNSPECIFIED = 2, CICP_SRGB = 13 };

static bool is_known(uint8_t code_point)
{
	return code_point && code_point != CICP_UNSPECIFIED;
}

/* A cICP chunk: code points of ITU-T H.273 (PNG specification, third edition, 11.3.2.6). */
struct color_chunk {
	struct spng_unknown_chunk chunk;
	unsigned char bytes[4];
};

/* The context keeps a pointer to out, which must live as long as the context. */
static int set_color(
	struct spng_ctx *context, const struct png_texels *texels, struct color_chunk *out)
{
	const struct geyser_color *const color = texels->color;
	const bool known = color && (is_known(color->primaries) || is_known(color->transfer));
	const bool srgb = known && color->primaries == CICP_BT709 && color->transfer == CICP_SRGB &&
			  color->range == GEYSER_COLOR_RANGE_FULL;

	if (!known || srgb) {
		return srgb || geyser_format_get_info(texels->format)->srgb
			       ? spng_set_srgb(context, 0) /* rendering intent: perceptual */
			       : 0;
	}
	*out = (struct color_chunk){
		.chunk = {.type = "cICP",
			.length = sizeof(out->bytes),
			.data = out->bytes,
			.location = SPNG_AFTER_IHDR},
		.bytes = {is_known(color->primaries) ? color->primaries : CICP_UNSPECIFIED,
			is_known(color->transfer) ? color->transfer : CICP_UNSPECIFIED,
			0, /* the only matrix that a PNG may have */
			color->range == GEYSER_COLOR_RANGE_FULL},
	};
	return spng_set_unknown_chunks(context, &out->chunk, 1);
}

static int begin(struct spng_ctx *context, struct outfile *file, const struct png_texels *texels,
	struct color_chunk *color)
{
	const struct png_layout *const layout = png_layout(texels->format);
	struct spng_ihdr header = {
		.width = texels->width,
		.height = texels->height,
		.bit_depth = is_deep(layout) ? 16 : 8,
		.color_type = layout->channels == 1   ? SPNG_COLOR_TYPE_GRAYSCALE
			      : layout->channels == 2 ? SPNG_COLOR_TYPE_TRUECOLOR
						      : SPNG_COLOR_TYPE_TRUECOLOR_ALPHA,
	};
	int result = spng_set_png_stream(context, write_bytes, file);

	if (!result)
		result = spng_set_ihdr(context, &header);
	if (!result)
		result = set_color(context, texels, color);
	if (!result)
		result = spng_set_option(context, SPNG_IMG_COMPRESSION_LEVEL, COMPRESSION_LEVEL);
	if (!result)
		result = spng_encode_image(context, NULL, 0, SPNG_FMT_PNG,
			SPNG_ENCODE_PROGRESSIVE | SPNG_ENCODE_FINALIZE);
	return result;
}

static int write_rows(
	struct spng_ctx *context, const struct png_texels *texels, unsigned char *room)
{
	const struct png_layout *const layout = png_layout(texels->format);
	const size_t size = texels->width * samples(layout) * (is_deep(layout) ? 2 : 1);
	int result = 0;

	for (uint32_t y = 0; y < texels->height && !result; y++)
		result = spng_encode_row(context, samples_of_row(texels, y, room), size);
	return result == SPNG_EOI ? 0 : result;
}

bool png_write(struct outfile *file, const struct png_texels *texels)
{
	/* 8 bytes: 4 samples of 16 bits */
	unsigned char *const row = malloc(texels->width * (size_t)8);
	struct spng_ctx *const context = spng_ctx_new(SPNG_CTX_ENCODER);
	struct color_chunk color;
	int result = SPNG_EMEM;

	if (row && context)
		result = begin(context, file, texels, &color);
	if (!result)
		result = write_rows(context, texels, row);
	spng_ctx_free(context);
	free(row);
	return !result || write_failure(file, result);
}
