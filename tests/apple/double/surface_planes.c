/* SPDX-License-Identifier: MIT */
/* The layout of surfaces, planar and others. The comments of IOSurfaceRef.h say what is required
 * and what is filled in. Apple doesn't say which plane the functions without a plane's number mean,
 * so the double refuses them for a planar surface. */
#include "internal.h"

#define ROW_ALIGNMENT 64
#define OFFSET_ALIGNMENT 256
#define PAGE 4096
#define MAX_SIDE 16384 /* from IOSurfaceGetPropertyMaximum on most Macs */
#define MAX_ELEMENT 16
#define LIMIT ((size_t)1 << 36)

static size_t align(size_t value, size_t alignment)
{
	return (value + alignment - 1) / alignment * alignment;
}

size_t IOSurfaceAlignProperty(CFStringRef property, size_t value)
{
	if (CFEqual(property, kIOSurfaceBytesPerRow) ||
		CFEqual(property, kIOSurfacePlaneBytesPerRow))
		return align(value, ROW_ALIGNMENT);
	if (CFEqual(property, kIOSurfacePlaneOffset))
		return align(value, OFFSET_ALIGNMENT);
	if (CFEqual(property, kIOSurfaceAllocSize))
		return align(value, PAGE);
	return value;
}

size_t double_plane_elements(const struct double_surface_plane *plane)
{
	return (plane->width + plane->element_width - 1) / plane->element_width;
}

/* Fills in what is left out. Returns false if there can't be such a plane. */
static bool complete(CFDictionaryRef properties, CFStringRef row_key, CFStringRef size_key,
	struct double_surface_plane *plane)
{
	size_t needed;

	if (!plane->width || !plane->height || plane->width > MAX_SIDE ||
		plane->height > MAX_SIDE || !plane->element_width || !plane->bytes_per_element ||
		plane->bytes_per_element > MAX_ELEMENT)
		return false;
	needed = double_plane_elements(plane) * plane->bytes_per_element;
	plane->bytes_per_row = double_number_of(properties, row_key, align(needed, ROW_ALIGNMENT));
	if (plane->bytes_per_row < needed || plane->bytes_per_row % ROW_ALIGNMENT ||
		plane->bytes_per_row > LIMIT)
		return false;
	needed = plane->bytes_per_row * plane->height;
	plane->size = size_key ? double_number_of(properties, size_key, needed) : needed;
	return plane->size >= needed && plane->size <= LIMIT;
}

/* A plane whose offset is left out follows the plane before it. */
static bool read_plane(
	CFDictionaryRef properties, size_t previous_end, struct double_surface_plane *out)
{
	out->width = double_number_of(properties, kIOSurfacePlaneWidth, 0);
	out->height = double_number_of(properties, kIOSurfacePlaneHeight, 0);
	out->element_width = 1;
	out->bytes_per_element = double_number_of(properties, kIOSurfacePlaneBytesPerElement, 1);
	out->offset = double_number_of(
		properties, kIOSurfacePlaneOffset, align(previous_end, OFFSET_ALIGNMENT));
	return out->offset % OFFSET_ALIGNMENT == 0 && out->offset <= LIMIT &&
	       complete(properties, kIOSurfacePlaneBytesPerRow, kIOSurfacePlaneSize, out);
}

/* Returns where the last plane ends, or 0 if a plane can't be. */
static size_t read_planes(CFArrayRef planes, struct double_surface_page *page)
{
	const CFIndex count = CFArrayGetCount(planes);
	size_t end = 0, last = 0;

	if (count < 1 || count > DOUBLE_PLANES_MAX)
		return 0;
	page->planes = (uint32_t)count;
	for (CFIndex i = 0; i < count; i++) {
		if (!read_plane(CFArrayGetValueAtIndex(planes, i), end, &page->plane[i]))
			return 0;
		end = page->plane[i].offset + page->plane[i].size;
		last = end > last ? end : last;
	}
	return last;
}

/* Returns where the texels end, or 0. */
static size_t read_whole(CFDictionaryRef properties, struct double_surface_page *page)
{
	struct double_surface_plane *whole = &page->plane[0];

	whole->width = page->width;
	whole->height = page->height;
	whole->element_width = double_number_of(properties, kIOSurfaceElementWidth, 1);
	whole->bytes_per_element = double_number_of(properties, kIOSurfaceBytesPerElement, 1);
	return complete(properties, kIOSurfaceBytesPerRow, NULL, whole) ? whole->size : 0;
}

bool double_surface_lay_out(CFDictionaryRef properties, struct double_surface_page *page)
{
	CFArrayRef planes = CFDictionaryGetValue(properties, kIOSurfacePlaneInfo);
	size_t end;

	page->width = double_number_of(properties, kIOSurfaceWidth, 0);
	page->height = double_number_of(properties, kIOSurfaceHeight, 0);
	if (!page->width || !page->height || page->width > MAX_SIDE || page->height > MAX_SIDE)
		return false;
	end = planes ? read_planes(planes, page) : read_whole(properties, page);
	page->bytes = double_number_of(properties, kIOSurfaceAllocSize, align(end, PAGE));
	if (!planes && page->bytes <= LIMIT)
		page->plane[0].size = page->bytes; /* the padding belongs to it */
	return end && page->bytes >= end && page->bytes <= LIMIT && page->bytes % PAGE == 0;
}

/* ---- what a surface says of itself ---- */

const struct double_surface_plane *double_surface_plane_of(IOSurfaceRef ref, size_t plane)
{
	const struct double_surface_page *page = double_surface_of(ref)->page;

	return plane < page->planes || plane == 0 ? &page->plane[plane] : NULL;
}

static const struct double_surface_plane *whole_of(IOSurfaceRef ref, const char *what)
{
	const struct double_surface_page *page = double_surface_of(ref)->page;

	if (page->planes)
		double_die("%s of surface %u, which has %u planes: ask for that of a plane", what,
			page->id, page->planes);
	return &page->plane[0];
}

size_t IOSurfaceGetBytesPerElement(IOSurfaceRef ref)
{
	return whole_of(ref, "the bytes per element")->bytes_per_element;
}

size_t IOSurfaceGetElementWidth(IOSurfaceRef ref)
{
	return whole_of(ref, "the element width")->element_width;
}

size_t IOSurfaceGetBytesPerRow(IOSurfaceRef ref)
{
	return whole_of(ref, "the bytes per row")->bytes_per_row;
}

size_t IOSurfaceGetWidthOfPlane(IOSurfaceRef ref, size_t plane)
{
	const struct double_surface_plane *of = double_surface_plane_of(ref, plane);

	return of ? of->width : 0;
}

size_t IOSurfaceGetHeightOfPlane(IOSurfaceRef ref, size_t plane)
{
	const struct double_surface_plane *of = double_surface_plane_of(ref, plane);

	return of ? of->height : 0;
}

size_t IOSurfaceGetBytesPerElementOfPlane(IOSurfaceRef ref, size_t plane)
{
	const struct double_surface_plane *of = double_surface_plane_of(ref, plane);

	return of ? of->bytes_per_element : 0;
}

size_t IOSurfaceGetBytesPerRowOfPlane(IOSurfaceRef ref, size_t plane)
{
	const struct double_surface_plane *of = double_surface_plane_of(ref, plane);

	return of ? of->bytes_per_row : 0;
}

void *IOSurfaceGetBaseAddressOfPlane(IOSurfaceRef ref, size_t plane)
{
	const struct double_surface_plane *of = double_surface_plane_of(ref, plane);
	uint8_t *base = IOSurfaceGetBaseAddress(ref);

	return of ? base + of->offset : NULL;
}
