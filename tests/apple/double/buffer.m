/* SPDX-License-Identifier: MIT */
#import "objects.h"

#include <stdlib.h>

@implementation DoubleBuffer
@dynamic device, label;

- (instancetype)initWithDevice:(id<MTLDevice>)aDevice
			 bytes:(void *)pointer
			length:(NSUInteger)aLength
		       options:(MTLResourceOptions)someOptions
		   deallocator:(void (^)(void *, NSUInteger))block
{
	[super initWithDevice:aDevice];
	if ((someOptions >> 4 & 0xf) > MTLStorageModePrivate)
		double_die("a buffer can't have storage mode %lu", someOptions >> 4 & 0xf);
	own = !pointer;
	bytes = pointer ? pointer : double_allocate(aLength);
	length = aLength;
	options = someOptions;
	if (block)
		deallocator = double_block_copy(block);
	return self;
}

- (void)dealloc
{
	if (own)
		free(bytes);
	if (deallocator) {
		deallocator(bytes, length);
		double_block_release(deallocator);
	}
	[super dealloc];
}

- (NSUInteger)length
{
	return length;
}

- (void *)contents
{
	if (self.storageMode == MTLStorageModePrivate)
		double_die("the contents of a private buffer");
	return bytes;
}

- (uint8_t *)range:(NSUInteger)count at:(NSUInteger)offset
{
	if (offset > length || count > length - offset)
		double_die("%lu bytes from %lu of a buffer of %lu", count, offset, length);
	return bytes + offset;
}

- (void)didModifyRange:(NSRange)range
{
	if (self.storageMode != MTLStorageModeManaged)
		double_die("didModifyRange: of a buffer that isn't managed");
	[self range:range.length at:range.location];
}

- (MTLCPUCacheMode)cpuCacheMode
{
	return options & 0xf;
}

- (MTLStorageMode)storageMode
{
	return options >> 4 & 0xf;
}

- (MTLResourceOptions)resourceOptions
{
	return options;
}

- (id<MTLTexture>)newTextureWithDescriptor:(MTLTextureDescriptor *)descriptor
				    offset:(NSUInteger)offset
			       bytesPerRow:(NSUInteger)bytesPerRow
{
	return [[DoubleTexture alloc] initWithBuffer:self
					  descriptor:descriptor
					      offset:offset
					 bytesPerRow:bytesPerRow];
}
@end
