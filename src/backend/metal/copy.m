/* SPDX-License-Identifier: MIT */
/* Copies into host memory, for those who can't open an IOSurface. */
#include "backend/metal/mtl.h"

#import <Metal/Metal.h>

static void encode_copy(
	id<MTLCommandBuffer> commands, const struct mtl_texture *from, const struct mtl_texture *to)
{
	const struct gy_layout *layout = &to->base.layout;
	id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];

	[encoder copyFromTexture:(id<MTLTexture>)from->texture
			     sourceSlice:0
			     sourceLevel:0
			    sourceOrigin:MTLOriginMake(0, 0, 0)
			      sourceSize:MTLSizeMake(from->desc.width, from->desc.height, 1)
				toBuffer:(id<MTLBuffer>)to->buffer
		       destinationOffset:(NSUInteger)layout->offset
		  destinationBytesPerRow:(NSUInteger)layout->row_pitch
		destinationBytesPerImage:(NSUInteger)layout->slice_pitch];
	[encoder endEncoding];
}

enum geyser_result gy_mtl_texture_copy(struct gy_backend_texture *from_base,
	struct gy_backend_texture *to_base, const struct gy_backend_point *wait,
	const struct gy_backend_point *signal)
{
	const struct mtl_texture *from = (const struct mtl_texture *)from_base;
	const struct mtl_texture *to = (const struct mtl_texture *)to_base;
	void *texture, *before, *after;
	enum geyser_result result = gy_metal_texture(from_base, &texture);

	if (result == GEYSER_OK)
		result = gy_metal_shared_event(wait->event, &before);
	if (result == GEYSER_OK)
		result = gy_metal_shared_event(signal->event, &after);
	if (result != GEYSER_OK)
		return result;
	@autoreleasepool {
		id<MTLCommandBuffer> commands =
			[(id<MTLCommandQueue>)from->device->queue commandBuffer];

		if (wait->value)
			[commands encodeWaitForEvent:(id<MTLEvent>)before value:wait->value];
		encode_copy(commands, from, to);
		[commands encodeSignalEvent:(id<MTLEvent>)after value:signal->value];
		[commands commit];
	}
	return GEYSER_OK;
}
