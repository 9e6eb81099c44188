/*
 * Metal: textures as MTLTexture on an IOSurface, events as MTLSharedEvent.
 *
 * SPDX-License-Identifier: MIT
 *
 * Plain C: Objective-C objects, Core Foundation objects and XPC objects are void *. They are
 * borrowed (+0) unless a comment says that they are the caller's (+1, to be released with
 * CFRelease, -release or xpc_release). Cast them to id<MTLTexture> and so on in Objective-C; under
 * ARC with
 * (__bridge id<MTLTexture>).
 *
 * macOS 10.15 and iOS 13 or later. A program gives its own device (geyser_metal_manager_create), or
 * lets geyser take the system's (NULL, or geyser_manager_create with GEYSER_BACKEND_METAL) and asks
 * for it with geyser_metal_get_device. Results, times, ownership and threads are as geyser.h says;
 * a command buffer is used by one thread at a time, as Metal says. docs/metal.md is the guide.
 */
#ifndef GEYSER_METAL_H
#define GEYSER_METAL_H

#include "stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- managers ------------------------------------------------------------------------------ */

/* A manager on that id<MTLDevice>, which is retained; NULL: the system's default device. Errors:
 * INVALID_ARGUMENT (out is NULL), UNSUPPORTED (no Metal device), OUT_OF_MEMORY, LIMIT. */
GEYSER_API enum geyser_result geyser_metal_manager_create(
	void *mtl_device, struct geyser_manager **out);

/* The same with an application name and timeouts; desc->backend must be AUTO or METAL. Errors: and
 * INVALID_ARGUMENT (another backend; application too long). */
GEYSER_API enum geyser_result geyser_metal_manager_create_with_desc(
	void *mtl_device, const struct geyser_manager_desc *desc, struct geyser_manager **out);

/* The id<MTLDevice> in use. Borrowed while the manager lives. Errors: INVALID_ARGUMENT (NULL),
 * UNSUPPORTED (not a Metal manager). */
GEYSER_API enum geyser_result geyser_metal_get_device(
	struct geyser_manager *manager, void **mtl_device);

struct geyser_metal_info {
	char name[256];       /* the device's */
	uint64_t registry_id; /* the same device has the same in every process until a restart */
	bool unified_memory;  /* textures are in MTLStorageModeShared, else in Managed */
	bool removable;       /* an external GPU */
};

/* Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Metal manager). */
GEYSER_API enum geyser_result geyser_metal_get_info(
	struct geyser_manager *manager, struct geyser_metal_info *out);

/* Why geyser_texture_create refuses this format and dimension here, and what to use instead; NULL
 * if it doesn't, or if the manager isn't Metal's. Static. */
GEYSER_API const char *geyser_metal_format_refusal(
	struct geyser_manager *manager, enum geyser_format format, enum geyser_dimension dimension);

/* ---- textures ------------------------------------------------------------------------------ */

/* The id<MTLTexture>. Borrowed as long as the texture lives. Errors: INVALID_ARGUMENT (NULL),
 * UNSUPPORTED (the texture isn't a Metal manager's; Metal can't read the rows of this host memory,
 * or makes no buffer of it). The detail says which row pitch Metal needs, or why there is no
 * buffer; geyser_texture_map works on such host memory all the same. */
GEYSER_API enum geyser_result geyser_metal_texture(
	struct geyser_texture *texture, void **mtl_texture);

/* The IOSurfaceRef. Borrowed as long as the texture lives. Errors: as above, and UNSUPPORTED (the
 * texture is in host memory or in private storage). */
GEYSER_API enum geyser_result geyser_metal_texture_surface(
	struct geyser_texture *texture, void **io_surface);

/* The IOSurfaceID, as IOSurfaceLookup takes it and Syphon sends it: other processes find it by that
 * only if the texture was made with GEYSER_USAGE_GLOBAL_ID, which lets any process of any user find
 * it. Errors: as for the surface, and UNSUPPORTED (not made so). */
GEYSER_API enum geyser_result geyser_metal_texture_global_id(
	struct geyser_texture *texture, uint32_t *id);

/* A texture on a surface that came some other way; desc must fit it. The surface is retained.
 * Errors: as geyser_texture_import_native, MISMATCH naming what differs. */
GEYSER_API enum geyser_result geyser_metal_texture_import_surface(struct geyser_manager *manager,
	void *io_surface, const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* The same by a global id. Errors: and NOT_FOUND (there is no such surface, or it isn't global). */
GEYSER_API enum geyser_result geyser_metal_texture_import_global_id(struct geyser_manager *manager,
	uint32_t id, const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* For programs with XPC or Mach messages of their own. A send right for the surface, the caller's
 * (+1: mach_port_deallocate). While it lives IOSurfaceIsInUse is true everywhere. Errors: as for
 * the surface, and SYSTEM. */
GEYSER_API enum geyser_result geyser_metal_texture_mach_port(
	struct geyser_texture *texture, uint32_t *port);
/* The port stays the caller's. Errors: and NOT_FOUND (the port is of no surface). */
GEYSER_API enum geyser_result geyser_metal_texture_import_mach_port(struct geyser_manager *manager,
	uint32_t port, const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* An xpc_object_t for the surface, the caller's (+1: xpc_release), to be set in an XPC dictionary.
 * Errors: as for the port. */
GEYSER_API enum geyser_result geyser_metal_texture_xpc_object(
	struct geyser_texture *texture, void **xpc_object);
/* The object stays the caller's. Errors: and NOT_FOUND (the object is of no surface). */
GEYSER_API enum geyser_result geyser_metal_texture_import_xpc_object(struct geyser_manager *manager,
	void *xpc_object, const struct geyser_texture_desc *desc, struct geyser_texture **out);

/*
 * A texture in private storage, for what an IOSurface can't hold: arrays, 3D, mip levels, depth and
 * stencil. It crosses processes by its handle alone, in an NSXPCConnection of the caller's:
 * geyser_texture_export, map and native export refuse it by name. Errors: as
 * geyser_texture_create, INVALID_ARGUMENT also for a usage that says where the memory lies, and
 * UNSUPPORTED (the device can't share one).
 */
GEYSER_API enum geyser_result geyser_metal_texture_create_private(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* Its MTLSharedTextureHandle, the caller's (+1). Errors: INVALID_ARGUMENT, UNSUPPORTED (not a
 * texture in private storage; the device makes no handle of it). */
GEYSER_API enum geyser_result geyser_metal_texture_shared_handle(
	struct geyser_texture *texture, void **mtl_shared_texture_handle);

/* A texture of such a handle, which stays the caller's. Errors: as for making one,
 * and MISMATCH (desc doesn't fit it, or it is another device's). */
GEYSER_API enum geyser_result geyser_metal_texture_import_shared_handle(
	struct geyser_manager *manager, void *mtl_shared_texture_handle,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* ---- events -------------------------------------------------------------------------------- */

/*
 * The event as an id<MTLSharedEvent>, to be waited for and signalled by command buffers. Borrowed
 * as long as the event lives. Wait before the unref until no command buffer that uses it is
 * pending.
 *
 * An event has one value in all processes: whoever raises it, the others see. Each process has a
 * shared event of its own, which a thread and a listener keep equal to the event's page: a signal
 * from GPU to GPU passes two CPUs. Never lower its signaledValue. When an imported event's exporter
 * dies, it is raised above all values, so that no command buffer of the importer's hangs;
 * geyser_event_wait then says GEYSER_ERROR_DISCONNECTED. So it is at the last unref, unless it was
 * adopted. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Metal manager's), OUT_OF_MEMORY,
 * SYSTEM.
 */
GEYSER_API enum geyser_result geyser_metal_event(
	struct geyser_event *event, void **mtl_shared_event);

/* Encodes into an id<MTLCommandBuffer>, outside of any encoder: what follows waits until the event
 * has reached the value; or the event reaches it when what was encoded before is done. Errors: as
 * geyser_metal_event; signal also as geyser_event_signal. */
GEYSER_API enum geyser_result geyser_metal_encode_wait(
	void *mtl_command_buffer, struct geyser_event *event, uint64_t value);
GEYSER_API enum geyser_result geyser_metal_encode_signal(
	void *mtl_command_buffer, struct geyser_event *event, uint64_t value);

/* An event on a shared event of the caller's, which is retained; its value is the event's. As long
 * as the geyser_event lives, it may be signalled by either. Errors: INVALID_ARGUMENT, UNSUPPORTED
 * (not a Metal manager), OUT_OF_MEMORY, SYSTEM, LIMIT. */
GEYSER_API enum geyser_result geyser_metal_event_adopt(
	struct geyser_manager *manager, void *mtl_shared_event, struct geyser_event **out);

/* For programs with an NSXPCConnection of their own, the only thing that carries it: an
 * MTLSharedEventHandle, the caller's (+1). Signals of whoever opens it cross from GPU to GPU
 * without geyser. Errors: as geyser_metal_event. */
GEYSER_API enum geyser_result geyser_metal_event_shared_handle(
	struct geyser_event *event, void **mtl_shared_event_handle);

/* An event on the shared event of such a handle, which stays the caller's. Errors: as for adopt,
 * and MISMATCH (it is another device's). */
GEYSER_API enum geyser_result geyser_metal_event_import_shared_handle(
	struct geyser_manager *manager, void *mtl_shared_event_handle, struct geyser_event **out);

/* ---- frames of streams --------------------------------------------------------------------- */

/*
 * Encodes that what follows in the command buffer waits until the frame may be used: to a
 * subscriber, that it is drawn; to a publisher, that its own earlier work on that buffer is done.
 * CPU calls wait themselves: geyser_texture_map for this frame's texture. Errors: INVALID_ARGUMENT
 * (NULL; not acquired), UNSUPPORTED (not a Metal manager's), and as geyser_metal_event.
 */
GEYSER_API enum geyser_result geyser_metal_encode_frame_wait(
	void *mtl_command_buffer, struct geyser_frame *frame);

/* Encodes the signal that the caller's work on the frame is done. Once for a frame, and commit the
 * command buffer before the frame is submitted or released: whoever waits for the frame waits for
 * that. Errors: and BUSY (asked for already). */
GEYSER_API enum geyser_result geyser_metal_encode_frame_signal(
	void *mtl_command_buffer, struct geyser_frame *frame);

/* All that a publisher does with its last command buffer for a frame: encodes the signal, commits,
 * waits until it is scheduled and submits the frame, which subscribers then have before it is drawn
 * and wait for as they need. Errors: as above and as geyser_publisher_submit; the command buffer is
 * committed unless the signal can't be encoded. */
GEYSER_API enum geyser_result geyser_metal_publisher_submit(
	struct geyser_publisher *publisher, struct geyser_frame *frame, void *mtl_command_buffer);

/* All that a subscriber does with its last command buffer that reads a frame: encodes the signal,
 * commits, and releases the frame, which the publisher has back on completion. Errors: likewise. */
GEYSER_API enum geyser_result geyser_metal_subscriber_release(
	struct geyser_subscriber *subscriber, struct geyser_frame *frame, void *mtl_command_buffer);

#ifdef __cplusplus
}
#endif

#endif
