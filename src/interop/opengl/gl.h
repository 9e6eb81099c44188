/* SPDX-License-Identifier: MIT */
/* What the sources of geyser/opengl.h share. */
#ifndef GY_INTEROP_OPENGL_GL_H
#define GY_INTEROP_OPENGL_GL_H

#include "interop/opengl/functions.h"

#include <geyser/opengl.h>

#include <pthread.h>
#include <stdatomic.h>

/* ---- what has GL objects ---- */

/*
 * Begins each thing that has GL objects. They can be deleted only where the context is current, but
 * a texture or an event, and what is kept with it, may die on any thread at any time: then the
 * thing is put in its geyser_gl's grave, and buried by the next call. Each holds a reference to its
 * geyser_gl, whose address is also the key under which it is kept with a texture or an event.
 */
struct gy_gl_item {
	struct geyser_gl *gl;
	struct gy_gl_item *next, *previous; /* of those alive */
	struct gy_gl_item *next_dead;
	void (*finish)(struct gy_gl_item *item); /* its GL objects; the context is current */
	void (*free)(struct gy_gl_item *item);
};

struct geyser_gl {
	_Atomic uint32_t references;
	struct gy_gl_functions f;
	struct gy_egl_functions egl; /* all NULL without libEGL */
	void *libegl;
	void *context, *display; /* EGL's; NULL where the context isn't EGL's */
	uint32_t sentinel;       /* a texture, to know other contexts of the share group by */
	struct geyser_gl_info info;
	/* the semaphore that GL waited for last, and the value: see gy_gl_events_acquire */
	uint32_t waited;
	uint64_t waited_value;
	bool blue_first;    /* imported memory of GL_BGRA8_EXT is: see memory.c */
	bool image_storage; /* GL_EXT_EGL_image_storage */
	bool image_srgb;    /* EGL_EXT_image_gl_colorspace */
	bool swap_in_pack;  /* glReadPixels takes GL_BGRA */
	bool srgb_8_bits;   /* GL_EXT_texture_sRGB_R8 and RG8 */
	bool srgb_8x2_bits;
	pthread_mutex_t lock;
	bool destroyed;           /* under the lock; so are these */
	struct gy_gl_item *alive; /* touched only by calls, but for geyser_gl_destroy */
	struct gy_gl_item *dead;
};

/* Takes a reference. */
void gy_gl_item_init(struct gy_gl_item *item, struct geyser_gl *gl,
	void (*finish)(struct gy_gl_item *item), void (*free_)(struct gy_gl_item *item));
/* Where the context is current, or gl is destroyed: deletes its objects and frees it. */
void gy_gl_item_end(struct gy_gl_item *item);
/* On any thread; for geyser_texture_attach. */
void gy_gl_item_died(void *item);

/* ---- calls ---- */

/* To begin every call: the context is current, the dead are buried, glGetError has nothing. */
enum geyser_result gy_gl_enter(struct geyser_gl *gl);

/* ---- query.c: questions to GL ---- */

/* What glGetError has after a call of that name. */
enum geyser_result gy_gl_check(const struct geyser_gl *gl, const char *call);

/* Waits until GL has done all that it was given. */
enum geyser_result gy_gl_finish(const struct geyser_gl *gl);

bool gy_gl_has_extension(const struct geyser_gl *gl, const char *name);

int gy_gl_integer(const struct geyser_gl *gl, uint32_t name);

/* MISMATCH unless one of the context's devices, and its driver, have these UUIDs; all zero, or a
 * context that doesn't say: not checked. what: "texture". */
enum geyser_result gy_gl_check_device(const struct geyser_gl *gl, const char *what,
	const uint8_t device_uuid[16], const uint8_t driver_uuid[16]);

/* ---- EGL ---- */

/* Opens libEGL and takes what it has. False, and all NULL, if it isn't there. */
bool gy_egl_open(struct geyser_gl *gl);
/* What the display can; needs GL's extensions. */
void gy_egl_examine(struct geyser_gl *gl);

/* ---- GL's state, kept from being changed ---- */

enum {
	GY_GL_KEEP_TEXTURE = 1,      /* bound to the target, of the active unit */
	GY_GL_KEEP_FRAMEBUFFERS = 2, /* and the scissor test, which is off meanwhile, and sRGB */
	GY_GL_KEEP_PACK = 4,         /* all plain meanwhile, with no buffer bound */
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

struct geyser_gl_texture {
	struct gy_gl_item item;
	struct geyser_texture *texture; /* referenced if imported is set */
	bool imported;                  /* by the caller; else kept with the texture */
	struct geyser_gl_texture_info info;
	struct geyser_texture_desc desc;
	uint32_t memory; /* a memory object */
	void *image;     /* an EGL image */
	/* the pixels are the CPU's, too, who knows nothing of GL's commands */
	bool host_memory;
	bool on_memory_object;
	enum geyser_access acquired; /* 0: it isn't */
	bool signal_pending;         /* released, and no event signalled since */
	char reason[256];
};

/* Makes what texture->info says of texture->desc, in this order of preference. Each leaves the
 * texture without GL objects if it fails. */
enum geyser_result gy_gl_memory_import(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native);
enum geyser_result gy_gl_image_import(
	struct geyser_gl_texture *texture, const struct geyser_native_texture *native);
enum geyser_result gy_gl_copy_create(struct geyser_gl_texture *texture);

/* Between a copied texture and the geyser texture's mapping. */
enum geyser_result gy_gl_copy_upload(struct geyser_gl_texture *texture);
enum geyser_result gy_gl_copy_download(struct geyser_gl_texture *texture);

/* One that is kept with the texture, made when first asked for. */
enum geyser_result gy_gl_texture_kept(
	struct geyser_gl *gl, struct geyser_texture *texture, struct geyser_gl_texture **out);
/* The same that was begun with; NULL if there is none. */
struct geyser_gl_texture *gy_gl_texture_find(
	const struct geyser_gl *gl, const struct geyser_texture *texture);

enum geyser_result gy_gl_texture_begin(
	struct geyser_gl_texture *texture, enum geyser_access access);
enum geyser_result gy_gl_texture_end(struct geyser_gl_texture *texture, enum geyser_access access);

/* name.c: GL's words for a format on this GL: UNSUPPORTED, by name, where it has none. */
enum geyser_result gy_gl_format(
	const struct geyser_gl *gl, enum geyser_format format, struct geyser_format_gl *out);

/* Makes texture->info.name, bound to its target and with the descriptor's levels alone. The caller
 * has kept the state. */
void gy_gl_texture_name(struct geyser_gl_texture *texture);

/* One layer of one level of a texture, to be a framebuffer's only attachment. */
struct gy_gl_attachment {
	uint32_t framebuffer, target; /* GL_READ_FRAMEBUFFER or GL_DRAW_FRAMEBUFFER */
	uint32_t texture, texture_target;
	int level, layer;
	enum geyser_format format; /* NONE: a colour format of the caller's */
};

/* Attaches and binds it. Errors: UNSUPPORTED (GL draws into no such texture, by what: "texture"),
 * and as gy_gl_check. */
enum geyser_result gy_gl_attach(
	const struct geyser_gl *gl, const struct gy_gl_attachment *attachment, const char *what);

/* ---- events ---- */

/* Makes GL's later use of the texture follow what was waited for, and what is signalled next follow
 * its use. Nothing where events aren't native. */
void gy_gl_events_acquire(struct geyser_gl_texture *texture);

/* As the public ones, within a call. */
enum geyser_result gy_gl_event_wait(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value, uint64_t timeout_ns);
enum geyser_result gy_gl_event_signal(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value);
enum geyser_result gy_gl_frame_begin(struct geyser_gl *gl, struct geyser_frame *frame,
	enum geyser_access access, uint64_t timeout_ns, struct geyser_gl_texture **out);
enum geyser_result gy_gl_frame_end(
	struct geyser_gl *gl, struct geyser_frame *frame, struct geyser_gl_texture *texture);

#endif
