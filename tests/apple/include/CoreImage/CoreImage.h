/* SPDX-License-Identifier: MIT */
/* The part of Core Image that geyser, its examples and its tests use, written from its public
 * documentation. */
#ifndef GY_APPLE_COREIMAGE_H
#define GY_APPLE_COREIMAGE_H

#include <CoreGraphics/CoreGraphics.h>
#include <Foundation/Foundation.h>
#include <IOSurface/IOSurfaceRef.h>

#pragma clang assume_nonnull begin

@class IOSurface, NSDictionary;
@protocol MTLDevice;

API_AVAILABLE(macos(10.4), ios(5.0))
@interface CIColor : NSObject
+ (instancetype)colorWithRed:(CGFloat)red
		       green:(CGFloat)green
			blue:(CGFloat)blue
		       alpha:(CGFloat)alpha;
@end

API_AVAILABLE(macos(10.4), ios(5.0))
@interface CIImage : NSObject
/* The image is infinitely large. */
+ (CIImage *)imageWithColor:(CIColor *)color;
+ (nullable CIImage *)imageWithIOSurface:(IOSurfaceRef)surface API_AVAILABLE(macos(10.6), ios(5.0));
+ (nullable CIImage *)imageWithIOSurface:(IOSurfaceRef)surface
				 options:(nullable NSDictionary *)options
	API_AVAILABLE(macos(10.6), ios(5.0));
- (CIImage *)imageByCroppingToRect:(CGRect)rect;
@property(readonly) CGRect extent;
@end

typedef NS_ENUM(NSUInteger, CIRenderDestinationAlphaMode) {
	CIRenderDestinationAlphaNone = 0,
	CIRenderDestinationAlphaPremultiplied = 1,
	CIRenderDestinationAlphaUnpremultiplied = 2
};

API_AVAILABLE(macos(10.13), ios(11.0))
@interface CIRenderDestination : NSObject
- (nullable instancetype)initWithIOSurface:(IOSurface *)surface;
@property(readonly) NSUInteger width;
@property(readonly) NSUInteger height;
@property CIRenderDestinationAlphaMode alphaMode;
@property(nullable) CGColorSpaceRef colorSpace;
@end

API_AVAILABLE(macos(10.13), ios(11.0))
@interface CIRenderInfo : NSObject
@property(readonly) NSInteger passCount;
@end

API_AVAILABLE(macos(10.13), ios(11.0))
@interface CIRenderTask : NSObject
/* Returns nil after a failure. */
- (nullable CIRenderInfo *)waitUntilCompletedAndReturnError:(NSError *_Nullable *_Nullable)error;
@end

API_AVAILABLE(macos(10.4), ios(5.0))
@interface CIContext : NSObject
+ (CIContext *)contextWithMTLDevice:(id<MTLDevice>)device API_AVAILABLE(macos(10.11), ios(9.0));
/* Texels of the destination outside of the rectangle don't change. Texels inside of the rectangle
 * and outside of the image become transparent. */
- (nullable CIRenderTask *)startTaskToRender:(CIImage *)image
				    fromRect:(CGRect)rect
			       toDestination:(CIRenderDestination *)destination
				     atPoint:(CGPoint)point
				       error:(NSError *_Nullable *_Nullable)error
	API_AVAILABLE(macos(10.13), ios(11.0));
@end

#pragma clang assume_nonnull end

#endif
