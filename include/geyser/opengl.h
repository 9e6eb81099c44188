/*
 * OpenGL and OpenGL ES: geyser's textures as GL textures, its events in GL's command stream, and
 * the publishing of GL textures.
 *
 * SPDX-License-Identifier: MIT
 *
 * Every context of OpenGL 3.2 or later, or OpenGL ES 3.0 or later, will do, whether EGL, GLX or
 * another API made it. The caller gives GL's functions, or geyser gets them with eglGetProcAddress.
 * No GL header is needed: GLuint and GLenum are uint32_t here. geyser links neither to GL nor to
 * EGL.
 *
 * Only one thread at a time may call the functions here, except those that only read a structure.
 * The context of geyser_gl_create must be current in that thread, or one that shares objects with
 * it. Each function leaves GL's state as it was: bindings, pixel store, scissor test. A call drops
 * errors that glGetError would have returned, so call glGetError first if you need them.
 *
 * Every function that takes a geyser_gl, or an object made with it, has these errors:
 * INVALID_ARGUMENT (NULL; no context is current, or one that shares nothing with it; it is
 * destroyed), OUT_OF_MEMORY, DEVICE_LOST (the context is lost) and SYSTEM (an error of GL's, by
 * name and call). Comments name further errors. geyser.h explains results, times and ownership.
 */
#ifndef GEYSER_OPENGL_H
#define GEYSER_OPENGL_H

#include "stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- contexts ------------------------------------------------------------------------------ */

struct geyser_gl; /* Opaque. One context or share group, its functions and its abilities. */

struct geyser_gl_desc {
	/* Returns one of GL's functions by name, or NULL if there is none. Only geyser_gl_create
	 * calls this, with no lock held; every call is allowed within it. NULL: eglGetProcAddress
	 * of libEGL.so.1, opened at run time. */
	void *(*get_proc_address)(void *user, const char *name);
	void *user; /* for get_proc_address */
	/* The EGLDisplay, for dma-bufs. NULL: the current EGLDisplay, if EGL made the context. */
	void *egl_display;
};

/* Makes a geyser_gl for the current context. desc may be NULL for all defaults. The caller owns
 * *out and destroys it. Errors: INVALID_ARGUMENT (out NULL; no context is current), UNSUPPORTED (an
 * older version of GL, or a function that it must have is missing: which; no libEGL). */
GEYSER_API enum geyser_result geyser_gl_create(
	const struct geyser_gl_desc *desc, struct geyser_gl **out);

/* Deletes all GL objects that geyser made and ends every import. The caller must still destroy each
 * geyser_gl_texture. If no context is current, the GL objects go when the context does. NULL is
 * fine. */
GEYSER_API void geyser_gl_destroy(struct geyser_gl *gl);

struct geyser_gl_info {
	char version[128], vendor[128], renderer[128]; /* from glGetString, cut off if longer */
	uint32_t major, minor;
	bool es;                 /* OpenGL ES */
	bool egl;                /* EGL made the context */
	bool memory_object_fd;   /* can import memory of Vulkan's: GL_EXT_memory_object_fd */
	bool semaphore_fd;       /* GL_EXT_semaphore_fd */
	bool timeline_semaphore; /* GL_NV_timeline_semaphore too: events in the command stream */
	bool dma_buf_import;     /* EGL_EXT_image_dma_buf_import, and images as GL textures */
	bool dma_buf_modifiers;  /* with any DRM modifier that the driver has, not only linear */
	/* EGL_MESA_image_dma_buf_export: needed for geyser_gl_texture_share */
	bool dma_buf_export;
	/* From GL_EXT_memory_object, of the first device if there are several; all zero: not
	 * known. */
	uint8_t device_uuid[16], driver_uuid[16];
};

/* Any thread may call this. Errors: only INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_gl_get_info(
	const struct geyser_gl *gl, struct geyser_gl_info *out);

/* ---- textures ------------------------------------------------------------------------------ */

struct geyser_gl_texture; /* Opaque. A geyser texture as a GL texture, or as one for each plane. */

/*
 * Makes a GL texture of a geyser texture. The caller owns *out, which holds a reference to the
 * geyser texture. Video, as nv12, becomes one GL texture for each of its planes, all by the same
 * way. There are three ways:
 *
 * - A texture of a Vulkan manager becomes memory by GL_EXT_memory_object_fd, zero-copy.
 * - A dma-buf becomes an EGL image, zero-copy. A host manager's texture of one layer and one level
 *   is also tried as a dma-buf, if the machine has /dev/udmabuf.
 * - Any other texture becomes a texture of GL's own, and so does one that the driver can't import.
 *   geyser_gl_texture_acquire and _release then copy. geyser_gl_texture_get_info tells this and the
 *   reason.
 *
 * The pixels stay in their order: the texture's first row is GL's row 0, which GL draws at the
 * bottom. Errors: UNSUPPORTED (a format that this GL has no texture of, also of a plane; OpenGL ES
 * needs GL_EXT_texture_norm16 for video of more than 8 bits), MISMATCH (memory of another device or
 * driver, with both UUIDs), LIMIT (no free file descriptor), and as geyser_texture_export_native.
 */
GEYSER_API enum geyser_result geyser_gl_texture_import(
	struct geyser_gl *gl, struct geyser_texture *texture, struct geyser_gl_texture **out);

struct geyser_gl_texture_info {
	uint32_t name;            /* the GLuint; geyser owns it: don't delete it */
	uint32_t target;          /* GL_TEXTURE_2D, GL_TEXTURE_2D_ARRAY or GL_TEXTURE_3D */
	uint32_t internal_format; /* the sized one; of an EGL image the equal format */
	enum geyser_path path;    /* ZERO_COPY or COPY */
	const char *reason; /* why it is copied, else ""; borrowed until the texture is destroyed */
	/* GL has no texture format with blue first for this memory. The memory is used as GL_RGBA8
	 * or GL_SRGB8_ALPHA8, and sampled through a swizzle, so shaders read the right channels.
	 * Code that draws into it, and glReadPixels, must swap red and blue. */
	bool swapped;
};

/* Tells about the GL texture. Any thread may call this. Errors: only INVALID_ARGUMENT (NULL) and
 * UNSUPPORTED (video, which has a GL texture for each plane). */
GEYSER_API enum geyser_result geyser_gl_texture_get_info(
	const struct geyser_gl_texture *texture, struct geyser_gl_texture_info *out);

/* Tells about the GL texture of one plane. Planes are numbered from 0, as in geyser_format_info:
 * nv12 has luma as GL_R8, and chroma as GL_RG8 of half the size, rounded up. The one plane of yuy2
 * and uyvy is GL_RGBA8 of half the width. A texture of colours has plane 0 alone. Numbers of video
 * are whole: GL samples them as 0 to 1, and the caller computes colours from them. Any thread may
 * call this. Errors: only INVALID_ARGUMENT (NULL, no such plane). */
GEYSER_API enum geyser_result geyser_gl_texture_get_plane_info(
	const struct geyser_gl_texture *texture, uint32_t plane,
	struct geyser_gl_texture_info *out);

/*
 * Takes the texture for GL, with all its planes. Call this before GL uses the texture, and after it
 * has waited (geyser_gl_event_wait). For reading, a copied texture is uploaded. For writing alone
 * it isn't uploaded, so all of it must be drawn. Errors: INVALID_ARGUMENT (an unknown access),
 * PERMISSION (writing a texture that this process may only read: geyser_texture_access), BUSY (it
 * is acquired already), and for a copied texture as geyser_texture_map.
 */
GEYSER_API enum geyser_result geyser_gl_texture_acquire(
	struct geyser_gl_texture *texture, enum geyser_access access);

/*
 * Gives the texture back, with all its planes. Call this after GL's last use, and before GL signals
 * (geyser_gl_event_signal). access says what was done, which must be part of the access that it was
 * acquired for. A copied texture that was written is read back, and the call waits for GL.
 * Otherwise commands are only flushed: an event tells when they are done. The texture is released
 * whatever the result is. Errors: INVALID_ARGUMENT (not acquired, or not for this access),
 * UNSUPPORTED (a copied format that this GL can't read back, by name), and as geyser_texture_map.
 */
GEYSER_API enum geyser_result geyser_gl_texture_release(
	struct geyser_gl_texture *texture, enum geyser_access access);

/* Deletes the GL textures. NULL is fine, and so is a texture whose geyser_gl is destroyed
 * already. */
GEYSER_API void geyser_gl_texture_destroy(struct geyser_gl_texture *texture);

/*
 * Makes a geyser texture of the caller's GL texture itself, zero-copy, by an EGL image and
 * EGL_MESA_image_dma_buf_export. target must be GL_TEXTURE_2D; level 0 is shared. desc describes
 * the GL texture: format, width and height must be its own. The caller owns *out, which holds the
 * memory even after the GL texture is deleted.
 *
 * Errors: INVALID_ARGUMENT (name 0), UNSUPPORTED (another target; video, whose planes are several
 * GL textures; this driver can't export: then draw into a texture of geyser's, or use
 * geyser_gl_publish; more than one dma-buf; a manager that can't import it), MISMATCH (size or
 * format, naming both), and as geyser_texture_import_native.
 */
GEYSER_API enum geyser_result geyser_gl_texture_share(struct geyser_gl *gl,
	struct geyser_manager *manager, uint32_t name, uint32_t target,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/* ---- events -------------------------------------------------------------------------------- */

/* Returns whether GL's command stream waits for this event and signals it, by the device's own
 * timeline semaphore. Otherwise the calls below wait on the CPU. Returns false after an error. */
GEYSER_API bool geyser_gl_event_is_native(struct geyser_gl *gl, struct geyser_event *event);

/* Makes GL wait: commands that are given to GL after this call run when the event has the value.
 * With a native event the call returns at once, whatever timeout_ns is. Otherwise it waits as
 * geyser_event_wait does. Errors: as geyser_event_wait; MISMATCH (an event of another device or
 * driver, with both UUIDs). */
GEYSER_API enum geyser_result geyser_gl_event_wait(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value, uint64_t timeout_ns);

/* Makes GL signal: the event gets the value when the commands given to GL before this call are
 * done. With a native event the call returns at once. Otherwise it waits for GL, and the CPU
 * signals. Errors: as geyser_event_signal and geyser_gl_event_wait. */
GEYSER_API enum geyser_result geyser_gl_event_signal(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value);

/* ---- streams ------------------------------------------------------------------------------- */

/*
 * Gives a stream's frame as a GL texture. A publisher calls this between acquire and submit, with
 * WRITE or READ_WRITE. A subscriber calls it between acquire and release, with READ. The call
 * acquires the texture. It also waits for what the frame waits for, up to timeout_ns if the CPU
 * must wait. A buffer is imported when it is first seen, and the import is kept for the stream's
 * life. *out is borrowed until geyser_gl_frame_end. Errors: as geyser_gl_texture_import, _acquire
 * and geyser_gl_event_wait, and UNSUPPORTED (video: geyser_gl_frame_begin_planes).
 */
GEYSER_API enum geyser_result geyser_gl_frame_begin(struct geyser_gl *gl,
	struct geyser_frame *frame, enum geyser_access access, uint64_t timeout_ns,
	struct geyser_gl_texture_info *out);

/* Works like geyser_gl_frame_begin, for video and for any other format. out gets as many planes as
 * geyser_format_info's `planes` says; the names of the others are 0. geyser_gl_frame_end ends the
 * use of all planes. Errors: as geyser_gl_frame_begin. */
GEYSER_API enum geyser_result geyser_gl_frame_begin_planes(struct geyser_gl *gl,
	struct geyser_frame *frame, enum geyser_access access, uint64_t timeout_ns,
	struct geyser_gl_texture_info out[GEYSER_FORMAT_PLANES_MAX]);

/* Ends GL's use of the frame. Afterwards submit, discard or release the frame. The frame is done
 * when GL's commands are done. If the stream's event is native, a point of it tells when; otherwise
 * this call waits for GL. After an error discard a publisher's frame. Errors: INVALID_ARGUMENT (not
 * begun), and as geyser_gl_texture_release and geyser_gl_event_signal. */
GEYSER_API enum geyser_result geyser_gl_frame_end(struct geyser_gl *gl, struct geyser_frame *frame);

/* A flag of geyser_gl_publish: publish the last row first. GL's pictures begin at the bottom left,
 * those of streams at the top left. */
#define GEYSER_GL_PUBLISH_FLIP 0x1u

/*
 * Publishes the contents of a texture of the caller's. It waits up to timeout_ns for a free buffer,
 * copies the texture into it on the GPU, and submits the frame. target must be GL_TEXTURE_2D or
 * GL_TEXTURE_RECTANGLE; level 0 is copied. The texture's size must be the stream's. OpenGL ES 3.0
 * can't tell a texture's size, so the caller must see to it there. Channels keep the values that a
 * shader samples: between two formats that are both -srgb or both not, the bytes stay the same.
 *
 * Errors: as geyser_publisher_acquire; INVALID_ARGUMENT (no such texture, unknown flags),
 * UNSUPPORTED (target; a format that GL can't draw into or copy to the stream's: both by name; a
 * stream of video: draw into the planes of its frames by geyser_gl_frame_begin_planes),
 * MISMATCH (size, naming both), and as geyser_gl_frame_begin. After any error no frame was
 * submitted.
 */
GEYSER_API enum geyser_result geyser_gl_publish(struct geyser_gl *gl,
	struct geyser_publisher *publisher, uint32_t name, uint32_t target, uint32_t flags,
	uint64_t timeout_ns);

#ifdef __cplusplus
}
#endif

#endif
