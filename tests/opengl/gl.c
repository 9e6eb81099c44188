/* Contexts without a window. */
#include "gl.h"

#include <stdio.h>
#include <stdlib.h>

#define DEVICES_MAX 16

struct gl_functions gl;
bool on_es;
EGLContext context = EGL_NO_CONTEXT;

static EGLDisplay display = EGL_NO_DISPLAY;

EGLContext make_context(EGLContext share)
{
	const EGLint attributes[] = {
		EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, on_es ? 0 : 2, EGL_NONE};

	if (!eglBindAPI(on_es ? EGL_OPENGL_ES_API : EGL_OPENGL_API))
		return EGL_NO_CONTEXT;
	return eglCreateContext(display, EGL_NO_CONFIG_KHR, share, attributes);
}

static bool make_current(EGLContext use)
{
	return eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, use);
}

void use_context(EGLContext use)
{
	if (!make_current(use))
		fail_msg("eglMakeCurrent: 0x%x", (unsigned)eglGetError());
}

void destroy_context(EGLContext which)
{
	assert_true(eglDestroyContext(display, which));
}

static bool load(void)
{
	bool all = true;

#define LOAD(type, name)                               \
	gl.name = (type)eglGetProcAddress("gl" #name); \
	all = all && gl.name;
	GL_FUNCTIONS(LOAD)
#undef LOAD
	return all;
}

static bool try_display(EGLDisplay candidate)
{
	display = candidate;
	if (display == EGL_NO_DISPLAY || !eglInitialize(display, NULL, NULL))
		return false;
	context = make_context(EGL_NO_CONTEXT);
	if (context != EGL_NO_CONTEXT && make_current(context) && load())
		return true;
	(void)eglTerminate(display);
	return false;
}

static void leave_display(void)
{
	(void)make_current(EGL_NO_CONTEXT);
	(void)eglDestroyContext(display, context);
	(void)eglTerminate(display);
}

/* ---- which device ---- */

/* An instance that is kept until the process ends. If EGL's driver and Vulkan's are one library, it
 * is unloaded with the last instance, even while EGL uses it. A manager can't be kept instead,
 * since each test has a registry of its own. */
static VkInstance kept;

static void keep_instance(void)
{
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.apiVersion = VK_API_VERSION_1_2,
	};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};

	if (vkCreateInstance(&info, NULL, &kept) != VK_SUCCESS)
		kept = VK_NULL_HANDLE;
}

static bool vulkan_uuid(uint8_t uuid[16])
{
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_VULKAN};
	struct geyser_manager *manager;
	struct geyser_vulkan_info info;
	bool good;

	if (geyser_manager_create(&desc, &manager) != GEYSER_OK)
		return false;
	good = geyser_vulkan_get_info(manager, &info) == GEYSER_OK;
	if (good)
		memcpy(uuid, info.device_uuid, 16);
	geyser_manager_destroy(manager);
	return good;
}

/* Makes the driver open the descriptors that it opens at its first use, before a test counts them.
 */
static void warm_up(void)
{
	const struct geyser_manager_desc manager_desc = {.backend = GEYSER_BACKEND_VULKAN};
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 16};
	struct geyser_gl_texture *imported = NULL;
	struct geyser_manager *manager = NULL;
	struct geyser_texture *texture = NULL;
	struct geyser_event *event = NULL;
	struct geyser_gl *probe = NULL;

	if (geyser_gl_create(NULL, &probe) == GEYSER_OK &&
		geyser_manager_create(&manager_desc, &manager) == GEYSER_OK &&
		geyser_texture_create(manager, &desc, &texture) == GEYSER_OK &&
		geyser_gl_texture_import(probe, texture, &imported) == GEYSER_OK &&
		geyser_event_create(manager, 0, &event) == GEYSER_OK)
		(void)geyser_gl_event_signal(probe, event, 1);
	geyser_gl_texture_destroy(imported);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	geyser_gl_destroy(probe);
	geyser_manager_destroy(manager);
}

static bool is_on(const uint8_t uuid[16])
{
	struct geyser_gl_info info = {.major = 0};
	struct geyser_gl *probe;

	if (geyser_gl_create(NULL, &probe) != GEYSER_OK)
		return false;
	(void)geyser_gl_get_info(probe, &info);
	geyser_gl_destroy(probe);
	return memcmp(info.device_uuid, uuid, 16) == 0;
}

static EGLDisplay display_of(EGLDeviceEXT device)
{
	PFNEGLGETPLATFORMDISPLAYEXTPROC get =
		(PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");

	return get ? get(EGL_PLATFORM_DEVICE_EXT, device, NULL) : EGL_NO_DISPLAY;
}

static bool is_software(EGLDeviceEXT device)
{
	PFNEGLQUERYDEVICESTRINGEXTPROC query =
		(PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
	const char *const all = query ? query(device, EGL_EXTENSIONS) : NULL;

	return all && strstr(all, "EGL_MESA_device_software");
}

/* A software driver's own device has the same UUID as a DRM device without a GPU, and it can't
 * always map that device's memory. So the driver's own device is tried first. */
static bool open_device(const uint8_t *uuid)
{
	PFNEGLQUERYDEVICESEXTPROC query =
		(PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
	EGLDeviceEXT devices[DEVICES_MAX];
	EGLint count = 0;

	if (!query || !query(DEVICES_MAX, devices, &count))
		return false;
	for (EGLint i = 0; i < 2 * count; i++) {
		EGLDeviceEXT device = devices[i % count];

		if (is_software(device) != (i < count) || !try_display(display_of(device)))
			continue;
		if (!uuid || is_on(uuid))
			return true;
		leave_display();
	}
	return false;
}

bool open_quietly(const char *kind)
{
	uint8_t uuid[16];

	on_es = kind && strcmp(kind, "es") == 0;
	keep_instance();
	if (!(vulkan_uuid(uuid) && open_device(uuid)) && !open_device(NULL) &&
		!try_display(eglGetDisplay(EGL_DEFAULT_DISPLAY)))
		return false;
	warm_up();
	return true;
}

bool open_gl(const char *kind)
{
	if (open_quietly(kind)) {
		print_message("# %s, %s\n", (const char *)gl.GetString(GL_VERSION),
			(const char *)gl.GetString(GL_RENDERER));
		return true;
	}
	(void)printf("1..0 # SKIP no EGL device has contexts of %s\n",
		on_es ? "OpenGL ES 3.0" : "OpenGL 3.2");
	return false;
}

void close_gl(void)
{
	leave_display();
	(void)eglReleaseThread();
	vkDestroyInstance(kept, NULL);
}

int close_after(int status)
{
	close_gl();
	return status;
}

struct geyser_gl *make_gl(void)
{
	struct geyser_gl *made;

	ok(geyser_gl_create(NULL, &made));
	return made;
}

void no_gl_error(const char *name)
{
	const GLenum error = gl.GetError();

	if (error != GL_NO_ERROR)
		fail_msg("%s: GL error 0x%04x", name, error);
}
