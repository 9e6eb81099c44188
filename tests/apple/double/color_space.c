/* SPDX-License-Identifier: MIT */
/* Core Graphics's colour spaces. The double keeps only their number of channels, and converts no
 * colours. */
#include "color_space.h"

#include <CoreGraphics/CoreGraphics.h>

#define NAME(constant, text)                                             \
	static struct __CFString constant##_string = {                   \
		{&double_string_type, DOUBLE_FOR_EVER}, (char[]){text}}; \
	const CFStringRef constant = &constant##_string

NAME(kCGColorSpaceSRGB, "kCGColorSpaceSRGB");
NAME(kCGColorSpaceGenericGrayGamma2_2, "kCGColorSpaceGenericGrayGamma2_2");
NAME(kCGColorSpaceExtendedLinearSRGB, "kCGColorSpaceExtendedLinearSRGB");
NAME(kCGColorSpaceExtendedLinearGray, "kCGColorSpaceExtendedLinearGray");

const struct double_type double_color_space_type = {"CGColorSpace", NULL};

static CGColorSpaceRef create(size_t components)
{
	CGColorSpaceRef space;

	if (double_fails("CGColorSpaceCreateWithName"))
		return NULL;
	space = double_object_create(&double_color_space_type, sizeof(*space));
	space->components = components;
	return space;
}

CGColorSpaceRef CGColorSpaceCreateWithName(CFStringRef name)
{
	if (CFEqual(name, kCGColorSpaceGenericGrayGamma2_2) ||
		CFEqual(name, kCGColorSpaceExtendedLinearGray))
		return create(1);
	if (CFEqual(name, kCGColorSpaceSRGB) || CFEqual(name, kCGColorSpaceExtendedLinearSRGB))
		return create(3);
	return NULL;
}

CGColorSpaceRef CGColorSpaceCreateDeviceRGB(void)
{
	return create(3);
}

void CGColorSpaceRelease(CGColorSpaceRef space)
{
	if (!space)
		return;
	double_object_check(space, &double_color_space_type);
	CFRelease(space);
}

size_t CGColorSpaceGetNumberOfComponents(CGColorSpaceRef space)
{
	double_object_check(space, &double_color_space_type);
	return space->components;
}
