/*
 * IOSurfaces that a program makes itself, right and wrong ones.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_APPLE_METAL_SURFACES_H
#define TESTS_APPLE_METAL_SURFACES_H

#include <IOSurface/IOSurface.h>

#include <stdint.h>

struct surface_plane {
	uint32_t width, height, element, row, offset; /* a row of 0: the property isn't set */
};

struct surface_desc {
	uint32_t width, height, element, row, size, fourcc; /* 0: the property isn't set */
	uint32_t plane_count;                               /* 0: the surface isn't planar */
	struct surface_plane planes[3];
	uint32_t element_width;
};

/* 61 x 40 texels of bgra8unorm. */
extern const struct surface_desc bgra_surface;
/* A camera's: '420v', 62 x 40 texels. Before the first plane and between the planes is a gap. */
extern const struct surface_desc camera_surface;

/* Makes a surface. The caller owns it. */
IOSurfaceRef make_surface(const struct surface_desc *desc);

#endif
