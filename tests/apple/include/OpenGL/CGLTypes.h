/* SPDX-License-Identifier: MIT */
/* The types of macOS's OpenGL that geyser uses, from public documentation. iOS doesn't have them.
 */
#ifndef GY_APPLE_CGLTYPES_H
#define GY_APPLE_CGLTYPES_H

#include <stdint.h>

typedef uint32_t GLenum;
typedef int32_t GLsizei;
typedef uint32_t GLuint;

typedef struct _CGLContextObject *CGLContextObj;

typedef enum _CGLError {
	kCGLNoError = 0,
	kCGLBadAttribute = 10000,
	kCGLBadProperty = 10001,
	kCGLBadPixelFormat = 10002,
	kCGLBadRendererInfo = 10003,
	kCGLBadContext = 10004,
	kCGLBadDrawable = 10005,
	kCGLBadDisplay = 10006,
	kCGLBadState = 10007,
	kCGLBadValue = 10008,
	kCGLBadMatch = 10009,
	kCGLBadEnumeration = 10010,
	kCGLBadOffScreen = 10011,
	kCGLBadFullScreen = 10012,
	kCGLBadWindow = 10013,
	kCGLBadAddress = 10014,
	kCGLBadCodeModule = 10015,
	kCGLBadAlloc = 10016,
	kCGLBadConnection = 10017
} CGLError;

#endif
