/* SPDX-License-Identifier: MIT */
/* What is called of GL and EGL, by name: neither's headers are needed to build. */
#ifndef GY_INTEROP_OPENGL_FUNCTIONS_H
#define GY_INTEROP_OPENGL_FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

/* As Khronos' registry numbers them. */
enum {
	GY_GL_NO_ERROR = 0,
	GY_GL_NONE = 0,
	GY_GL_INVALID_ENUM = 0x0500,
	GY_GL_INVALID_VALUE = 0x0501,
	GY_GL_INVALID_OPERATION = 0x0502,
	GY_GL_OUT_OF_MEMORY = 0x0505,
	GY_GL_INVALID_FRAMEBUFFER_OPERATION = 0x0506,
	GY_GL_CONTEXT_LOST = 0x0507,
	GY_GL_SCISSOR_TEST = 0x0C11,
	GY_GL_UNPACK_SWAP_BYTES = 0x0CF0,
	GY_GL_UNPACK_LSB_FIRST = 0x0CF1,
	GY_GL_UNPACK_ROW_LENGTH = 0x0CF2,
	GY_GL_UNPACK_SKIP_ROWS = 0x0CF3,
	GY_GL_UNPACK_SKIP_PIXELS = 0x0CF4,
	GY_GL_UNPACK_ALIGNMENT = 0x0CF5,
	GY_GL_PACK_SWAP_BYTES = 0x0D00,
	GY_GL_PACK_LSB_FIRST = 0x0D01,
	GY_GL_PACK_ROW_LENGTH = 0x0D02,
	GY_GL_PACK_SKIP_ROWS = 0x0D03,
	GY_GL_PACK_SKIP_PIXELS = 0x0D04,
	GY_GL_PACK_ALIGNMENT = 0x0D05,
	GY_GL_TEXTURE_2D = 0x0DE1,
	GY_GL_TEXTURE_WIDTH = 0x1000,
	GY_GL_TEXTURE_HEIGHT = 0x1001,
	GY_GL_TEXTURE_INTERNAL_FORMAT = 0x1003,
	GY_GL_UNSIGNED_BYTE = 0x1401,
	GY_GL_INT = 0x1404,
	GY_GL_UNSIGNED_INT = 0x1405,
	GY_GL_FLOAT = 0x1406,
	GY_GL_RED = 0x1903,
	GY_GL_BLUE = 0x1905,
	GY_GL_RGBA = 0x1908,
	GY_GL_VENDOR = 0x1F00,
	GY_GL_RENDERER = 0x1F01,
	GY_GL_VERSION = 0x1F02,
	GY_GL_COLOR_BUFFER_BIT = 0x4000,
	GY_GL_NEAREST = 0x2600,
	GY_GL_RGB10_A2 = 0x8059,
	GY_GL_TEXTURE_BINDING_2D = 0x8069,
	GY_GL_TEXTURE_BINDING_3D = 0x806A,
	GY_GL_PACK_IMAGE_HEIGHT = 0x806C,
	GY_GL_PACK_SKIP_IMAGES = 0x806B,
	GY_GL_UNPACK_SKIP_IMAGES = 0x806D,
	GY_GL_UNPACK_IMAGE_HEIGHT = 0x806E,
	GY_GL_TEXTURE_3D = 0x806F,
	GY_GL_BGRA = 0x80E1,
	GY_GL_TEXTURE_BASE_LEVEL = 0x813C,
	GY_GL_TEXTURE_MAX_LEVEL = 0x813D,
	GY_GL_FRAMEBUFFER_ATTACHMENT_COLOR_ENCODING = 0x8210,
	GY_GL_MAJOR_VERSION = 0x821B,
	GY_GL_MINOR_VERSION = 0x821C,
	GY_GL_NUM_EXTENSIONS = 0x821D,
	GY_GL_DEPTH_STENCIL_ATTACHMENT = 0x821A,
	GY_GL_EXTENSIONS = 0x1F03,
	GY_GL_TEXTURE_RECTANGLE = 0x84F5,
	GY_GL_TEXTURE_BINDING_RECTANGLE = 0x84F6,
	GY_GL_UNSIGNED_INT_24_8 = 0x84FA,
	GY_GL_PIXEL_PACK_BUFFER = 0x88EB,
	GY_GL_PIXEL_UNPACK_BUFFER = 0x88EC,
	GY_GL_PIXEL_PACK_BUFFER_BINDING = 0x88ED,
	GY_GL_PIXEL_UNPACK_BUFFER_BINDING = 0x88EF,
	GY_GL_STREAM_COPY = 0x88E2,
	GY_GL_CLAMP_READ_COLOR = 0x891C,
	GY_GL_FIXED_ONLY = 0x891D,
	GY_GL_SRGB = 0x8C40,
	GY_GL_TEXTURE_2D_ARRAY = 0x8C1A,
	GY_GL_TEXTURE_BINDING_2D_ARRAY = 0x8C1D,
	GY_GL_DRAW_FRAMEBUFFER_BINDING = 0x8CA6,
	GY_GL_READ_FRAMEBUFFER = 0x8CA8,
	GY_GL_DRAW_FRAMEBUFFER = 0x8CA9,
	GY_GL_READ_FRAMEBUFFER_BINDING = 0x8CAA,
	GY_GL_FRAMEBUFFER_COMPLETE = 0x8CD5,
	GY_GL_COLOR_ATTACHMENT0 = 0x8CE0,
	GY_GL_DEPTH_ATTACHMENT = 0x8D00,
	GY_GL_RGBA_INTEGER = 0x8D99,
	GY_GL_FRAMEBUFFER_SRGB = 0x8DB9,
	GY_GL_TEXTURE_SWIZZLE_R = 0x8E42,
	GY_GL_TEXTURE_SWIZZLE_B = 0x8E44,
	GY_GL_IMPLEMENTATION_COLOR_READ_TYPE = 0x8B9A,
	GY_GL_IMPLEMENTATION_COLOR_READ_FORMAT = 0x8B9B,
	GY_GL_SYNC_GPU_COMMANDS_COMPLETE = 0x9117,
	GY_GL_ALREADY_SIGNALED = 0x911A,
	GY_GL_TIMEOUT_EXPIRED = 0x911B,
	GY_GL_CONDITION_SATISFIED = 0x911C,
	GY_GL_SYNC_FLUSH_COMMANDS_BIT = 1,
	GY_GL_BGRA8_EXT = 0x93A1,
	GY_GL_TIMELINE_SEMAPHORE_VALUE_NV = 0x9595,
	GY_GL_NUM_DEVICE_UUIDS_EXT = 0x9596,
	GY_GL_DEVICE_UUID_EXT = 0x9597,
	GY_GL_DRIVER_UUID_EXT = 0x9598,
	GY_GL_TEXTURE_TILING_EXT = 0x9580,
	GY_GL_DEDICATED_MEMORY_OBJECT_EXT = 0x9581,
	GY_GL_OPTIMAL_TILING_EXT = 0x9584,
	GY_GL_LINEAR_TILING_EXT = 0x9585,
	GY_GL_HANDLE_TYPE_OPAQUE_FD_EXT = 0x9586,
	GY_GL_LAYOUT_GENERAL_EXT = 0x958D,
	GY_GL_SEMAPHORE_TYPE_NV = 0x95B3,
	GY_GL_SEMAPHORE_TYPE_TIMELINE_NV = 0x95B5,
};

enum {
	GY_EGL_NONE = 0x3038,
	GY_EGL_VENDOR = 0x3053,
	GY_EGL_EXTENSIONS = 0x3055,
	GY_EGL_HEIGHT = 0x3056,
	GY_EGL_WIDTH = 0x3057,
	GY_EGL_SUCCESS = 0x3000,
	GY_EGL_GL_COLORSPACE = 0x309D,
	GY_EGL_GL_COLORSPACE_SRGB = 0x3089,
	GY_EGL_GL_TEXTURE_2D = 0x30B1,
	GY_EGL_GL_TEXTURE_LEVEL = 0x30BC,
	GY_EGL_IMAGE_PRESERVED = 0x30D2,
	GY_EGL_LINUX_DMA_BUF = 0x3270,
	GY_EGL_LINUX_DRM_FOURCC = 0x3271,
	GY_EGL_DMA_BUF_PLANE0_FD =
		0x3272, /* offset and pitch follow; the next planes after those */
	GY_EGL_DMA_BUF_PLANE3_FD = 0x3440,
	GY_EGL_DMA_BUF_PLANE0_MODIFIER_LO = 0x3443, /* the high half follows; then the planes' */
	GY_EGL_TRUE = 1,
};

/*
 * f(result, name, arguments). Those that must be there: OpenGL 3.2 has them as OpenGL ES 3.0 does.
 */
#define GY_GL_REQUIRED(f)                                                                          \
	f(void, BindBuffer, (uint32_t target, uint32_t buffer)) f(                                 \
		void, BindFramebuffer, (uint32_t target, uint32_t framebuffer)) f(void,            \
		BindTexture, (uint32_t target, uint32_t texture)) f(void, BlitFramebuffer,         \
		(int sx0, int sy0, int sx1, int sy1, int dx0, int dy0, int dx1, int dy1,           \
			uint32_t mask, uint32_t filter)) f(void, BufferData,                       \
		(uint32_t target, ptrdiff_t size, const void *data, uint32_t usage)) f(uint32_t,   \
		CheckFramebufferStatus, (uint32_t target)) f(uint32_t, ClientWaitSync,             \
		(void *sync, uint32_t flags, uint64_t timeout)) f(void, DeleteBuffers,             \
		(int count, const uint32_t *names)) f(void, DeleteFramebuffers,                    \
		(int count, const uint32_t *names)) f(void, DeleteSync, (void *sync)) f(void,      \
		DeleteTextures, (int count, const uint32_t *names)) f(void, Disable,               \
		(uint32_t capability)) f(void, DrawBuffers,                                        \
		(int count, const uint32_t *buffers)) f(void, Enable,                              \
		(uint32_t capability)) f(void *, FenceSync,                                        \
		(uint32_t condition, uint32_t flags)) f(void, Flush, (void)) f(void,               \
		FramebufferTexture2D,                                                              \
		(uint32_t target, uint32_t attachment, uint32_t texture_target, uint32_t texture,  \
			int level)) f(void, FramebufferTextureLayer,                               \
		(uint32_t target, uint32_t attachment, uint32_t texture, int level,                \
			int layer)) f(void, GenBuffers, (int count, uint32_t *names)) f(void,      \
		GenFramebuffers, (int count, uint32_t *names)) f(void, GenTextures,                \
		(int count, uint32_t *names)) f(void, GetFramebufferAttachmentParameteriv,         \
		(uint32_t target, uint32_t attachment, uint32_t name, int *out)) f(uint32_t,       \
		GetError,                                                                          \
		(void)) f(void, GetIntegerv, (uint32_t name, int *out)) f(const unsigned char *,   \
		GetString, (uint32_t name)) f(const unsigned char *, GetStringi,                   \
		(uint32_t name, uint32_t index)) f(void, GetTexParameteriv,                        \
		(uint32_t target, uint32_t name, int *out)) f(unsigned char, IsEnabled,            \
		(uint32_t capability)) f(unsigned char, IsSync, (void *sync)) f(unsigned char,     \
		IsTexture,                                                                         \
		(uint32_t texture)) f(void, PixelStorei, (uint32_t name, int value)) f(void,       \
		ReadBuffer, (uint32_t buffer)) f(void, ReadPixels,                                 \
		(int x, int y, int width, int height, uint32_t format, uint32_t type,              \
			void *out)) f(void, TexImage2D,                                            \
		(uint32_t target, int level, int internal_format, int width, int height,           \
			int border, uint32_t format, uint32_t type, const void *data)) f(void,     \
		TexImage3D,                                                                        \
		(uint32_t target, int level, int internal_format, int width, int height,           \
			int depth, int border, uint32_t format, uint32_t type,                     \
			const void *data)) f(void, TexParameteri,                                  \
		(uint32_t target, uint32_t name, int value)) f(void, TexSubImage2D,                \
		(uint32_t target, int level, int x, int y, int width, int height, uint32_t format, \
			uint32_t type, const void *data)) f(void, TexSubImage3D,                   \
		(uint32_t target, int level, int x, int y, int z, int width, int height,           \
			int depth, uint32_t format, uint32_t type, const void *data))

/* Those that an extension, or a later version, brings; NULL where it isn't there. */
#define GY_GL_OPTIONAL(f)                                                                         \
	f(void, ClampColor, (uint32_t target, uint32_t clamp)) f(                                 \
		void, CreateMemoryObjectsEXT, (int count, uint32_t *names)) f(void,               \
		CreateSemaphoresNV, (int count, uint32_t *names)) f(void, DeleteMemoryObjectsEXT, \
		(int count, const uint32_t *names)) f(void, DeleteSemaphoresEXT,                  \
		(int count, const uint32_t *names)) f(void, EGLImageTargetTexStorageEXT,          \
		(uint32_t target, void *image, const int *attributes)) f(void,                    \
		EGLImageTargetTexture2DOES,                                                       \
		(uint32_t target, void *image)) f(void, GetTexLevelParameteriv,                   \
		(uint32_t target, int level, uint32_t name, int *out)) f(void,                    \
		GetUnsignedBytei_vEXT,                                                            \
		(uint32_t name, uint32_t index, unsigned char *out)) f(void, GetUnsignedBytevEXT, \
		(uint32_t name, unsigned char *out)) f(void, ImportMemoryFdEXT,                   \
		(uint32_t memory, uint64_t size, uint32_t handle_type, int fd)) f(void,           \
		ImportSemaphoreFdEXT, (uint32_t semaphore, uint32_t handle_type, int fd)) f(void, \
		MemoryObjectParameterivEXT,                                                       \
		(uint32_t memory, uint32_t name, const int *value)) f(void,                       \
		SemaphoreParameterivNV,                                                           \
		(uint32_t semaphore, uint32_t name, const int *value)) f(void,                    \
		SemaphoreParameterui64vEXT,                                                       \
		(uint32_t semaphore, uint32_t name, const uint64_t *value)) f(void,               \
		SignalSemaphoreEXT,                                                               \
		(uint32_t semaphore, uint32_t buffer_count, const uint32_t *buffers,              \
			uint32_t texture_count, const uint32_t *textures,                         \
			const uint32_t *layouts)) f(void, TexStorageMem2DEXT,                     \
		(uint32_t target, int levels, uint32_t internal_format, int width, int height,    \
			uint32_t memory, uint64_t offset)) f(void, TexStorageMem3DEXT,            \
		(uint32_t target, int levels, uint32_t internal_format, int width, int height,    \
			int depth, uint32_t memory, uint64_t offset)) f(void, WaitSemaphoreEXT,   \
		(uint32_t semaphore, uint32_t buffer_count, const uint32_t *buffers,              \
			uint32_t texture_count, const uint32_t *textures,                         \
			const uint32_t *layouts))

/* Of libEGL itself, and by eglGetProcAddress; the latter are NULL where they aren't there. */
#define GY_EGL_REQUIRED(f)                                                                 \
	f(void *, GetProcAddress, (const char *name)) f(void *, GetCurrentContext, (void)) \
		f(void *, GetCurrentDisplay, (void)) f(int, GetError, (void))              \
			f(const char *, QueryString, (void *display, int name))
#define GY_EGL_OPTIONAL(f)                                                                      \
	f(void *, CreateImageKHR,                                                               \
		(void *display, void *context, uint32_t target, void *buffer,                   \
			const int *attributes)) f(uint32_t, DestroyImageKHR,                    \
		(void *display, void *image)) f(uint32_t, ExportDMABUFImageMESA,                \
		(void *display, void *image, int *fds, int *strides, int *offsets)) f(uint32_t, \
		ExportDMABUFImageQueryMESA,                                                     \
		(void *display, void *image, int *fourcc, int *planes, uint64_t *modifiers))

#define GY_GL_MEMBER(result, name, arguments) result(*name) arguments;
struct gy_gl_functions {
	GY_GL_REQUIRED(GY_GL_MEMBER)
	GY_GL_OPTIONAL(GY_GL_MEMBER)
};

struct gy_egl_functions {
	GY_EGL_REQUIRED(GY_GL_MEMBER)
	GY_EGL_OPTIONAL(GY_GL_MEMBER)
};
#undef GY_GL_MEMBER

#endif
