/* SPDX-License-Identifier: MIT */
/* The part of CGL that the example and the tests use, from public documentation. iOS doesn't have
 * it. */
#ifndef GY_APPLE_OPENGL_H
#define GY_APPLE_OPENGL_H

#include <OpenGL/CGLTypes.h>
#include <os/availability.h>

typedef int32_t GLint;
typedef struct _CGLPixelFormatObject *CGLPixelFormatObj;

typedef enum _CGLPixelFormatAttribute {
	kCGLPFAAccelerated = 73,
	kCGLPFAAllowOfflineRenderers = 96,
	kCGLPFAOpenGLProfile = 99
} CGLPixelFormatAttribute;
enum { kCGLOGLPVersion_3_2_Core = 0x3200 };

#ifdef __cplusplus
extern "C" {
#endif

#define GY_APPLE_MACOS_ONLY API_AVAILABLE(macos(10.0)) API_UNAVAILABLE(ios)
/* The list of attributes ends with 0. */
extern CGLError CGLChoosePixelFormat(const CGLPixelFormatAttribute *attributes,
	CGLPixelFormatObj *format, GLint *count) GY_APPLE_MACOS_ONLY;
extern CGLError CGLDestroyPixelFormat(CGLPixelFormatObj format) GY_APPLE_MACOS_ONLY;
extern CGLError CGLCreateContext(
	CGLPixelFormatObj format, CGLContextObj share, CGLContextObj *context) GY_APPLE_MACOS_ONLY;
extern CGLError CGLDestroyContext(CGLContextObj context) GY_APPLE_MACOS_ONLY;
extern CGLError CGLSetCurrentContext(CGLContextObj context) GY_APPLE_MACOS_ONLY;
extern CGLContextObj CGLGetCurrentContext(void) GY_APPLE_MACOS_ONLY;
#undef GY_APPLE_MACOS_ONLY

#ifdef __cplusplus
}
#endif

#endif
