/* SPDX-License-Identifier: MIT */
#import "objects.h"

#include "pages.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096

enum double_gpu double_gpu(void)
{
	static const char *const names[] = {"apple", "intel", "discrete"};
	const char *value = getenv("GEYSER_DOUBLE_DEVICE");

	for (size_t i = 0; value && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) == 0)
			return (enum double_gpu)i;
	}
	if (value)
		double_die("GEYSER_DOUBLE_DEVICE=%s: it is apple, intel or discrete", value);
	return DOUBLE_APPLE;
}

/* The only GPU. All callers get the same object, as long as it has a reference. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static DoubleDevice *only;

id<MTLDevice> MTLCreateSystemDefaultDevice(void)
{
	DoubleDevice *device;

	if (double_setting("GEYSER_DOUBLE_NO_DEVICE"))
		return nil;
	pthread_mutex_lock(&lock);
	if (only)
		device = [only retain];
	else
		device = only = [[DoubleDevice alloc] init];
	pthread_mutex_unlock(&lock);
	return device;
}

@implementation DoubleDevice
- (oneway void)release
{
	pthread_mutex_lock(&lock);
	if (self == only && [self retainCount] == 1)
		only = nil;
	[super release];
	pthread_mutex_unlock(&lock);
}

- (NSString *)name
{
	static const char *const names[] = {
		"Double of an Apple GPU", "Double of an Intel GPU", "Double of a discrete GPU"};

	return [NSString stringWithUTF8String:names[double_gpu()]];
}

- (uint64_t)registryID
{
	return 0x100000abc;
}

- (BOOL)hasUnifiedMemory
{
	double_require("hasUnifiedMemory");
	return double_gpu() != DOUBLE_DISCRETE;
}

- (BOOL)isLowPower
{
	return NO;
}

- (BOOL)isRemovable
{
	return NO;
}

- (BOOL)supportsFamily:(MTLGPUFamily)family
{
	double_require("supportsFamily:");
	if (family == MTLGPUFamilyMac2 || family == MTLGPUFamilyCommon1)
		return YES;
	return double_gpu() == DOUBLE_APPLE && family >= MTLGPUFamilyApple1 &&
	       family <= MTLGPUFamilyApple7;
}

- (id<MTLCommandQueue>)newCommandQueue
{
	if (double_fails("newCommandQueue"))
		return nil;
	return [[DoubleQueue alloc] initWithDevice:self];
}

- (id<MTLBuffer>)newBufferWithLength:(NSUInteger)length options:(MTLResourceOptions)options
{
	if (length == 0)
		double_die("a buffer of 0 bytes");
	if (double_fails("newBuffer"))
		return nil;
	return [[DoubleBuffer alloc] initWithDevice:self
					      bytes:NULL
					     length:length
					    options:options
					deallocator:nil];
}

- (id<MTLBuffer>)newBufferWithBytesNoCopy:(void *)pointer
				   length:(NSUInteger)length
				  options:(MTLResourceOptions)options
			      deallocator:(void (^)(void *, NSUInteger))deallocator
{
	if ((uintptr_t)pointer % PAGE || length == 0 || length % PAGE)
		double_die("a buffer of %lu bytes at %p: whole pages are needed", length, pointer);
	if ((options >> 4 & 0xf) == MTLStorageModePrivate)
		double_die("memory of the caller's as a private buffer");
	if (double_fails("newBuffer"))
		return nil;
	if (double_setting("GEYSER_DOUBLE_WRITABLE") && !pages_may_be_written(pointer, length))
		return nil;
	return [[DoubleBuffer alloc] initWithDevice:self
					      bytes:pointer
					     length:length
					    options:options
					deallocator:deallocator];
}

- (id<MTLTexture>)newTextureWithDescriptor:(MTLTextureDescriptor *)descriptor
{
	return [[DoubleTexture alloc] initWithDevice:self descriptor:descriptor shared:NO];
}

- (id<MTLTexture>)newTextureWithDescriptor:(MTLTextureDescriptor *)descriptor
				 iosurface:(IOSurfaceRef)surface
				     plane:(NSUInteger)plane
{
	return [[DoubleTexture alloc] initWithDevice:self
					  descriptor:descriptor
					     surface:surface
					       plane:plane];
}

- (NSUInteger)minimumLinearTextureAlignmentForPixelFormat:(MTLPixelFormat)format
{
	const struct double_pixels *pixels = double_pixels_of(format);

	if (pixels->channel == DOUBLE_DEPTH || pixels->channel == DOUBLE_COMPRESSED)
		double_die("no linear texture can have the depth, stencil or compressed format %lu",
			format);
	return double_gpu() == DOUBLE_APPLE ? 16 : 256;
}

- (id<MTLTexture>)newSharedTextureWithDescriptor:(MTLTextureDescriptor *)descriptor
{
	double_require("newSharedTextureWithDescriptor:");
	return [[DoubleTexture alloc] initWithDevice:self descriptor:descriptor shared:YES];
}

- (id<MTLTexture>)newSharedTextureWithHandle:(MTLSharedTextureHandle *)handle
{
	DoubleTexture *texture = [(DoubleTextureHandle *)handle texture];

	double_require("newSharedTextureWithHandle:");
	if (double_fails("newSharedTexture"))
		return nil;
	return [[DoubleTexture alloc] initWithTexture:texture format:texture.pixelFormat];
}

- (id<MTLSharedEvent>)newSharedEvent
{
	double_require("newSharedEvent");
	if (double_fails("newSharedEvent"))
		return nil;
	return [[DoubleEvent alloc] initWithDevice:self event:NULL];
}

- (id<MTLSharedEvent>)newSharedEventWithHandle:(MTLSharedEventHandle *)handle
{
	double_require("newSharedEventWithHandle:");
	if (double_fails("newSharedEvent"))
		return nil;
	return [[DoubleEvent alloc] initWithDevice:self event:[(DoubleEventHandle *)handle event]];
}
@end
