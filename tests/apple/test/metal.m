/* SPDX-License-Identifier: MIT */
#import "metal.h"

int nothing_live(void **state)
{
	(void)state;
	apple_double_fail(NULL, 0);
	if (apple_double_settle(0, 5000))
		return 0;
	print_error("%lu objects live\n", apple_double_live());
	return -1;
}

id<MTLDevice> device_new(void)
{
	id<MTLDevice> device = MTLCreateSystemDefaultDevice();

	assert_non_null(device);
	return device;
}

MTLTextureDescriptor *descriptor_of(MTLPixelFormat format, NSUInteger width, NSUInteger height)
{
	MTLTextureDescriptor *descriptor =
		[MTLTextureDescriptor texture2DDescriptorWithPixelFormat:format
								   width:width
								  height:height
							       mipmapped:NO];

	descriptor.usage = MTLTextureUsageShaderRead | MTLTextureUsageRenderTarget;
	descriptor.storageMode = MTLStorageModeShared;
	return descriptor;
}

id<MTLTexture> texture_new(id<MTLDevice> device, MTLPixelFormat format, MTLStorageMode mode,
	NSUInteger width, NSUInteger height)
{
	MTLTextureDescriptor *descriptor = descriptor_of(format, width, height);

	descriptor.storageMode = mode;
	return [device newTextureWithDescriptor:descriptor];
}

void run_once(id<MTLDevice> device, void (^encode)(id<MTLCommandBuffer> buffer))
{
	@autoreleasepool {
		id<MTLCommandQueue> queue = [device newCommandQueue];
		id<MTLCommandBuffer> buffer = [queue commandBuffer];

		encode(buffer);
		[buffer commit];
		[buffer waitUntilCompleted];
		assert_int_equal(buffer.status, MTLCommandBufferStatusCompleted);
		[queue release];
	}
}
