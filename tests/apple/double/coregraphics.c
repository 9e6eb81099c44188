/* SPDX-License-Identifier: MIT */
/* Core Graphics: bitmap contexts that fill rectangles and draw images. Both must cover whole
 * texels, and images aren't scaled. */
#include "color_space.h"
#include "texels.h"

#include <CoreGraphics/CoreGraphics.h>
#include <string.h>

/* The layouts of texels that the double supports. Apple's Quartz 2D guide lists more. */
static const struct layout {
	size_t bits;
	size_t components; /* without alpha */
	CGBitmapInfo order;
	bool alpha_first;
	uint16_t pixel_format; /* the MTLPixelFormat of the same texels */
} layouts[] = {
	{8, 1, kCGBitmapByteOrderDefault, false, 10},
	{8, 3, kCGBitmapByteOrder32Little, true, 80},
	{8, 3, kCGBitmapByteOrder32Big, false, 70},
	{8, 3, kCGBitmapByteOrderDefault, false, 70},
	{16, 3, kCGBitmapFloatComponents | kCGBitmapByteOrder16Little, false, 115},
	{32, 3, kCGBitmapFloatComponents | kCGBitmapByteOrder32Little, false, 125},
	{32, 1, kCGBitmapFloatComponents | kCGBitmapByteOrder32Little, false, 55},
};

/* Texels in memory, and their format. */
struct bitmap {
	uint8_t *data;
	size_t width, height, bytes_per_row;
	const struct double_pixels *pixels;
	CGImageAlphaInfo alpha;
	CGColorSpaceRef space;
	CGBitmapInfo info;
};

struct CGContext {
	struct double_object object;
	struct bitmap bitmap;
	double fill[4]; /* with straight alpha */
};

struct CGDataProvider {
	struct double_object object;
	void *info;
	const void *data;
	size_t size;
	CGDataProviderReleaseDataCallback release;
};

struct CGImage {
	struct double_object object;
	struct bitmap bitmap;
	CGDataProviderRef provider;
};

static void context_destroy(void *object)
{
	CGColorSpaceRelease(((CGContextRef)object)->bitmap.space);
}

static void provider_destroy(void *object)
{
	CGDataProviderRef provider = object;

	if (provider->release)
		provider->release(provider->info, provider->data, provider->size);
}

static void image_destroy(void *object)
{
	CGImageRef image = object;

	CGColorSpaceRelease(image->bitmap.space);
	CGDataProviderRelease(image->provider);
}

static const struct double_type context_type = {"CGContext", context_destroy};
static const struct double_type provider_type = {"CGDataProvider", provider_destroy};
static const struct double_type image_type = {"CGImage", image_destroy};

/* ---- bitmaps ---- */

static bool alpha_fits(const struct layout *layout, CGImageAlphaInfo alpha, bool image)
{
	switch (alpha) {
	case kCGImageAlphaNone:
		return layout->components == 1;
	case kCGImageAlphaPremultipliedFirst:
	case kCGImageAlphaNoneSkipFirst:
		return layout->components == 3 && layout->alpha_first;
	case kCGImageAlphaPremultipliedLast:
	case kCGImageAlphaNoneSkipLast:
		return layout->components == 3 && !layout->alpha_first;
	case kCGImageAlphaFirst:
		return image && layout->components == 3 && layout->alpha_first;
	case kCGImageAlphaLast:
		return image && layout->components == 3 && !layout->alpha_first;
	default:
		return false;
	}
}

/* Returns false if Core Graphics or the double has no such bitmap. */
static bool bitmap_init(
	struct bitmap *bitmap, size_t bits, CGColorSpaceRef space, CGBitmapInfo info, bool image)
{
	bitmap->alpha = info & kCGBitmapAlphaInfoMask;
	bitmap->info = info;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		const struct layout *layout = &layouts[i];

		if (layout->bits != bits ||
			layout->components != CGColorSpaceGetNumberOfComponents(space) ||
			layout->order != (info & ~(CGBitmapInfo)kCGBitmapAlphaInfoMask) ||
			!alpha_fits(layout, bitmap->alpha, image))
			continue;
		bitmap->pixels = double_pixels_of(layout->pixel_format);
		bitmap->space = (CGColorSpaceRef)CFRetain(space);
		return bitmap->bytes_per_row >= bitmap->width * bitmap->pixels->bytes;
	}
	return false;
}

static uint8_t *texel_at(const struct bitmap *bitmap, size_t x, size_t y)
{
	return bitmap->data + y * bitmap->bytes_per_row + x * bitmap->pixels->bytes;
}

/* Reads a texel as a colour with premultiplied alpha. */
static void read_texel(const struct bitmap *bitmap, const void *texel, double color[4])
{
	double_texel_read(bitmap->pixels, texel, color);
	if (bitmap->alpha == kCGImageAlphaNoneSkipFirst ||
		bitmap->alpha == kCGImageAlphaNoneSkipLast)
		color[3] = 1;
	if (bitmap->alpha == kCGImageAlphaFirst || bitmap->alpha == kCGImageAlphaLast)
		for (int i = 0; i < 3; i++)
			color[i] *= color[3];
}

/* Draws a colour with premultiplied alpha over the texel. If the alpha channel is skipped, its new
 * value is undefined: callers may not rely on it. */
static void draw_over(const struct bitmap *bitmap, const double color[4], void *texel)
{
	double sum[4];

	read_texel(bitmap, texel, sum);
	for (int i = 0; i < 4; i++)
		sum[i] = color[i] + sum[i] * (1 - color[3]);
	if (bitmap->alpha == kCGImageAlphaNoneSkipFirst ||
		bitmap->alpha == kCGImageAlphaNoneSkipLast)
		sum[3] = 0.5;
	double_pixels_clear(bitmap->pixels, sum, texel);
}

/* ---- contexts ---- */

CGContextRef CGBitmapContextCreate(void *data, size_t width, size_t height,
	size_t bits_per_component, size_t bytes_per_row, CGColorSpaceRef space, CGBitmapInfo info)
{
	CGContextRef context;

	if (!data)
		double_die("a bitmap context of the double's needs memory");
	if (double_fails("CGBitmapContextCreate"))
		return NULL;
	context = double_object_create(&context_type, sizeof(*context));
	context->bitmap = (struct bitmap){data, width, height, bytes_per_row, NULL, 0, NULL, 0};
	if (bitmap_init(&context->bitmap, bits_per_component, space, info, false))
		return context;
	CGContextRelease(context);
	return NULL;
}

void CGContextFlush(CGContextRef context)
{
	double_object_check(context, &context_type);
}

void CGContextRelease(CGContextRef context)
{
	if (!context)
		return;
	double_object_check(context, &context_type);
	CFRelease(context);
}

void CGContextSetRGBFillColor(
	CGContextRef context, CGFloat red, CGFloat green, CGFloat blue, CGFloat alpha)
{
	const double color[4] = {red, green, blue, alpha};

	double_object_check(context, &context_type);
	if (context->bitmap.space->components != 3)
		double_die("the double converts no colours: the context is grey");
	memcpy(context->fill, color, sizeof(color));
}

void CGContextSetGrayFillColor(CGContextRef context, CGFloat gray, CGFloat alpha)
{
	const double color[4] = {gray, gray, gray, alpha};

	double_object_check(context, &context_type);
	memcpy(context->fill, color, sizeof(color));
}

/* The part of a rectangle that lies within the bitmap, in texels from the bitmap's top left. */
struct part {
	size_t left, right, top, bottom;
};

static size_t whole(CGFloat value, size_t limit)
{
	const double inside = value < 0 ? 0 : value > (double)limit ? (double)limit : value;

	if (inside != (double)(size_t)inside)
		double_die("the double draws whole texels only (%g)", value);
	return (size_t)inside;
}

static struct part part_of(const struct bitmap *bitmap, CGRect rect)
{
	return (struct part){
		whole(rect.origin.x, bitmap->width),
		whole(rect.origin.x + rect.size.width, bitmap->width),
		bitmap->height - whole(rect.origin.y + rect.size.height, bitmap->height),
		bitmap->height - whole(rect.origin.y, bitmap->height),
	};
}

static void fill(CGContextRef context, CGRect rect, const double color[4], bool over)
{
	const struct bitmap *bitmap = &context->bitmap;
	const struct part part = part_of(bitmap, rect);

	for (size_t y = part.top; y < part.bottom; y++)
		for (size_t x = part.left; x < part.right; x++) {
			if (over)
				draw_over(bitmap, color, texel_at(bitmap, x, y));
			else
				double_pixels_clear(bitmap->pixels, color, texel_at(bitmap, x, y));
		}
}

void CGContextFillRect(CGContextRef context, CGRect rect)
{
	double color[4];

	double_object_check(context, &context_type);
	for (int i = 0; i < 4; i++)
		color[i] = context->fill[i] * (i < 3 ? context->fill[3] : 1);
	fill(context, rect, color, true);
}

void CGContextClearRect(CGContextRef context, CGRect rect)
{
	static const double nothing[4];

	double_object_check(context, &context_type);
	fill(context, rect, nothing, false);
}

void CGContextDrawImage(CGContextRef context, CGRect rect, CGImageRef image)
{
	const struct bitmap *from, *to;
	struct part part;

	double_object_check(context, &context_type);
	double_object_check(image, &image_type);
	from = &image->bitmap;
	to = &context->bitmap;
	part = part_of(to, rect);
	if (part.right - part.left != from->width || part.bottom - part.top != from->height)
		double_die("the double draws images unscaled and whole only");
	for (size_t y = 0; y < from->height; y++)
		for (size_t x = 0; x < from->width; x++) {
			double color[4];

			read_texel(from, texel_at(from, x, y), color);
			draw_over(to, color, texel_at(to, part.left + x, part.top + y));
		}
}

/* ---- images ---- */

CGDataProviderRef CGDataProviderCreateWithData(
	void *info, const void *data, size_t size, CGDataProviderReleaseDataCallback release)
{
	CGDataProviderRef provider;

	if (double_fails("CGDataProviderCreateWithData"))
		return NULL;
	provider = double_object_create(&provider_type, sizeof(*provider));
	provider->info = info;
	provider->data = data;
	provider->size = size;
	provider->release = release;
	return provider;
}

void CGDataProviderRelease(CGDataProviderRef provider)
{
	if (!provider)
		return;
	double_object_check(provider, &provider_type);
	CFRelease(provider);
}

CGImageRef CGImageCreate(size_t width, size_t height, size_t bits_per_component,
	size_t bits_per_pixel, size_t bytes_per_row, CGColorSpaceRef space, CGBitmapInfo info,
	CGDataProviderRef provider, const CGFloat *decode, bool interpolate,
	CGColorRenderingIntent intent)
{
	CGImageRef image;

	(void)interpolate;
	(void)intent;
	double_object_check(provider, &provider_type);
	if (decode)
		double_die("the double knows no decode arrays");
	if (double_fails("CGImageCreate"))
		return NULL;
	image = double_object_create(&image_type, sizeof(*image));
	image->provider = (CGDataProviderRef)CFRetain(provider);
	image->bitmap = (struct bitmap){(uint8_t *)(uintptr_t)provider->data, width, height,
		bytes_per_row, NULL, 0, NULL, 0};
	if (bitmap_init(&image->bitmap, bits_per_component, space, info, true) &&
		bits_per_pixel == image->bitmap.pixels->bytes * 8u &&
		bytes_per_row * height <= provider->size)
		return image;
	CGImageRelease(image);
	return NULL;
}

void CGImageRelease(CGImageRef image)
{
	if (!image)
		return;
	double_object_check(image, &image_type);
	CFRelease(image);
}

static const struct bitmap *bitmap_of(CGImageRef image)
{
	double_object_check(image, &image_type);
	return &image->bitmap;
}

size_t CGImageGetWidth(CGImageRef image)
{
	return bitmap_of(image)->width;
}

size_t CGImageGetHeight(CGImageRef image)
{
	return bitmap_of(image)->height;
}

size_t CGImageGetBitsPerPixel(CGImageRef image)
{
	return bitmap_of(image)->pixels->bytes * 8u;
}

CGBitmapInfo CGImageGetBitmapInfo(CGImageRef image)
{
	return bitmap_of(image)->info;
}

CGColorSpaceRef CGImageGetColorSpace(CGImageRef image)
{
	return bitmap_of(image)->space;
}
