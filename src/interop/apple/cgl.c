/* SPDX-License-Identifier: MIT */
/* IOSurfaces as OpenGL textures on macOS. This file looks up CGL's function at run time rather than
 * link to OpenGL.framework. A program that has a CGL context has loaded the framework; other
 * programs don't need it. */
#include <geyser/apple.h>
#include <geyser/metal.h>

#include "base/error.h"
#include "interop/apple/surface.h"

#include <TargetConditionals.h>

#if TARGET_OS_OSX
#include <OpenGL/CGLIOSurface.h>
#include <dlfcn.h>

/* Values of OpenGL's constants, from its registry. */
enum {
	UNSIGNED_BYTE = 0x1401,
	UNSIGNED_SHORT = 0x1403,
	HALF_APPLE = 0x140B,
	RED = 0x1903,
	RGBA = 0x1908,
	RGBA8 = 0x8058,
	BGRA = 0x80E1,
	RG = 0x8227,
	R8 = 0x8229,
	R16 = 0x822A,
	RG8 = 0x822B,
	RG16 = 0x822C,
	UNSIGNED_INT_8_8_8_8_REV = 0x8367,
	TEXTURE_RECTANGLE = 0x84F5,
	RGBA_FLOAT16_APPLE = 0x881A,
};

typedef __typeof__(&CGLTexImageIOSurface2D) tex_image_function;

/* The constants with which CGL names a surface's format. OpenGL's constants for pixels in memory
 * are different. */
static const struct combination {
	enum geyser_format format;
	GLenum internal, channels, type;
} combinations[] = {
	{GEYSER_FORMAT_BGRA8_UNORM, RGBA8, BGRA, UNSIGNED_INT_8_8_8_8_REV},
	{GEYSER_FORMAT_RGBA16_FLOAT, RGBA_FLOAT16_APPLE, RGBA, HALF_APPLE},
	{GEYSER_FORMAT_R8_UNORM, R8, RED, UNSIGNED_BYTE},
};

/* The same for the planes of video, by the planes' own formats. */
static const struct combination plane_combinations[] = {
	{GEYSER_FORMAT_R8_UNORM, R8, RED, UNSIGNED_BYTE},
	{GEYSER_FORMAT_RG8_UNORM, RG8, RG, UNSIGNED_BYTE},
	{GEYSER_FORMAT_R16_UNORM, R16, RED, UNSIGNED_SHORT},
	{GEYSER_FORMAT_RG16_UNORM, RG16, RG, UNSIGNED_SHORT},
};

static const struct combination *find(
	const struct combination *list, size_t count, enum geyser_format format)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].format == format)
			return &list[i];
	return NULL;
}

/* Returns NULL if OpenGL doesn't take the plane. */
static const struct combination *find_combination(
	const struct geyser_format_info *info, uint32_t plane)
{
	if (info->planes > 1)
		return find(plane_combinations,
			sizeof plane_combinations / sizeof *plane_combinations,
			info->plane[plane].format);
	return find(combinations, sizeof combinations / sizeof *combinations, info->format);
}

static enum geyser_result refuse_format(enum geyser_format format)
{
	char list[GY_FORMAT_LIST_SIZE] = "";

	if (format == GEYSER_FORMAT_RGB10A2_UNORM)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): OpenGL reads 10-bit surfaces blue first; use rgba16float",
			geyser_format_name(format));
	if (geyser_format_is_video(format))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): OpenGL takes video of several planes, a plane at a time; "
			"geyser_texture_convert converts it",
			geyser_format_name(format));
	for (size_t i = 0; i < sizeof combinations / sizeof *combinations; i++)
		gy_format_list_add(list, combinations[i].format);
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "format (%s): OpenGL takes surfaces of %s",
		geyser_format_name(format), list);
}

static enum geyser_result bind_surface(
	void *context, struct geyser_texture *texture, uint32_t plane, void *surface)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	const struct combination *const combination =
		find_combination(geyser_format_get_info(desc->format), plane);
	struct geyser_plane_extent extent;
	tex_image_function tex_image;
	CGLError error;

	if (!combination)
		return refuse_format(desc->format);
	/* converts dlsym's void * into a function pointer, in the way that POSIX defines */
	*(void **)&tex_image = dlsym(RTLD_DEFAULT, "CGLTexImageIOSurface2D");
	if (!tex_image)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"OpenGL isn't loaded: link the program to OpenGL.framework");
	(void)geyser_format_get_plane_extent(
		desc->format, plane, desc->width, desc->height, &extent);
	error = tex_image(context, TEXTURE_RECTANGLE, combination->internal, (GLsizei)extent.width,
		(GLsizei)extent.height, combination->channels, combination->type, surface, plane);
	if (error != kCGLNoError)
		return gy_fail(GEYSER_ERROR_SYSTEM,
			"CGLTexImageIOSurface2D: CGLError %d for a %ux%u %s: is the context "
			"current, "
			"and a texture bound to GL_TEXTURE_RECTANGLE?",
			(int)error, desc->width, desc->height, geyser_format_name(desc->format));
	return GEYSER_OK;
}
#else
static enum geyser_result bind_surface(
	void *context, struct geyser_texture *texture, uint32_t plane, void *surface)
{
	(void)context;
	(void)texture;
	(void)plane;
	(void)surface;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "iOS has no CGL: use Metal");
}
#endif

enum geyser_result geyser_cgl_texture_bind_plane(
	void *cgl_context, struct geyser_texture *texture, uint32_t plane)
{
	const struct geyser_format_info *info;
	void *surface = NULL;
	enum geyser_result result;

	if (!cgl_context || !texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL",
			cgl_context ? "texture" : "cgl_context");
	info = geyser_format_get_info(geyser_texture_get_desc(texture)->format);
	if (plane >= info->planes)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "plane (%u): %s has %u", plane,
			info->name, info->planes);
	result = geyser_metal_texture_surface(texture, &surface);
	return result == GEYSER_OK ? bind_surface(cgl_context, texture, plane, surface) : result;
}

enum geyser_result geyser_cgl_texture_bind(void *cgl_context, struct geyser_texture *texture)
{
	const struct geyser_format_info *const info =
		texture ? geyser_format_get_info(geyser_texture_get_desc(texture)->format) : NULL;

	if (cgl_context && info && info->planes > 1)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s) has %u planes: call geyser_cgl_texture_bind_plane", info->name,
			info->planes);
	return geyser_cgl_texture_bind_plane(cgl_context, texture, 0);
}
