/*
 * Apple's other graphics interfaces on geyser's textures: Core Graphics, Core Image and OpenGL.
 * Functions for App Nap and host time are here, too.
 *
 * SPDX-License-Identifier: MIT
 *
 * This header is plain C, as metal.h is: Objective-C and Core Foundation objects are void *. They
 * are borrowed (+0) unless a comment says that the caller owns them (+1). The caller releases an
 * owned object with CFRelease, which is CFBridgingRelease under ARC. Vulkan through MoltenVK has
 * its own header, moltenvk.h. No Apple hardware has run any of this yet: docs/platforms.md tells
 * what was shown without one.
 *
 * Events and frames order the use of a texture's pixels, as everywhere. No function here waits
 * for another process's GPU, unless its comment says so. geyser links to Core Graphics, which Metal
 * itself needs to find a default device. It doesn't link to Core Image and OpenGL: a program that
 * has a CIContext or a CGLContextObj has loaded them already.
 */
#ifndef GEYSER_APPLE_H
#define GEYSER_APPLE_H

#include "stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the process --------------------------------------------------------------------------- */

/*
 * Says whether the process counts as active while this manager has a publisher or a subscriber. By
 * default it doesn't: macOS then slows down an app whose windows can't be seen (App Nap), and its
 * frames come late. With keep the manager has an activity of NSProcessInfo
 * (NSActivityUserInitiatedAllowingIdleSystemSleep) as long as it has a stream. The activity
 * prevents App Nap, and the automatic termination of the app. It doesn't keep the system or the
 * display from sleeping. The manager may be of any backend, and any thread may call this. If the
 * system gives no activity when the first stream is made later, the stream works without, and the
 * next stream asks again. Errors: INVALID_ARGUMENT (NULL; made before fork), SYSTEM (the system
 * gives no activity now).
 */
GEYSER_API enum geyser_result geyser_apple_keep_active(struct geyser_manager *manager, bool keep);

/*
 * Returns the host time of a frame's timestamp_ns, or of another time on CLOCK_MONOTONIC: in the
 * units of mach_absolute_time, as CVTimeStamp.hostTime and AudioTimeStamp.mHostTime have it, and as
 * CMClockMakeHostTimeFromSystemUnits takes it. Returns 0 if the time lies before the host clock's
 * start. Any thread may call this.
 *
 * The result is exact to about 1 us. Host time stands still while the system sleeps, and
 * CLOCK_MONOTONIC doesn't. So convert a timestamp when the frame comes: the host time of a
 * timestamp from before a sleep comes out too early, by as long as the system has slept since.
 */
GEYSER_API uint64_t geyser_apple_host_time(uint64_t timestamp_ns);

/* ---- Core Graphics ------------------------------------------------------------------------- */

/*
 * Core Graphics can only draw into bitmaps in host memory. So a context draws into the mapped
 * texture. On Metal that is the locked surface itself, without a copy. A texture of any backend can
 * be drawn into.
 *
 * format                 bits   channels        colour space, if the caller gives none
 * bgra8unorm, -srgb        8    B G R A         kCGColorSpaceSRGB
 * rgba8unorm, -srgb        8    R G B A         kCGColorSpaceSRGB
 * r8unorm, -srgb           8    grey            kCGColorSpaceGenericGrayGamma2_2
 * rgba16float             16    R G B A, half   kCGColorSpaceExtendedLinearSRGB
 * rgba32float             32    R G B A, float  kCGColorSpaceExtendedLinearSRGB
 * r32float                32    grey, float     kCGColorSpaceExtendedLinearGray
 */

/* Makes a CGContextRef that draws into the texture. The texture is mapped for reading and writing,
 * and must live, until geyser_coregraphics_context_finish. As in any bitmap context, the origin is
 * at the bottom left, units are texels, and the first row in memory is the top one. The texture's
 * pixels stay until they are drawn over. Only one thread at a time may use the context.
 *
 * alpha is PREMULTIPLIED, or OPAQUE, which leaves the alpha channel alone; for one-channel formats
 * both are the same. Core Graphics can't draw STRAIGHT. color_space is the CGColorSpaceRef of the
 * texture, or NULL. Errors: INVALID_ARGUMENT (NULL, an unknown alpha, a colour space with another
 * number of channels), UNSUPPORTED (format, STRAIGHT, an array, 3D, mip levels), OUT_OF_MEMORY, and
 * as geyser_texture_map, which waits for a frame. */
GEYSER_API enum geyser_result geyser_coregraphics_context_create(struct geyser_texture *texture,
	enum geyser_alpha alpha, void *color_space, void **cg_context);

/* Ends the drawing: flushes and releases the context, and unmaps (unlocks) the texture. The context
 * must not be used afterwards, even by code that has retained it. Call this before the frame's
 * submit or the event's signal. NULL for cg_context is fine. */
GEYSER_API void geyser_coregraphics_context_finish(
	struct geyser_texture *texture, void *cg_context);

/* Makes a CGImageRef with a copy of the texture's present pixels. The caller owns it (+1). The copy
 * is needed because a CGImage never changes for Core Graphics, which caches what it has read. A
 * frame can be released as soon as this call returns. alpha says how to read the texture's alpha
 * channel. Errors: as geyser_coregraphics_context_create, but STRAIGHT is fine. */
GEYSER_API enum geyser_result geyser_coregraphics_image_create(struct geyser_texture *texture,
	enum geyser_alpha alpha, void *color_space, void **cg_image);

/* ---- Core Image ---------------------------------------------------------------------------- */

/*
 * Core Image reads and writes the IOSurface on the GPU, with its own queue. A frame must be drawn
 * before Core Image reads it. geyser_texture_map and unmap wait for that on the CPU. Or commit a
 * command buffer with geyser_metal_encode_frame_wait on the queue that the CIContext was made with.
 */

/* Makes a CIImage of the texture. The caller owns it (+1). Nothing is copied: the pixels are read
 * when the image is rendered. The image retains the surface, and the surface's first row is the
 * image's top. options is an NSDictionary for imageWithIOSurface:options: (kCIImageColorSpace), or
 * NULL. Core Image reads video, and takes its range from the surface's FourCC
 * (geyser_metal_surface_format), not from a frame. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED
 * (not a texture of a Metal manager, in private storage, a format that Core Image can't read, Core
 * Image isn't loaded). */
GEYSER_API enum geyser_result geyser_coreimage_image_create(
	struct geyser_texture *texture, void *options, void **ci_image);

/* Renders the image's rectangle (0, 0, width, height), in texels, over the whole texture, and waits
 * until that is done. Texels that the image doesn't cover become transparent. alpha says what is
 * stored; with OPAQUE the alpha channel isn't written. color_space is the CGColorSpaceRef to render
 * in; NULL means the surface's colour space, or sRGB if it has none. Several threads may use a
 * CIContext at once; keep it, because it is costly to make. Errors: INVALID_ARGUMENT (NULL, no
 * CIContext, no CIImage, an unknown alpha), UNSUPPORTED (as geyser_coreimage_image_create; video),
 * SYSTEM (with Core Image's own words). */
GEYSER_API enum geyser_result geyser_coreimage_render(void *ci_context, void *ci_image,
	struct geyser_texture *texture, enum geyser_alpha alpha, void *color_space);

/* ---- OpenGL -------------------------------------------------------------------------------- */

/*
 * Makes the texture the storage of the GL texture that is bound to GL_TEXTURE_RECTANGLE in that
 * CGLContextObj, which must be current. Nothing is copied. Coordinates are texels, whether the GL
 * texture is sampled or attached to a framebuffer. The GL texture keeps the surface; release the
 * geyser texture as you like.
 *
 * A context that has drawn calls glFlush before the frame's submit or the event's signal. A context
 * that reads binds the GL texture again after it has waited. OpenGL neither waits for an event nor
 * signals one: call glFinish where all of its work must be done.
 *
 * format        internal format, format, type
 * bgra8unorm    GL_RGBA8 8058, GL_BGRA 80E1, GL_UNSIGNED_INT_8_8_8_8_REV 8367
 * rgba16float   GL_RGBA_FLOAT16_APPLE 881A, GL_RGBA 1908, GL_HALF_APPLE 140B
 * r8unorm       GL_R8 8229, GL_RED 1903, GL_UNSIGNED_BYTE 1401
 *
 * Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (another format, by name; video of several planes;
 * not a texture of a Metal manager, in private storage; no OpenGL: iOS, or not loaded), SYSTEM (the
 * CGLError).
 */
GEYSER_API enum geyser_result geyser_cgl_texture_bind(
	void *cgl_context, struct geyser_texture *texture);

/*
 * Works like geyser_cgl_texture_bind, for one plane of video. The GL texture has the plane's size,
 * and a shader calculates the colours. A texture of another format has plane 0 alone.
 *
 * plane's format   internal format, format, type
 * r8unorm          GL_R8 8229, GL_RED 1903, GL_UNSIGNED_BYTE 1401
 * rg8unorm         GL_RG8 822B, GL_RG 8227, GL_UNSIGNED_BYTE 1401
 * r16unorm         GL_R16 822A, GL_RED 1903, GL_UNSIGNED_SHORT 1403
 * rg16unorm        GL_RG16 822C, GL_RG 8227, GL_UNSIGNED_SHORT 1403
 *
 * Errors: as geyser_cgl_texture_bind, and INVALID_ARGUMENT (no such plane); UNSUPPORTED also for
 * yuy2 and uyvy.
 */
GEYSER_API enum geyser_result geyser_cgl_texture_bind_plane(
	void *cgl_context, struct geyser_texture *texture, uint32_t plane);

#ifdef __cplusplus
}
#endif

#endif
