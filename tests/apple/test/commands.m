/* SPDX-License-Identifier: MIT */
/* The double's rules for command buffers and their encoders, and the results of the commands. */
#import "metal.h"

#include <string.h>

static const MTLOrigin corner = {0, 0, 0};

static void read_texel(id<MTLTexture> texture, NSUInteger x, NSUInteger y, void *out)
{
	[texture getBytes:out bytesPerRow:16 fromRegion:MTLRegionMake2D(x, y, 1, 1) mipmapLevel:0];
}

static void clear(id<MTLCommandBuffer> buffer, id<MTLTexture> texture, MTLClearColor color)
{
	MTLRenderPassDescriptor *pass = [MTLRenderPassDescriptor renderPassDescriptor];
	MTLRenderPassColorAttachmentDescriptor *target =
		[pass.colorAttachments objectAtIndexedSubscript:0];

	target.texture = texture;
	target.loadAction = MTLLoadActionClear;
	target.storeAction = MTLStoreActionStore;
	target.clearColor = color;
	[[buffer renderCommandEncoderWithDescriptor:pass] endEncoding];
}

static void check_clear(MTLPixelFormat format, const void *expected, size_t bytes)
{
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLTexture> texture = texture_new(device, format, MTLStorageModeShared, 3, 2);
		uint8_t texel[16] = {0};

		run_once(device, ^(id<MTLCommandBuffer> buffer) {
		  clear(buffer, texture, MTLClearColorMake(1, 0.5, 0.25, 0));
		});
		read_texel(texture, 2, 1, texel);
		assert_memory_equal(texel, expected, bytes);
		[texture release];
		[device release];
	}
}

static void clears_are_of_the_format(void **state)
{
	const uint8_t rgba[] = {255, 128, 64, 0}, bgra[] = {64, 128, 255, 0};
	const uint8_t srgb[] = {255, 188, 137, 0};
	const uint16_t half[] = {0x3c00, 0x3800, 0x3400, 0};
	const float single[] = {1, 0.5f, 0.25f, 0};
	const uint32_t packed = 1023 | 512 << 10 | 256 << 20;

	(void)state;
	check_clear(MTLPixelFormatRGBA8Unorm, rgba, 4);
	check_clear(MTLPixelFormatBGRA8Unorm, bgra, 4);
	check_clear(MTLPixelFormatRGBA8Unorm_sRGB, srgb, 4);
	check_clear(MTLPixelFormatR8Unorm, rgba, 1);
	check_clear(MTLPixelFormatRG16Float, half, 4);
	check_clear(MTLPixelFormatRGBA16Float, half, 8);
	check_clear(MTLPixelFormatRGBA32Float, single, 16);
	check_clear(MTLPixelFormatRGB10A2Unorm, &packed, 4);
}

static void copies_go_through_textures_and_buffers(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		MTLTextureDescriptor *descriptor = descriptor_of(MTLPixelFormatR8Unorm, 8, 8);
		id<MTLBuffer> in, out;
		id<MTLTexture> first, second;

		descriptor.storageMode = MTLStorageModePrivate;
		descriptor.textureType = MTLTextureType2DArray;
		descriptor.arrayLength = 2;
		descriptor.mipmapLevelCount = 2;
		first = [device newTextureWithDescriptor:descriptor];
		second = [device newTextureWithDescriptor:descriptor];
		in = [device newBufferWithLength:256 options:MTLResourceStorageModeShared];
		out = [device newBufferWithLength:256 options:MTLResourceStorageModeShared];
		for (int i = 0; i < 256; i++)
			((uint8_t *)in.contents)[i] = (uint8_t)i;
		run_once(device, ^(id<MTLCommandBuffer> buffer) {
		  id<MTLBlitCommandEncoder> blit = [buffer blitCommandEncoder];

		  [blit fillBuffer:out range:NSMakeRange(0, 256) value:0xee];
		  [blit copyFromBuffer:in
				 sourceOffset:16
			    sourceBytesPerRow:16
			  sourceBytesPerImage:0
				   sourceSize:MTLSizeMake(4, 4, 1)
				    toTexture:first
			     destinationSlice:1
			     destinationLevel:1
			    destinationOrigin:corner];
		  [blit copyFromTexture:first
				sourceSlice:1
				sourceLevel:1
			       sourceOrigin:MTLOriginMake(1, 1, 0)
				 sourceSize:MTLSizeMake(2, 2, 1)
				  toTexture:second
			   destinationSlice:0
			   destinationLevel:0
			  destinationOrigin:MTLOriginMake(5, 6, 0)];
		  [blit copyFromTexture:second
				       sourceSlice:0
				       sourceLevel:0
				      sourceOrigin:MTLOriginMake(5, 6, 0)
					sourceSize:MTLSizeMake(2, 2, 1)
					  toBuffer:out
				 destinationOffset:100
			    destinationBytesPerRow:10
			  destinationBytesPerImage:0];
		  [blit copyFromBuffer:in sourceOffset:200 toBuffer:out destinationOffset:0 size:3];
		  [blit endEncoding];
		});
		assert_int_equal(((uint8_t *)out.contents)[0], 200);
		assert_int_equal(((uint8_t *)out.contents)[3], 0xee);
		assert_int_equal(((uint8_t *)out.contents)[100], 33);
		assert_int_equal(((uint8_t *)out.contents)[101], 34);
		assert_int_equal(((uint8_t *)out.contents)[102], 0xee);
		assert_int_equal(((uint8_t *)out.contents)[110], 49);
		[in release];
		[out release];
		[first release];
		[second release];
		[device release];
	}
}

static void volumes_have_images(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		MTLTextureDescriptor *descriptor = descriptor_of(MTLPixelFormatR8Unorm, 4, 2);
		id<MTLBuffer> memory = [device newBufferWithLength:64 options:0];
		uint8_t *bytes = memory.contents;
		id<MTLTexture> volume;

		descriptor.textureType = MTLTextureType3D;
		descriptor.depth = 3;
		volume = [device newTextureWithDescriptor:descriptor];
		for (uint8_t i = 0; i < 24; i++)
			bytes[i] = i;
		run_once(device, ^(id<MTLCommandBuffer> buffer) {
		  id<MTLBlitCommandEncoder> blit = [buffer blitCommandEncoder];

		  [blit copyFromBuffer:memory
				 sourceOffset:0
			    sourceBytesPerRow:4
			  sourceBytesPerImage:8
				   sourceSize:MTLSizeMake(4, 2, 3)
				    toTexture:volume
			     destinationSlice:0
			     destinationLevel:0
			    destinationOrigin:corner];
		  [blit copyFromTexture:volume
				       sourceSlice:0
				       sourceLevel:0
				      sourceOrigin:MTLOriginMake(3, 1, 1)
					sourceSize:MTLSizeMake(1, 1, 2)
					  toBuffer:memory
				 destinationOffset:40
			    destinationBytesPerRow:1
			  destinationBytesPerImage:2];
		  [blit endEncoding];
		});
		assert_int_equal(bytes[40], 15);
		assert_int_equal(bytes[42], 23);
		[volume release];
		[memory release];
		[device release];
	}
}

static void a_buffer_keeps_what_it_uses(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLCommandQueue> queue = [device newCommandQueue];
		id<MTLSharedEvent> event = [device newSharedEvent];
		id<MTLCommandBuffer> buffer = [queue commandBuffer];
		unsigned long before;

		[buffer encodeWaitForEvent:event value:1];
		@autoreleasepool {
			id<MTLTexture> texture = texture_new(
				device, MTLPixelFormatR8Unorm, MTLStorageModeShared, 2, 2);

			clear(buffer, texture, MTLClearColorMake(0, 0, 0, 0));
			[texture release];
		}
		[buffer commit];
		before = apple_double_live();
		assert_true(buffer.status < MTLCommandBufferStatusCompleted);
		event.signaledValue = 1;
		[buffer waitUntilCompleted];
		assert_true(apple_double_live() < before);
		[event release];
		[queue release];
		[device release];
	}
}

static void handlers_run_in_order(void **state)
{
	(void)state;
	@autoreleasepool {
		__block int order = 0;
		__block int scheduled = 0, completed = 0, status = 0;
		id<MTLDevice> device = device_new();
		NSString *label = [NSString stringWithUTF8String:"frame"];

		run_once(device, ^(id<MTLCommandBuffer> buffer) {
		  buffer.label = label;
		  [buffer addScheduledHandler:^(id<MTLCommandBuffer> it) {
		    assert_ptr_equal(it.label, label);
		    scheduled = ++order;
		  }];
		  [buffer addCompletedHandler:^(id<MTLCommandBuffer> it) {
		    status = (int)it.status;
		    completed = ++order;
		  }];
		});
		assert_int_equal(scheduled, 1);
		assert_int_equal(completed, 2);
		assert_int_equal(status, MTLCommandBufferStatusCompleted);
		[device release];
	}
}

static void a_buffer_that_is_not_committed_does_nothing(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLCommandQueue> queue = [device newCommandQueue];
		id<MTLSharedEvent> event = [device newSharedEvent];

		@autoreleasepool {
			id<MTLCommandBuffer> buffer = [queue commandBuffer];

			[buffer encodeSignalEvent:event value:1];
			[buffer addCompletedHandler:^(id<MTLCommandBuffer> it) {
			  (void)it;
			  fail();
			}];
		}
		[queue release];
		assert_int_equal(event.signaledValue, 0);
		[event release];
		[device release];
	}
}

static void the_gpu_can_give_up(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLCommandQueue> queue = [device newCommandQueue];
		id<MTLSharedEvent> event = [device newSharedEvent];
		id<MTLCommandBuffer> buffer = [queue commandBuffer];

		apple_double_fail("execute", 1);
		[buffer encodeSignalEvent:event value:1];
		[buffer commit];
		[buffer waitUntilCompleted];
		assert_int_equal(buffer.status, MTLCommandBufferStatusError);
		assert_int_equal(buffer.error.code, MTLCommandBufferErrorInternal);
		assert_string_equal(
			buffer.error.localizedDescription.UTF8String, "the double's GPU gave up");
		assert_int_equal(event.signaledValue, 0);
		apple_double_fail("commandBuffer", 1);
		assert_null([queue commandBuffer]);
		apple_double_fail("blitCommandEncoder", 1);
		assert_null([[queue commandBuffer] blitCommandEncoder]);
		[event release];
		[queue release];
		[device release];
	}
}

#define BUFFER id<MTLCommandBuffer> buffer = [[device newCommandQueue] commandBuffer]
#define BYTES [device newBufferWithLength:64 options:0]
#define TEXELS texture_new(device, MTLPixelFormatR8Unorm, MTLStorageModeShared, 4, 4)

RULE(commit_twice, BUFFER;[buffer commit];[buffer commit])
RULE(encode_after_commit, BUFFER;[buffer commit];[buffer blitCommandEncoder])
RULE(commit_while_encoding, BUFFER;[buffer blitCommandEncoder];[buffer commit])
RULE(two_encoders, BUFFER;[buffer blitCommandEncoder];[buffer blitCommandEncoder])
RULE(event_while_encoding, BUFFER;[buffer blitCommandEncoder];
	[buffer encodeSignalEvent:[device newSharedEvent] value:1])
RULE(end_twice, BUFFER; id<MTLBlitCommandEncoder> blit = [buffer blitCommandEncoder];
		[blit endEncoding];[blit endEncoding])
RULE(use_after_end, BUFFER; id<MTLBlitCommandEncoder> blit = [buffer blitCommandEncoder];
		[blit endEncoding]; [blit fillBuffer:BYTES range:NSMakeRange(0, 1) value:0])
RULE(never_ended, BUFFER;[buffer blitCommandEncoder])
RULE(wait_too_early, BUFFER;[buffer waitUntilCompleted])
RULE(schedule_too_early, BUFFER;[buffer waitUntilScheduled])
RULE(handler_too_late, BUFFER;[buffer commit];
	[buffer addCompletedHandler:^(id<MTLCommandBuffer> it) {
	  (void)it;
	}])
RULE(fill_beyond, BUFFER;
	[[buffer blitCommandEncoder] fillBuffer:BYTES range:NSMakeRange(60, 5) value:0])
RULE(short_rows, BUFFER; [[buffer blitCommandEncoder] copyFromTexture:TEXELS
							  sourceSlice:0
							  sourceLevel:0
							 sourceOrigin:corner
							   sourceSize:MTLSizeMake(4, 4, 1)
							     toBuffer:BYTES
						    destinationOffset:0
					       destinationBytesPerRow:3
					     destinationBytesPerImage:0])
RULE(copy_beyond, BUFFER; [[buffer blitCommandEncoder] copyFromTexture:TEXELS
							   sourceSlice:0
							   sourceLevel:0
							  sourceOrigin:MTLOriginMake(1, 0, 0)
							    sourceSize:MTLSizeMake(4, 4, 1)
							     toTexture:TEXELS
						      destinationSlice:0
						      destinationLevel:0
						     destinationOrigin:corner])
RULE(copy_formats, BUFFER; id<MTLTexture> other = texture_new(
				   device, MTLPixelFormatR8Uint, MTLStorageModeShared, 4, 4);
	[[buffer blitCommandEncoder] copyFromTexture:TEXELS
					 sourceSlice:0
					 sourceLevel:0
					sourceOrigin:corner
					  sourceSize:MTLSizeMake(4, 4, 1)
					   toTexture:other
				    destinationSlice:0
				    destinationLevel:0
				   destinationOrigin:corner])
RULE(synchronize_shared, BUFFER; [[buffer blitCommandEncoder] synchronizeResource:BYTES])
RULE(render_without_usage, BUFFER;
	MTLTextureDescriptor *plain = descriptor_of(MTLPixelFormatR8Unorm, 4, 4);
	plain.usage = MTLTextureUsageShaderRead;
	clear(buffer, [device newTextureWithDescriptor:plain], MTLClearColorMake(0, 0, 0, 0)))

static void misuse_ends_the_process(void **state)
{
	(void)state;
	expect_death(commit_twice, "commit of a command buffer that was committed");
	expect_death(encode_after_commit, "that was committed");
	expect_death(commit_while_encoding, "commit while an encoder");
	expect_death(two_encoders, "while an encoder");
	expect_death(event_while_encoding, "while an encoder");
	expect_death(end_twice, "endEncoding twice");
	expect_death(use_after_end, "used after endEncoding");
	expect_death(never_ended, "released without endEncoding");
	expect_death(wait_too_early, "waitUntilCompleted before commit");
	expect_death(schedule_too_early, "waitUntilScheduled before commit");
	expect_death(handler_too_late, "addCompletedHandler: after commit");
	expect_death(fill_beyond, "5 bytes from 60 of a buffer of 64");
	expect_death(short_rows, "rows of 3 bytes for 4 texels");
	expect_death(copy_beyond, "texels from 1, 0, 0");
	expect_death(copy_formats, "a copy from pixel format 10 to 13");
	expect_death(synchronize_shared, "isn't managed");
	expect_death(render_without_usage, "without MTLTextureUsageRenderTarget");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(clears_are_of_the_format, nothing_live),
		cmocka_unit_test_teardown(copies_go_through_textures_and_buffers, nothing_live),
		cmocka_unit_test_teardown(volumes_have_images, nothing_live),
		cmocka_unit_test_teardown(a_buffer_keeps_what_it_uses, nothing_live),
		cmocka_unit_test_teardown(handlers_run_in_order, nothing_live),
		cmocka_unit_test_teardown(
			a_buffer_that_is_not_committed_does_nothing, nothing_live),
		cmocka_unit_test_teardown(the_gpu_can_give_up, nothing_live),
		cmocka_unit_test_teardown(misuse_ends_the_process, nothing_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
