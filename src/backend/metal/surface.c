/* SPDX-License-Identifier: MIT */
/* Makes, checks and locks IOSurfaces. */
#include "backend/metal/mtl.h"

#include "base/error.h"
#include "base/text.h"

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

size_t gy_mtl_row_bytes(struct mtl_device *device, const struct geyser_texture_desc *desc)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	size_t alignment = gy_mtl_row_alignment(device, info);
	size_t row = round_up((size_t)desc->width * info->bytes_per_texel, alignment);

	return round_up(IOSurfaceAlignProperty(kIOSurfaceBytesPerRow, row), alignment);
}

enum geyser_result gy_mtl_surface_create(
	struct mtl_device *device, const struct geyser_texture_desc *desc, IOSurfaceRef *out)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	CFMutableDictionaryRef properties = CFDictionaryCreateMutable(kCFAllocatorDefault, 0,
		&kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	size_t row = gy_mtl_row_bytes(device, desc);
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

enum geyser_result gy_mtl_surface_check(void *object, const struct geyser_texture_desc *desc)
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

/* ---- the CPU's access ---- */

/* A surface that is locked is not synchronized: that could undo what another map writes. */
enum geyser_result gy_mtl_surface_lock(
	struct mtl_texture *texture, enum geyser_access access, void **data)
{
	bool writes = access & GEYSER_ACCESS_WRITE;
	enum geyser_result result = GEYSER_OK;
	kern_return_t error = KERN_SUCCESS;

	(void)pthread_mutex_lock(&texture->locking);
	if (texture->readers + texture->writers == 0)
		result = gy_mtl_synchronize(texture);
	if (result == GEYSER_OK)
		error = IOSurfaceLock(texture->surface, writes ? 0 : kIOSurfaceLockReadOnly, NULL);
	if (error != KERN_SUCCESS)
		result = gy_fail(GEYSER_ERROR_SYSTEM, "IOSurfaceLock: %s (0x%x)",
			mach_error_string(error), (unsigned)error);
	if (result == GEYSER_OK) {
		(*(writes ? &texture->writers : &texture->readers))++;
		*data = IOSurfaceGetBaseAddress(texture->surface);
	}
	(void)pthread_mutex_unlock(&texture->locking);
	return result;
}

/* An unlock must use the options of its lock. Which of several locks it ends doesn't matter. */
void gy_mtl_surface_unlock(struct mtl_texture *texture)
{
	(void)pthread_mutex_lock(&texture->locking);
	if (texture->readers > 0 && texture->readers--)
		(void)IOSurfaceUnlock(texture->surface, kIOSurfaceLockReadOnly, NULL);
	else if (texture->writers--)
		(void)IOSurfaceUnlock(texture->surface, 0, NULL);
	(void)pthread_mutex_unlock(&texture->locking);
}
