/*
 * A context of OpenGL ES 3 without a window: EGL's platform of devices, on which GPUs without a
 * screen have one, too.
 *
 * SPDX-License-Identifier: MIT
 */
#include "gl_context.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>

#include "example.h"

#define DEVICES_MAX 16

static EGLDisplay display = EGL_NO_DISPLAY;
static EGLContext context = EGL_NO_CONTEXT;

static EGLDisplay display_of(unsigned index)
{
	const PFNEGLQUERYDEVICESEXTPROC query =
		(PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
	const PFNEGLGETPLATFORMDISPLAYEXTPROC get =
		(PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");
	EGLDeviceEXT devices[DEVICES_MAX];
	EGLint count = 0;

	if (!query || !get || !query(DEVICES_MAX, devices, &count) || count == 0)
		return index == 0 ? eglGetDisplay(EGL_DEFAULT_DISPLAY) : EGL_NO_DISPLAY;
	if (index >= (unsigned)count)
		return EGL_NO_DISPLAY;
	return get(EGL_PLATFORM_DEVICE_EXT, devices[index], NULL);
}

bool gl_context_open(unsigned index)
{
	static const EGLint attributes[] = {EGL_CONTEXT_MAJOR_VERSION, 3, EGL_NONE};

	display = display_of(index);
	if (display == EGL_NO_DISPLAY)
		return false;
	if (!eglInitialize(display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_ES_API))
		fail("eglInitialize: error 0x%04x", (unsigned)eglGetError());
	/* it draws into textures alone, and needs neither a configuration nor a surface */
	context = eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
	if (context == EGL_NO_CONTEXT ||
		!eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
		fail("OpenGL ES 3 by EGL: error 0x%04x", (unsigned)eglGetError());
	return true;
}

void gl_context_close(void)
{
	(void)eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
	(void)eglDestroyContext(display, context);
	(void)eglTerminate(display);
}
