/* SPDX-License-Identifier: MIT */
/* The part of Core Graphics that geyser, its examples and its tests use, written from its public
 * documentation. */
#ifndef GY_APPLE_COREGRAPHICS_H
#define GY_APPLE_COREGRAPHICS_H

#include <CoreFoundation/CoreFoundation.h>

/* As on a 64-bit system. */
typedef double CGFloat;

typedef struct CGPoint {
	CGFloat x, y;
} CGPoint;
typedef struct CGSize {
	CGFloat width, height;
} CGSize;
typedef struct CGRect {
	CGPoint origin;
	CGSize size;
} CGRect;

static inline CGRect CGRectMake(CGFloat x, CGFloat y, CGFloat width, CGFloat height)
{
	CGRect rect = {{x, y}, {width, height}};
	return rect;
}

typedef struct CGContext *CGContextRef;
typedef struct CGColorSpace *CGColorSpaceRef;
typedef struct CGDataProvider *CGDataProviderRef;
typedef struct CGImage *CGImageRef;

typedef uint32_t CGImageAlphaInfo;
enum {
	kCGImageAlphaNone = 0,
	kCGImageAlphaPremultipliedLast = 1,
	kCGImageAlphaPremultipliedFirst = 2,
	kCGImageAlphaLast = 3,
	kCGImageAlphaFirst = 4,
	kCGImageAlphaNoneSkipLast = 5,
	kCGImageAlphaNoneSkipFirst = 6,
	kCGImageAlphaOnly = 7
};

typedef uint32_t CGBitmapInfo;
enum {
	kCGBitmapAlphaInfoMask = 0x1f,
	kCGBitmapFloatInfoMask = 0xf00,
	kCGBitmapFloatComponents = 1 << 8,
	kCGBitmapByteOrderMask = 0x7000,
	kCGBitmapByteOrderDefault = 0 << 12,
	kCGBitmapByteOrder16Little = 1 << 12,
	kCGBitmapByteOrder32Little = 2 << 12,
	kCGBitmapByteOrder16Big = 3 << 12,
	kCGBitmapByteOrder32Big = 4 << 12
};

typedef int32_t CGColorRenderingIntent;
enum { kCGRenderingIntentDefault = 0 };

typedef void (*CGDataProviderReleaseDataCallback)(void *info, const void *data, size_t size);

#ifdef __cplusplus
extern "C" {
#endif

CF_EXPORT const CFStringRef kCGColorSpaceSRGB API_AVAILABLE(macos(10.5), ios(9.0));
CF_EXPORT const CFStringRef kCGColorSpaceGenericGrayGamma2_2 API_AVAILABLE(macos(10.6), ios(9.0));
CF_EXPORT const CFStringRef kCGColorSpaceExtendedLinearSRGB API_AVAILABLE(macos(10.12), ios(10.0));
CF_EXPORT const CFStringRef kCGColorSpaceExtendedLinearGray API_AVAILABLE(macos(10.12), ios(10.0));

CF_EXPORT CGColorSpaceRef CF_NULLABLE CGColorSpaceCreateWithName(
	CFStringRef name) CF_RETURNS_RETAINED API_AVAILABLE(macos(10.2), ios(2.0));
CF_EXPORT CGColorSpaceRef CF_NULLABLE CGColorSpaceCreateDeviceRGB(void) CF_RETURNS_RETAINED
	API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGColorSpaceRelease(CGColorSpaceRef CF_NULLABLE space)
	API_AVAILABLE(macos(10.0), ios(2.0));
/* Alpha isn't counted. */
CF_EXPORT size_t CGColorSpaceGetNumberOfComponents(CGColorSpaceRef space)
	API_AVAILABLE(macos(10.0), ios(2.0));

/* Returns NULL for a combination that Core Graphics can't draw into. */
CF_EXPORT CGContextRef CF_NULLABLE CGBitmapContextCreate(void *data, size_t width, size_t height,
	size_t bits_per_component, size_t bytes_per_row, CGColorSpaceRef space,
	CGBitmapInfo info) CF_RETURNS_RETAINED API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGContextFlush(CGContextRef context) API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGContextRelease(CGContextRef CF_NULLABLE context)
	API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGContextSetRGBFillColor(CGContextRef context, CGFloat red, CGFloat green,
	CGFloat blue, CGFloat alpha) API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGContextSetGrayFillColor(CGContextRef context, CGFloat gray, CGFloat alpha)
	API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGContextFillRect(CGContextRef context, CGRect rect)
	API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGContextClearRect(CGContextRef context, CGRect rect)
	API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGContextDrawImage(CGContextRef context, CGRect rect, CGImageRef CF_NULLABLE image)
	API_AVAILABLE(macos(10.0), ios(2.0));

CF_EXPORT CGDataProviderRef CF_NULLABLE CGDataProviderCreateWithData(void *info, const void *data,
	size_t size, CGDataProviderReleaseDataCallback release) CF_RETURNS_RETAINED
	API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGDataProviderRelease(CGDataProviderRef CF_NULLABLE provider)
	API_AVAILABLE(macos(10.0), ios(2.0));

CF_EXPORT CGImageRef CF_NULLABLE CGImageCreate(size_t width, size_t height,
	size_t bits_per_component, size_t bits_per_pixel, size_t bytes_per_row,
	CGColorSpaceRef space, CGBitmapInfo info, CGDataProviderRef provider,
	const CGFloat *CF_NULLABLE decode, bool interpolate,
	CGColorRenderingIntent intent) CF_RETURNS_RETAINED API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT void CGImageRelease(CGImageRef CF_NULLABLE image) API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT size_t CGImageGetWidth(CGImageRef image) API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT size_t CGImageGetHeight(CGImageRef image) API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT size_t CGImageGetBitsPerPixel(CGImageRef image) API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT CGBitmapInfo CGImageGetBitmapInfo(CGImageRef image) API_AVAILABLE(macos(10.0), ios(2.0));
CF_EXPORT CGColorSpaceRef CGImageGetColorSpace(CGImageRef image)
	API_AVAILABLE(macos(10.0), ios(2.0));

#ifdef __cplusplus
}
#endif

#endif
