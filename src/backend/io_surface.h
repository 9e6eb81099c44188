/* SPDX-License-Identifier: MIT */
/* IOSurfaces, the memory that Apple's frameworks share between processes. */
#ifndef GY_BACKEND_IO_SURFACE_H
#define GY_BACKEND_IO_SURFACE_H

#include "format/layout.h"

#include <geyser/stream.h>

#include <IOSurface/IOSurface.h>

#include <pthread.h>

/* Returns the format that a FourCC names, and the range of its numbers: FULL for all but video.
 * Returns GEYSER_FORMAT_NONE if no format has that name. */
enum geyser_format gy_surface_format(uint32_t fourcc, enum geyser_color_range *range);

/* Lays out a picture of one layer and one mip level. Rows and planes begin at multiples of
 * alignment, which is a power of two, of what the descriptor asks for and of what IOSurface needs.
 */
void gy_surface_lay_out(
	const struct geyser_texture_desc *desc, size_t alignment, struct gy_layout *out);

/* Makes a surface of that layout. The caller owns *out. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_surface_create(
	const struct geyser_texture_desc *desc, size_t alignment, IOSurfaceRef *out);

/* Counts the locks that this process holds on a surface. */
struct gy_surface_locks {
	pthread_mutex_t mutex; /* guards the counts */
	uint32_t readers, writers;
};

void gy_surface_locks_init(struct gy_surface_locks *locks);
void gy_surface_locks_finish(struct gy_surface_locks *locks);

/* Locks the surface for the CPU, and gives its base address. Calls synchronize(data) before, unless
 * the surface is locked already: that could undo what another map writes. Errors: SYSTEM, as
 * synchronize. */
enum geyser_result gy_surface_map(IOSurfaceRef surface, struct gy_surface_locks *locks, bool writes,
	enum geyser_result (*synchronize)(void *data), void *data, void **address);
void gy_surface_unmap(IOSurfaceRef surface, struct gy_surface_locks *locks);
bool gy_surface_is_mapped(struct gy_surface_locks *locks);

/* Lets the system take the surface's memory if it has none left. Returns false if that fails. */
bool gy_surface_rest(IOSurfaceRef surface);
/* Makes such a surface usable again, whether or not the system has taken its memory: all bytes are
 * zero. Errors: SYSTEM. */
enum geyser_result gy_surface_renew(IOSurfaceRef surface);

/* Tells where the planes of a surface of that description lie, counted from
 * IOSurfaceGetBaseAddress. Errors: MISMATCH (a plane doesn't fit), SYSTEM (it can't be locked). */
enum geyser_result gy_surface_get_layout(
	IOSurfaceRef surface, const struct geyser_texture_desc *desc, struct gy_layout *out);

/* Checks a surface that a peer or the caller gives. Errors: INVALID_ARGUMENT (no IOSurface),
 * MISMATCH. gy_surface_get_layout checks the rest. */
enum geyser_result gy_surface_check(void *object, const struct geyser_texture_desc *desc);

#endif
