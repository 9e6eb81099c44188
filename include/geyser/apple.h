/*
 * Apple's other graphics interfaces on geyser's textures: Core Graphics, Core Image and OpenGL.
 *
 * SPDX-License-Identifier: MIT
 *
 * Plain C, as metal.h: Objective-C and Core Foundation objects are void *. They are borrowed (+0)
 * unless a comment says that they are the caller's (+1, to be released with CFRelease, which under
 * ARC is CFBridgingRelease). Vulkan through MoltenVK has a header of its own, moltenvk.h.
 *
 * Who may touch a texture's pixels when is said by events and frames as ever: nothing here waits
 * for another process's GPU, except where a comment says so. geyser links to Core Graphics, which
 * Metal itself needs to find a default device. It doesn't link to Core Image and OpenGL: whoever
 * has a CIContext or a CGLContextObj to give has loaded them.
 */
#ifndef GEYSER_APPLE_H
#define GEYSER_APPLE_H

#include "stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Core Graphics ------------------------------------------------------------------------- */

/*
 * Core Graphics knows bitmaps in host memory only, so that a context draws into the mapped texture:
 * on Metal the locked surface itself, without a copy. Textures of every backend can be drawn into.
 *
 * format                 bits   channels        colour space, if the caller gives none
 * bgra8unorm, -srgb        8    B G R A         kCGColorSpaceSRGB
 * rgba8unorm, -srgb        8    R G B A         kCGColorSpaceSRGB
 * r8unorm, -srgb           8    grey            kCGColorSpaceGenericGrayGamma2_2
 * rgba16float             16    R G B A, half   kCGColorSpaceExtendedLinearSRGB
 * rgba32float             32    R G B A, float  kCGColorSpaceExtendedLinearSRGB
 * r32float                32    grey, float     kCGColorSpaceExtendedLinearGray
 */

/* A CGContextRef that draws into the texture, which is mapped for reading and writing until
 * geyser_coregraphics_context_finish. As in any bitmap context the origin is at the bottom left,
 * units are texels and the first row in memory is the top one; what was drawn before stays. alpha
 * is PREMULTIPLIED, or OPAQUE, which leaves the alpha channel alone (of one-channel formats both
 * are the same): Core Graphics can't draw STRAIGHT. color_space is a CGColorSpaceRef for it or
 * NULL. Used by one thread at a time. The texture must live until the finish. Errors:
 * INVALID_ARGUMENT (NULL, an unknown alpha, a colour space with another number of channels),
 * UNSUPPORTED (format, STRAIGHT, an array, 3D, mip levels), OUT_OF_MEMORY, and as
 * geyser_texture_map, which waits for a frame. */
GEYSER_API enum geyser_result geyser_coregraphics_context_create(struct geyser_texture *texture,
	enum geyser_alpha alpha, void *color_space, void **cg_context);

/* Ends the drawing: flushes and releases the context, unmaps (unlocks) the texture. From then on
 * the context must not be used, also by those who have retained it. Comes before the frame's submit
 * or the event's signal. NULL for cg_context is fine. */
GEYSER_API void geyser_coregraphics_context_finish(
	struct geyser_texture *texture, void *cg_context);

/* A CGImageRef with the texture's present pixels, the caller's (+1). They are copied, once: a
 * CGImage is immutable to Core Graphics, which caches what it has read, while a texture isn't, and
 * a frame can be released as soon as this returns. alpha says how the texture's is to be read.
 * Errors: as for the context, but STRAIGHT is fine. */
GEYSER_API enum geyser_result geyser_coregraphics_image_create(struct geyser_texture *texture,
	enum geyser_alpha alpha, void *color_space, void **cg_image);

/* ---- Core Image ---------------------------------------------------------------------------- */

/*
 * Core Image reads and writes the IOSurface on the GPU, with a queue of its own. Before it reads a
 * frame, the frame must be drawn: geyser_texture_map and unmap wait for that on the CPU, or commit
 * a command buffer with geyser_metal_encode_frame_wait on the queue that the CIContext was made
 * with.
 */

/* A CIImage of the texture, the caller's (+1). Nothing is copied: it is read when it is rendered,
 * and retains the surface. The surface's first row is the image's top. options is an NSDictionary
 * for imageWithIOSurface:options: (kCIImageColorSpace) or NULL. Errors: INVALID_ARGUMENT (NULL),
 * UNSUPPORTED (not a Metal manager's, in private storage, a format that Core Image can't read, Core
 * Image isn't loaded). */
GEYSER_API enum geyser_result geyser_coreimage_image_create(
	struct geyser_texture *texture, void *options, void **ci_image);

/* Renders the image's rectangle (0, 0, width, height), in texels, over the whole texture, and waits
 * until that is done. What of it the image doesn't cover becomes transparent. alpha says what is
 * stored (OPAQUE: the alpha channel isn't written). color_space is the CGColorSpaceRef to render
 * in; NULL: as the surface says, else sRGB. A CIContext may be used by several threads at once; it
 * is costly, so keep it. Errors: INVALID_ARGUMENT (NULL, no CIContext, no CIImage, an unknown
 * alpha), UNSUPPORTED (as above), SYSTEM (Core Image's own words). */
GEYSER_API enum geyser_result geyser_coreimage_render(void *ci_context, void *ci_image,
	struct geyser_texture *texture, enum geyser_alpha alpha, void *color_space);

/* ---- OpenGL -------------------------------------------------------------------------------- */

/*
 * Makes the texture the storage of the GL texture that is bound to GL_TEXTURE_RECTANGLE in that
 * CGLContextObj, which is current; nothing is copied. Sampled or attached to a framebuffer, its
 * coordinates are texels. The GL texture keeps the surface; release the geyser texture as you like.
 *
 * A context that has drawn calls glFlush before the frame's submit or the event's signal; one that
 * reads binds the GL texture again after it has waited. OpenGL neither waits for an event nor
 * signals one: where the order matters to the pixel, glFinish.
 *
 * format        internal format, format, type
 * bgra8unorm    GL_RGBA8 8058, GL_BGRA 80E1, GL_UNSIGNED_INT_8_8_8_8_REV 8367
 * rgba16float   GL_RGBA_FLOAT16_APPLE 881A, GL_RGBA 1908, GL_HALF_APPLE 140B
 * r8unorm       GL_R8 8229, GL_RED 1903, GL_UNSIGNED_BYTE 1401
 *
 * Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (another format, by name; not a Metal manager's, in
 * private storage; no OpenGL: iOS, or not loaded), SYSTEM (the CGLError).
 */
GEYSER_API enum geyser_result geyser_cgl_texture_bind(
	void *cgl_context, struct geyser_texture *texture);

#ifdef __cplusplus
}
#endif

#endif
