/* SPDX-License-Identifier: MIT */
/* Core Graphics contexts that draw into mapped textures, and images that are copies of textures. */
#include <geyser/apple.h>

#include "base/error.h"
#include "interop/apple/surface.h"

#include <CoreGraphics/CoreGraphics.h>
#include <stdlib.h>
#include <string.h>

enum channels { GREY = 1, RGB = 3 };

/* A format in Core Graphics' terms. The byte order is that of units of 16 or 32 bits. Bytes B G R A
 * in memory are the 32-bit word A R G B in little-endian order; bytes R G B A are the word R G B A
 * in big-endian order. */
struct bitmap {
	enum geyser_format format;
	enum channels channels; /* colour channels; alpha isn't counted */
	bool alpha_first;
	size_t bits; /* of a channel */
	CGBitmapInfo order;
};

#define LITTLE_16 (kCGBitmapFloatComponents | kCGBitmapByteOrder16Little)
#define LITTLE_32 (kCGBitmapFloatComponents | kCGBitmapByteOrder32Little)

static const struct bitmap bitmaps[] = {
	{GEYSER_FORMAT_BGRA8_UNORM, RGB, true, 8, kCGBitmapByteOrder32Little},
	{GEYSER_FORMAT_BGRA8_UNORM_SRGB, RGB, true, 8, kCGBitmapByteOrder32Little},
	{GEYSER_FORMAT_RGBA8_UNORM, RGB, false, 8, kCGBitmapByteOrder32Big},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, RGB, false, 8, kCGBitmapByteOrder32Big},
	{GEYSER_FORMAT_R8_UNORM, GREY, false, 8, kCGBitmapByteOrderDefault},
	{GEYSER_FORMAT_R8_UNORM_SRGB, GREY, false, 8, kCGBitmapByteOrderDefault},
	{GEYSER_FORMAT_RGBA16_FLOAT, RGB, false, 16, LITTLE_16},
	{GEYSER_FORMAT_RGBA32_FLOAT, RGB, false, 32, LITTLE_32},
	{GEYSER_FORMAT_R32_FLOAT, GREY, false, 32, LITTLE_32},
};

/* A bitmap in the form that Core Graphics' functions expect. */
struct picture {
	const struct bitmap *bitmap;
	CGBitmapInfo info;
	CGColorSpaceRef space; /* owned */
	size_t width, height;
	size_t texel; /* bytes */
};

static const struct bitmap *find_bitmap(enum geyser_format format)
{
	for (size_t i = 0; i < sizeof bitmaps / sizeof *bitmaps; i++)
		if (bitmaps[i].format == format)
			return &bitmaps[i];
	return NULL;
}

static enum geyser_result refuse_format(enum geyser_format format)
{
	char list[GY_FORMAT_LIST_SIZE] = "";

	for (size_t i = 0; i < sizeof bitmaps / sizeof *bitmaps; i++)
		gy_format_list_add(list, bitmaps[i].format);
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "format (%s): Core Graphics takes %s%s",
		geyser_format_name(format), list,
		geyser_format_is_video(format) ? "; geyser_texture_convert converts video" : "");
}

/* Returns Core Graphics' constant for the alpha mode. Grey formats have no alpha channel, whatever
 * mode the caller names. */
static CGImageAlphaInfo alpha_info(const struct bitmap *bitmap, enum geyser_alpha alpha)
{
	static const CGImageAlphaInfo first[] = {
		[GEYSER_ALPHA_STRAIGHT] = kCGImageAlphaFirst,
		[GEYSER_ALPHA_PREMULTIPLIED] = kCGImageAlphaPremultipliedFirst,
		[GEYSER_ALPHA_OPAQUE] = kCGImageAlphaNoneSkipFirst,
	};
	static const CGImageAlphaInfo last[] = {
		[GEYSER_ALPHA_STRAIGHT] = kCGImageAlphaLast,
		[GEYSER_ALPHA_PREMULTIPLIED] = kCGImageAlphaPremultipliedLast,
		[GEYSER_ALPHA_OPAQUE] = kCGImageAlphaNoneSkipLast,
	};

	if (bitmap->channels == GREY)
		return kCGImageAlphaNone;
	return bitmap->alpha_first ? first[alpha] : last[alpha];
}

/* Returns the colour space for callers that pass none. */
static CFStringRef default_space(const struct bitmap *bitmap)
{
	if (bitmap->order & kCGBitmapFloatComponents)
		return bitmap->channels == GREY ? kCGColorSpaceExtendedLinearGray
						: kCGColorSpaceExtendedLinearSRGB;
	return bitmap->channels == GREY ? kCGColorSpaceGenericGrayGamma2_2 : kCGColorSpaceSRGB;
}

/* Gives a colour space that the caller owns: `given`, after a check, or the default one. */
static enum geyser_result take_space(
	const struct bitmap *bitmap, CGColorSpaceRef given, CGColorSpaceRef *out)
{
	if (!given) {
		*out = CGColorSpaceCreateWithName(default_space(bitmap));
		return *out ? GEYSER_OK
			    : gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a colour space");
	}
	if (CGColorSpaceGetNumberOfComponents(given) != (size_t)bitmap->channels)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"color_space has %zu channels: %s has %d without alpha",
			CGColorSpaceGetNumberOfComponents(given),
			geyser_format_name(bitmap->format), (int)bitmap->channels);
	*out = (CGColorSpaceRef)CFRetain(given);
	return GEYSER_OK;
}

static enum geyser_result check_arguments(
	const struct geyser_texture *texture, enum geyser_alpha alpha, void **out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	if ((unsigned)alpha > GEYSER_ALPHA_OPAQUE)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "alpha (%d): it must be 0 to %d",
			(int)alpha, (int)GEYSER_ALPHA_OPAQUE);
	if (!gy_texture_is_flat(texture))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"Core Graphics draws into bitmaps only: the texture must have one layer, "
			"depth 1 and one mip level");
	return GEYSER_OK;
}

static enum geyser_result picture_init(struct picture *picture,
	const struct geyser_texture *texture, enum geyser_alpha alpha, void *space)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	enum geyser_result result;

	picture->bitmap = find_bitmap(desc->format);
	if (!picture->bitmap)
		return refuse_format(desc->format);
	result = take_space(picture->bitmap, (CGColorSpaceRef)space, &picture->space);
	if (result != GEYSER_OK)
		return result;
	picture->info = alpha_info(picture->bitmap, alpha) | picture->bitmap->order;
	picture->width = desc->width;
	picture->height = desc->height;
	picture->texel = geyser_format_get_info(desc->format)->bytes_per_texel;
	return GEYSER_OK;
}

/* ---- contexts ---- */

static enum geyser_result create_context(
	struct geyser_texture *texture, const struct picture *picture, void **out)
{
	struct geyser_mapping mapping;
	const enum geyser_result result =
		geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &mapping);

	if (result != GEYSER_OK)
		return result;
	*out = CGBitmapContextCreate(mapping.data, picture->width, picture->height,
		picture->bitmap->bits, mapping.row_pitch, picture->space, picture->info);
	if (*out)
		return GEYSER_OK;
	geyser_texture_unmap(texture);
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"format (%s): this system's Core Graphics has no such context, or no memory for it",
		geyser_format_name(picture->bitmap->format));
}

enum geyser_result geyser_coregraphics_context_create(struct geyser_texture *texture,
	enum geyser_alpha alpha, void *color_space, void **cg_context)
{
	struct picture picture = {.space = NULL};
	enum geyser_result result = check_arguments(texture, alpha, cg_context);

	if (result != GEYSER_OK)
		return result;
	if (alpha == GEYSER_ALPHA_STRAIGHT)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "Core Graphics can't draw straight alpha: "
							 "it must be premultiplied or opaque");
	result = picture_init(&picture, texture, alpha, color_space);
	if (result == GEYSER_OK)
		result = create_context(texture, &picture, cg_context);
	CGColorSpaceRelease(picture.space);
	return result;
}

void geyser_coregraphics_context_finish(struct geyser_texture *texture, void *cg_context)
{
	if (!cg_context)
		return;
	CGContextFlush((CGContextRef)cg_context);
	CGContextRelease((CGContextRef)cg_context);
	geyser_texture_unmap(texture);
}

/* ---- images ---- */

static void release_pixels(void *info, const void *data, size_t size)
{
	(void)data;
	(void)size;
	free(info);
}

/* Copies the texels without the padding between rows. The caller frees *out. */
static enum geyser_result copy_pixels(
	struct geyser_texture *texture, const struct picture *picture, uint8_t **out)
{
	const size_t row = picture->width * picture->texel;
	struct geyser_mapping mapping;
	const enum geyser_result result = geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping);

	if (result != GEYSER_OK)
		return result;
	*out = malloc(row * picture->height);
	for (size_t y = 0; *out && y < picture->height; y++)
		memcpy(*out + y * row, (const uint8_t *)mapping.data + y * mapping.row_pitch, row);
	geyser_texture_unmap(texture);
	return *out ? GEYSER_OK
		    : gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a copy of %zux%zu texels",
			      picture->width, picture->height);
}

/* Makes an image of the pixels and takes ownership of them, also after a failure. */
static CGImageRef create_image(const struct picture *picture, uint8_t *pixels) CF_RETURNS_RETAINED
{
	const size_t row = picture->width * picture->texel;
	CGDataProviderRef provider =
		CGDataProviderCreateWithData(pixels, pixels, row * picture->height, release_pixels);
	CGImageRef image;

	if (!provider) {
		free(pixels);
		return NULL;
	}
	image = CGImageCreate(picture->width, picture->height, picture->bitmap->bits,
		picture->texel * 8, row, picture->space, picture->info, provider, NULL, false,
		kCGRenderingIntentDefault);
	CGDataProviderRelease(provider);
	return image;
}

enum geyser_result geyser_coregraphics_image_create(
	struct geyser_texture *texture, enum geyser_alpha alpha, void *color_space, void **cg_image)
{
	struct picture picture = {.space = NULL};
	uint8_t *pixels = NULL;
	enum geyser_result result = check_arguments(texture, alpha, cg_image);

	if (result == GEYSER_OK)
		result = picture_init(&picture, texture, alpha, color_space);
	if (result == GEYSER_OK)
		result = copy_pixels(texture, &picture, &pixels);
	if (result == GEYSER_OK) {
		*cg_image = create_image(&picture, pixels);
		if (!*cg_image)
			result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
				"format (%s): this system's Core Graphics has no such image, or no "
				"memory for it",
				gy_texture_format_name(texture));
	}
	CGColorSpaceRelease(picture.space);
	return result;
}
