/* SPDX-License-Identifier: MIT */
/* IOSurfaces, the memory that Apple's frameworks share between processes. */
#ifndef GY_BACKEND_IO_SURFACE_H
#define GY_BACKEND_IO_SURFACE_H

#include <geyser/geyser.h>

#include <IOSurface/IOSurface.h>

/* Returns the length of a row in bytes: a multiple of alignment and of what IOSurface needs. */
size_t gy_surface_row_bytes(const struct geyser_texture_desc *desc, size_t alignment);

/* Makes a surface with such rows. The caller owns *out. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_surface_create(
	const struct geyser_texture_desc *desc, size_t alignment, IOSurfaceRef *out);

/* Checks a surface that a peer or the caller gives. Errors: INVALID_ARGUMENT (no IOSurface),
 * MISMATCH. */
enum geyser_result gy_surface_check(void *object, const struct geyser_texture_desc *desc);

#endif
