/* SPDX-License-Identifier: MIT */
#ifndef GY_APPLE_MTLRESOURCE_H
#define GY_APPLE_MTLRESOURCE_H

#include <Metal/MTLTypes.h>

typedef NS_ENUM(NSUInteger, MTLCPUCacheMode) {
	MTLCPUCacheModeDefaultCache = 0,
	MTLCPUCacheModeWriteCombined = 1
};

typedef NS_ENUM(NSUInteger, MTLStorageMode) {
	MTLStorageModeShared = 0,
	MTLStorageModeManaged API_AVAILABLE(macos(10.11)) API_UNAVAILABLE(ios) = 1,
	MTLStorageModePrivate = 2,
	MTLStorageModeMemoryless API_AVAILABLE(macos(11.0), ios(10.0)) = 3
};

typedef NS_OPTIONS(NSUInteger, MTLResourceOptions) {
	MTLResourceCPUCacheModeDefaultCache = 0,
	MTLResourceCPUCacheModeWriteCombined = 1,
	MTLResourceStorageModeShared API_AVAILABLE(macos(10.11), ios(9.0)) = 0 << 4,
	MTLResourceStorageModeManaged API_AVAILABLE(macos(10.11)) API_UNAVAILABLE(ios) = 1 << 4,
	MTLResourceStorageModePrivate API_AVAILABLE(macos(10.11), ios(9.0)) = 2 << 4,
	MTLResourceHazardTrackingModeUntracked API_AVAILABLE(macos(10.13), ios(10.0)) = 1 << 8,
	MTLResourceHazardTrackingModeTracked API_AVAILABLE(macos(10.15), ios(13.0)) = 2 << 8
};

@protocol MTLDevice;

API_AVAILABLE(macos(10.11), ios(8.0))
@protocol MTLResource <NSObject>
@property(nullable, copy, atomic) NSString *label;
@property(nonnull, readonly) id<MTLDevice> device;
@property(readonly) MTLCPUCacheMode cpuCacheMode;
@property(readonly) MTLStorageMode storageMode API_AVAILABLE(macos(10.11), ios(9.0));
@property(readonly) MTLResourceOptions resourceOptions API_AVAILABLE(macos(10.15), ios(13.0));
@end

#endif
