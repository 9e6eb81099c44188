/* SPDX-License-Identifier: MIT */
/* IOSurfaces as Core Image images and render destinations. This file looks up Core Image's classes
 * at run time rather than link to CoreImage.framework. A program that has a CIContext has loaded
 * the framework; other programs don't need it. */
#include <geyser/apple.h>
#include <geyser/metal.h>

#include "base/error.h"
#include "interop/apple/surface.h"

#include <CoreImage/CoreImage.h>
#include <objc/runtime.h>

static enum geyser_result find_class(const char *name, Class *out)
{
	*out = (Class)objc_getClass(name);
	return *out ? GEYSER_OK
		    : gy_fail(GEYSER_ERROR_UNSUPPORTED,
			      "Core Image isn't loaded (no class %s): link the program to "
			      "CoreImage.framework",
			      name);
}

/* Gives the texture's surface. Core Image recognizes a surface's format by its FourCC only, so a
 * surface without one is refused. */
static enum geyser_result find_surface(struct geyser_texture *texture, void **out)
{
	const enum geyser_result result = geyser_metal_texture_surface(texture, out);

	if (result != GEYSER_OK)
		return result;
	if (!geyser_format_get_info(geyser_texture_get_desc(texture)->format)->iosurface_fourcc)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): Core Image knows surfaces by their FourCC, and this has none",
			gy_texture_format_name(texture));
	return GEYSER_OK;
}

/* ---- images ---- */

static enum geyser_result create_image(
	struct geyser_texture *texture, NSDictionary *options, void **out)
{
	void *surface = NULL;
	Class image_class = Nil;
	enum geyser_result result = find_surface(texture, &surface);

	if (result == GEYSER_OK)
		result = find_class("CIImage", &image_class);
	if (result != GEYSER_OK)
		return result;
	*out = [[image_class imageWithIOSurface:(IOSurfaceRef)surface options:options] retain];
	return *out ? GEYSER_OK
		    : gy_fail(GEYSER_ERROR_UNSUPPORTED,
			      "format (%s): Core Image can't read such a surface",
			      gy_texture_format_name(texture));
}

enum geyser_result geyser_coreimage_image_create(
	struct geyser_texture *texture, void *options, void **ci_image)
{
	if (!ci_image)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "ci_image is NULL");
	*ci_image = NULL;
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	@autoreleasepool {
		return create_image(texture, options, ci_image);
	}
}

/* ---- rendering ---- */

static enum geyser_result check_object(id object, const char *class_name, const char *what)
{
	Class expected = Nil;
	enum geyser_result result;

	if (!object)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", what);
	result = find_class(class_name, &expected);
	if (result == GEYSER_OK && ![object isKindOfClass:expected])
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is no %s", what, class_name);
	return result;
}

static enum geyser_result check_arguments(
	id context, id image, struct geyser_texture *texture, enum geyser_alpha alpha)
{
	enum geyser_result result = check_object(context, "CIContext", "ci_context");

	if (result == GEYSER_OK)
		result = check_object(image, "CIImage", "ci_image");
	if (result != GEYSER_OK)
		return result;
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	if ((unsigned)alpha > GEYSER_ALPHA_OPAQUE)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "alpha (%d): it must be 0 to %d",
			(int)alpha, (int)GEYSER_ALPHA_OPAQUE);
	return GEYSER_OK;
}

static CIRenderDestinationAlphaMode alpha_mode(enum geyser_alpha alpha)
{
	static const CIRenderDestinationAlphaMode modes[] = {
		[GEYSER_ALPHA_STRAIGHT] = CIRenderDestinationAlphaUnpremultiplied,
		[GEYSER_ALPHA_PREMULTIPLIED] = CIRenderDestinationAlphaPremultiplied,
		[GEYSER_ALPHA_OPAQUE] = CIRenderDestinationAlphaNone,
	};

	return modes[alpha];
}

static enum geyser_result fail_error(NSError *error, struct geyser_texture *texture)
{
	const char *const words = error ? error.localizedDescription.UTF8String : NULL;

	return gy_fail(GEYSER_ERROR_SYSTEM, "Core Image can't render into a %s surface: %s",
		gy_texture_format_name(texture), words ? words : "it gives no reason");
}

/* Renders and blocks until the result is in the surface. The older
 * render:toIOSurface:bounds:colorSpace: reports neither failure nor completion; a CIRenderTask
 * reports both. */
static enum geyser_result render(CIContext *context, CIImage *image,
	CIRenderDestination *destination, struct geyser_texture *texture)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	const CGRect bounds = CGRectMake(0, 0, desc->width, desc->height);
	NSError *error = nil;
	CIRenderTask *task = [context startTaskToRender:image
					       fromRect:bounds
					  toDestination:destination
						atPoint:bounds.origin
						  error:&error];

	if (!task || ![task waitUntilCompletedAndReturnError:&error])
		return fail_error(error, texture);
	return GEYSER_OK;
}

static enum geyser_result render_into(CIContext *context, CIImage *image,
	struct geyser_texture *texture, enum geyser_alpha alpha, CGColorSpaceRef space)
{
	CIRenderDestination *destination;
	void *surface = NULL;
	Class destination_class = Nil;
	enum geyser_result result = find_surface(texture, &surface);

	if (result == GEYSER_OK)
		result = find_class("CIRenderDestination", &destination_class);
	if (result != GEYSER_OK)
		return result;
	if (geyser_format_is_video(geyser_texture_get_desc(texture)->format))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): Core Image renders colours; geyser_texture_convert makes "
			"video of them",
			gy_texture_format_name(texture));
	destination = [[destination_class alloc] initWithIOSurface:(IOSurface *)surface];
	if (!destination)
		return fail_error(nil, texture);
	destination.alphaMode = alpha_mode(alpha);
	if (space)
		destination.colorSpace = space;
	result = render(context, image, destination, texture);
	[destination release];
	return result;
}

enum geyser_result geyser_coreimage_render(void *ci_context, void *ci_image,
	struct geyser_texture *texture, enum geyser_alpha alpha, void *color_space)
{
	@autoreleasepool {
		const enum geyser_result result =
			check_arguments(ci_context, ci_image, texture, alpha);

		if (result != GEYSER_OK)
			return result;
		return render_into(ci_context, ci_image, texture, alpha, color_space);
	}
}
