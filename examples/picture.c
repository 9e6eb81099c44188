/*
 * Texels to PNG files.
 *
 * SPDX-License-Identifier: MIT
 */
#include "picture.h"

#include <errno.h>
#include <limits.h>
#include <spng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <geyser/convert.h>

#include "example.h"

/* Returns the end of the number in the pattern and writes its least digits; NULL if it isn't a
 * pattern. */
static const char *number_end(const char *pattern, int *digits)
{
	const char *end = strchr(pattern, '%');

	if (!end)
		return NULL;
	*digits = 1;
	if (end[1] == '0' && end[2] >= '1' && end[2] <= '9') {
		*digits = end[2] - '0';
		end += 2;
	}
	return end[1] == 'd' && !strchr(end + 2, '%') ? end + 2 : NULL;
}

bool picture_is_pattern(const char *pattern)
{
	int digits;

	return number_end(pattern, &digits);
}

/* Whether the bytes of a texel are R, G, B and A, as in a PNG. */
static bool is_rgba(enum geyser_format format)
{
	return format == GEYSER_FORMAT_RGBA8_UNORM || format == GEYSER_FORMAT_RGBA8_UNORM_SRGB;
}

/* Returns the texels as R, G, B and A in new memory. */
static unsigned char *to_rgba(const struct picture *picture, size_t size)
{
	const size_t pitch = (size_t)picture->width * PICTURE_TEXEL;
	const enum geyser_format rgba = geyser_format_get_info(picture->format)->srgb
						? GEYSER_FORMAT_RGBA8_UNORM_SRGB
						: GEYSER_FORMAT_RGBA8_UNORM;
	unsigned char *const out = malloc(size);
	const struct geyser_pixels from = {
		picture->format, picture->width, picture->height, {{picture->texels, pitch}}};
	const struct geyser_pixels to = {rgba, picture->width, picture->height, {{out, pitch}}};

	if (!out)
		fail("no memory for a picture: %zu free bytes", size);
	check(geyser_convert_pixels(&from, &to, NULL), "picture");
	return out;
}

static int encode(const struct picture *picture, FILE *file, const unsigned char *texels)
{
	const size_t size = (size_t)picture->width * picture->height * PICTURE_TEXEL;
	struct spng_ctx *const context = spng_ctx_new(SPNG_CTX_ENCODER);
	struct spng_ihdr header = {
		.width = picture->width,
		.height = picture->height,
		.bit_depth = 8,
		.color_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA,
	};
	int result = context ? spng_set_png_file(context, file) : SPNG_EMEM;

	if (!result)
		result = spng_set_ihdr(context, &header);
	if (!result)
		result = spng_encode_image(
			context, texels, size, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
	spng_ctx_free(context);
	return result;
}

static int write_file(const struct picture *picture, const char *path, const unsigned char *texels)
{
	FILE *const file = fopen(path, "wbe");
	int result;

	if (!file)
		return SPNG_IO_ERROR;
	result = encode(picture, file, texels);
	return fclose(file) && !result ? SPNG_IO_ERROR : result;
}

const char *picture_save(const struct picture *picture, const char *pattern, unsigned number)
{
	static char path[PATH_MAX];
	const size_t size = (size_t)picture->width * picture->height * PICTURE_TEXEL;
	unsigned char *converted = NULL;
	int digits = 1, result;
	const char *const end = number_end(pattern, &digits);

	if (snprintf(path, sizeof(path), "%.*s%0*u%s", (int)strcspn(pattern, "%"), pattern, digits,
		    number, end) >= (int)sizeof(path))
		fail("too long a name (%.100s...): a shorter one", pattern);
	if (!is_rgba(picture->format))
		converted = to_rgba(picture, size);
	result = write_file(picture, path, converted ? converted : picture->texels);
	free(converted);
	if (result)
		fail("%s: can't be written (%s): a place with room that is writable", path,
			result == SPNG_IO_ERROR ? strerror(errno) : spng_strerror(result));
	return path;
}
