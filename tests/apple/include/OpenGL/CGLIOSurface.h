/* SPDX-License-Identifier: MIT */
/* OpenGL's textures on surfaces, from public documentation. iOS doesn't have them. */
#ifndef GY_APPLE_CGLIOSURFACE_H
#define GY_APPLE_CGLIOSURFACE_H

#include <IOSurface/IOSurfaceRef.h>
#include <OpenGL/CGLTypes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets the storage of the texture that is bound to the target, GL_TEXTURE_RECTANGLE. */
extern CGLError CGLTexImageIOSurface2D(CGLContextObj context, GLenum target, GLenum internal_format,
	GLsizei width, GLsizei height, GLenum format, GLenum type, IOSurfaceRef surface,
	GLuint plane) API_AVAILABLE(macos(10.6)) API_UNAVAILABLE(ios);

#ifdef __cplusplus
}
#endif

#endif
