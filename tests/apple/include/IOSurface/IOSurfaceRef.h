/* SPDX-License-Identifier: MIT */
/* The part of IOSurface's C interface that geyser uses, written from its public documentation. */
#ifndef GY_APPLE_IOSURFACEREF_H
#define GY_APPLE_IOSURFACEREF_H

#include <CoreFoundation/CoreFoundation.h>
#include <mach/mach.h>
#include <xpc/xpc.h>

typedef struct __IOSurface *IOSurfaceRef;
typedef uint32_t IOSurfaceID;

typedef uint32_t IOSurfaceLockOptions;
enum { kIOSurfaceLockReadOnly = 0x00000001, kIOSurfaceLockAvoidSync = 0x00000002 };

enum {
	kIOSurfacePurgeableNonVolatile = 0,
	kIOSurfacePurgeableVolatile = 1,
	kIOSurfacePurgeableEmpty = 2,
	kIOSurfacePurgeableKeepCurrent = 3,
};

#ifdef __cplusplus
extern "C" {
#endif

extern const CFStringRef kIOSurfaceAllocSize API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfaceWidth API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfaceHeight API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfaceBytesPerRow API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfaceBytesPerElement API_AVAILABLE(macos(10.6), ios(11.0));
/* How many texels wide an element is; 1 if it isn't set. */
extern const CFStringRef kIOSurfaceElementWidth API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfacePixelFormat API_AVAILABLE(macos(10.6), ios(11.0));
/* An array of a dictionary for each plane. */
extern const CFStringRef kIOSurfacePlaneInfo API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfacePlaneWidth API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfacePlaneHeight API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfacePlaneBytesPerRow API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfacePlaneBytesPerElement API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfacePlaneOffset API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfacePlaneSize API_AVAILABLE(macos(10.6), ios(11.0));
extern const CFStringRef kIOSurfaceName API_AVAILABLE(macos(10.6), ios(11.0));
/* Deprecated by Apple as insecure: any process can look such a surface up by its id. */
extern const CFStringRef kIOSurfaceIsGlobal API_DEPRECATED(
	"Global surfaces are insecure", macos(10.6, 10.11), ios(11.0, 11.0));

CFTypeID IOSurfaceGetTypeID(void) API_AVAILABLE(macos(10.6), ios(11.0));
IOSurfaceRef CF_NULLABLE IOSurfaceCreate(CFDictionaryRef properties) CF_RETURNS_RETAINED
	API_AVAILABLE(macos(10.6), ios(11.0));
IOSurfaceRef CF_NULLABLE IOSurfaceLookup(IOSurfaceID id) CF_RETURNS_RETAINED
	API_AVAILABLE(macos(10.6), ios(11.0));
IOSurfaceID IOSurfaceGetID(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));

kern_return_t IOSurfaceLock(IOSurfaceRef surface, IOSurfaceLockOptions options, uint32_t *seed)
	API_AVAILABLE(macos(10.6), ios(11.0));
kern_return_t IOSurfaceUnlock(IOSurfaceRef surface, IOSurfaceLockOptions options, uint32_t *seed)
	API_AVAILABLE(macos(10.6), ios(11.0));
uint32_t IOSurfaceGetSeed(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));

size_t IOSurfaceGetAllocSize(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
size_t IOSurfaceGetWidth(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
size_t IOSurfaceGetHeight(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
size_t IOSurfaceGetBytesPerElement(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
size_t IOSurfaceGetElementWidth(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
size_t IOSurfaceGetBytesPerRow(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
void *IOSurfaceGetBaseAddress(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
/* Returns a FourCC. */
uint32_t IOSurfaceGetPixelFormat(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
/* Returns 0 for a surface that isn't planar. */
size_t IOSurfaceGetPlaneCount(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
/* These return 0 or NULL if there is no such plane. Plane 0 of a surface that isn't planar is the
 * surface itself. */
size_t IOSurfaceGetWidthOfPlane(IOSurfaceRef surface, size_t plane)
	API_AVAILABLE(macos(10.6), ios(11.0));
size_t IOSurfaceGetHeightOfPlane(IOSurfaceRef surface, size_t plane)
	API_AVAILABLE(macos(10.6), ios(11.0));
size_t IOSurfaceGetBytesPerElementOfPlane(IOSurfaceRef surface, size_t plane)
	API_AVAILABLE(macos(10.6), ios(11.0));
size_t IOSurfaceGetBytesPerRowOfPlane(IOSurfaceRef surface, size_t plane)
	API_AVAILABLE(macos(10.6), ios(11.0));
void *IOSurfaceGetBaseAddressOfPlane(IOSurfaceRef surface, size_t plane)
	API_AVAILABLE(macos(10.6), ios(11.0));

/* The use count of this process. */
void IOSurfaceIncrementUseCount(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
void IOSurfaceDecrementUseCount(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
int32_t IOSurfaceGetUseCount(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
/* Whether any process uses the surface. */
Boolean IOSurfaceIsInUse(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));

/* The old state is EMPTY if the contents of a volatile surface have been discarded. */
kern_return_t IOSurfaceSetPurgeable(IOSurfaceRef surface, uint32_t state, uint32_t *old)
	API_AVAILABLE(macos(10.12), ios(11.0));

void IOSurfaceSetValue(IOSurfaceRef surface, CFStringRef key, CFTypeRef value)
	API_AVAILABLE(macos(10.6), ios(11.0));
CFTypeRef CF_NULLABLE IOSurfaceCopyValue(IOSurfaceRef surface, CFStringRef key) CF_RETURNS_RETAINED
	API_AVAILABLE(macos(10.6), ios(11.0));

size_t IOSurfaceAlignProperty(CFStringRef property, size_t value)
	API_AVAILABLE(macos(10.6), ios(11.0));

/* IOSurfaceCreateMachPort returns a send right, which the caller releases by mach_port_deallocate.
 * IOSurfaceLookupFromMachPort borrows the right. */
mach_port_t IOSurfaceCreateMachPort(IOSurfaceRef surface) API_AVAILABLE(macos(10.6), ios(11.0));
IOSurfaceRef CF_NULLABLE IOSurfaceLookupFromMachPort(mach_port_t port) CF_RETURNS_RETAINED
	API_AVAILABLE(macos(10.6), ios(11.0));

xpc_object_t CF_NULLABLE IOSurfaceCreateXPCObject(IOSurfaceRef surface)
	API_AVAILABLE(macos(10.7), ios(11.0));
IOSurfaceRef CF_NULLABLE IOSurfaceLookupFromXPCObject(xpc_object_t object) CF_RETURNS_RETAINED
	API_AVAILABLE(macos(10.7), ios(11.0));

#ifdef __cplusplus
}
#endif

#endif
