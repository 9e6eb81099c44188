/* SPDX-License-Identifier: MIT */
/* The part of Foundation that geyser uses, written from its public documentation. Objective-C only.
 */
#ifndef GY_APPLE_FOUNDATION_H
#define GY_APPLE_FOUNDATION_H

#include <CoreFoundation/CoreFoundation.h>
#include <objc/NSObject.h>

#ifndef NS_ENUM
#define NS_ENUM(type, name)    \
	enum name : type name; \
	enum name : type
#endif
#ifndef NS_OPTIONS
#define NS_OPTIONS(type, name) \
	enum name : type name; \
	enum __attribute__((flag_enum)) name : type
#endif
#ifndef NS_RETURNS_RETAINED
#define NS_RETURNS_RETAINED __attribute__((ns_returns_retained))
#endif

#pragma clang assume_nonnull begin

typedef double NSTimeInterval;
typedef struct _NSRange {
	NSUInteger location;
	NSUInteger length;
} NSRange;

static inline NSRange NSMakeRange(NSUInteger location, NSUInteger length)
{
	NSRange range = {location, length};
	return range;
}

@class NSCoder;

@protocol NSCopying
- (id)copyWithZone:(nullable struct _NSZone *)zone;
@end

@protocol NSCoding
- (void)encodeWithCoder:(NSCoder *)coder;
- (nullable instancetype)initWithCoder:(NSCoder *)coder;
@end

@protocol NSSecureCoding <NSCoding>
+ (BOOL)supportsSecureCoding;
@end

@interface NSString : NSObject <NSCopying>
+ (nullable instancetype)stringWithUTF8String:(const char *)string;
@property(nullable, readonly) const char *UTF8String;
@property(readonly) NSUInteger length;
- (BOOL)isEqualToString:(NSString *)other;
@end

typedef NSString *NSErrorDomain;

@interface NSError : NSObject
@property(readonly, copy) NSErrorDomain domain;
@property(readonly) NSInteger code;
@property(readonly, copy) NSString *localizedDescription;
@end

typedef NS_OPTIONS(uint64_t, NSActivityOptions) {
	NSActivityIdleDisplaySleepDisabled = 1ULL << 40,
	NSActivityIdleSystemSleepDisabled = 1ULL << 20,
	NSActivityUserInitiated = 0x00FFFFFFULL | NSActivityIdleSystemSleepDisabled,
	NSActivityUserInitiatedAllowingIdleSystemSleep = NSActivityUserInitiated &
							 ~NSActivityIdleSystemSleepDisabled,
};

@interface NSProcessInfo : NSObject
@property(class, readonly, strong) NSProcessInfo *processInfo;
- (id<NSObject>)beginActivityWithOptions:(NSActivityOptions)options
				  reason:(NSString *)reason API_AVAILABLE(macos(10.9), ios(7.0));
- (void)endActivity:(id<NSObject>)activity API_AVAILABLE(macos(10.9), ios(7.0));
@end

@interface NSAutoreleasePool : NSObject
- (void)drain;
@end

#pragma clang assume_nonnull end

#endif
