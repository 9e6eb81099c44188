/* SPDX-License-Identifier: MIT */
/* Makes and checks IOSurfaces. */
#include "backend/io_surface.h"

#include "base/error.h"
#include "base/text.h"
#include "format/usage.h"

#include <stdio.h>
#include <string.h>

static size_t round_up(size_t value, size_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static uint32_t texel_bytes(const struct geyser_format_info *info, uint32_t plane)
{
	return geyser_format_get_info(info->plane[plane].format)->bytes_per_texel;
}

/* ---- formats ---- */

#define FOURCC(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* The names of video in CVPixelBuffer.h whose numbers have full range. The table of formats has the
 * names of limited range. */
static const struct full_range {
	enum geyser_format format;
	uint32_t fourcc;
} full_ranges[] = {
	{GEYSER_FORMAT_NV12, FOURCC('4', '2', '0', 'f')},
	{GEYSER_FORMAT_NV16, FOURCC('4', '2', '2', 'f')},
	{GEYSER_FORMAT_P010, FOURCC('x', 'f', '2', '0')},
	{GEYSER_FORMAT_P210, FOURCC('x', 'f', '2', '2')},
	{GEYSER_FORMAT_P410, FOURCC('x', 'f', '4', '4')},
	{GEYSER_FORMAT_I420, FOURCC('f', '4', '2', '0')},
	{GEYSER_FORMAT_YUY2, FOURCC('y', 'u', 'v', 'f')},
};

enum geyser_format gy_surface_format(uint32_t fourcc, enum geyser_color_range *range)
{
	*range = GEYSER_COLOR_RANGE_FULL;
	for (size_t i = 0; i < sizeof(full_ranges) / sizeof(full_ranges[0]); i++)
		if (full_ranges[i].fourcc == fourcc)
			return full_ranges[i].format;
	for (int i = 1; fourcc && i < GEYSER_FORMAT_COUNT; i++) {
		const struct geyser_format_info *info =
			geyser_format_get_info((enum geyser_format)i);

		if (info->iosurface_fourcc != fourcc)
			continue;
		if (info->type == GEYSER_FORMAT_TYPE_YUV)
			*range = GEYSER_COLOR_RANGE_LIMITED;
		return info->format;
	}
	return GEYSER_FORMAT_NONE;
}

/* ---- locks ---- */

static enum geyser_result check_call(kern_return_t error, const char *call)
{
	if (error == KERN_SUCCESS)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_SYSTEM, "%s: %s (0x%x)", call, mach_error_string(error),
		(unsigned)error);
}

static enum geyser_result lock(IOSurfaceRef surface, IOSurfaceLockOptions options)
{
	return check_call(IOSurfaceLock(surface, options, NULL), "IOSurfaceLock");
}

void gy_surface_locks_init(struct gy_surface_locks *locks)
{
	(void)pthread_mutex_init(&locks->mutex, NULL);
}

void gy_surface_locks_finish(struct gy_surface_locks *locks)
{
	(void)pthread_mutex_destroy(&locks->mutex);
}

enum geyser_result gy_surface_map(IOSurfaceRef surface, struct gy_surface_locks *locks, bool writes,
	enum geyser_result (*synchronize)(void *data), void *data, void **address)
{
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&locks->mutex);
	if (locks->readers + locks->writers == 0)
		result = synchronize(data);
	if (result == GEYSER_OK)
		result = lock(surface, writes ? 0 : kIOSurfaceLockReadOnly);
	if (result == GEYSER_OK) {
		(*(writes ? &locks->writers : &locks->readers))++;
		*address = IOSurfaceGetBaseAddress(surface);
	}
	(void)pthread_mutex_unlock(&locks->mutex);
	return result;
}

/* An unlock must use the options of its lock. Which of several locks it ends doesn't matter. */
void gy_surface_unmap(IOSurfaceRef surface, struct gy_surface_locks *locks)
{
	(void)pthread_mutex_lock(&locks->mutex);
	if (locks->readers > 0 && locks->readers--)
		(void)IOSurfaceUnlock(surface, kIOSurfaceLockReadOnly, NULL);
	else if (locks->writers--)
		(void)IOSurfaceUnlock(surface, 0, NULL);
	(void)pthread_mutex_unlock(&locks->mutex);
}

bool gy_surface_is_mapped(struct gy_surface_locks *locks)
{
	bool mapped;

	(void)pthread_mutex_lock(&locks->mutex);
	mapped = locks->readers + locks->writers > 0;
	(void)pthread_mutex_unlock(&locks->mutex);
	return mapped;
}

/* ---- surfaces in a pool ---- */

bool gy_surface_rest(IOSurfaceRef surface)
{
	return IOSurfaceSetPurgeable(surface, kIOSurfacePurgeableVolatile, NULL) == KERN_SUCCESS;
}

enum geyser_result gy_surface_renew(IOSurfaceRef surface)
{
	enum geyser_result result =
		check_call(IOSurfaceSetPurgeable(surface, kIOSurfacePurgeableNonVolatile, NULL),
			"IOSurfaceSetPurgeable");

	if (result == GEYSER_OK)
		result = lock(surface, 0);
	if (result != GEYSER_OK)
		return result;
	memset(IOSurfaceGetBaseAddress(surface), 0, IOSurfaceGetAllocSize(surface));
	(void)IOSurfaceUnlock(surface, 0, NULL);
	return GEYSER_OK;
}

/* ---- layouts ---- */

void gy_surface_lay_out(
	const struct geyser_texture_desc *desc, size_t alignment, struct gy_layout *out)
{
	const uint32_t planes = geyser_format_get_info(desc->format)->planes;
	CFStringRef property = planes > 1 ? kIOSurfacePlaneBytesPerRow : kIOSurfaceBytesPerRow;
	const size_t asked = gy_usage_row_alignment(desc->usage);

	if (asked > alignment) /* both are powers of two */
		alignment = asked;
	gy_layout_of(desc, out);
	out->size = 0;
	for (uint32_t plane = 0; plane < planes; plane++) {
		size_t offset = IOSurfaceAlignProperty(kIOSurfacePlaneOffset, out->size), row;
		struct geyser_plane_extent extent;

		(void)geyser_format_get_plane_extent(
			desc->format, plane, desc->width, desc->height, &extent);
		row = round_up((size_t)extent.row_bytes, alignment);
		row = round_up(IOSurfaceAlignProperty(property, row), alignment);
		offset = round_up(offset, alignment);
		if (plane > 0) {
			out->further[plane - 1].offset = offset;
			out->further[plane - 1].row_pitch = row;
		} else {
			out->row_pitch = row;
		}
		out->slice_pitch = out->size = offset + row * extent.height;
	}
}

/* Fills in where planes begin. Their addresses are valid only while the surface is locked. */
static enum geyser_result locate_planes(IOSurfaceRef surface, struct geyser_native_texture *out)
{
	enum geyser_result result = lock(surface, kIOSurfaceLockReadOnly);

	if (result != GEYSER_OK)
		return result;
	for (uint32_t plane = 0; plane < out->plane_count; plane++)
		out->planes[plane].offset =
			(uintptr_t)IOSurfaceGetBaseAddressOfPlane(surface, plane) -
			(uintptr_t)IOSurfaceGetBaseAddress(surface);
	(void)IOSurfaceUnlock(surface, kIOSurfaceLockReadOnly, NULL);
	return GEYSER_OK;
}

enum geyser_result gy_surface_get_layout(
	IOSurfaceRef surface, const struct geyser_texture_desc *desc, struct gy_layout *out)
{
	struct geyser_native_texture native = {
		.plane_count = geyser_format_get_info(desc->format)->planes};
	enum geyser_result result = GEYSER_OK;

	for (uint32_t plane = 0; plane < native.plane_count; plane++)
		native.planes[plane].row_pitch = IOSurfaceGetBytesPerRowOfPlane(surface, plane);
	if (native.plane_count > 1)
		result = locate_planes(surface, &native);
	return result == GEYSER_OK
		       ? gy_layout_check_planes(desc, &native, IOSurfaceGetAllocSize(surface), out)
		       : result;
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

static CFMutableDictionaryRef create_dictionary(void) CF_RETURNS_RETAINED
{
	return CFDictionaryCreateMutable(kCFAllocatorDefault, 0, &kCFTypeDictionaryKeyCallBacks,
		&kCFTypeDictionaryValueCallBacks);
}

static void set_planes(CFMutableDictionaryRef properties, const struct geyser_texture_desc *desc,
	const struct gy_layout *layout)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	CFMutableDictionaryRef planes[GEYSER_FORMAT_PLANES_MAX];
	CFArrayRef array;

	for (uint32_t i = 0; i < info->planes; i++) {
		struct geyser_subresource at;

		gy_layout_subresource(desc, layout, i, 0, 0, &at);
		planes[i] = create_dictionary();
		set_number(planes[i], kIOSurfacePlaneWidth, at.width);
		set_number(planes[i], kIOSurfacePlaneHeight, at.height);
		set_number(planes[i], kIOSurfacePlaneBytesPerElement, texel_bytes(info, i));
		set_number(planes[i], kIOSurfacePlaneBytesPerRow, at.row_pitch);
		set_number(planes[i], kIOSurfacePlaneOffset, at.offset);
		set_number(planes[i], kIOSurfacePlaneSize, at.size);
	}
	array = CFArrayCreate(kCFAllocatorDefault, (const void **)planes, (CFIndex)info->planes,
		&kCFTypeArrayCallBacks);
	CFDictionarySetValue(properties, kIOSurfacePlaneInfo, array);
	CFRelease(array);
	for (uint32_t i = 0; i < info->planes; i++)
		CFRelease(planes[i]);
}

/* A texel of YUY2's and UYVY's plane is an element of two texels of the picture. */
static void set_texels(CFMutableDictionaryRef properties, const struct geyser_format_info *info,
	const struct gy_layout *layout)
{
	set_number(properties, kIOSurfaceBytesPerElement, info->bytes_per_texel);
	if (info->block_width > 1)
		set_number(properties, kIOSurfaceElementWidth, info->block_width);
	set_number(properties, kIOSurfaceBytesPerRow, (size_t)layout->row_pitch);
}

enum geyser_result gy_surface_create(
	const struct geyser_texture_desc *desc, size_t alignment, IOSurfaceRef *out)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	CFMutableDictionaryRef properties = create_dictionary();
	struct gy_layout layout;
	size_t size;

	gy_surface_lay_out(desc, alignment, &layout);
	size = IOSurfaceAlignProperty(kIOSurfaceAllocSize, (size_t)layout.size);
	set_number(properties, kIOSurfaceWidth, desc->width);
	set_number(properties, kIOSurfaceHeight, desc->height);
	set_number(properties, kIOSurfaceAllocSize, size);
	if (info->planes > 1)
		set_planes(properties, desc, &layout);
	else
		set_texels(properties, info, &layout);
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

static enum geyser_result check_plane(
	IOSurfaceRef surface, const struct geyser_texture_desc *desc, uint32_t plane)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	const size_t element = IOSurfaceGetBytesPerElementOfPlane(surface, plane);
	const size_t width = IOSurfaceGetWidthOfPlane(surface, plane);
	const size_t height = IOSurfaceGetHeightOfPlane(surface, plane);
	struct geyser_plane_extent extent;

	(void)geyser_format_get_plane_extent(
		desc->format, plane, desc->width, desc->height, &extent);
	if (info->planes > 1 && (width != extent.width || height != extent.height))
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"plane %u of the IOSurface has %zu × %zu texels: %u × %u were expected",
			plane, width, height, extent.width, extent.height);
	if (element != texel_bytes(info, plane))
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"plane %u of the IOSurface: its texels have %zu bytes: %s has %u", plane,
			element, info->name, texel_bytes(info, plane));
	return GEYSER_OK;
}

static enum geyser_result check_fits(IOSurfaceRef surface, const struct geyser_texture_desc *desc)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	enum geyser_result result = GEYSER_OK;

	if (IOSurfaceGetWidth(surface) != desc->width ||
		IOSurfaceGetHeight(surface) != desc->height)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"the IOSurface has %zu × %zu texels: %u × %u were expected",
			IOSurfaceGetWidth(surface), IOSurfaceGetHeight(surface), desc->width,
			desc->height);
	for (uint32_t plane = 0; plane < info->planes && result == GEYSER_OK; plane++)
		result = check_plane(surface, desc, plane);
	return result;
}

/* Says what else the program may do with a surface of another format. */
static enum geyser_result refuse_format(
	uint32_t fourcc, size_t planes, const struct geyser_format_info *info)
{
	enum geyser_color_range range;
	enum geyser_format format = gy_surface_format(fourcc, &range);
	char advice[128] = "let the camera or decoder make '420v', '420f' or 'BGRA'";

	if (format != GEYSER_FORMAT_NONE)
		(void)snprintf(
			advice, sizeof(advice), "import it as %s", geyser_format_name(format));
	if (planes != info->planes)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"the IOSurface (%s) has %zu planes: %s has %u; %s",
			gy_fourcc_text(fourcc).text, planes, info->name, info->planes, advice);
	return gy_fail(GEYSER_ERROR_MISMATCH,
		"the IOSurface's pixel format is %s (0x%08x): that of %s is %s; %s",
		gy_fourcc_text(fourcc).text, fourcc, info->name,
		info->iosurface_fourcc ? gy_fourcc_text(info->iosurface_fourcc).text : "left out",
		advice);
}

/* A surface may leave its format out. geyser's own do so for formats that have no FourCC. */
static enum geyser_result check_format(IOSurfaceRef surface, const struct geyser_format_info *info)
{
	const uint32_t fourcc = IOSurfaceGetPixelFormat(surface);
	size_t planes = IOSurfaceGetPlaneCount(surface);
	enum geyser_color_range range;

	if (planes == 0)
		planes = 1; /* it isn't planar */
	if (planes == info->planes && (!fourcc || fourcc == info->iosurface_fourcc ||
					      gy_surface_format(fourcc, &range) == info->format))
		return GEYSER_OK;
	return refuse_format(fourcc, planes, info);
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
