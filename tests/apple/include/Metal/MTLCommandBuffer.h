/* SPDX-License-Identifier: MIT */
#ifndef GY_APPLE_MTLCOMMANDBUFFER_H
#define GY_APPLE_MTLCOMMANDBUFFER_H

#include <Metal/MTLCommandEncoder.h>
#include <Metal/MTLEvent.h>

typedef NS_ENUM(NSUInteger, MTLCommandBufferStatus) {
	MTLCommandBufferStatusNotEnqueued = 0,
	MTLCommandBufferStatusEnqueued = 1,
	MTLCommandBufferStatusCommitted = 2,
	MTLCommandBufferStatusScheduled = 3,
	MTLCommandBufferStatusCompleted = 4,
	MTLCommandBufferStatusError = 5
};

typedef NS_ENUM(NSUInteger, MTLCommandBufferError) {
	MTLCommandBufferErrorNone = 0,
	MTLCommandBufferErrorInternal = 1,
	MTLCommandBufferErrorTimeout = 2,
	MTLCommandBufferErrorPageFault = 3,
	MTLCommandBufferErrorAccessRevoked = 4,
	MTLCommandBufferErrorNotPermitted = 7,
	MTLCommandBufferErrorOutOfMemory = 8,
	MTLCommandBufferErrorInvalidResource = 9,
	MTLCommandBufferErrorDeviceRemoved API_AVAILABLE(macos(10.13)) API_UNAVAILABLE(ios) = 11
};

#pragma clang assume_nonnull begin

API_AVAILABLE(macos(10.11), ios(8.0))
extern NSErrorDomain const MTLCommandBufferErrorDomain;

@protocol MTLCommandQueue;
@protocol MTLCommandBuffer;
typedef void (^MTLCommandBufferHandler)(id<MTLCommandBuffer> buffer);

API_AVAILABLE(macos(10.11), ios(8.0))
@protocol MTLCommandBuffer <NSObject>
@property(readonly) id<MTLDevice> device;
@property(readonly) id<MTLCommandQueue> commandQueue;
@property(nullable, copy, atomic) NSString *label;
@property(readonly) MTLCommandBufferStatus status;
@property(nullable, readonly) NSError *error;
- (void)commit;
- (void)addScheduledHandler:(MTLCommandBufferHandler)block;
- (void)addCompletedHandler:(MTLCommandBufferHandler)block;
- (void)waitUntilScheduled;
- (void)waitUntilCompleted;
/* The encoders are autoreleased. */
- (nullable id<MTLBlitCommandEncoder>)blitCommandEncoder;
- (nullable id<MTLRenderCommandEncoder>)renderCommandEncoderWithDescriptor:
	(MTLRenderPassDescriptor *)descriptor;
- (void)encodeWaitForEvent:(id<MTLEvent>)event
		     value:(uint64_t)value API_AVAILABLE(macos(10.14), ios(12.0));
- (void)encodeSignalEvent:(id<MTLEvent>)event
		    value:(uint64_t)value API_AVAILABLE(macos(10.14), ios(12.0));
@end

API_AVAILABLE(macos(10.11), ios(8.0))
@protocol MTLCommandQueue <NSObject>
@property(nullable, copy, atomic) NSString *label;
@property(readonly) id<MTLDevice> device;
/* The command buffer is autoreleased. */
- (nullable id<MTLCommandBuffer>)commandBuffer;
@end

#pragma clang assume_nonnull end

#endif
