/* SPDX-License-Identifier: MIT */
/* What Metal allows a texture to be. */
#ifndef GY_DOUBLE_TEXTURE_RULES_H
#define GY_DOUBLE_TEXTURE_RULES_H

#import "objects.h"

/* For all; die. */
void double_check_descriptor(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels);
void double_check_own(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels,
	bool unified, bool shared);
/* Dies for what can never work, false where it depends on the GPU. */
bool double_check_surface(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels,
	id<MTLDevice> device, IOSurfaceRef surface, NSUInteger plane);
void double_check_linear(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels,
	DoubleBuffer *buffer, NSUInteger offset, NSUInteger bytes_per_row);
void double_check_view(DoubleTexture *texture, const struct double_pixels *pixels);

#endif
