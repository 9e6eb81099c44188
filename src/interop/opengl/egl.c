/* SPDX-License-Identifier: MIT */
/* Opens libEGL at run time. libEGL finds GL's functions for callers that pass no loader of their
 * own, and makes images of dma-bufs for EGL's contexts. */
#include "interop/opengl/gl.h"

#include <dlfcn.h>
#include <string.h>

/* unref() in context.c closes the library again. Some drivers keep it loaded for good. */
bool gy_egl_open(struct geyser_gl *gl)
{
	struct gy_egl_functions *const egl = &gl->egl;
	bool all = true;

	gl->libegl = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!gl->libegl)
		return false;
		/* converts an object's pointer into a function's, in the way that POSIX defines */
#define GY_EGL_REQUIRED(result, name, ...)                     \
	*(void **)&egl->name = dlsym(gl->libegl, "egl" #name); \
	all = all && egl->name;
#include "interop/opengl/functions.def"
	if (!all) {
		*egl = (struct gy_egl_functions){0};
		return false;
	}
#define GY_EGL_OPTIONAL(result, name, ...) *(void **)&egl->name = egl->GetProcAddress("egl" #name);
#include "interop/opengl/functions.def"
	gl->context = egl->GetCurrentContext();
	gl->display = gl->context ? egl->GetCurrentDisplay() : NULL;
	gl->info.egl = gl->context != NULL;
	return true;
}

static bool has_extension(const char *all, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = all; at && (at = strstr(at, name)); at += length)
		if ((at == all || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

void gy_egl_examine(struct geyser_gl *gl)
{
	const char *const all =
		gl->context ? gl->egl.QueryString(gl->display, GY_EGL_EXTENSIONS) : NULL;
	const bool images =
		gl->egl.CreateImageKHR && gl->egl.DestroyImageKHR &&
		(has_extension(all, "EGL_KHR_image_base") || has_extension(all, "EGL_KHR_image"));

	gl->image_storage = gy_gl_has_extension(gl, "GL_EXT_EGL_image_storage") &&
			    gl->f.EGLImageTargetTexStorageEXT;
	gl->image_srgb = has_extension(all, "EGL_EXT_image_gl_colorspace");
	gl->info.dma_buf_import =
		images && has_extension(all, "EGL_EXT_image_dma_buf_import") &&
		(gl->image_storage || (gy_gl_has_extension(gl, "GL_OES_EGL_image") &&
					      gl->f.EGLImageTargetTexture2DOES));
	gl->info.dma_buf_modifiers = gl->info.dma_buf_import &&
				     has_extension(all, "EGL_EXT_image_dma_buf_import_modifiers");
	gl->info.dma_buf_export = images && has_extension(all, "EGL_MESA_image_dma_buf_export") &&
				  has_extension(all, "EGL_KHR_gl_texture_2D_image") &&
				  gl->egl.ExportDMABUFImageMESA &&
				  gl->egl.ExportDMABUFImageQueryMESA;
}
