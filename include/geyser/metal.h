/*
 * Metal: textures as MTLTexture on an IOSurface, events as MTLSharedEvent.
 *
 * SPDX-License-Identifier: MIT
 *
 * This header is plain C: Objective-C objects, Core Foundation objects and XPC objects are void *.
 * They are borrowed (+0) unless a comment says that the caller owns them (+1). The caller releases
 * an owned object with CFRelease, -release or xpc_release. In Objective-C, cast the pointers to
 * id<MTLTexture> and so on; under ARC use (__bridge id<MTLTexture>).
 *
 * The system must be macOS 10.13, iOS 11, or later. Before macOS 10.14 and iOS 12 there are no
 * shared events: functions that need one say UNSUPPORTED, with the first system that has them. A
 * command buffer then signals by its completion, and can't wait for an event. docs/metal.md is the
 * guide, and tells what programs do on such a system.
 *
 * A program can give its own device (geyser_metal_manager_create). Or geyser uses the system's
 * default device (NULL, or geyser_manager_create with GEYSER_BACKEND_METAL), and the program gets
 * it with geyser_metal_get_device. geyser.h explains results, times, ownership and threads. As in
 * Metal itself, only one thread at a time may use a command buffer.
 *
 * No Apple hardware has run any of this yet: docs/platforms.md tells what was shown without one.
 */
#ifndef GEYSER_METAL_H
#define GEYSER_METAL_H

#include "stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- managers ------------------------------------------------------------------------------ */

/* Makes a manager on that id<MTLDevice>, which is retained. NULL means the system's default device.
 * The caller owns *out. Errors: INVALID_ARGUMENT (out is NULL), UNSUPPORTED (no Metal device),
 * OUT_OF_MEMORY, LIMIT. */
GEYSER_API enum geyser_result geyser_metal_manager_create(
	void *mtl_device, struct geyser_manager **out);

/* Works like geyser_metal_manager_create, with an application name and timeouts. desc->backend must
 * be AUTO or METAL. Errors: as geyser_metal_manager_create, and INVALID_ARGUMENT (another backend;
 * application too long). */
GEYSER_API enum geyser_result geyser_metal_manager_create_with_desc(
	void *mtl_device, const struct geyser_manager_desc *desc, struct geyser_manager **out);

/* Gives the manager's id<MTLDevice>, borrowed while the manager lives. Errors: INVALID_ARGUMENT
 * (NULL), UNSUPPORTED (not a Metal manager). */
GEYSER_API enum geyser_result geyser_metal_get_device(
	struct geyser_manager *manager, void **mtl_device);

struct geyser_metal_info {
	char name[256];       /* of the device */
	uint64_t registry_id; /* identifies the device in every process until a restart */
	/* The device's -hasUnifiedMemory, which doesn't tell where textures lie. It is false before
	 * macOS 10.15 and iOS 13, which have no such query. */
	bool unified_memory;
	bool removable; /* an external GPU */
};

/* Tells about the manager's device. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a Metal
 * manager). */
GEYSER_API enum geyser_result geyser_metal_get_info(
	struct geyser_manager *manager, struct geyser_metal_info *out);

/* Returns why geyser_texture_create refuses this format and dimension here, and what to use
 * instead. Returns NULL if it doesn't refuse them, or if the manager isn't a Metal manager. The
 * result is static. */
GEYSER_API const char *geyser_metal_format_refusal(
	struct geyser_manager *manager, enum geyser_format format, enum geyser_dimension dimension);

/* ---- textures ------------------------------------------------------------------------------ */

/*
 * Gives the id<MTLTexture>, borrowed as long as the texture lives. Its storageMode is Shared on
 * Apple's GPUs. On others, which only Macs have, a texture on a surface is Managed, and host memory
 * has no MTLTexture.
 *
 * Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not a texture of a Metal manager; Metal can't read
 * the rows of this host memory, or makes no buffer of it; host memory, and the GPU isn't Apple's).
 * The detail then tells which row pitch Metal needs, or why there is no texture. geyser_texture_map
 * works on such host memory all the same. Video of several planes has an MTLTexture for each plane:
 * UNSUPPORTED, too.
 */
GEYSER_API enum geyser_result geyser_metal_texture(
	struct geyser_texture *texture, void **mtl_texture);

/* Works like geyser_metal_texture, for one plane. Its MTLTexture has the format and the size of the
 * plane (geyser_format_info.plane, geyser_format_get_plane_extent): for nv12, r8unorm for plane 0
 * and rg8unorm of half the width and height for plane 1. A texture of another format has plane 0
 * alone, which is the texture itself. Errors: as geyser_metal_texture, and INVALID_ARGUMENT (no
 * such plane). */
GEYSER_API enum geyser_result geyser_metal_texture_plane(
	struct geyser_texture *texture, uint32_t plane, void **mtl_texture);

/* Gives the IOSurfaceRef, borrowed as long as the texture lives. Errors: as geyser_metal_texture,
 * and UNSUPPORTED (the texture is in host memory or in private storage). */
GEYSER_API enum geyser_result geyser_metal_texture_surface(
	struct geyser_texture *texture, void **io_surface);

/* Gives the IOSurfaceID, as IOSurfaceLookup takes it and Syphon sends it. Other processes find the
 * surface by it only if the texture was made with GEYSER_USAGE_GLOBAL_ID. Any process of any user
 * can then find the surface. Errors: as geyser_metal_texture_surface, and UNSUPPORTED (made without
 * GEYSER_USAGE_GLOBAL_ID). */
GEYSER_API enum geyser_result geyser_metal_texture_global_id(
	struct geyser_texture *texture, uint32_t *id);

/* Tells which format a surface's FourCC names, and the range of its numbers. Several formats may
 * have one FourCC: a format without -srgb is meant. Video is FULL or LIMITED: '420f' and '420v' are
 * both nv12. Other formats are FULL. A publisher that fills a frame from such a surface puts the
 * range into geyser_frame_info.color, since the format doesn't tell it. Errors: INVALID_ARGUMENT
 * (NULL, no IOSurface), UNSUPPORTED (the FourCC names no format, or is left out). */
GEYSER_API enum geyser_result geyser_metal_surface_format(
	void *io_surface, enum geyser_format *format, enum geyser_color_range *range);

/* Makes a texture on a surface that the caller got in some other way, such as from a camera or a
 * decoder. desc must fit the surface, which is retained, in all planes. The surface's FourCC must
 * be one of desc's format (geyser_metal_surface_format), or left out. Errors: as
 * geyser_texture_import_native, MISMATCH naming what differs, SYSTEM (IOSurfaceLock fails, which
 * tells where planes lie). */
GEYSER_API enum geyser_result geyser_metal_texture_import_surface(struct geyser_manager *manager,
	void *io_surface, const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* Works like geyser_metal_texture_import_surface, with a global id. Errors: as that function, and
 * NOT_FOUND (there is no such surface, or it isn't global). */
GEYSER_API enum geyser_result geyser_metal_texture_import_global_id(struct geyser_manager *manager,
	uint32_t id, const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* Gives a send right for the surface, for programs with XPC or Mach messages of their own. The
 * caller owns the right (+1: mach_port_deallocate). While the right exists, IOSurfaceIsInUse is
 * true everywhere. Errors: as geyser_metal_texture_surface, and SYSTEM. */
GEYSER_API enum geyser_result geyser_metal_texture_mach_port(
	struct geyser_texture *texture, uint32_t *port);
/* Works like geyser_metal_texture_import_surface, with a port. The caller keeps the port. Errors:
 * as that function, and NOT_FOUND (the port belongs to no surface). */
GEYSER_API enum geyser_result geyser_metal_texture_import_mach_port(struct geyser_manager *manager,
	uint32_t port, const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* Gives an xpc_object_t for the surface, to be set in an XPC dictionary. The caller owns it (+1:
 * xpc_release). Errors: as geyser_metal_texture_mach_port. */
GEYSER_API enum geyser_result geyser_metal_texture_xpc_object(
	struct geyser_texture *texture, void **xpc_object);
/* Works like geyser_metal_texture_import_surface, with an XPC object. The caller keeps the object.
 * Errors: as that function, and NOT_FOUND (the object belongs to no surface). */
GEYSER_API enum geyser_result geyser_metal_texture_import_xpc_object(struct geyser_manager *manager,
	void *xpc_object, const struct geyser_texture_desc *desc, struct geyser_texture **out);

/*
 * Makes a texture in private storage, for textures that an IOSurface can't hold: arrays, 3D, mip
 * levels, depth and stencil. Only its shared handle can carry it to another process, in an
 * NSXPCConnection of the program's own. geyser_texture_export, map and native export refuse it by
 * name. Errors: as geyser_texture_create, INVALID_ARGUMENT also for a usage that says where the
 * memory lies, and UNSUPPORTED (the device can't share such a texture; video; the system is older
 * than macOS 10.14 or iOS 13).
 */
GEYSER_API enum geyser_result geyser_metal_texture_create_private(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* Gives the MTLSharedTextureHandle of a texture in private storage. The caller owns it (+1).
 * Errors: INVALID_ARGUMENT, UNSUPPORTED (not in private storage; the device makes no handle of
 * it). */
GEYSER_API enum geyser_result geyser_metal_texture_shared_handle(
	struct geyser_texture *texture, void **mtl_shared_texture_handle);

/* Makes a texture of such a handle. The caller keeps the handle. Errors: as
 * geyser_metal_texture_create_private, and MISMATCH (desc doesn't fit the texture, or the handle
 * belongs to another device). */
GEYSER_API enum geyser_result geyser_metal_texture_import_shared_handle(
	struct geyser_manager *manager, void *mtl_shared_texture_handle,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* ---- events -------------------------------------------------------------------------------- */

/*
 * Gives the event as an id<MTLSharedEvent>, which command buffers can wait for and signal. It is
 * borrowed as long as the event lives. Before the last unref, wait until no command buffer that
 * uses it is pending.
 *
 * An event has one value in all processes: when one process raises it, the others see that. Each
 * process has its own shared event. A thread and a listener keep it equal to the event's page, so a
 * signal from GPU to GPU passes through two CPUs. Never lower its signaledValue.
 *
 * When the exporter of an imported event dies, the shared event is raised above all values, so that
 * no command buffer of the importer hangs. geyser_event_wait then returns
 * GEYSER_ERROR_DISCONNECTED. The last unref raises the shared event in the same way, unless it was
 * adopted. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (not an event of a Metal manager; the
 * device makes no shared event; the system is older than macOS 10.14 or iOS 12), OUT_OF_MEMORY,
 * SYSTEM.
 */
GEYSER_API enum geyser_result geyser_metal_event(
	struct geyser_event *event, void **mtl_shared_event);

/* Encode a wait or a signal into an id<MTLCommandBuffer>, outside of any encoder. After a wait, the
 * following commands wait until the event has reached the value. With a signal, the event reaches
 * the value when the commands encoded before are done. If the command buffer fails, a completed
 * handler that this call adds signals the value all the same. If the device is gone for good, the
 * event is lost instead, and waits for it end with GEYSER_ERROR_DEVICE_LOST.
 *
 * Before macOS 10.14 and iOS 12 that handler is the signal, when the whole command buffer has
 * completed. A wait for a value that the event has already encodes nothing. Any other wait is
 * UNSUPPORTED: wait with geyser_event_wait before, on the CPU. Errors otherwise: as
 * geyser_metal_event; signal also as geyser_event_signal. */
GEYSER_API enum geyser_result geyser_metal_encode_wait(
	void *mtl_command_buffer, struct geyser_event *event, uint64_t value);
GEYSER_API enum geyser_result geyser_metal_encode_signal(
	void *mtl_command_buffer, struct geyser_event *event, uint64_t value);

/*
 * Encodes a synchronization, after which the CPU and other processes see what earlier commands have
 * drawn into the texture. Call this outside of any encoder of the id<MTLCommandBuffer>, before the
 * signal that the others wait for. It encodes nothing on Apple's GPUs, for textures in private
 * storage, and for host memory. Other GPUs may keep a copy of a surface: there it encodes
 * -synchronizeResource:.
 *
 * geyser_metal_encode_frame_signal, geyser_metal_publisher_submit and
 * geyser_metal_subscriber_release do the same for a frame's texture. geyser_texture_map does it by
 * itself for what this process's GPU has drawn, and waits for it. Errors: INVALID_ARGUMENT (NULL),
 * UNSUPPORTED (not a texture of a Metal manager), OUT_OF_MEMORY.
 */
GEYSER_API enum geyser_result geyser_metal_encode_synchronize(
	void *mtl_command_buffer, struct geyser_texture *texture);

/* Makes an event of the caller's shared event, which is retained. The event has the shared event's
 * value. As long as the event lives, either of the two may be signalled. Any device of the system
 * may use a shared event, so the device that made it doesn't matter. Errors: INVALID_ARGUMENT,
 * UNSUPPORTED (not a Metal manager; the system is older than macOS 10.14 or iOS 12), OUT_OF_MEMORY,
 * SYSTEM, LIMIT. */
GEYSER_API enum geyser_result geyser_metal_event_adopt(
	struct geyser_manager *manager, void *mtl_shared_event, struct geyser_event **out);

/* Gives an MTLSharedEventHandle of the event. The caller owns it (+1). Only an NSXPCConnection can
 * carry it, so this is for programs that have one. If another process opens the handle, signals
 * cross from GPU to GPU without geyser. Errors: as geyser_metal_event. */
GEYSER_API enum geyser_result geyser_metal_event_shared_handle(
	struct geyser_event *event, void **mtl_shared_event_handle);

/* Makes an event on the shared event of such a handle. The caller keeps the handle. A handle
 * doesn't tell which device made it. Errors: as geyser_metal_event_adopt, and MISMATCH (the
 * manager's device makes no event of the handle). */
GEYSER_API enum geyser_result geyser_metal_event_import_shared_handle(
	struct geyser_manager *manager, void *mtl_shared_event_handle, struct geyser_event **out);

/* ---- frames of streams --------------------------------------------------------------------- */

/*
 * Encodes a wait: the following commands in the command buffer wait until the frame may be used.
 * For a subscriber that means that the frame is drawn. For a publisher it means that its own
 * earlier work on that buffer is done. CPU calls wait by themselves: geyser_texture_map for this
 * frame's texture. Errors: INVALID_ARGUMENT (NULL; not acquired), UNSUPPORTED (not a frame of a
 * Metal manager), and as geyser_metal_encode_wait.
 */
GEYSER_API enum geyser_result geyser_metal_encode_frame_wait(
	void *mtl_command_buffer, struct geyser_frame *frame);

/* Encodes the signal that the caller's work on the frame is done. Call this once for a frame. If
 * the caller may write to the frame, this also does what geyser_metal_encode_synchronize does.
 * Commit the command buffer before the frame is submitted or released, because other processes wait
 * for that signal. A command buffer that fails is handled as by geyser_metal_encode_signal. Errors:
 * as geyser_metal_encode_frame_wait, and BUSY (called already for this frame). */
GEYSER_API enum geyser_result geyser_metal_encode_frame_signal(
	void *mtl_command_buffer, struct geyser_frame *frame);

/* Does all that a publisher does with its last command buffer for a frame. It encodes the signal,
 * commits, waits until the command buffer is scheduled, and submits the frame. Subscribers get the
 * frame before it is drawn, and wait for the drawing as they need. Before macOS 10.14 and iOS 12 no
 * GPU of theirs can wait, and this call waits until the frame is drawn. Errors: as
 * geyser_metal_encode_frame_signal and geyser_publisher_submit. The command buffer is committed
 * unless the signal can't be encoded. */
GEYSER_API enum geyser_result geyser_metal_publisher_submit(
	struct geyser_publisher *publisher, struct geyser_frame *frame, void *mtl_command_buffer);

/* Does all that a subscriber does with its last command buffer that reads a frame. It encodes the
 * signal, commits, and releases the frame. The publisher gets the buffer back when the command
 * buffer has completed. Errors: as geyser_metal_encode_frame_signal and geyser_subscriber_release.
 * The command buffer is committed unless the signal can't be encoded. */
GEYSER_API enum geyser_result geyser_metal_subscriber_release(
	struct geyser_subscriber *subscriber, struct geyser_frame *frame, void *mtl_command_buffer);

#ifdef __cplusplus
}
#endif

#endif
