/* SPDX-License-Identifier: MIT */
#ifndef GY_APPLE_MTLDEVICE_H
#define GY_APPLE_MTLDEVICE_H

#include <Metal/MTLCommandBuffer.h>

typedef NS_ENUM(NSInteger, MTLGPUFamily) {
	MTLGPUFamilyApple1 = 1001,
	MTLGPUFamilyApple2 = 1002,
	MTLGPUFamilyApple3 = 1003,
	MTLGPUFamilyApple4 = 1004,
	MTLGPUFamilyApple5 = 1005,
	MTLGPUFamilyApple6 = 1006,
	MTLGPUFamilyApple7 = 1007,
	MTLGPUFamilyApple8 = 1008,
	MTLGPUFamilyMac1 = 2001,
	MTLGPUFamilyMac2 = 2002,
	MTLGPUFamilyCommon1 = 3001,
	MTLGPUFamilyCommon2 = 3002,
	MTLGPUFamilyCommon3 = 3003
} API_AVAILABLE(macos(10.15), ios(13.0));

#pragma clang assume_nonnull begin

@protocol MTLDevice;

#ifdef __cplusplus
extern "C" {
#endif
/* The caller owns the device. */
id<MTLDevice> _Nullable MTLCreateSystemDefaultDevice(void) NS_RETURNS_RETAINED
	API_AVAILABLE(macos(10.11), ios(8.0));
#ifdef __cplusplus
}
#endif

API_AVAILABLE(macos(10.11), ios(8.0))
@protocol MTLDevice <NSObject>
@property(readonly) NSString *name;
@property(readonly) uint64_t registryID API_AVAILABLE(macos(10.13), ios(11.0));
@property(readonly) BOOL hasUnifiedMemory API_AVAILABLE(macos(10.15), ios(13.0));
@property(readonly, getter=isLowPower) BOOL lowPower API_AVAILABLE(macos(10.11))
	API_UNAVAILABLE(ios);
@property(readonly, getter=isRemovable) BOOL removable API_AVAILABLE(macos(10.13))
	API_UNAVAILABLE(ios);
- (BOOL)supportsFamily:(MTLGPUFamily)family API_AVAILABLE(macos(10.15), ios(13.0));

- (nullable id<MTLCommandQueue>)newCommandQueue;

- (nullable id<MTLBuffer>)newBufferWithLength:(NSUInteger)length
				      options:(MTLResourceOptions)options;
/* pointer and length must be multiples of the page size. */
- (nullable id<MTLBuffer>)newBufferWithBytesNoCopy:(void *)pointer
					    length:(NSUInteger)length
					   options:(MTLResourceOptions)options
				       deallocator:(void (^_Nullable)(void *pointer,
							   NSUInteger length))deallocator;

- (nullable id<MTLTexture>)newTextureWithDescriptor:(MTLTextureDescriptor *)descriptor;
- (nullable id<MTLTexture>)newTextureWithDescriptor:(MTLTextureDescriptor *)descriptor
					  iosurface:(IOSurfaceRef)iosurface
					      plane:(NSUInteger)plane
	API_AVAILABLE(macos(10.11), ios(11.0));
/* The format must not be a depth, stencil or compressed format. */
- (NSUInteger)minimumLinearTextureAlignmentForPixelFormat:(MTLPixelFormat)format
	API_AVAILABLE(macos(10.13), ios(11.0));

- (nullable id<MTLTexture>)newSharedTextureWithDescriptor:(MTLTextureDescriptor *)descriptor
	API_AVAILABLE(macos(10.14), ios(13.0));
- (nullable id<MTLTexture>)newSharedTextureWithHandle:(MTLSharedTextureHandle *)sharedHandle
	API_AVAILABLE(macos(10.14), ios(13.0));

- (nullable id<MTLSharedEvent>)newSharedEvent API_AVAILABLE(macos(10.14), ios(12.0));
- (nullable id<MTLSharedEvent>)newSharedEventWithHandle:(MTLSharedEventHandle *)sharedEventHandle
	API_AVAILABLE(macos(10.14), ios(12.0));
@end

#pragma clang assume_nonnull end

#endif
