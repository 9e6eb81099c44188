/* SPDX-License-Identifier: MIT */
#import "objects.h"

#define MAX_TEXELS_PER_ROW 32767 /* in copies from or to a buffer */

@implementation DoubleEncoder
@dynamic device, label;

- (instancetype)initWithBuffer:(DoubleCommandBuffer *)aBuffer
{
	[super initWithDevice:aBuffer.device];
	buffer = [aBuffer retain];
	return self;
}

- (void)dealloc
{
	if (!ended)
		double_die("an encoder is released without endEncoding");
	[buffer release];
	[super dealloc];
}

/* Adds the operation to the command buffer, which owns it afterwards. */
- (void)add:(DoubleOperation *)operation
{
	if (ended)
		double_die("an encoder is used after endEncoding");
	[buffer add:operation];
}

- (void)endEncoding
{
	if (ended)
		double_die("endEncoding twice");
	ended = YES;
	[buffer ended];
}
@end

static DoubleOperation *operation(enum double_operation kind, id from, id to)
{
	DoubleOperation *it = [[DoubleOperation alloc] init];

	it->kind = kind;
	it->from = [from retain];
	it->to = [to retain];
	return it;
}

static void check_formats(DoubleTexture *a, DoubleTexture *b)
{
	const struct double_pixels *from = a.pixels, *to = b.pixels;
	bool color = from->channel <= DOUBLE_SRGB8 && to->channel <= DOUBLE_SRGB8;

	if (from != to &&
		!(color && from->channels == to->channels && from->blue_first == to->blue_first))
		double_die("a copy from pixel format %u to %u", from->format, to->format);
}

static void check_rows(DoubleTexture *texture, DoubleBuffer *buffer, NSUInteger offset,
	NSUInteger row, NSUInteger image, MTLSize size)
{
	NSUInteger texel = texture.pixels->bytes;

	if (row % texel || row < size.width * texel || row > MAX_TEXELS_PER_ROW * texel)
		double_die("rows of %lu bytes for %lu texels of %lu", row, size.width, texel);
	if (offset % texel)
		double_die("offset %lu of texels of %lu bytes in a buffer", offset, texel);
	if (size.depth > 1 && (image % texel || image < row * size.height))
		double_die("images of %lu bytes for %lu rows of %lu", image, size.height, row);
	if (texture.pixels->channel == DOUBLE_DEPTH && texture.pixels->channels > 1)
		double_die("a copy of depth and stencil at once");
	[buffer range:image * (size.depth - 1) + row * (size.height - 1) + size.width * texel
		   at:offset];
}

@implementation DoubleBlitEncoder
- (void)copyFromTexture:(id<MTLTexture>)from
	      sourceSlice:(NSUInteger)fromSlice
	      sourceLevel:(NSUInteger)fromLevel
	     sourceOrigin:(MTLOrigin)fromOrigin
	       sourceSize:(MTLSize)size
		toTexture:(id<MTLTexture>)to
	 destinationSlice:(NSUInteger)toSlice
	 destinationLevel:(NSUInteger)toLevel
	destinationOrigin:(MTLOrigin)toOrigin
{
	DoubleOperation *it = operation(COPY_TEXTURE, from, to);

	check_formats((DoubleTexture *)from, (DoubleTexture *)to);
	[(DoubleTexture *)from check:fromOrigin size:size slice:fromSlice level:fromLevel];
	[(DoubleTexture *)to check:toOrigin size:size slice:toSlice level:toLevel];
	it->from_slice = fromSlice;
	it->from_level = fromLevel;
	it->from_origin = fromOrigin;
	it->to_slice = toSlice;
	it->to_level = toLevel;
	it->to_origin = toOrigin;
	it->size = size;
	[self add:it];
}

- (void)copyFromBuffer:(id<MTLBuffer>)from
	       sourceOffset:(NSUInteger)offset
	  sourceBytesPerRow:(NSUInteger)row
	sourceBytesPerImage:(NSUInteger)image
		 sourceSize:(MTLSize)size
		  toTexture:(id<MTLTexture>)to
	   destinationSlice:(NSUInteger)slice
	   destinationLevel:(NSUInteger)level
	  destinationOrigin:(MTLOrigin)origin
{
	DoubleOperation *it = operation(COPY_IN, from, to);

	[(DoubleTexture *)to check:origin size:size slice:slice level:level];
	check_rows((DoubleTexture *)to, (DoubleBuffer *)from, offset, row, image, size);
	it->from_offset = offset;
	it->row = row;
	it->image = image;
	it->to_slice = slice;
	it->to_level = level;
	it->to_origin = origin;
	it->size = size;
	[self add:it];
}

- (void)copyFromTexture:(id<MTLTexture>)from
		     sourceSlice:(NSUInteger)slice
		     sourceLevel:(NSUInteger)level
		    sourceOrigin:(MTLOrigin)origin
		      sourceSize:(MTLSize)size
			toBuffer:(id<MTLBuffer>)to
	       destinationOffset:(NSUInteger)offset
	  destinationBytesPerRow:(NSUInteger)row
	destinationBytesPerImage:(NSUInteger)image
{
	DoubleOperation *it = operation(COPY_OUT, from, to);

	[(DoubleTexture *)from check:origin size:size slice:slice level:level];
	check_rows((DoubleTexture *)from, (DoubleBuffer *)to, offset, row, image, size);
	it->from_slice = slice;
	it->from_level = level;
	it->from_origin = origin;
	it->to_offset = offset;
	it->row = row;
	it->image = image;
	it->size = size;
	[self add:it];
}

- (void)copyFromBuffer:(id<MTLBuffer>)from
	     sourceOffset:(NSUInteger)fromOffset
		 toBuffer:(id<MTLBuffer>)to
	destinationOffset:(NSUInteger)toOffset
		     size:(NSUInteger)size
{
	DoubleOperation *it = operation(COPY_BUFFER, from, to);

	[(DoubleBuffer *)from range:size at:fromOffset];
	[(DoubleBuffer *)to range:size at:toOffset];
	it->from_offset = fromOffset;
	it->to_offset = toOffset;
	it->count = size;
	[self add:it];
}

- (void)fillBuffer:(id<MTLBuffer>)to range:(NSRange)range value:(uint8_t)value
{
	DoubleOperation *it = operation(FILL, nil, to);

	[(DoubleBuffer *)to range:range.length at:range.location];
	it->to_offset = range.location;
	it->count = range.length;
	it->value = value;
	[self add:it];
}

- (void)synchronizeResource:(id<MTLResource>)resource
{
	if (resource.storageMode != MTLStorageModeManaged)
		double_die("synchronizeResource: of one that isn't managed");
	if ([resource conformsToProtocol:@protocol(MTLTexture)])
		[self add:operation(SYNCHRONIZE, nil, resource)];
}
@end

@implementation DoubleRenderEncoder
- (void)clear:(MTLRenderPassDescriptor *)pass
{
	for (NSUInteger i = 0; i < 8; i++) {
		MTLRenderPassColorAttachmentDescriptor *attachment =
			[pass.colorAttachments objectAtIndexedSubscript:i];
		DoubleTexture *texture = (DoubleTexture *)attachment.texture;
		DoubleOperation *it;

		if (!texture)
			continue;
		if (!(texture.usage & MTLTextureUsageRenderTarget))
			double_die("rendered to without MTLTextureUsageRenderTarget");
		if (attachment.loadAction != MTLLoadActionClear)
			continue;
		it = operation(CLEAR, nil, texture);
		it->to_slice = attachment.slice;
		it->to_level = attachment.level;
		it->to_origin = MTLOriginMake(0, 0, attachment.depthPlane);
		it->color = attachment.clearColor;
		[self add:it];
	}
}
@end
