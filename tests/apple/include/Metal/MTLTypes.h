/* SPDX-License-Identifier: MIT */
#ifndef GY_APPLE_MTLTYPES_H
#define GY_APPLE_MTLTYPES_H

#include <Foundation/Foundation.h>

typedef struct {
	NSUInteger x, y, z;
} MTLOrigin;

typedef struct {
	NSUInteger width, height, depth;
} MTLSize;

typedef struct {
	MTLOrigin origin;
	MTLSize size;
} MTLRegion;

typedef struct {
	double red, green, blue, alpha;
} MTLClearColor;

static inline MTLOrigin MTLOriginMake(NSUInteger x, NSUInteger y, NSUInteger z)
{
	MTLOrigin origin = {x, y, z};
	return origin;
}

static inline MTLSize MTLSizeMake(NSUInteger width, NSUInteger height, NSUInteger depth)
{
	MTLSize size = {width, height, depth};
	return size;
}

static inline MTLRegion MTLRegionMake2D(
	NSUInteger x, NSUInteger y, NSUInteger width, NSUInteger height)
{
	MTLRegion region = {{x, y, 0}, {width, height, 1}};
	return region;
}

static inline MTLClearColor MTLClearColorMake(double red, double green, double blue, double alpha)
{
	MTLClearColor color = {red, green, blue, alpha};
	return color;
}

#endif
