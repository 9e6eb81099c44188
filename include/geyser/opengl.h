/*
 * OpenGL and OpenGL ES: geyser's textures as GL textures, its events in GL's command stream, and
 * GL's own textures published.
 *
 * SPDX-License-Identifier: MIT
 *
 * Any context will do, of OpenGL 3.2 or later or OpenGL ES 3.0 or later, made by EGL, GLX or
 * whatever else: the functions come from the caller, or from eglGetProcAddress. No GL header is
 * needed; a GLuint and a GLenum are uint32_t here. geyser links neither to GL nor to EGL.
 *
 * Every function here but those that only read a structure is for one thread at a time, in which
 * the context that geyser_gl_create saw is current, or one that shares objects with it. Each leaves
 * GL's state as it was: bindings, pixel store, scissor test. Errors that glGetError had in store
 * before a call are dropped by it, so ask first if you want to know them.
 *
 * Every function that takes a geyser_gl, or what was made with it, can fail with INVALID_ARGUMENT
 * (NULL; no context is current, or one that shares nothing with it; it is destroyed),
 * OUT_OF_MEMORY, DEVICE_LOST (the context is lost) and SYSTEM (an error of GL's, by name and call).
 * Comments name the others. Results, times and ownership are as geyser.h says.
 */
#ifndef GEYSER_OPENGL_H
#define GEYSER_OPENGL_H

#include "stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- contexts ------------------------------------------------------------------------------ */

struct geyser_gl; /* opaque: one context or share group, its functions and what it can do */

struct geyser_gl_desc {
	/* GL's functions by name, NULL for those that aren't there; called within geyser_gl_create
	 * alone, with no lock held: every call is allowed there. NULL: eglGetProcAddress of
	 * libEGL.so.1, opened at run time. */
	void *(*get_proc_address)(void *user, const char *name);
	void *user; /* for get_proc_address */
	/* The EGLDisplay, for dma-bufs. NULL: the current EGLDisplay, if EGL made the context. */
	void *egl_display;
};

/* For the context that is current. desc may be NULL for all defaults. The result is the caller's to
 * destroy. Errors: INVALID_ARGUMENT (out NULL; no context is current), UNSUPPORTED (an older
 * version of GL, or a function that it must have is missing: which; no libEGL). */
GEYSER_API enum geyser_result geyser_gl_create(
	const struct geyser_gl_desc *desc, struct geyser_gl **out);

/* Deletes all GL objects of geyser's and ends every import, which the caller then destroys all the
 * same. With no context current they go when the context does. NULL is fine. */
GEYSER_API void geyser_gl_destroy(struct geyser_gl *gl);

struct geyser_gl_info {
	char version[128], vendor[128], renderer[128]; /* glGetString's, cut off if longer */
	uint32_t major, minor;
	bool es;                 /* OpenGL ES */
	bool egl;                /* the context is EGL's */
	bool memory_object_fd;   /* memory of Vulkan's: GL_EXT_memory_object_fd */
	bool semaphore_fd;       /* GL_EXT_semaphore_fd */
	bool timeline_semaphore; /* and GL_NV_timeline_semaphore: events in the command stream */
	bool dma_buf_import;     /* EGL_EXT_image_dma_buf_import, and images as GL textures */
	bool dma_buf_modifiers;  /* with any DRM modifier that the driver has, not linear alone */
	bool dma_buf_export;     /* EGL_MESA_image_dma_buf_export: geyser_gl_texture_share */
	/* Of GL_EXT_memory_object, the first device if there are several; all zero: not known. */
	uint8_t device_uuid[16], driver_uuid[16];
};

/* Any thread. Errors: INVALID_ARGUMENT (NULL) alone. */
GEYSER_API enum geyser_result geyser_gl_get_info(
	const struct geyser_gl *gl, struct geyser_gl_info *out);

/* ---- textures ------------------------------------------------------------------------------ */

struct geyser_gl_texture; /* opaque: a geyser texture as a GL texture */

/*
 * The texture as a GL texture, the caller's to destroy; it holds a reference. What a texture
 * becomes:
 *  - a Vulkan manager's: memory by GL_EXT_memory_object_fd, zero-copy;
 *  - a dma-buf: an EGL image, zero-copy. A host manager's textures of one layer and one level are
 *    tried as dma-bufs, too, where the machine has /dev/udmabuf;
 *  - any other, and where the driver can't: a texture of GL's own, and geyser_gl_texture_acquire
 *    and _release copy. geyser_gl_texture_get_info says so, and why.
 * Pixels are the texture's: its first row is GL's row 0, which GL draws at the bottom. Errors:
 * UNSUPPORTED (a format that this GL has no texture of), MISMATCH (memory of another device or
 * driver, with both UUIDs), LIMIT (no free file descriptor), and as geyser_texture_export_native.
 */
GEYSER_API enum geyser_result geyser_gl_texture_import(
	struct geyser_gl *gl, struct geyser_texture *texture, struct geyser_gl_texture **out);

struct geyser_gl_texture_info {
	uint32_t name;            /* the GLuint; geyser's: don't delete it */
	uint32_t target;          /* GL_TEXTURE_2D, GL_TEXTURE_2D_ARRAY or GL_TEXTURE_3D */
	uint32_t internal_format; /* the sized one; of an EGL image what is equal to it */
	enum geyser_path path;    /* ZERO_COPY or COPY */
	const char *reason; /* why it is copied, else ""; borrowed until the texture is destroyed */
	/* GL has no blue-first texture on this memory: it is stored as GL_RGBA8 or GL_SRGB8_ALPHA8
	 * and sampled through a swizzle, so shaders read the right channels. What draws into it,
	 * and glReadPixels, must put red and blue in each other's place. */
	bool swapped;
};

/* Any thread. Errors: INVALID_ARGUMENT (NULL) alone. */
GEYSER_API enum geyser_result geyser_gl_texture_get_info(
	const struct geyser_gl_texture *texture, struct geyser_gl_texture_info *out);

/*
 * Before GL uses the texture, and after it has waited (geyser_gl_event_wait). For reading, a copied
 * texture is uploaded. For writing alone it isn't: all of it must then be drawn. Errors:
 * INVALID_ARGUMENT (an unknown access), PERMISSION (writing a texture that this process may
 * only read: geyser_texture_access), BUSY (it is acquired already), and of copied ones as
 * geyser_texture_map. */
GEYSER_API enum geyser_result geyser_gl_texture_acquire(
	struct geyser_gl_texture *texture, enum geyser_access access);

/*
 * After GL's last use, and before it signals (geyser_gl_event_signal). access: what was done, of
 * what it was acquired for. A copied texture that was written is read back; that waits for GL.
 * Otherwise commands are only flushed: an event says when they are done. The texture is released
 * whatever the result. Errors: INVALID_ARGUMENT (not acquired, or not for this access), UNSUPPORTED
 * (a copied format that this GL can't read back, by name), and as geyser_texture_map.
 */
GEYSER_API enum geyser_result geyser_gl_texture_release(
	struct geyser_gl_texture *texture, enum geyser_access access);

/* Deletes the GL texture; NULL is fine, and so is a geyser_gl that is destroyed already. */
GEYSER_API void geyser_gl_texture_destroy(struct geyser_gl_texture *texture);

/*
 * The other way round: the caller's GL texture itself as a geyser texture, zero-copy, by an EGL
 * image and EGL_MESA_image_dma_buf_export. target: GL_TEXTURE_2D; level 0 is shared. desc says what
 * it is: format, width and height must be the GL texture's. The result holds the memory also after
 * the GL texture is deleted. Errors: INVALID_ARGUMENT (name 0), UNSUPPORTED (another target; this
 * driver can't export: then draw into a texture of geyser's, or use geyser_gl_publish; more than
 * one dma-buf; a manager that can't import it), MISMATCH (size or format, naming both), and as
 * geyser_texture_import_native.
 */
GEYSER_API enum geyser_result geyser_gl_texture_share(struct geyser_gl *gl,
	struct geyser_manager *manager, uint32_t name, uint32_t target,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* ---- events -------------------------------------------------------------------------------- */

/* Whether this event is waited for and signalled in GL's command stream, by the device's own
 * timeline semaphore. Otherwise the calls below wait on the CPU. False after an error. */
GEYSER_API bool geyser_gl_event_is_native(struct geyser_gl *gl, struct geyser_event *event);

/* What is given to GL after this call runs once the event has the value. A native event returns at
 * once, whatever timeout_ns is; else it waits as geyser_event_wait does. Errors: as
 * geyser_event_wait; MISMATCH (an event of another device or driver, with both UUIDs). */
GEYSER_API enum geyser_result geyser_gl_event_wait(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value, uint64_t timeout_ns);

/* The event gets the value once what was given to GL before this call is done. A native event
 * returns at once; else this waits for GL and signals by the CPU. Errors: as geyser_event_signal
 * and geyser_gl_event_wait. */
GEYSER_API enum geyser_result geyser_gl_event_signal(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value);

/* ---- streams ------------------------------------------------------------------------------- */

/*
 * A stream's frame as a GL texture, between acquire and submit or release: for a publisher with
 * WRITE or READ_WRITE, for a subscriber with READ. Waits for whatever the frame waits for, up to
 * timeout_ns where the CPU must, and acquires the texture. A buffer is imported when it is first
 * seen and kept for the stream's life. *out is borrowed until geyser_gl_frame_end. Errors: as
 * geyser_gl_texture_import, _acquire and geyser_gl_event_wait.
 */
GEYSER_API enum geyser_result geyser_gl_frame_begin(struct geyser_gl *gl,
	struct geyser_frame *frame, enum geyser_access access, uint64_t timeout_ns,
	struct geyser_gl_texture_info *out);

/* Ends GL's use of the frame, which is then submitted, discarded or released. The frame is done
 * when GL is: at a point of the stream's event where that is native, else this waits for GL.
 * Errors: INVALID_ARGUMENT (not begun), and as geyser_gl_texture_release and
 * geyser_gl_event_signal; after one discard a publisher's frame. */
GEYSER_API enum geyser_result geyser_gl_frame_end(struct geyser_gl *gl, struct geyser_frame *frame);

/* Of geyser_gl_publish. FLIP: the last row first; GL's pictures begin at the bottom left, those of
 * streams at the top left. */
#define GEYSER_GL_PUBLISH_FLIP 0x1u

/*
 * Publishes what is in a texture of the caller's: waits up to timeout_ns for a free buffer, copies
 * the texture into it on the GPU and submits the frame. target: GL_TEXTURE_2D or
 * GL_TEXTURE_RECTANGLE; level 0. Its size must be the stream's (on OpenGL ES 3.0, which can't tell
 * a texture's, that is the caller's to see to). Channels keep their values as a shader samples
 * them: between two formats that are both -srgb or both not, the bytes stay. Errors: as
 * geyser_publisher_acquire; INVALID_ARGUMENT (no such texture, unknown flags), UNSUPPORTED (target;
 * a format that GL can't draw into or copy to the stream's: both by name), MISMATCH (size, naming
 * both), and as geyser_gl_frame_begin. After any, no frame was submitted.
 */
GEYSER_API enum geyser_result geyser_gl_publish(struct geyser_gl *gl,
	struct geyser_publisher *publisher, uint32_t name, uint32_t target, uint32_t flags,
	uint64_t timeout_ns);

#ifdef __cplusplus
}
#endif

#endif
