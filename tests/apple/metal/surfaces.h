/*
 * IOSurfaces that a program makes itself, right and wrong ones.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_APPLE_METAL_SURFACES_H
#define TESTS_APPLE_METAL_SURFACES_H

#include <IOSurface/IOSurface.h>

#include <stdbool.h>
#include <stdint.h>

struct surface_desc {
	uint32_t width, height, element, row, size, fourcc; /* 0: the property isn't set */
	bool biplanar; /* a plane of luma, and one of half its height with chroma */
};

/* 61 x 40 texels of bgra8unorm. */
extern const struct surface_desc bgra_surface;

/* Makes a surface. The caller owns it. */
IOSurfaceRef make_surface(const struct surface_desc *desc);

#endif
