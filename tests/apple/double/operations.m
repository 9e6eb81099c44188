/* SPDX-License-Identifier: MIT */
/* The operations of the GPU. */
#import "objects.h"

#include <string.h>

static void copy_texels(uint8_t *to, size_t to_row, size_t to_image, const uint8_t *from,
	size_t from_row, size_t from_image, MTLSize size, size_t texel)
{
	for (NSUInteger z = 0; z < size.depth; z++) {
		for (NSUInteger y = 0; y < size.height; y++)
			memmove(to + z * to_image + y * to_row,
				from + z * from_image + y * from_row, size.width * texel);
	}
}

@implementation DoubleOperation
- (void)dealloc
{
	[from release];
	[to release];
	[super dealloc];
}

- (void)copyTexture
{
	struct double_level a = [(DoubleTexture *)from level:from_level];
	struct double_level b = [(DoubleTexture *)to level:to_level];
	const uint8_t *source = [from texelsAt:from_origin
					  size:size
					 slice:from_slice
					 level:from_level
					 draws:NO];
	uint8_t *target = [to texelsAt:to_origin size:size slice:to_slice level:to_level draws:YES];

	copy_texels(target, b.bytes_per_row, b.bytes_per_image, source, a.bytes_per_row,
		a.bytes_per_image, size, [(DoubleTexture *)from pixels]->bytes);
}

- (void)copyIn
{
	struct double_level level = [(DoubleTexture *)to level:to_level];
	uint8_t *target = [to texelsAt:to_origin size:size slice:to_slice level:to_level draws:YES];

	copy_texels(target, level.bytes_per_row, level.bytes_per_image,
		[from range:0 at:from_offset], row, image, size,
		[(DoubleTexture *)to pixels]->bytes);
}

- (void)copyOut
{
	struct double_level level = [(DoubleTexture *)from level:from_level];
	const uint8_t *source = [from texelsAt:from_origin
					  size:size
					 slice:from_slice
					 level:from_level
					 draws:NO];

	copy_texels([to range:0 at:to_offset], row, image, source, level.bytes_per_row,
		level.bytes_per_image, size, [(DoubleTexture *)from pixels]->bytes);
}

- (void)clear
{
	const struct double_pixels *pixels = [(DoubleTexture *)to pixels];
	struct double_level level = [(DoubleTexture *)to level:to_level];
	MTLSize all = MTLSizeMake(level.width, level.height, 1);
	double channels[4] = {color.red, color.green, color.blue, color.alpha};
	uint8_t texel[16];
	uint8_t *target = [to texelsAt:to_origin size:all slice:to_slice level:to_level draws:YES];

	double_pixels_clear(pixels, channels, texel);
	for (NSUInteger y = 0; y < level.height; y++) {
		for (NSUInteger x = 0; x < level.width; x++)
			memcpy(target + y * level.bytes_per_row + x * pixels->bytes, texel,
				pixels->bytes);
	}
}

- (void)run
{
	switch (kind) {
	case COPY_TEXTURE:
		[self copyTexture];
		return;
	case COPY_IN:
		[self copyIn];
		return;
	case COPY_OUT:
		[self copyOut];
		return;
	case COPY_BUFFER:
		memmove([to range:count at:to_offset], [from range:count at:from_offset], count);
		return;
	case FILL:
		memset([to range:count at:to_offset], (int)value, count);
		return;
	case CLEAR:
		[self clear];
		return;
	case WAIT:
		[(DoubleEvent *)to waitFor:value];
		return;
	case SIGNAL:
		((DoubleEvent *)to).signaledValue = value;
		return;
	case SYNCHRONIZE:
		[(DoubleTexture *)to synchronize];
		return;
	}
}
@end
