/* SPDX-License-Identifier: MIT */
/* Shared by the files that implement geyser/opengl.h. */
#ifndef GY_INTEROP_OPENGL_GL_H
#define GY_INTEROP_OPENGL_GL_H

#include "interop/opengl/functions.h"

#include <geyser/opengl.h>

#include <pthread.h>
#include <stdatomic.h>

/* ---- owners of GL objects ---- */

/*
 * The first member of every struct that owns GL objects.
 *
 * GL objects can be deleted only while the context is current. But a texture or an event, and the
 * item attached to it, may end on any thread. The item then goes into its geyser_gl's list of
 * retired items, and the next call with a current context ends it.
 *
 * Each item holds a reference to its geyser_gl. The address of the geyser_gl is also the key by
 * which the item is attached.
 */
struct gy_gl_item {
	struct geyser_gl *gl;
	struct gy_gl_item *next, *previous; /* in the list of living items */
	struct gy_gl_item *next_retired;
	/* deletes the GL objects; the context is current */
	void (*finish)(struct gy_gl_item *item);
	void (*free)(struct gy_gl_item *item);
};

struct geyser_gl {
	_Atomic uint32_t references;
	struct gy_gl_functions f;
	struct gy_egl_functions egl; /* all NULL without libEGL */
	void *libegl;
	void *context, *display; /* EGL's; NULL for a context of another kind */
	uint32_t sentinel; /* a texture that marks contexts that share objects with this one */
	struct geyser_gl_info info;
	/* The semaphore that GL waited for last, and the value; see gy_gl_events_acquire. */
	uint32_t waited;
	uint64_t waited_value;
	bool blue_first;    /* imported memory of GL_BGRA8_EXT has blue first; see memory.c */
	bool image_storage; /* GL_EXT_EGL_image_storage */
	bool image_srgb;    /* EGL_EXT_image_gl_colorspace */
	bool swap_in_pack;  /* glReadPixels accepts GL_BGRA */
	bool srgb_8_bits;   /* GL_EXT_texture_sRGB_R8; the next: GL_EXT_texture_sRGB_RG8 */
	bool srgb_8x2_bits;
	bool unorm_16_bits; /* OpenGL, or OpenGL ES with GL_EXT_texture_norm16 */
	pthread_mutex_t lock;
	bool destroyed; /* the lock guards this and `retired` */
	/* changed only by calls with a current context, and by geyser_gl_destroy */
	struct gy_gl_item *alive;
	struct gy_gl_item *retired;
};

/* Initializes the item and puts it into the list of living items. Takes a reference to gl. */
void gy_gl_item_init(struct gy_gl_item *item, struct geyser_gl *gl,
	void (*finish)(struct gy_gl_item *item), void (*free_)(struct gy_gl_item *item));
/* Deletes the item's GL objects and frees it. The context must be current, or gl destroyed. */
void gy_gl_item_end(struct gy_gl_item *item);
/* Puts the item into the list of retired items, or frees it if gl is destroyed. Any thread. This is
 * the destroy function for geyser_texture_attach and geyser_event_attach. */
void gy_gl_item_died(void *item);

/* ---- calls ---- */

/* Every public call begins with this. Checks that the context is current, ends retired items and
 * clears GL's errors. Errors: INVALID_ARGUMENT, DEVICE_LOST. */
enum geyser_result gy_gl_enter(struct geyser_gl *gl);

/* ---- query.c: queries of GL ---- */

/* Returns glGetError's error, if there is one, as the library's. call: the name of GL's function
 * that came before, for the message. */
enum geyser_result gy_gl_check(const struct geyser_gl *gl, const char *call);

/* Blocks until GL has executed all commands so far. */
enum geyser_result gy_gl_finish(const struct geyser_gl *gl);

bool gy_gl_has_extension(const struct geyser_gl *gl, const char *name);

int gy_gl_integer(const struct geyser_gl *gl, uint32_t name);

/* Errors: MISMATCH unless the context is on the device, and of the driver, with these UUIDs. An
 * all-zero UUID isn't checked, nor is a context that doesn't tell its UUIDs. what: "texture" or
 * "event". */
enum geyser_result gy_gl_check_device(const struct geyser_gl *gl, const char *what,
	const uint8_t device_uuid[16], const uint8_t driver_uuid[16]);

/* ---- EGL ---- */

/* Opens libEGL and loads its functions. Returns false, with all functions NULL, if there is no
 * libEGL. */
bool gy_egl_open(struct geyser_gl *gl);
/* Fills in what the EGL display can do. Needs GL's functions. */
void gy_egl_examine(struct geyser_gl *gl);

/* ---- saving GL's state ---- */

enum {
	GY_GL_KEEP_TEXTURE = 1, /* the texture bound to the target in the active unit */
	/* with the scissor test, which is switched off, and the sRGB conversion */
	GY_GL_KEEP_FRAMEBUFFERS = 2,
	GY_GL_KEEP_PACK = 4, /* set to the simplest values, with no buffer bound */
	GY_GL_KEEP_UNPACK = 8,
};

#define GY_GL_PACK_COUNT 8

struct gy_gl_state {
	uint32_t kept, target;
	int texture, draw, read, pack_buffer, unpack_buffer, clamp;
	bool scissor, srgb;
	int pack[GY_GL_PACK_COUNT], unpack[GY_GL_PACK_COUNT];
};

void gy_gl_keep(
	const struct geyser_gl *gl, uint32_t what, uint32_t target, struct gy_gl_state *out);
void gy_gl_restore(const struct geyser_gl *gl, const struct gy_gl_state *state);

/* ---- textures ---- */

/* A plane as a GL texture. A texture of a colour format is one plane. */
struct gy_gl_plane {
	uint32_t name, internal_format;
	bool swapped;              /* as in struct geyser_gl_texture_info */
	enum geyser_format format; /* of the plane's texels */
	uint32_t width, height;    /* of level 0, in texels of that format */
	void *image;               /* an EGLImage */
};

struct geyser_gl_texture {
	struct gy_gl_item item;
	struct geyser_texture *texture; /* holds a reference if imported is set */
	bool imported; /* the caller has imported it; otherwise it is attached to the texture */
	struct geyser_texture_desc desc;
	uint32_t target; /* of every plane, as path and reason are */
	enum geyser_path path;
	uint32_t plane_count;
	struct gy_gl_plane planes[GEYSER_FORMAT_PLANES_MAX];
	uint32_t memory; /* a GL memory object, which all planes use */
	/* The texels are in host memory, where the CPU may access them without GL. */
	bool host_memory;
	bool on_memory_object;
	enum geyser_access acquired; /* 0: not acquired */
	bool signal_pending; /* the texture was released, and no event has been signalled since */
	char reason[256];
};

/* The three ways to make GL textures of texture->texture's planes, in order of preference. Each
 * fills in texture->path and the planes. After a failure the GL objects made so far are still in
 * `texture`. */
enum geyser_result gy_gl_memory_import(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native);
enum geyser_result gy_gl_image_import(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native);
enum geyser_result gy_gl_copy_create(struct geyser_gl_texture *texture);

/* Copy the texels of a copied texture from, and to, the texture's mapping. The download
 * blocks until GL has executed all commands. */
enum geyser_result gy_gl_copy_upload(struct geyser_gl_texture *texture);
enum geyser_result gy_gl_copy_download(struct geyser_gl_texture *texture);

/* Gives the GL texture that is attached to the texture; makes and attaches it if there is none. */
enum geyser_result gy_gl_texture_kept(
	struct geyser_gl *gl, struct geyser_texture *texture, struct geyser_gl_texture **out);
/* Returns the GL texture that is attached to the texture, or NULL. */
struct geyser_gl_texture *gy_gl_texture_find(
	const struct geyser_gl *gl, const struct geyser_texture *texture);

enum geyser_result gy_gl_texture_begin(
	struct geyser_gl_texture *texture, enum geyser_access access);
enum geyser_result gy_gl_texture_end(struct geyser_gl_texture *texture, enum geyser_access access);

/* name.c: fills in the planes' formats and sizes. Errors: UNSUPPORTED, with the format's name, if
 * this GL has no such texture. */
enum geyser_result gy_gl_planes(struct geyser_gl_texture *texture);

/* Makes the texture object plane->name, bound to the texture's target, with the descriptor's number
 * of levels. The caller saves and restores the binding. */
void gy_gl_plane_name(const struct geyser_gl_texture *texture, struct gy_gl_plane *plane);

/* Tells the public things about one plane. */
struct geyser_gl_texture_info gy_gl_plane_info(
	const struct geyser_gl_texture *texture, uint32_t plane);

/* One layer of one level of a texture, as the only attachment of a framebuffer. */
struct gy_gl_attachment {
	uint32_t framebuffer, target; /* GL_READ_FRAMEBUFFER or GL_DRAW_FRAMEBUFFER */
	uint32_t texture, texture_target;
	int level, layer;
	enum geyser_format format; /* GEYSER_FORMAT_NONE: some colour format */
};

/* Binds the framebuffer and attaches the layer. Errors: UNSUPPORTED (GL has no such framebuffer;
 * the message begins with `what`), and as gy_gl_check. */
enum geyser_result gy_gl_attach(
	const struct geyser_gl *gl, const struct gy_gl_attachment *attachment, const char *what);

/* ---- events ---- */

/* Orders GL's later use of the texture after the last wait, and the next signal after that use.
 * Does nothing if events aren't native. */
void gy_gl_events_acquire(struct geyser_gl_texture *texture);

/* The same as the public functions, for use within a call (after gy_gl_enter). */
enum geyser_result gy_gl_event_wait(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value, uint64_t timeout_ns);
enum geyser_result gy_gl_event_signal(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value);
enum geyser_result gy_gl_frame_begin(struct geyser_gl *gl, struct geyser_frame *frame,
	enum geyser_access access, uint64_t timeout_ns, struct geyser_gl_texture **out);
enum geyser_result gy_gl_frame_end(
	struct geyser_gl *gl, struct geyser_frame *frame, struct geyser_gl_texture *texture);

#endif
