/*
 * What the OpenGL tests share: contexts without a window, of OpenGL or OpenGL ES, on the device
 * that Vulkan is on; and texels moved by GL alone, to compare with.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_OPENGL_GL_H
#define TESTS_OPENGL_GL_H

#include "gpu.h"
#include "harness.h"

#define GL_GLES_PROTOTYPES 0
#include <GLES3/gl32.h>
/* after it */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2ext.h>

#include <geyser/opengl.h>

#define GL_BGRA 0x80E1
#define GL_TEXTURE_RECTANGLE 0x84F5
#define GL_FRAMEBUFFER_SRGB 0x8DB9

/* What tests call of GL, in the context that is current. */
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
extern EGLContext context; /* open_gl's, current */

/* Opens the display of the device whose UUID the Vulkan manager's is, else the first one that has
 * contexts, and makes one current. The kind is "gl" or "es". False if there is none: it says that
 * the suite is skipped. */
bool open_gl(const char *kind);
bool open_quietly(const char *kind); /* the same without a word */
void close_gl(void);

/* Of an EGL context of the same kind; share may be EGL_NO_CONTEXT. */
EGLContext make_context(EGLContext share);
void use_context(EGLContext use); /* EGL_NO_CONTEXT: none is current */
void destroy_context(EGLContext which);

/* For the context that is current. */
struct geyser_gl *make_gl(void);

/* A driver keeps what was last drawn into, and so a dma-buf's descriptor, until it draws elsewhere,
 * which this test's teardown does before descriptors are counted. */
#define drawn_test(function) \
	cmocka_unit_test_setup_teardown(function, setup_manager, teardown_drawn)
int teardown_drawn(void **state);

/* No error is left, and name is what a failure is told with. */
void no_gl_error(const char *name);

/* ---- texels by GL alone ---- */

/* One layer, or depth slice, of one level; rows without padding. */
struct gl_slice {
	struct geyser_gl_texture_info info;
	enum geyser_format format;
	GLint level, layer;
	GLsizei width, height;
};

/* False if this GL can't read such a texture, which GL says by an error. */
bool gl_read(const struct gl_slice *slice, void *out);

/* All of a texture with the pattern of fill_texture and texture_holds. */
void gl_fill(
	struct geyser_texture *texture, const struct geyser_gl_texture_info *info, uint32_t seed);
/* 1: it has it, 0: it has not, -1: GL can't read it. */
int gl_holds(
	struct geyser_texture *texture, const struct geyser_gl_texture_info *info, uint32_t seed);

/* What a shader samples of a 2D texture's texels, as RGBA8. */
void gl_sample(GLuint texture, GLsizei width, GLsizei height, uint8_t *out);

/* A texture of the test's own, rgba8unorm (or srgb) and with the pattern in it. */
GLuint own_texture(
	GLenum target, GLint internal_format, GLsizei width, GLsizei height, uint32_t seed);

/* The main of a suite: NAME [gl|es]. */
#define RUN_GL_SUITE(name, tests, kind)                                         \
	(!has_vulkan() || !open_gl(kind) ? 0                                    \
					 : close_after(_cmocka_run_group_tests( \
						   name, tests, COUNT_OF(tests), NULL, NULL)))
int close_after(int status);

#endif
