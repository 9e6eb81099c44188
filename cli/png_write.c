/*
 * Texels to PNG.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <spng.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "png.h"

/* Twice as fast as the default, a tenth larger: a grab is waited for. */
#define COMPRESSION_LEVEL 3

/* After a failed write libspng tells of its own state only. */
static bool write_failure(FILE *file, const char *name, int result)
{
	(void)failure("%s: can't be written (%s): a place with room", name,
		ferror(file) && errno ? strerror(errno) : spng_strerror(result));
	return false;
}

/* Samples that PNG stores for a texel: two channels become three. */
static unsigned samples(const struct png_layout *layout)
{
	return layout->channels == 2 ? 3 : layout->channels;
}

static size_t sample_size(const struct png_layout *layout)
{
	return layout->bits > 8 ? 2 : 1;
}

/* True if a row of texels is a row of PNG samples as it lies in memory. */
static bool is_straight(const struct png_layout *layout)
{
	return layout->channels != 2 && !layout->bgra && layout->bits != 10;
}

static void get_10_bits(const unsigned char *texel, unsigned char *out)
{
	uint16_t wide[4];
	uint32_t word;

	memcpy(&word, texel, sizeof(word));
	for (unsigned i = 0; i < 3; i++)
		wide[i] = png_widen(word >> (10 * i) & 0x3ff, 10);
	wide[3] = png_widen(word >> 30, 2);
	memcpy(out, wide, sizeof(wide));
}

/* PNG's samples of one texel; out holds zeroes where the texel has no channel. */
static void get_texel(
	const struct png_layout *layout, const unsigned char *texel, unsigned char *out)
{
	const size_t size = sample_size(layout);

	if (layout->bits == 10) {
		get_10_bits(texel, out);
		return;
	}
	for (unsigned i = 0; i < layout->channels; i++) {
		const unsigned from = layout->bgra && i < 3 ? 2 - i : i;

		memcpy(out + i * size, texel + from * size, size);
	}
}

static void get_row(const struct png_texels *texels, uint32_t y, unsigned char *out)
{
	const struct png_layout *const layout = png_layout(texels->format);
	const uint32_t texel_size = geyser_format_get_info(texels->format)->bytes_per_texel;
	const size_t size = samples(layout) * sample_size(layout);
	const unsigned char *texel = texels->data + y * texels->row_pitch;

	for (uint32_t x = 0; x < texels->width; x++, texel += texel_size, out += size)
		get_texel(layout, texel, out);
}

static int begin(struct spng_ctx *context, FILE *file, const struct png_texels *texels)
{
	const struct png_layout *const layout = png_layout(texels->format);
	struct spng_ihdr header = {
		.width = texels->width,
		.height = texels->height,
		.bit_depth = layout->bits > 8 ? 16 : 8,
		.color_type = layout->channels == 1   ? SPNG_COLOR_TYPE_GRAYSCALE
			      : layout->channels == 2 ? SPNG_COLOR_TYPE_TRUECOLOR
						      : SPNG_COLOR_TYPE_TRUECOLOR_ALPHA,
	};
	int result = spng_set_png_file(context, file);

	if (!result)
		result = spng_set_ihdr(context, &header);
	if (!result && geyser_format_get_info(texels->format)->srgb)
		result = spng_set_srgb(context, 0); /* rendering intent: perceptual */
	if (!result)
		result = spng_set_option(context, SPNG_IMG_COMPRESSION_LEVEL, COMPRESSION_LEVEL);
	if (!result)
		result = spng_encode_image(context, NULL, 0, SPNG_FMT_PNG,
			SPNG_ENCODE_PROGRESSIVE | SPNG_ENCODE_FINALIZE);
	return result;
}

static int write_rows(struct spng_ctx *context, const struct png_texels *texels, unsigned char *row)
{
	const struct png_layout *const layout = png_layout(texels->format);
	const bool straight = is_straight(layout);
	const size_t size = texels->width * samples(layout) * sample_size(layout);
	int result = 0;

	for (uint32_t y = 0; y < texels->height && !result; y++) {
		if (!straight)
			get_row(texels, y, row);
		result = spng_encode_row(
			context, straight ? texels->data + y * texels->row_pitch : row, size);
	}
	return result == SPNG_EOI ? 0 : result;
}

bool png_write(FILE *file, const char *name, const struct png_texels *texels)
{
	/* 8 bytes: 4 samples of 16 bits */
	unsigned char *const row = calloc(texels->width, 8);
	struct spng_ctx *const context = spng_ctx_new(SPNG_CTX_ENCODER);
	int result = SPNG_EMEM;

	errno = 0;
	if (row && context)
		result = begin(context, file, texels);
	if (!result)
		result = write_rows(context, texels, row);
	spng_ctx_free(context);
	free(row);
	return !result || write_failure(file, name, result);
}
