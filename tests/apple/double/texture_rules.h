/* SPDX-License-Identifier: MIT */
/* Metal's rules for textures. */
#ifndef GY_DOUBLE_TEXTURE_RULES_H
#define GY_DOUBLE_TEXTURE_RULES_H

#import "objects.h"

/* These two abort if the descriptor breaks a rule. The first one has the rules for all textures. */
void double_check_descriptor(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels);
void double_check_own(
	MTLTextureDescriptor *descriptor, const struct double_pixels *pixels, bool shared);
/* Aborts if no GPU can do it. Returns false if only some GPUs can. */
bool double_check_surface(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels,
	id<MTLDevice> device, IOSurfaceRef surface, NSUInteger plane);
void double_check_linear(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels,
	DoubleBuffer *buffer, NSUInteger offset, NSUInteger bytes_per_row);
void double_check_view(DoubleTexture *texture, const struct double_pixels *pixels);

#endif
