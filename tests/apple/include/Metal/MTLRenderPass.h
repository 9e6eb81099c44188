/* SPDX-License-Identifier: MIT */
/* The part of render passes that is needed to clear an attachment. */
#ifndef GY_APPLE_MTLRENDERPASS_H
#define GY_APPLE_MTLRENDERPASS_H

#include <Metal/MTLTexture.h>

typedef NS_ENUM(NSUInteger, MTLLoadAction) {
	MTLLoadActionDontCare = 0,
	MTLLoadActionLoad = 1,
	MTLLoadActionClear = 2
};

typedef NS_ENUM(NSUInteger, MTLStoreAction) {
	MTLStoreActionDontCare = 0,
	MTLStoreActionStore = 1,
	MTLStoreActionMultisampleResolve = 2
};

#pragma clang assume_nonnull begin

API_AVAILABLE(macos(10.11), ios(8.0))
@interface MTLRenderPassAttachmentDescriptor : NSObject
@property(nullable, nonatomic, strong) id<MTLTexture> texture;
@property(nonatomic) NSUInteger level;
@property(nonatomic) NSUInteger slice;
@property(nonatomic) NSUInteger depthPlane;
@property(nonatomic) MTLLoadAction loadAction;
@property(nonatomic) MTLStoreAction storeAction;
@end

API_AVAILABLE(macos(10.11), ios(8.0))
@interface MTLRenderPassColorAttachmentDescriptor : MTLRenderPassAttachmentDescriptor
@property(nonatomic) MTLClearColor clearColor;
@end

API_AVAILABLE(macos(10.11), ios(8.0))
@interface MTLRenderPassColorAttachmentDescriptorArray : NSObject
- (MTLRenderPassColorAttachmentDescriptor *)objectAtIndexedSubscript:(NSUInteger)index;
@end

API_AVAILABLE(macos(10.11), ios(8.0))
@interface MTLRenderPassDescriptor : NSObject
/* The descriptor is autoreleased. */
+ (MTLRenderPassDescriptor *)renderPassDescriptor;
@property(readonly) MTLRenderPassColorAttachmentDescriptorArray *colorAttachments;
@end

#pragma clang assume_nonnull end

#endif
