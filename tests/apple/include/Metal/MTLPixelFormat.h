/* SPDX-License-Identifier: MIT */
/* The formats that geyser has, and some that geyser must refuse. */
#ifndef GY_APPLE_MTLPIXELFORMAT_H
#define GY_APPLE_MTLPIXELFORMAT_H

#include <Foundation/Foundation.h>

typedef NS_ENUM(NSUInteger, MTLPixelFormat) {
	MTLPixelFormatInvalid = 0,

	MTLPixelFormatA8Unorm = 1,
	MTLPixelFormatR8Unorm = 10,
	MTLPixelFormatR8Unorm_sRGB API_AVAILABLE(macos(11.0), ios(8.0)) = 11,
	MTLPixelFormatR8Uint = 13,

	MTLPixelFormatR16Unorm = 20,
	MTLPixelFormatR16Uint = 23,
	MTLPixelFormatR16Sint = 24,
	MTLPixelFormatR16Float = 25,
	MTLPixelFormatRG8Unorm = 30,
	MTLPixelFormatRG8Unorm_sRGB API_AVAILABLE(macos(11.0), ios(8.0)) = 31,

	MTLPixelFormatR32Uint = 53,
	MTLPixelFormatR32Sint = 54,
	MTLPixelFormatR32Float = 55,
	MTLPixelFormatRG16Unorm = 60,
	MTLPixelFormatRG16Uint = 63,
	MTLPixelFormatRG16Sint = 64,
	MTLPixelFormatRG16Float = 65,
	MTLPixelFormatRGBA8Unorm = 70,
	MTLPixelFormatRGBA8Unorm_sRGB = 71,
	MTLPixelFormatBGRA8Unorm = 80,
	MTLPixelFormatBGRA8Unorm_sRGB = 81,
	MTLPixelFormatRGB10A2Unorm = 90,
	MTLPixelFormatRG11B10Float = 92,
	MTLPixelFormatBGR10A2Unorm API_AVAILABLE(macos(10.13), ios(11.0)) = 94,

	MTLPixelFormatRG32Uint = 103,
	MTLPixelFormatRG32Sint = 104,
	MTLPixelFormatRG32Float = 105,
	MTLPixelFormatRGBA16Unorm = 110,
	MTLPixelFormatRGBA16Uint = 113,
	MTLPixelFormatRGBA16Sint = 114,
	MTLPixelFormatRGBA16Float = 115,

	MTLPixelFormatRGBA32Uint = 123,
	MTLPixelFormatRGBA32Sint = 124,
	MTLPixelFormatRGBA32Float = 125,

	MTLPixelFormatBC1_RGBA API_AVAILABLE(macos(10.11), ios(16.4)) = 130,

	MTLPixelFormatDepth16Unorm API_AVAILABLE(macos(10.12), ios(13.0)) = 250,
	MTLPixelFormatDepth32Float = 252,
	MTLPixelFormatStencil8 = 253,
	MTLPixelFormatDepth24Unorm_Stencil8 API_AVAILABLE(macos(10.11)) API_UNAVAILABLE(ios) = 255,
	MTLPixelFormatDepth32Float_Stencil8 API_AVAILABLE(macos(10.11), ios(9.0)) = 260
};

#endif
