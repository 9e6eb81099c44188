/* SPDX-License-Identifier: MIT */
#include "surfaces.h"

#include "support.h"

const struct surface_desc bgra_surface = {
	.width = 61, .height = 40, .element = 4, .row = 256, .fourcc = 0x42475241};

static void set_number(CFMutableDictionaryRef properties, CFStringRef key, uint32_t value)
{
	int64_t number = value;
	CFNumberRef object;

	if (!value)
		return;
	object = CFNumberCreate(kCFAllocatorDefault, kCFNumberSInt64Type, &number);
	CFDictionarySetValue(properties, key, object);
	CFRelease(object);
}

static void set_planes(CFMutableDictionaryRef properties, const struct surface_desc *desc)
{
	CFMutableDictionaryRef planes[2];
	CFArrayRef array;

	for (uint32_t i = 0; i < 2; i++) {
		planes[i] = CFDictionaryCreateMutable(kCFAllocatorDefault, 0,
			&kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
		set_number(planes[i], kIOSurfacePlaneWidth, desc->width >> i);
		set_number(planes[i], kIOSurfacePlaneHeight, desc->height >> i);
		set_number(planes[i], kIOSurfacePlaneBytesPerRow, desc->row);
		set_number(planes[i], kIOSurfacePlaneOffset, i * desc->row * desc->height);
		set_number(planes[i], kIOSurfacePlaneSize, desc->row * (desc->height >> i));
	}
	array = CFArrayCreate(
		kCFAllocatorDefault, (const void **)planes, 2, &kCFTypeArrayCallBacks);
	CFDictionarySetValue(properties, kIOSurfacePlaneInfo, array);
	CFRelease(array);
	CFRelease(planes[0]);
	CFRelease(planes[1]);
}

IOSurfaceRef make_surface(const struct surface_desc *desc)
{
	CFMutableDictionaryRef properties = CFDictionaryCreateMutable(kCFAllocatorDefault, 0,
		&kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	IOSurfaceRef surface;

	set_number(properties, kIOSurfaceWidth, desc->width);
	set_number(properties, kIOSurfaceHeight, desc->height);
	set_number(properties, kIOSurfaceBytesPerElement, desc->element);
	set_number(properties, kIOSurfaceBytesPerRow, desc->row);
	set_number(properties, kIOSurfaceAllocSize, desc->size);
	set_number(properties, kIOSurfacePixelFormat, desc->fourcc);
	if (desc->biplanar)
		set_planes(properties, desc);
	surface = IOSurfaceCreate(properties);
	CFRelease(properties);
	assert_non_null(surface);
	return surface;
}
