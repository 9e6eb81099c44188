/* SPDX-License-Identifier: MIT */
#include "surfaces.h"

#include "support.h"

const struct surface_desc bgra_surface = {
	.width = 61, .height = 40, .element = 4, .row = 256, .fourcc = 0x42475241};

const struct surface_desc camera_surface = {
	.width = 62,
	.height = 40,
	.fourcc = 0x34323076,
	.plane_count = 2,
	.planes = {{62, 40, 1, 256, 256}, {31, 20, 2, 512, 256 + 256 * 48}},
};

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
	CFMutableDictionaryRef planes[3];
	CFArrayRef array;

	for (uint32_t i = 0; i < desc->plane_count; i++) {
		const struct surface_plane *plane = &desc->planes[i];

		planes[i] = CFDictionaryCreateMutable(kCFAllocatorDefault, 0,
			&kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
		set_number(planes[i], kIOSurfacePlaneWidth, plane->width);
		set_number(planes[i], kIOSurfacePlaneHeight, plane->height);
		set_number(planes[i], kIOSurfacePlaneBytesPerElement, plane->element);
		set_number(planes[i], kIOSurfacePlaneBytesPerRow, plane->row);
		set_number(planes[i], kIOSurfacePlaneOffset, plane->offset);
	}
	array = CFArrayCreate(kCFAllocatorDefault, (const void **)planes,
		(CFIndex)desc->plane_count, &kCFTypeArrayCallBacks);
	CFDictionarySetValue(properties, kIOSurfacePlaneInfo, array);
	CFRelease(array);
	for (uint32_t i = 0; i < desc->plane_count; i++)
		CFRelease(planes[i]);
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
	set_number(properties, kIOSurfaceElementWidth, desc->element_width);
	if (desc->plane_count)
		set_planes(properties, desc);
	surface = IOSurfaceCreate(properties);
	CFRelease(properties);
	assert_non_null(surface);
	return surface;
}
