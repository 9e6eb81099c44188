/* SPDX-License-Identifier: MIT */
/* Makes and checks IOSurfaces. */
#include "backend/io_surface.h"

#include "base/error.h"
#include "base/text.h"
#include "format/layout.h"

static size_t round_up(size_t value, size_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* ---- creation ---- */

static void set_number(CFMutableDictionaryRef properties, CFStringRef key, size_t value)
{
	int64_t number = (int64_t)value;
	CFNumberRef object = CFNumberCreate(kCFAllocatorDefault, kCFNumberSInt64Type, &number);

	CFDictionarySetValue(properties, key, object);
	CFRelease(object);
}

static void set_label(CFMutableDictionaryRef properties, const char *label)
{
	CFStringRef object =
		label ? CFStringCreateWithCString(kCFAllocatorDefault, label, kCFStringEncodingUTF8)
		      : NULL;

	if (!object)
		return; /* there is no label, or the label is not UTF-8 */
	CFDictionarySetValue(properties, kIOSurfaceName, object);
	CFRelease(object);
}

size_t gy_surface_row_bytes(const struct geyser_texture_desc *desc, size_t alignment)
{
	size_t texel = geyser_format_get_info(desc->format)->bytes_per_texel;
	size_t row = round_up(desc->width * texel, alignment);

	return round_up(IOSurfaceAlignProperty(kIOSurfaceBytesPerRow, row), alignment);
}

enum geyser_result gy_surface_create(
	const struct geyser_texture_desc *desc, size_t alignment, IOSurfaceRef *out)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	CFMutableDictionaryRef properties = CFDictionaryCreateMutable(kCFAllocatorDefault, 0,
		&kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	size_t row = gy_surface_row_bytes(desc, alignment);
	size_t size = IOSurfaceAlignProperty(kIOSurfaceAllocSize, row * desc->height);

	set_number(properties, kIOSurfaceWidth, desc->width);
	set_number(properties, kIOSurfaceHeight, desc->height);
	set_number(properties, kIOSurfaceBytesPerElement, info->bytes_per_texel);
	set_number(properties, kIOSurfaceBytesPerRow, row);
	set_number(properties, kIOSurfaceAllocSize, size);
	if (info->iosurface_fourcc)
		set_number(properties, kIOSurfacePixelFormat, info->iosurface_fourcc);
	set_label(properties, desc->label);
#pragma clang diagnostic push
/* the caller asks for a global surface */
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
	if (desc->usage & GEYSER_USAGE_GLOBAL_ID)
		CFDictionarySetValue(properties, kIOSurfaceIsGlobal, kCFBooleanTrue);
#pragma clang diagnostic pop
	*out = IOSurfaceCreate(properties);
	CFRelease(properties);
	if (*out)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
		"size (%zu bytes): the system can't make an IOSurface of %u × %u texels of %s",
		size, desc->width, desc->height, info->name);
}

/* ---- checks of a surface from a peer or the caller ---- */

static enum geyser_result check_fits(IOSurfaceRef surface, const struct geyser_texture_desc *desc)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	struct gy_layout layout;

	if (IOSurfaceGetWidth(surface) != desc->width ||
		IOSurfaceGetHeight(surface) != desc->height)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"the IOSurface has %zu × %zu texels: %u × %u were expected",
			IOSurfaceGetWidth(surface), IOSurfaceGetHeight(surface), desc->width,
			desc->height);
	if (IOSurfaceGetBytesPerElement(surface) != info->bytes_per_texel)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"the IOSurface's texels have %zu bytes: %s has %u",
			IOSurfaceGetBytesPerElement(surface), info->name, info->bytes_per_texel);
	return gy_layout_check(
		desc, 0, IOSurfaceGetBytesPerRow(surface), IOSurfaceGetAllocSize(surface), &layout);
}

/* A surface may leave its format out. geyser's own do so for formats that have no FourCC. */
static enum geyser_result check_format(IOSurfaceRef surface, const struct geyser_format_info *info)
{
	uint32_t fourcc = IOSurfaceGetPixelFormat(surface), own = info->iosurface_fourcc;
	size_t planes = IOSurfaceGetPlaneCount(surface);

	if (planes > 1)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"the IOSurface has %zu planes (%s), as video of cameras and decoders has: "
			"%s has 1; let the camera or decoder make 'BGRA'",
			planes, gy_fourcc_text(fourcc).text, info->name);
	if (!fourcc || fourcc == own)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_MISMATCH,
		"the IOSurface's pixel format is %s (0x%08x): that of %s is %s",
		gy_fourcc_text(fourcc).text, fourcc, info->name,
		own ? gy_fourcc_text(own).text : "left out");
}

enum geyser_result gy_surface_check(void *object, const struct geyser_texture_desc *desc)
{
	IOSurfaceRef surface = object;
	enum geyser_result result;

	if (!surface || CFGetTypeID(surface) != IOSurfaceGetTypeID())
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "object (%s): it isn't an IOSurface",
			surface ? "of Core Foundation" : "NULL");
	if (desc->mip_levels > 1 || desc->layers > 1 || desc->depth > 1)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"mip_levels %u, layers %u, depth %u: an IOSurface has 1 of each",
			desc->mip_levels, desc->layers, desc->depth);
	result = check_format(surface, geyser_format_get_info(desc->format));
	return result == GEYSER_OK ? check_fits(surface, desc) : result;
}
