/* SPDX-License-Identifier: MIT */
/* The root class of the double, for GNU's Objective-C runtime. */
#ifndef GY_DOUBLE_NSOBJECT_H
#define GY_DOUBLE_NSOBJECT_H

#include <objc/objc.h>
#include <stdatomic.h>

typedef long NSInteger;
typedef unsigned long NSUInteger;
#define NSIntegerMax __LONG_MAX__
#define NSUIntegerMax (2UL * __LONG_MAX__ + 1)

#pragma clang assume_nonnull begin

struct _NSZone;

@protocol NSObject
- (Class)class;
- (BOOL)isKindOfClass:(Class)class;
- (BOOL)respondsToSelector:(SEL)selector;
- (BOOL)conformsToProtocol:(Protocol *)protocol;
- (BOOL)isEqual:(nullable id)other;
- (instancetype)retain;
- (oneway void)release;
- (instancetype)autorelease;
- (NSUInteger)retainCount;
@end

@interface NSObject <NSObject> {
	Class isa;
	_Atomic(NSUInteger) references;
}
+ (void)initialize;
+ (instancetype)alloc;
+ (instancetype)new;
+ (Class)class;
- (instancetype)init;
- (void)dealloc;
@end

#pragma clang assume_nonnull end

#endif
