/*
 * An OpenGL context without a window, on each device that EGL knows, to ask what it can.
 *
 * SPDX-License-Identifier: MIT
 */
#include "interop.h"

#ifdef GEYSER_HAVE_OPENGL

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <geyser/opengl.h>

/* EGL's types and numbers, from Khronos' registry: the program needs no EGL headers to build. */
typedef int32_t egl_int;
typedef uint32_t egl_bool;

enum {
	EGL_DEVICES_MAX = 16,
	EGL_SURFACE_TYPE = 0x3033,
	EGL_NONE = 0x3038,
	EGL_RENDERABLE_TYPE = 0x3040,
	EGL_OPENGL_ES3_BIT = 0x40,
	EGL_CONTEXT_CLIENT_VERSION = 0x3098,
	EGL_OPENGL_ES_API = 0x30A0,
	EGL_PLATFORM_DEVICE = 0x313F,
	EGL_PLATFORM_SURFACELESS = 0x31DD,
};

struct egl {
	void *library;
	void *(*get_proc_address)(const char *name);
	egl_bool (*initialize)(void *display, egl_int *major, egl_int *minor);
	egl_bool (*terminate)(void *display);
	egl_bool (*bind_api)(unsigned api);
	egl_bool (*choose_config)(void *display, const egl_int *attributes, void **configs,
		egl_int size, egl_int *count);
	void *(*create_context)(
		void *display, void *config, void *share, const egl_int *attributes);
	egl_bool (*destroy_context)(void *display, void *context);
	egl_bool (*make_current)(void *display, void *draw, void *read, void *context);
	/* functions of extensions; NULL where EGL lacks the extension */
	void *(*get_platform_display)(unsigned platform, void *native, const egl_int *attributes);
	egl_bool (*query_devices)(egl_int size, void **devices, egl_int *count);
};

static bool open_egl(struct egl *egl)
{
	const struct {
		const char *name;
		void *at;
	} functions[] = {
		{"eglGetProcAddress", &egl->get_proc_address},
		{"eglInitialize", &egl->initialize},
		{"eglTerminate", &egl->terminate},
		{"eglBindAPI", &egl->bind_api},
		{"eglChooseConfig", &egl->choose_config},
		{"eglCreateContext", &egl->create_context},
		{"eglDestroyContext", &egl->destroy_context},
		{"eglMakeCurrent", &egl->make_current},
	};

	egl->library = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!egl->library)
		return false;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *const symbol = dlsym(egl->library, functions[i].name);

		if (!symbol)
			return false;
		(void)memcpy(functions[i].at, &symbol, sizeof(symbol));
	}
	*(void **)&egl->get_platform_display = egl->get_proc_address("eglGetPlatformDisplayEXT");
	*(void **)&egl->query_devices = egl->get_proc_address("eglQueryDevicesEXT");
	return true;
}

/* ---- one display ---------------------------------------------------------------------------- */

static void describe(const struct geyser_gl_info *info, struct interop_side *out)
{
	static const uint8_t unknown[16];

	out->available = true;
	out->device_known = memcmp(info->device_uuid, unknown, sizeof(unknown)) != 0;
	(void)memcpy(out->device_uuid, info->device_uuid, sizeof(out->device_uuid));
	out->device_memory = info->memory_object_fd;
	out->native = info->timeline_semaphore;
	(void)snprintf(out->detail, sizeof(out->detail), "%.120s, %.120s; %s", info->renderer,
		info->version,
		info->timeline_semaphore ? "timeline semaphores" : "events by fences");
}

static enum geyser_result gl_path(struct geyser_texture *frame, void *data, enum geyser_path *out)
{
	struct geyser_gl_texture_info info;
	struct geyser_gl_texture *texture;
	enum geyser_result result = geyser_gl_texture_import(data, frame, &texture);

	if (result == GEYSER_OK)
		result = geyser_gl_texture_get_info(texture, &info);
	if (result == GEYSER_OK)
		*out = info.path;
	geyser_gl_texture_destroy(texture);
	return result;
}

static bool ask_context(struct interop_side *out)
{
	struct geyser_gl_info info;
	struct geyser_gl *gl;

	if (geyser_gl_create(NULL, &gl)) {
		(void)snprintf(out->reason, sizeof(out->reason), "%s", geyser_error_detail());
		return false;
	}
	if (geyser_gl_get_info(gl, &info) == GEYSER_OK)
		describe(&info, out);
	interop_ask_frame("opengl", NULL, gl_path, gl, out);
	geyser_gl_destroy(gl);
	return out->available;
}

static void *make_context(const struct egl *egl, void *display)
{
	static const egl_int wanted[] = {
		EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_ES3_BIT, EGL_NONE};
	static const egl_int version[] = {EGL_CONTEXT_CLIENT_VERSION, 3, EGL_NONE};
	void *config;
	egl_int count = 0;

	if (!egl->bind_api(EGL_OPENGL_ES_API) ||
		!egl->choose_config(display, wanted, &config, 1, &count) || count < 1)
		return NULL;
	return egl->create_context(display, config, NULL, version);
}

static bool ask_display(const struct egl *egl, void *display, struct interop_side *out)
{
	void *context;
	bool done = false;

	if (!display || !egl->initialize(display, NULL, NULL))
		return false;
	context = make_context(egl, display);
	if (context && egl->make_current(display, NULL, NULL, context)) {
		done = ask_context(out);
		(void)egl->make_current(display, NULL, NULL, NULL);
	}
	if (context)
		(void)egl->destroy_context(display, context);
	(void)egl->terminate(display);
	return done;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static bool is_wanted(const uint8_t *device_uuid, const struct interop_side *side)
{
	return device_uuid && side->device_known &&
	       memcmp(device_uuid, side->device_uuid, sizeof(side->device_uuid)) == 0;
}

/* Tries a display. Returns true if its device is the wanted one; else *out keeps the first device
 * that works. */
static bool try_display(const struct egl *egl, unsigned platform, void *native,
	const uint8_t *device_uuid, struct interop_side *out)
{
	struct interop_side side = {.available = false};

	if (!ask_display(egl, egl->get_platform_display(platform, native, NULL), &side)) {
		if (!out->available && side.reason[0])
			*out = side;
		return false;
	}
	if (!out->available || is_wanted(device_uuid, &side))
		*out = side;
	return is_wanted(device_uuid, &side);
}

static void try_all(const struct egl *egl, const uint8_t *device_uuid, struct interop_side *out)
{
	void *devices[EGL_DEVICES_MAX];
	egl_int count = 0;

	if (egl->query_devices && !egl->query_devices(EGL_DEVICES_MAX, devices, &count))
		count = 0;
	for (egl_int i = 0; i < count; i++) {
		if (try_display(egl, EGL_PLATFORM_DEVICE, devices[i], device_uuid, out))
			return;
	}
	(void)try_display(egl, EGL_PLATFORM_SURFACELESS, NULL, device_uuid, out);
}

void interop_ask_gl(const uint8_t *device_uuid, struct interop_side *out)
{
	struct egl egl = {.library = NULL};

	(void)snprintf(out->reason, sizeof(out->reason),
		"EGL makes no context of OpenGL ES 3 without a window here");
	if (!open_egl(&egl))
		(void)snprintf(out->reason, sizeof(out->reason), "libEGL.so.1 is not installed");
	else if (egl.get_platform_display)
		try_all(&egl, device_uuid, out);
	if (egl.library)
		(void)dlclose(egl.library);
}

#else

void interop_ask_gl(const uint8_t *device_uuid, struct interop_side *out)
{
	(void)device_uuid;
	(void)snprintf(out->reason, sizeof(out->reason), "this build of geyser has no OpenGL");
}

#endif
