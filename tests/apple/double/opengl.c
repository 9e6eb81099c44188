/* SPDX-License-Identifier: MIT */
/* OpenGL: rectangle textures on surfaces, and framebuffers that clear them. A clear reaches the
 * surface only with glFlush or glFinish. */
#include "internal.h"
#include "pixels.h"

#include <OpenGL/CGLIOSurface.h>
#include <OpenGL/OpenGL.h>
#include <OpenGL/gl3.h>
#include <stdlib.h>

#define NAMES 16 /* of textures, and of framebuffers; name 0 is none */

struct texture {
	bool used;
	IOSurfaceRef surface;
	GLuint plane;
	uint16_t pixel_format; /* MTLPixelFormat */
};

struct _CGLContextObject {
	struct texture textures[NAMES];
	struct {
		bool used;
		GLuint texture;
	} framebuffers[NAMES];
	GLuint texture, framebuffer; /* the bound ones */
	double clear[4];
	bool pending;
	double pending_color[4];
	IOSurfaceRef pending_surface;
	GLuint pending_plane;
	uint16_t pending_format;
};

static _Thread_local CGLContextObj current;

/* FourCC "": a plane of a surface of several. */
static const struct {
	GLenum internal, format, type;
	char fourcc[5];
	uint16_t pixel_format;
} combinations[] = {
	{GL_RGBA8, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV, "BGRA", 80},
	{GL_RGBA16F, GL_RGBA, GL_HALF_FLOAT, "RGhA", 115},
	{GL_R8, GL_RED, GL_UNSIGNED_BYTE, "L008", 10},
	{GL_R8, GL_RED, GL_UNSIGNED_BYTE, "", 10},
	{GL_RG8, GL_RG, GL_UNSIGNED_BYTE, "", 30},
	{GL_R16, GL_RED, GL_UNSIGNED_SHORT, "", 20},
	{GL_RG16, GL_RG, GL_UNSIGNED_SHORT, "", 60},
};

/* ---- contexts ---- */

CGLError CGLChoosePixelFormat(
	const CGLPixelFormatAttribute *attributes, CGLPixelFormatObj *format, GLint *count)
{
	*format = NULL;
	*count = 0;
	if (!attributes)
		return kCGLBadAttribute;
	*format = double_allocate(1);
	*count = 1;
	double_count("CGLPixelFormat", 1);
	return kCGLNoError;
}

CGLError CGLDestroyPixelFormat(CGLPixelFormatObj format)
{
	if (!format)
		return kCGLBadPixelFormat;
	double_count("CGLPixelFormat", -1);
	free(format);
	return kCGLNoError;
}

CGLError CGLCreateContext(CGLPixelFormatObj format, CGLContextObj share, CGLContextObj *context)
{
	if (!format)
		return kCGLBadPixelFormat;
	if (share)
		double_die("contexts of the double share nothing");
	*context = double_allocate(sizeof(**context));
	double_count("CGLContext", 1);
	return kCGLNoError;
}

CGLError CGLDestroyContext(CGLContextObj context)
{
	if (!context)
		return kCGLBadContext;
	for (GLuint i = 0; i < NAMES; i++)
		if (context->textures[i].surface)
			CFRelease(context->textures[i].surface);
	if (context->pending)
		CFRelease(context->pending_surface);
	if (current == context)
		current = NULL;
	double_count("CGLContext", -1);
	free(context);
	return kCGLNoError;
}

CGLError CGLSetCurrentContext(CGLContextObj context)
{
	current = context;
	return kCGLNoError;
}

CGLContextObj CGLGetCurrentContext(void)
{
	return current;
}

static CGLContextObj context(void)
{
	if (!current)
		double_die("OpenGL is called without a current context");
	return current;
}

/* ---- textures ---- */

static uint32_t fourcc_of(const char *c)
{
	return (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 | (uint32_t)c[3];
}

/* Whether the surface's plane has the texels of that combination. */
static bool is_of(size_t combination, IOSurfaceRef surface, GLuint plane)
{
	if (IOSurfaceGetPlaneCount(surface) == 0)
		return fourcc_of(combinations[combination].fourcc) ==
		       IOSurfaceGetPixelFormat(surface);
	return !combinations[combination].fourcc[0] &&
	       double_pixels_of(combinations[combination].pixel_format)->bytes ==
		       IOSurfaceGetBytesPerElementOfPlane(surface, plane);
}

CGLError CGLTexImageIOSurface2D(CGLContextObj where, GLenum target, GLenum internal, GLsizei width,
	GLsizei height, GLenum format, GLenum type, IOSurfaceRef surface, GLuint plane)
{
	struct texture *texture;

	if (!where || where != current)
		return kCGLBadContext;
	if (target != GL_TEXTURE_RECTANGLE)
		return kCGLBadValue;
	if (!where->texture)
		return kCGLBadState;
	if ((size_t)width != IOSurfaceGetWidthOfPlane(surface, plane) ||
		(size_t)height != IOSurfaceGetHeightOfPlane(surface, plane))
		return kCGLBadValue;
	texture = &where->textures[where->texture];
	for (size_t i = 0; i < sizeof(combinations) / sizeof(combinations[0]); i++) {
		if (combinations[i].internal != internal || combinations[i].format != format ||
			combinations[i].type != type || !is_of(i, surface, plane))
			continue;
		CFRetain(surface);
		if (texture->surface)
			CFRelease(texture->surface);
		texture->surface = surface;
		texture->plane = plane;
		texture->pixel_format = combinations[i].pixel_format;
		return kCGLNoError;
	}
	return kCGLBadValue;
}

void glGenTextures(GLsizei count, GLuint *textures)
{
	GLsizei made = 0;

	for (GLuint i = 1; i < NAMES && made < count; i++) {
		if (context()->textures[i].used)
			continue;
		context()->textures[i].used = true;
		textures[made++] = i;
	}
	if (made < count)
		double_die("more than %d textures", NAMES - 1);
}

void glDeleteTextures(GLsizei count, const GLuint *textures)
{
	for (GLsizei i = 0; i < count; i++) {
		struct texture *texture = &context()->textures[textures[i]];

		if (texture->surface)
			CFRelease(texture->surface);
		*texture = (struct texture){.used = false};
		if (context()->texture == textures[i])
			context()->texture = 0;
	}
}

void glBindTexture(GLenum target, GLuint texture)
{
	if (target != GL_TEXTURE_RECTANGLE || texture >= NAMES)
		double_die("the double has rectangle textures only");
	context()->texture = texture;
}

/* ---- framebuffers ---- */

void glGenFramebuffers(GLsizei count, GLuint *framebuffers)
{
	GLsizei made = 0;

	for (GLuint i = 1; i < NAMES && made < count; i++) {
		if (context()->framebuffers[i].used)
			continue;
		context()->framebuffers[i].used = true;
		framebuffers[made++] = i;
	}
	if (made < count)
		double_die("more than %d framebuffers", NAMES - 1);
}

void glDeleteFramebuffers(GLsizei count, const GLuint *framebuffers)
{
	for (GLsizei i = 0; i < count; i++)
		context()->framebuffers[framebuffers[i]].used = false;
}

void glBindFramebuffer(GLenum target, GLuint framebuffer)
{
	if (target != GL_FRAMEBUFFER || framebuffer >= NAMES)
		double_die("no such framebuffer");
	context()->framebuffer = framebuffer;
}

void glFramebufferTexture2D(
	GLenum target, GLenum attachment, GLenum texture_target, GLuint texture, GLint level)
{
	if (target != GL_FRAMEBUFFER || attachment != GL_COLOR_ATTACHMENT0 ||
		texture_target != GL_TEXTURE_RECTANGLE || texture >= NAMES || level != 0)
		double_die("no such attachment");
	context()->framebuffers[context()->framebuffer].texture = texture;
}

static struct texture *attached(void)
{
	return &context()->textures[context()->framebuffers[context()->framebuffer].texture];
}

GLenum glCheckFramebufferStatus(GLenum target)
{
	(void)target;
	return context()->framebuffer && attached()->surface ? GL_FRAMEBUFFER_COMPLETE : 0;
}

void glClearColor(GLfloat red, GLfloat green, GLfloat blue, GLfloat alpha)
{
	const GLfloat color[4] = {red, green, blue, alpha};

	for (int i = 0; i < 4; i++)
		context()->clear[i] = (double)color[i];
}

void glClear(GLbitfield mask)
{
	const struct texture *texture = attached();

	if (mask != GL_COLOR_BUFFER_BIT || glCheckFramebufferStatus(GL_FRAMEBUFFER) == 0)
		double_die("glClear of nothing");
	glFlush();
	current->pending = true;
	current->pending_surface = (IOSurfaceRef)CFRetain(texture->surface);
	current->pending_plane = texture->plane;
	current->pending_format = texture->pixel_format;
	for (int i = 0; i < 4; i++)
		current->pending_color[i] = current->clear[i];
}

void glFlush(void)
{
	CGLContextObj it = context();
	const struct double_surface_plane *plane;
	const struct double_pixels *pixels;
	uint8_t *memory;

	if (!it->pending)
		return;
	pixels = double_pixels_of(it->pending_format);
	plane = double_surface_plane_of(it->pending_surface, it->pending_plane);
	memory = double_surface_of(it->pending_surface)->memory + plane->offset;
	for (size_t y = 0; y < plane->height; y++)
		for (size_t x = 0; x < plane->width; x++)
			double_pixels_clear(pixels, it->pending_color,
				memory + y * plane->bytes_per_row + x * pixels->bytes);
	double_surface_changed(double_surface_of(it->pending_surface));
	CFRelease(it->pending_surface);
	it->pending = false;
}

void glFinish(void)
{
	glFlush();
}
