/* SPDX-License-Identifier: MIT */
/* The inside of the Metal backend. No Objective-C type: C files include it, too. */
#ifndef GY_BACKEND_METAL_MTL_H
#define GY_BACKEND_METAL_MTL_H

#include "backend/metal.h"

#include <IOSurface/IOSurface.h>
#include <TargetConditionals.h>

#include <unistd.h>

struct mtl_device {
	void *device;   /* id<MTLDevice> */
	void *queue;    /* id<MTLCommandQueue>, of copies */
	void *listener; /* MTLSharedEventListener: its thread runs what events notify */
	pid_t owner;
	struct geyser_metal_info info;
	uint32_t limit;                /* texels a side, of textures without depth */
	bool has[GEYSER_FORMAT_COUNT]; /* as a texture on an IOSurface */
};

/* Made by the parent of this forked process, where no framework of Apple's may be called. */
static inline bool gy_mtl_is_foreign(const struct mtl_device *device)
{
	return device->owner != getpid();
}

enum mtl_memory { MTL_SURFACE, MTL_HOST, MTL_PRIVATE };

struct mtl_texture {
	struct gy_backend_texture base;
	struct mtl_device *device;
	struct geyser_texture_desc desc;
	enum mtl_memory memory;
	void *texture; /* id<MTLTexture>; NULL: host memory that Metal can't read as one */

	/* MTL_SURFACE; a use of it is counted */
	IOSurfaceRef surface;
	_Atomic uint32_t readers, writers; /* how often it is locked, and for what */

	/* MTL_HOST */
	struct gy_host_memory host;
	void *buffer; /* id<MTLBuffer> of that memory, or of a copy; NULL if Metal makes none */
};

/* device.m */
void gy_mtl_device_close(void *device);
uint32_t gy_mtl_format_usage(
	void *device, const struct geyser_format_info *info, enum geyser_dimension dimension);
const char *gy_mtl_format_refusal(
	void *device, const struct geyser_format_info *info, enum geyser_dimension dimension);

/* surface.c */
/* As both IOSurface and Metal's linear textures want them. */
size_t gy_mtl_row_bytes(struct mtl_device *device, const struct geyser_texture_desc *desc);
/* *out is the caller's. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_mtl_surface_create(
	struct mtl_device *device, const struct geyser_texture_desc *desc, IOSurfaceRef *out);
/* One from somebody else. Errors: INVALID_ARGUMENT (no IOSurface), MISMATCH. */
enum geyser_result gy_mtl_surface_check(void *object, const struct geyser_texture_desc *desc);
enum geyser_result gy_mtl_surface_lock(
	struct mtl_texture *texture, enum geyser_access access, void **data);
void gy_mtl_surface_unlock(struct mtl_texture *texture);

/* view.m */
/* Bytes that rows of a texture in linear memory are a multiple of. Not of a depth format. */
size_t gy_mtl_row_alignment(struct mtl_device *device, const struct geyser_format_info *info);
/* On the texture's surface or in its host memory, as its descriptor says. Errors: UNSUPPORTED
 * (Metal makes none); not of host memory, which then has none. */
enum geyser_result gy_mtl_view_surface(struct mtl_texture *texture);
void gy_mtl_view_host(struct mtl_texture *texture);
/* Fails with OUT_OF_MEMORY: Metal makes no buffer as large as the texture. */
enum geyser_result gy_mtl_no_buffer(const struct mtl_texture *texture);
/* Makes the view in a buffer of Metal's own, and sets the texture's path to COPY. Errors:
 * OUT_OF_MEMORY. */
enum geyser_result gy_mtl_view_uploaded(struct mtl_texture *texture);
/* Copies the host memory into that buffer. */
void gy_mtl_texture_upload(struct gy_backend_texture *texture);
/* In private storage: new, or of a handle. Errors: UNSUPPORTED, MISMATCH. */
enum geyser_result gy_mtl_view_private(struct mtl_texture *texture, void *handle);
void gy_mtl_view_release(struct mtl_texture *texture);
enum geyser_result gy_mtl_texture_copy(struct gy_backend_texture *from,
	struct gy_backend_texture *mirror, const struct gy_backend_point *wait,
	const struct gy_backend_point *signal);

/* event.m */
enum geyser_result gy_mtl_event_create(
	void *device, const struct gy_event_source *source, int fd, struct gy_backend_event **out);
void gy_mtl_event_signal(struct gy_backend_event *event, uint64_t value);
void gy_mtl_event_destroy(struct gy_backend_event *event);

#endif
