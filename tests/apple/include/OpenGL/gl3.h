/* SPDX-License-Identifier: MIT */
/* The part of OpenGL 3.2 on macOS that the example and the tests use, from the OpenGL registry. */
#ifndef GY_APPLE_GL3_H
#define GY_APPLE_GL3_H

#include <OpenGL/CGLTypes.h>
#include <os/availability.h>

typedef int32_t GLint;
typedef uint32_t GLbitfield;
typedef float GLfloat;

#define GL_COLOR_BUFFER_BIT 0x00004000
#define GL_UNSIGNED_BYTE 0x1401
#define GL_UNSIGNED_SHORT 0x1403
#define GL_HALF_FLOAT 0x140B
#define GL_RED 0x1903
#define GL_RGBA 0x1908
#define GL_RGBA8 0x8058
#define GL_BGRA 0x80E1
#define GL_RG 0x8227
#define GL_R8 0x8229
#define GL_R16 0x822A
#define GL_RG8 0x822B
#define GL_RG16 0x822C
#define GL_UNSIGNED_INT_8_8_8_8_REV 0x8367
#define GL_TEXTURE_RECTANGLE 0x84F5
#define GL_RGBA16F 0x881A
#define GL_COLOR_ATTACHMENT0 0x8CE0
#define GL_FRAMEBUFFER 0x8D40
#define GL_FRAMEBUFFER_COMPLETE 0x8CD5

#ifdef __cplusplus
extern "C" {
#endif

#define GY_APPLE_MACOS_ONLY API_AVAILABLE(macos(10.0)) API_UNAVAILABLE(ios)
extern void glGenTextures(GLsizei count, GLuint *textures) GY_APPLE_MACOS_ONLY;
extern void glDeleteTextures(GLsizei count, const GLuint *textures) GY_APPLE_MACOS_ONLY;
extern void glBindTexture(GLenum target, GLuint texture) GY_APPLE_MACOS_ONLY;
extern void glGenFramebuffers(GLsizei count, GLuint *framebuffers) GY_APPLE_MACOS_ONLY;
extern void glDeleteFramebuffers(GLsizei count, const GLuint *framebuffers) GY_APPLE_MACOS_ONLY;
extern void glBindFramebuffer(GLenum target, GLuint framebuffer) GY_APPLE_MACOS_ONLY;
extern void glFramebufferTexture2D(GLenum target, GLenum attachment, GLenum texture_target,
	GLuint texture, GLint level) GY_APPLE_MACOS_ONLY;
extern GLenum glCheckFramebufferStatus(GLenum target) GY_APPLE_MACOS_ONLY;
extern void glClearColor(
	GLfloat red, GLfloat green, GLfloat blue, GLfloat alpha) GY_APPLE_MACOS_ONLY;
extern void glClear(GLbitfield mask) GY_APPLE_MACOS_ONLY;
extern void glFlush(void) GY_APPLE_MACOS_ONLY;
extern void glFinish(void) GY_APPLE_MACOS_ONLY;
#undef GY_APPLE_MACOS_ONLY

#ifdef __cplusplus
}
#endif

#endif
