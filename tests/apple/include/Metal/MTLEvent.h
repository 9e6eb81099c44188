/* SPDX-License-Identifier: MIT */
#ifndef GY_APPLE_MTLEVENT_H
#define GY_APPLE_MTLEVENT_H

#include <Metal/MTLTypes.h>

#pragma clang assume_nonnull begin

@protocol MTLDevice;

API_AVAILABLE(macos(10.14), ios(12.0))
@protocol MTLEvent <NSObject>
@property(nullable, readonly) id<MTLDevice> device;
@property(nullable, copy, atomic) NSString *label;
@end

/* A listener that is made by init runs notification blocks on a queue of its own. */
API_AVAILABLE(macos(10.14), ios(12.0))
@interface MTLSharedEventListener : NSObject
- (instancetype)init;
@end

/* Only XPC can send a handle to another process. */
API_AVAILABLE(macos(10.14), ios(12.0))
@interface MTLSharedEventHandle : NSObject <NSSecureCoding>
@property(readonly, nullable) NSString *label;
@end

@protocol MTLSharedEvent;
typedef void (^MTLSharedEventNotificationBlock)(id<MTLSharedEvent> event, uint64_t value);

API_AVAILABLE(macos(10.14), ios(12.0))
@protocol MTLSharedEvent <MTLEvent>
/* Calls the block once, when the event has reached that value. The call can't be cancelled. */
- (void)notifyListener:(MTLSharedEventListener *)listener
	       atValue:(uint64_t)value
		 block:(MTLSharedEventNotificationBlock)block;
- (MTLSharedEventHandle *)newSharedEventHandle;
/* Returns NO after a timeout. */
- (BOOL)waitUntilSignaledValue:(uint64_t)value
		     timeoutMS:(uint64_t)milliseconds API_AVAILABLE(macos(12.0), ios(15.0));
@property(readwrite) uint64_t signaledValue;
@end

#pragma clang assume_nonnull end

#endif
