/* SPDX-License-Identifier: MIT */
/* IOSurface's functions. */
#include "internal.h"

#include <string.h>
#include <unistd.h>

#define KEY(constant, text)                                              \
	static struct __CFString constant##_string = {                   \
		{&double_string_type, DOUBLE_FOR_EVER}, (char[]){text}}; \
	const CFStringRef constant = &constant##_string

KEY(kIOSurfaceAllocSize, "IOSurfaceAllocSize");
KEY(kIOSurfaceWidth, "IOSurfaceWidth");
KEY(kIOSurfaceHeight, "IOSurfaceHeight");
KEY(kIOSurfaceBytesPerRow, "IOSurfaceBytesPerRow");
KEY(kIOSurfaceBytesPerElement, "IOSurfaceBytesPerElement");
KEY(kIOSurfaceElementWidth, "IOSurfaceElementWidth");
KEY(kIOSurfacePixelFormat, "IOSurfacePixelFormat");
KEY(kIOSurfacePlaneInfo, "IOSurfacePlaneInfo");
KEY(kIOSurfacePlaneWidth, "IOSurfacePlaneWidth");
KEY(kIOSurfacePlaneHeight, "IOSurfacePlaneHeight");
KEY(kIOSurfacePlaneBytesPerRow, "IOSurfacePlaneBytesPerRow");
KEY(kIOSurfacePlaneBytesPerElement, "IOSurfacePlaneBytesPerElement");
KEY(kIOSurfacePlaneOffset, "IOSurfacePlaneOffset");
KEY(kIOSurfacePlaneSize, "IOSurfacePlaneSize");
KEY(kIOSurfaceName, "IOSurfaceName");
KEY(kIOSurfaceIsGlobal, "IOSurfaceIsGlobal");

static void destroy(void *object)
{
	double_surface_unref(((struct __IOSurface *)object)->surface);
}

const struct double_type double_surface_type = {"IOSurface", destroy};

struct double_surface *double_surface_of(IOSurfaceRef ref)
{
	double_object_check(ref, &double_surface_type);
	return ref->surface;
}

IOSurfaceRef double_surface_ref(struct double_surface *surface)
{
	IOSurfaceRef ref;

	if (!surface)
		return NULL;
	ref = double_object_create(&double_surface_type, sizeof(*ref));
	ref->surface = surface;
	return ref;
}

CFTypeID IOSurfaceGetTypeID(void)
{
	return (CFTypeID)(uintptr_t)&double_surface_type;
}

size_t double_number_of(CFDictionaryRef properties, CFStringRef key, size_t missing)
{
	const void *value = CFDictionaryGetValue(properties, key);
	int64_t number;

	if (!value)
		return missing;
	if (CFGetTypeID(value) != CFNumberGetTypeID())
		double_die("a surface's property is no number");
	CFNumberGetValue(value, kCFNumberSInt64Type, &number);
	return number < 0 ? SIZE_MAX : (size_t)number;
}

static bool flag_of(CFDictionaryRef properties, CFStringRef key)
{
	const void *value = CFDictionaryGetValue(properties, key);

	return value && CFGetTypeID(value) == CFBooleanGetTypeID() && CFBooleanGetValue(value);
}

IOSurfaceRef IOSurfaceCreate(CFDictionaryRef properties)
{
	const void *name = CFDictionaryGetValue(properties, kIOSurfaceName);
	struct double_surface_page page = {
		.fourcc = (uint32_t)double_number_of(properties, kIOSurfacePixelFormat, 0),
		.global = flag_of(properties, kIOSurfaceIsGlobal),
	};
	IOSurfaceRef ref;

	if (double_fails("IOSurfaceCreate") || !double_surface_lay_out(properties, &page))
		return NULL;
	ref = double_surface_ref(double_surface_create(&page));
	if (ref && name)
		IOSurfaceSetValue(ref, kIOSurfaceName, name);
	return ref;
}

IOSurfaceRef IOSurfaceLookup(IOSurfaceID id)
{
	return double_fails("IOSurfaceLookup") ? NULL : double_surface_ref(double_surface_find(id));
}

IOSurfaceID IOSurfaceGetID(IOSurfaceRef ref)
{
	return double_surface_of(ref)->page->id;
}

kern_return_t IOSurfaceLock(IOSurfaceRef ref, IOSurfaceLockOptions options, uint32_t *seed)
{
	struct double_surface *surface = double_surface_of(ref);

	if (double_fails("IOSurfaceLock"))
		return KERN_FAILURE;
	double_surface_check_kept(surface);
	double_surfaces_lock();
	if (options & kIOSurfaceLockReadOnly)
		surface->read_locks++;
	else
		surface->write_locks++;
	double_surface_protect(surface);
	if (seed)
		*seed = surface->page->seed;
	double_surfaces_unlock();
	return KERN_SUCCESS;
}

kern_return_t IOSurfaceUnlock(IOSurfaceRef ref, IOSurfaceLockOptions options, uint32_t *seed)
{
	struct double_surface *surface = double_surface_of(ref);
	bool reading = options & kIOSurfaceLockReadOnly;

	double_surfaces_lock();
	if (!(reading ? surface->read_locks : surface->write_locks))
		double_die("surface %u is unlocked, but not locked for %s", surface->page->id,
			reading ? "reading" : "writing");
	if (reading) {
		surface->read_locks--;
	} else {
		surface->write_locks--;
		double_surface_changed(surface);
	}
	double_surface_protect(surface);
	if (seed)
		*seed = surface->page->seed;
	double_surfaces_unlock();
	return KERN_SUCCESS;
}

uint32_t IOSurfaceGetSeed(IOSurfaceRef ref)
{
	return double_surface_of(ref)->page->seed;
}

size_t IOSurfaceGetAllocSize(IOSurfaceRef ref)
{
	return double_surface_of(ref)->page->bytes;
}

size_t IOSurfaceGetWidth(IOSurfaceRef ref)
{
	return double_surface_of(ref)->page->width;
}

size_t IOSurfaceGetHeight(IOSurfaceRef ref)
{
	return double_surface_of(ref)->page->height;
}

uint32_t IOSurfaceGetPixelFormat(IOSurfaceRef ref)
{
	return double_surface_of(ref)->page->fourcc;
}

size_t IOSurfaceGetPlaneCount(IOSurfaceRef ref)
{
	return double_surface_of(ref)->page->planes;
}

void *IOSurfaceGetBaseAddress(IOSurfaceRef ref)
{
	struct double_surface *surface = double_surface_of(ref);

	if (!surface->read_locks && !surface->write_locks)
		double_die("the address of surface %u, which is not locked", surface->page->id);
	return surface->cpu;
}

void IOSurfaceIncrementUseCount(IOSurfaceRef ref)
{
	struct double_surface *surface = double_surface_of(ref);

	double_surfaces_lock();
	if (surface->use_count++ == 0)
		surface->use_fd = double_surface_use(surface);
	double_surfaces_unlock();
}

void IOSurfaceDecrementUseCount(IOSurfaceRef ref)
{
	struct double_surface *surface = double_surface_of(ref);

	double_surfaces_lock();
	if (surface->use_count <= 0)
		double_die("the use count of surface %u falls below 0", surface->page->id);
	if (--surface->use_count == 0 && surface->use_fd >= 0) {
		close(surface->use_fd);
		surface->use_fd = -1;
	}
	double_surfaces_unlock();
}

int32_t IOSurfaceGetUseCount(IOSurfaceRef ref)
{
	return double_surface_of(ref)->use_count;
}

Boolean IOSurfaceIsInUse(IOSurfaceRef ref)
{
	return double_surface_in_use(double_surface_of(ref));
}

/* Discards the contents of a surface that becomes volatile at once, as a system without free memory
 * would. The memory then has texels that no test expects. */
kern_return_t IOSurfaceSetPurgeable(IOSurfaceRef ref, uint32_t state, uint32_t *old)
{
	struct double_surface *surface = double_surface_of(ref);

	double_surfaces_lock();
	if (surface->read_locks + surface->write_locks > 0)
		double_die("surface %u is locked while its purgeable state changes",
			surface->page->id);
	if (state > kIOSurfacePurgeableKeepCurrent)
		double_die("%u is no purgeable state", state);
	if (old)
		*old = surface->page->purgeable;
	if (state == kIOSurfacePurgeableVolatile)
		state = kIOSurfacePurgeableEmpty;
	if (state == kIOSurfacePurgeableEmpty)
		double_surface_discard(surface);
	if (state != kIOSurfacePurgeableKeepCurrent)
		surface->page->purgeable = state;
	double_surfaces_unlock();
	return KERN_SUCCESS;
}

void IOSurfaceSetValue(IOSurfaceRef ref, CFStringRef key, CFTypeRef value)
{
	struct double_surface *surface = double_surface_of(ref);

	double_surfaces_lock();
	if (!surface->values)
		surface->values = CFDictionaryCreateMutable(
			NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	CFDictionarySetValue(surface->values, key, value);
	double_surfaces_unlock();
}

CFTypeRef IOSurfaceCopyValue(IOSurfaceRef ref, CFStringRef key)
{
	struct double_surface *surface = double_surface_of(ref);
	CFTypeRef value;

	double_surfaces_lock();
	value = surface->values ? CFDictionaryGetValue(surface->values, key) : NULL;
	if (value)
		CFRetain(value);
	double_surfaces_unlock();
	return value;
}

mach_port_t IOSurfaceCreateMachPort(IOSurfaceRef ref)
{
	struct double_target target = {.address = "", .fd = -1};

	if (double_fails("IOSurfaceCreateMachPort"))
		return MACH_PORT_NULL;
	target.fd = double_surface_use(double_surface_of(ref));
	return double_port_add(&target, DOUBLE_SEND);
}

IOSurfaceRef IOSurfaceLookupFromMachPort(mach_port_t port)
{
	struct double_target target;

	if (double_fails("IOSurfaceLookupFromMachPort"))
		return NULL;
	if (!double_port_target(port, MACH_PORT_TYPE_SEND, &target) || target.fd < 0)
		return NULL;
	return double_surface_ref(double_surface_open(target.fd));
}

xpc_object_t IOSurfaceCreateXPCObject(IOSurfaceRef ref)
{
	return double_xpc_create(double_surface_use(double_surface_of(ref)));
}

IOSurfaceRef IOSurfaceLookupFromXPCObject(xpc_object_t object)
{
	return double_surface_ref(double_surface_open(double_xpc_fd(object)));
}
