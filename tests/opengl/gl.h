/*
 * Shared by the OpenGL tests: contexts of OpenGL or OpenGL ES without a window, on the device that
 * Vulkan uses, and functions that read and write texels with GL only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_OPENGL_GL_H
#define TESTS_OPENGL_GL_H

#include "gpu.h"
#include "harness.h"

#define GL_GLES_PROTOTYPES 0
#include <GLES3/gl32.h>
/* these must follow gl32.h */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2ext.h>

#include <geyser/opengl.h>

#define GL_BGRA 0x80E1
#define GL_TEXTURE_RECTANGLE 0x84F5
#define GL_FRAMEBUFFER_SRGB 0x8DB9

/* The functions of GL that the tests call, for the current context. */
#define GL_FUNCTIONS(f)                                                                            \
	f(PFNGLACTIVETEXTUREPROC, ActiveTexture) f(PFNGLATTACHSHADERPROC, AttachShader) f(         \
		PFNGLBINDBUFFERPROC, BindBuffer) f(PFNGLBINDFRAMEBUFFERPROC,                       \
		BindFramebuffer) f(PFNGLBINDTEXTUREPROC, BindTexture) f(PFNGLBINDVERTEXARRAYPROC,  \
		BindVertexArray) f(PFNGLBUFFERDATAPROC,                                            \
		BufferData) f(PFNGLCHECKFRAMEBUFFERSTATUSPROC,                                     \
		CheckFramebufferStatus) f(PFNGLCLEARPROC, Clear) f(PFNGLCLEARCOLORPROC,            \
		ClearColor) f(PFNGLCOMPILESHADERPROC, CompileShader) f(PFNGLCREATEPROGRAMPROC,     \
		CreateProgram) f(PFNGLCREATESHADERPROC, CreateShader) f(PFNGLDELETEBUFFERSPROC,    \
		DeleteBuffers) f(PFNGLDELETEFRAMEBUFFERSPROC,                                      \
		DeleteFramebuffers) f(PFNGLDELETEPROGRAMPROC,                                      \
		DeleteProgram) f(PFNGLDELETESHADERPROC, DeleteShader) f(PFNGLDELETETEXTURESPROC,   \
		DeleteTextures) f(PFNGLDELETEVERTEXARRAYSPROC,                                     \
		DeleteVertexArrays) f(PFNGLDISABLEPROC, Disable) f(PFNGLDRAWARRAYSPROC,            \
		DrawArrays) f(PFNGLENABLEPROC, Enable) f(PFNGLFINISHPROC,                          \
		Finish) f(PFNGLFRAMEBUFFERTEXTURE2DPROC,                                           \
		FramebufferTexture2D) f(PFNGLFRAMEBUFFERTEXTURELAYERPROC, FramebufferTextureLayer) \
		f(PFNGLGENBUFFERSPROC, GenBuffers) f(PFNGLGENFRAMEBUFFERSPROC, GenFramebuffers) f( \
			PFNGLGENTEXTURESPROC, GenTextures) f(PFNGLGENVERTEXARRAYSPROC,             \
			GenVertexArrays) f(PFNGLGETERRORPROC, GetError) f(PFNGLGETINTEGERVPROC,    \
			GetIntegerv) f(PFNGLGETPROGRAMIVPROC, GetProgramiv) f(PFNGLGETSTRINGPROC,  \
			GetString) f(PFNGLISENABLEDPROC, IsEnabled) f(PFNGLISTEXTUREPROC,          \
			IsTexture) f(PFNGLLINKPROGRAMPROC, LinkProgram)                            \
			f(PFNGLPIXELSTOREIPROC, PixelStorei) f(PFNGLREADPIXELSPROC, ReadPixels) f( \
				PFNGLSCISSORPROC, Scissor) f(PFNGLSHADERSOURCEPROC, ShaderSource)  \
				f(PFNGLTEXIMAGE2DPROC, TexImage2D) f(PFNGLTEXIMAGE3DPROC,          \
					TexImage3D) f(PFNGLTEXPARAMETERIPROC, TexParameteri)       \
					f(PFNGLTEXSUBIMAGE2DPROC, TexSubImage2D)                   \
						f(PFNGLTEXSUBIMAGE3DPROC, TexSubImage3D)           \
							f(PFNGLUSEPROGRAMPROC, UseProgram)         \
								f(PFNGLVIEWPORTPROC, Viewport)

struct gl_functions {
#define GL_MEMBER(type, name) type name;
	GL_FUNCTIONS(GL_MEMBER)
#undef GL_MEMBER
};
extern struct gl_functions gl;
extern bool on_es;         /* the contexts are of OpenGL ES */
extern EGLContext context; /* the context of open_gl; it is current */

/* Opens the display of the device that has the Vulkan manager's UUID, else the first display with
 * contexts, and makes a context current. kind: "gl" or "es". If there is none, prints that the
 * suite is skipped and returns false. */
bool open_gl(const char *kind);
bool open_quietly(const char *kind); /* the same, and prints nothing */
void close_gl(void);

/* Makes a context of the same kind, which shares objects with `share` or with none
 * (EGL_NO_CONTEXT). */
EGLContext make_context(EGLContext share);
void use_context(EGLContext use); /* EGL_NO_CONTEXT: no context is current afterwards */
void destroy_context(EGLContext which);

/* Makes a geyser_gl for the current context. */
struct geyser_gl *make_gl(void);

/* A test that draws. A driver keeps the last target of drawing, and so a dma-buf's descriptor,
 * until it draws into another one. The teardown therefore draws elsewhere before it counts
 * descriptors. */
#define drawn_test(function) \
	cmocka_unit_test_setup_teardown(function, setup_manager, teardown_drawn)
int teardown_drawn(void **state);

/* Checks that GL has no error left. name: for the message of a failure. */
void no_gl_error(const char *name);

/* ---- texels, with GL only ---- */

/* One layer or depth slice of one mip level. Its data has rows without padding. */
struct gl_slice {
	struct geyser_gl_texture_info info;
	enum geyser_format format;
	GLint level, layer;
	GLsizei width, height;
};

/* Reads the slice. Returns false if this GL can't read such a texture, for which GL reports an
 * error. */
bool gl_read(const struct gl_slice *slice, void *out);

/* Fills the whole texture with the pattern of fill_texture. planes: its GL textures, one for each
 * plane. */
void gl_fill(
	struct geyser_texture *texture, const struct geyser_gl_texture_info *planes, uint32_t seed);
/* Returns 1 if the texture has that pattern, 0 if it hasn't, and -1 if GL can't read it. */
int gl_holds(
	struct geyser_texture *texture, const struct geyser_gl_texture_info *planes, uint32_t seed);

/* Gives the values that a shader samples from the texels of a 2D texture, as RGBA8. */
void gl_sample(GLuint texture, GLsizei width, GLsizei height, uint8_t *out);

/* Makes a GL texture of rgba8unorm or rgba8unorm-srgb with the pattern. */
GLuint own_texture(
	GLenum target, GLint internal_format, GLsizei width, GLsizei height, uint32_t seed);

/* Runs a suite on contexts of that kind, or skips it. For `return` in main. */
#define RUN_GL_SUITE(name, tests, kind)                                         \
	(!has_vulkan() || !open_gl(kind) ? 0                                    \
					 : close_after(_cmocka_run_group_tests( \
						   name, tests, COUNT_OF(tests), NULL, NULL)))
int close_after(int status);

#endif
