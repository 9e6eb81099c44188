/* SPDX-License-Identifier: MIT */
/* A geyser_gl: GL's functions, the context's abilities, and the life of objects that have GL
 * objects. */
#include "interop/opengl/gl.h"

#include "base/error.h"
#include "base/thread.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- owners of GL objects ---- */

static void unref(struct geyser_gl *gl)
{
	if (atomic_fetch_sub_explicit(&gl->references, 1, memory_order_acq_rel) != 1)
		return;
	(void)pthread_mutex_destroy(&gl->lock);
	if (gl->libegl)
		(void)dlclose(gl->libegl);
	free(gl);
}

void gy_gl_item_init(struct gy_gl_item *item, struct geyser_gl *gl,
	void (*finish)(struct gy_gl_item *item), void (*free_)(struct gy_gl_item *item))
{
	(void)atomic_fetch_add_explicit(&gl->references, 1, memory_order_relaxed);
	*item = (struct gy_gl_item){.gl = gl, .finish = finish, .free = free_, .next = gl->alive};
	if (item->next)
		item->next->previous = item;
	gl->alive = item;
}

static void unlink_item(struct gy_gl_item *item)
{
	if (item->previous)
		item->previous->next = item->next;
	else
		item->gl->alive = item->next;
	if (item->next)
		item->next->previous = item->previous;
}

static void free_item(struct gy_gl_item *item)
{
	struct geyser_gl *const gl = item->gl;

	item->free(item);
	unref(gl);
}

/* After geyser_gl_destroy the item is in no list and its GL objects are gone, so only its memory is
 * freed. */
void gy_gl_item_end(struct gy_gl_item *item)
{
	if (!item->gl->destroyed) {
		unlink_item(item);
		item->finish(item);
	}
	free_item(item);
}

void gy_gl_item_died(void *data)
{
	struct gy_gl_item *const item = data;
	struct geyser_gl *const gl = item->gl;
	bool destroyed;

	(void)pthread_mutex_lock(&gl->lock);
	destroyed = gl->destroyed;
	if (!destroyed) {
		item->next_retired = gl->retired;
		gl->retired = item;
	}
	(void)pthread_mutex_unlock(&gl->lock);
	if (destroyed)
		free_item(item);
}

/* Ends the items that other threads have put into the retired list. The context must be current. */
static void end_retired_items(struct geyser_gl *gl)
{
	struct gy_gl_item *retired;

	(void)pthread_mutex_lock(&gl->lock);
	retired = gl->retired;
	gl->retired = NULL;
	(void)pthread_mutex_unlock(&gl->lock);
	for (struct gy_gl_item *next; retired; retired = next) {
		next = retired->next_retired;
		gy_gl_item_end(retired);
	}
}

/* ---- calls ---- */

/* Clears GL's errors. A driver keeps each kind of error at most once for each of its parts, so 64
 * calls clear all. A lost context reports errors without end. */
static enum geyser_result drain(const struct geyser_gl *gl)
{
	for (unsigned i = 0; i < 64; i++) {
		const uint32_t error = gl->f.GetError();

		if (error == GY_GL_NO_ERROR)
			return GEYSER_OK;
		if (error == GY_GL_CONTEXT_LOST)
			break;
	}
	return gy_fail(GEYSER_ERROR_DEVICE_LOST, "the GL context is lost: make a new one");
}

/* The number by which check_current knows the context. GL can't tell whether two contexts share
 * objects, and some drivers accept sync objects of any context. So each geyser_gl has a texture,
 * the sentinel, whose base level is a number that no other geyser_gl has. */
static int cookie(const struct geyser_gl *gl)
{
	return (int)((uintptr_t)gl >> 4 & 0x3FFFFFFF) | 1;
}

static enum geyser_result make_sentinel(struct geyser_gl *gl)
{
	struct gy_gl_state state;

	gy_gl_keep(gl, GY_GL_KEEP_TEXTURE, GY_GL_TEXTURE_2D, &state);
	gl->f.GenTextures(1, &gl->sentinel);
	gl->f.BindTexture(GY_GL_TEXTURE_2D, gl->sentinel);
	gl->f.TexParameteri(GY_GL_TEXTURE_2D, GY_GL_TEXTURE_BASE_LEVEL, cookie(gl));
	gy_gl_restore(gl, &state);
	return gy_gl_check(gl, "glTexParameteri");
}

/* In a context that shares no objects, the sentinel's name may belong to another texture. If that
 * texture has another target, binding fails, and this clears GL's error. */
static bool has_sentinel(const struct geyser_gl *gl)
{
	struct gy_gl_state state;
	int found = 0;

	if (!gl->f.IsTexture(gl->sentinel))
		return false;
	gy_gl_keep(gl, GY_GL_KEEP_TEXTURE, GY_GL_TEXTURE_2D, &state);
	gl->f.BindTexture(GY_GL_TEXTURE_2D, gl->sentinel);
	gl->f.GetTexParameteriv(GY_GL_TEXTURE_2D, GY_GL_TEXTURE_BASE_LEVEL, &found);
	gy_gl_restore(gl, &state);
	if (found == cookie(gl))
		return true;
	(void)gl->f.GetError();
	return false;
}

/* Checks that the current context is geyser_gl_create's or shares objects with it. Without a
 * current context, GL's functions do nothing and return 0 at best. */
static enum geyser_result check_current(const struct geyser_gl *gl)
{
	const void *const current = gl->context ? gl->egl.GetCurrentContext() : NULL;

	if (gl->context && !current)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"no context is current in this thread: make current the one that "
			"geyser_gl_create saw (EGLContext %p)",
			gl->context);
	if ((current && current == gl->context) || has_sentinel(gl))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"the current context (%p) is not the one that geyser_gl_create saw (%p), and "
		"shares no objects with it",
		current, gl->context);
}

enum geyser_result gy_gl_enter(struct geyser_gl *gl)
{
	enum geyser_result result;

	if (!gl)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "gl is NULL");
	if (gl->destroyed)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"the geyser_gl is destroyed: import the texture with another one");
	result = check_current(gl);
	if (result == GEYSER_OK)
		result = drain(gl);
	if (result == GEYSER_OK)
		end_retired_items(gl);
	return result;
}

/* ---- creating a geyser_gl ---- */

struct loader {
	void *(*get)(void *user, const char *name);
	void *user;
};

static void *get_from_egl(void *user, const char *name)
{
	const struct geyser_gl *const gl = user;

	return gl->egl.GetProcAddress(name);
}

/* Fills in the functions. Returns the first required one that is missing, or NULL. */
static const char *load(struct geyser_gl *gl, const struct loader *loader)
{
	const char *missing = NULL;

	/* converts an object's pointer into a function's, in the way that POSIX defines */
#define GY_GL_REQUIRED(result, name, ...)                              \
	*(void **)&gl->f.name = loader->get(loader->user, "gl" #name); \
	if (!gl->f.name && !missing)                                   \
		missing = "gl" #name;
#define GY_GL_OPTIONAL(result, name, ...) \
	*(void **)&gl->f.name = loader->get(loader->user, "gl" #name);
#include "interop/opengl/functions.def"
	return missing;
}

static enum geyser_result load_functions(struct geyser_gl *gl, const struct geyser_gl_desc *desc)
{
	struct loader loader = {get_from_egl, gl};
	const bool egl = gy_egl_open(gl);
	struct gy_kept_detail kept;
	const char *missing;

	if (desc && desc->get_proc_address) {
		loader = (struct loader){desc->get_proc_address, desc->user};
	} else if (!egl) {
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"libEGL.so.1 can't be opened: give desc->get_proc_address");
	} else if (!gl->context) {
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"no EGL context is current in this thread: make one current, or give "
			"desc->get_proc_address for another kind");
	}
	gy_callback_begin(&kept);
	missing = load(gl, &loader);
	gy_callback_end(&kept);
	if (missing)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s is missing: OpenGL 3.2 and OpenGL ES 3.0 have it", missing);
	return GEYSER_OK;
}

static void copy_string(const struct geyser_gl *gl, uint32_t name, char *out, size_t size)
{
	const unsigned char *const text = gl->f.GetString(name);

	(void)snprintf(out, size, "%s", text ? (const char *)text : "");
}

static enum geyser_result check_version(struct geyser_gl *gl)
{
	struct geyser_gl_info *const info = &gl->info;
	uint32_t least = 302;

	if (!gl->f.GetString(GY_GL_VERSION))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"no context is current in this thread: glGetString(GL_VERSION) is NULL");
	copy_string(gl, GY_GL_VERSION, info->version, sizeof(info->version));
	copy_string(gl, GY_GL_VENDOR, info->vendor, sizeof(info->vendor));
	copy_string(gl, GY_GL_RENDERER, info->renderer, sizeof(info->renderer));
	info->es = strncmp(info->version, "OpenGL ES", strlen("OpenGL ES")) == 0;
	info->major = (uint32_t)gy_gl_integer(gl, GY_GL_MAJOR_VERSION);
	info->minor = (uint32_t)gy_gl_integer(gl, GY_GL_MINOR_VERSION);
	if (info->es)
		least = 300;
	if (info->major * 100 + info->minor >= least)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"version (%s): OpenGL 3.2 or OpenGL ES 3.0 at least is needed", info->version);
}

static void read_uuids(struct geyser_gl *gl)
{
	if (!gy_gl_has_extension(gl, "GL_EXT_memory_object") || !gl->f.GetUnsignedBytevEXT ||
		!gl->f.GetUnsignedBytei_vEXT)
		return;
	gl->f.GetUnsignedBytei_vEXT(GY_GL_DEVICE_UUID_EXT, 0, gl->info.device_uuid);
	gl->f.GetUnsignedBytevEXT(GY_GL_DRIVER_UUID_EXT, gl->info.driver_uuid);
}

/* Fills in what the context can do. */
static void examine(struct geyser_gl *gl)
{
	const struct gy_gl_functions *const f = &gl->f;
	struct geyser_gl_info *const info = &gl->info;

	info->memory_object_fd = gy_gl_has_extension(gl, "GL_EXT_memory_object_fd") &&
				 f->CreateMemoryObjectsEXT && f->DeleteMemoryObjectsEXT &&
				 f->ImportMemoryFdEXT && f->MemoryObjectParameterivEXT &&
				 f->TexStorageMem2DEXT && f->TexStorageMem3DEXT;
	info->semaphore_fd = gy_gl_has_extension(gl, "GL_EXT_semaphore_fd") &&
			     f->DeleteSemaphoresEXT && f->ImportSemaphoreFdEXT &&
			     f->SignalSemaphoreEXT && f->WaitSemaphoreEXT;
	info->timeline_semaphore =
		info->semaphore_fd && gy_gl_has_extension(gl, "GL_NV_timeline_semaphore") &&
		f->CreateSemaphoresNV && f->SemaphoreParameterivNV && f->SemaphoreParameterui64vEXT;
	gl->blue_first = strncmp(info->vendor, "NVIDIA", strlen("NVIDIA")) == 0;
	gl->srgb_8_bits = gy_gl_has_extension(gl, "GL_EXT_texture_sRGB_R8");
	gl->srgb_8x2_bits = gy_gl_has_extension(gl, "GL_EXT_texture_sRGB_RG8");
	gl->unorm_16_bits = !info->es || gy_gl_has_extension(gl, "GL_EXT_texture_norm16");
	gl->swap_in_pack = !info->es || gy_gl_has_extension(gl, "GL_EXT_read_format_bgra");
	read_uuids(gl);
	gy_egl_examine(gl);
}

static enum geyser_result open_context(struct geyser_gl *gl, const struct geyser_gl_desc *desc)
{
	enum geyser_result result = load_functions(gl, desc);

	if (result == GEYSER_OK)
		result = check_version(gl);
	if (result == GEYSER_OK)
		result = drain(gl);
	if (result != GEYSER_OK)
		return result;
	if (desc && desc->egl_display)
		gl->display = desc->egl_display;
	examine(gl);
	/* a driver may name an extension that it doesn't have, which sets GL's error */
	result = drain(gl);
	return result == GEYSER_OK ? make_sentinel(gl) : result;
}

enum geyser_result geyser_gl_create(const struct geyser_gl_desc *desc, struct geyser_gl **out)
{
	struct geyser_gl *gl;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	gl = calloc(1, sizeof(*gl));
	if (!gl)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a geyser_gl");
	atomic_init(&gl->references, 1);
	(void)pthread_mutex_init(&gl->lock, NULL);
	result = open_context(gl, desc);
	if (result != GEYSER_OK) {
		unref(gl);
		return result;
	}
	*out = gl;
	return GEYSER_OK;
}

enum geyser_result geyser_gl_get_info(const struct geyser_gl *gl, struct geyser_gl_info *out)
{
	if (out)
		*out = (struct geyser_gl_info){.major = 0};
	if (!gl || !out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", gl ? "out" : "gl");
	*out = gl->info;
	return GEYSER_OK;
}

/* Ends all items, with the lock held, so that no other thread frees one meanwhile. Only the GL
 * objects of living items end here; their memory is freed with the texture or event. Retired items,
 * which are in both lists, are freed here. */
void geyser_gl_destroy(struct geyser_gl *gl)
{
	bool current;

	if (!gl)
		return;
	current = check_current(gl) == GEYSER_OK;
	if (current)
		end_retired_items(gl);
	(void)pthread_mutex_lock(&gl->lock);
	for (struct gy_gl_item *item = gl->alive; item && current; item = item->next)
		item->finish(item);
	if (current)
		gl->f.DeleteTextures(1, &gl->sentinel);
	gl->destroyed = true;
	(void)pthread_mutex_unlock(&gl->lock);
	for (struct gy_gl_item *next, *retired = gl->retired; retired; retired = next) {
		next = retired->next_retired;
		free_item(retired);
	}
	unref(gl);
}
