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
	surface = IOSurfaceCreate(properties);
	CFRelease(properties);
	assert_non_null(surface);
	return surface;
}
