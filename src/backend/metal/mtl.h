/* SPDX-License-Identifier: MIT */
/* Declares the internal parts of the Metal backend. C files include this header too, so it has no
 * Objective-C types. */
#ifndef GY_BACKEND_METAL_MTL_H
#define GY_BACKEND_METAL_MTL_H

#include "backend/io_surface.h"
#include "backend/loss.h"
#include "backend/metal.h"

#include <TargetConditionals.h>

#include <unistd.h>

struct mtl_device {
	void *device; /* id<MTLDevice> */
	void *reader; /* id<MTLCommandQueue>, to synchronize textures; NULL if apple */
	/* MTLSharedEventListener; its thread runs the blocks of shared events. NULL: the system is
	 * older than shared events */
	void *listener;
	pid_t owner;
	struct gy_loss loss;
	struct geyser_metal_info info;
	bool apple;     /* an Apple GPU: these alone have textures in MTLStorageModeShared */
	uint32_t limit; /* the largest width and height in texels, of textures with depth 1 */
	bool has[GEYSER_FORMAT_COUNT]; /* whether the device has the format on an IOSurface */
};

/* Returns whether this process is a forked child of the process that made the device. A forked
 * child must not call Apple's frameworks. */
static inline bool gy_mtl_is_inherited(const struct mtl_device *device)
{
	return device->owner != getpid();
}

enum mtl_memory { MTL_SURFACE, MTL_HOST, MTL_PRIVATE };

struct mtl_texture {
	struct gy_backend_texture base;
	struct mtl_device *device;
	struct geyser_texture_desc desc;
	enum mtl_memory memory;
	/* id<MTLTexture> of each plane; all NULL if Metal can't read the host memory as textures */
	void *textures[GEYSER_FORMAT_PLANES_MAX];

	/* for MTL_SURFACE; the surface's use count is raised */
	IOSurfaceRef surface;
	struct gy_surface_locks locks;

	/* for MTL_HOST */
	struct gy_host_memory host;
	void *buffer; /* id<MTLBuffer> of the host memory; NULL if Metal makes none */
};

/* device.m */
void gy_mtl_device_close(void *device);
uint32_t gy_mtl_format_usage(
	void *device, const struct geyser_format_info *info, enum geyser_dimension dimension);
const char *gy_mtl_format_refusal(
	void *device, const struct geyser_format_info *info, enum geyser_dimension dimension);

/* view.m */
/* Returns the number of bytes that rows of a texture's planes in linear memory must be a multiple
 * of. The format must not be a depth format. */
size_t gy_mtl_row_alignment(const struct mtl_texture *texture);
/* Makes the MTLTextures of all planes, or of none: on the surface, or in or for copies of the host
 * memory. Errors: UNSUPPORTED (Metal makes none). */
enum geyser_result gy_mtl_view(struct mtl_texture *texture);
/* Gives the MTLTextures, if there are any, the descriptor's label. */
void gy_mtl_set_label(struct mtl_texture *texture);
/* Makes the MTLBuffer of the texture's host memory. Errors: OUT_OF_MEMORY (Metal makes none). */
enum geyser_result gy_mtl_wrap_host(struct mtl_texture *texture);
/* Makes that buffer, if Metal takes the memory, and if possible the planes' MTLTextures in it. */
void gy_mtl_view_host(struct mtl_texture *texture);
/* Makes MTLTextures for copies of the host memory, and sets the texture's path to COPY. Errors:
 * UNSUPPORTED (Metal makes none). */
enum geyser_result gy_mtl_view_uploaded(struct mtl_texture *texture);
/* Copies the host memory into those MTLTextures. */
void gy_mtl_texture_upload(struct gy_backend_texture *texture);
/* Brings what the GPU has drawn to the CPU, and waits. Errors: OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_mtl_synchronize(void *mtl_texture);
/* Makes the MTLTexture in private storage: a new one if handle is NULL, else the one of that
 * handle. Errors: UNSUPPORTED, MISMATCH. */
enum geyser_result gy_mtl_view_private(struct mtl_texture *texture, void *handle);
void gy_mtl_view_release(struct mtl_texture *texture);
enum geyser_result gy_mtl_texture_copy(struct gy_backend_texture *from,
	struct gy_backend_texture *mirror, const struct gy_backend_point *wait,
	const struct gy_backend_point *signal);

/* event.m */
enum geyser_result gy_mtl_event_create(
	void *device, const struct gy_event_source *source, int fd, struct gy_backend_event **out);
void gy_mtl_event_signal(struct gy_backend_event *event, uint64_t value);
/* Gives the id<MTLCommandQueue> for copies of frames that wait for this event. It is of this event
 * alone, since a copy that waits holds up everything behind it in its queue. Errors:
 * OUT_OF_MEMORY. */
enum geyser_result gy_mtl_event_queue(struct gy_backend_event *event, void **out);
void gy_mtl_event_destroy(struct gy_backend_event *event);

#endif
