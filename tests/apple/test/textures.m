/* SPDX-License-Identifier: MIT */
/* The double's rules for devices, textures and buffers. */
#import "metal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static id<MTLTexture> on_surface(id<MTLDevice> device, IOSurfaceRef surface, MTLStorageMode mode)
{
	MTLTextureDescriptor *descriptor = descriptor_of(MTLPixelFormatBGRA8Unorm, 64, 16);

	descriptor.storageMode = mode;
	return [device newTextureWithDescriptor:descriptor iosurface:surface plane:0];
}

static void there_is_one_device(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> one = device_new(), other = device_new();

		assert_ptr_equal(one, other);
		assert_true(one.hasUnifiedMemory);
		assert_true([one conformsToProtocol:@protocol(MTLDevice)]);
		assert_true([one conformsToProtocol:@protocol(NSObject)]);
		assert_false([one conformsToProtocol:@protocol(MTLTexture)]);
		assert_true([one supportsFamily:MTLGPUFamilyApple7]);
		assert_string_equal(one.name.UTF8String, "Double of an Apple GPU");
		[one release];
		[other release];
		setenv("GEYSER_DOUBLE_NO_DEVICE", "1", 1);
		assert_null(MTLCreateSystemDefaultDevice());
		unsetenv("GEYSER_DOUBLE_NO_DEVICE");
	}
}

static void a_surface_is_a_textures_memory(void **state)
{
	(void)state;
	@autoreleasepool {
		const uint8_t texel[4] = {1, 2, 3, 4};
		id<MTLDevice> device = device_new();
		IOSurfaceRef surface = surface_new();
		id<MTLTexture> texture = on_surface(device, surface, MTLStorageModeShared);
		const uint8_t *row;

		assert_ptr_equal(texture.iosurface, surface);
		assert_int_equal(texture.width, 64);
		[texture replaceRegion:MTLRegionMake2D(5, 2, 1, 1)
			   mipmapLevel:0
			     withBytes:texel
			   bytesPerRow:4];
		[texture release];
		IOSurfaceLock(surface, kIOSurfaceLockReadOnly, NULL);
		row = IOSurfaceGetBaseAddress(surface);
		row += 2 * IOSurfaceGetBytesPerRow(surface);
		assert_memory_equal(row + 20, texel, 4);
		IOSurfaceUnlock(surface, kIOSurfaceLockReadOnly, NULL);
		CFRelease(surface);
		[device release];
	}
}

static bool format_works(id<MTLDevice> device, MTLPixelFormat format)
{
	IOSurfaceRef surface = surface_new(); /* 4 bytes per element */
	id<MTLTexture> texture = [device newTextureWithDescriptor:descriptor_of(format, 64, 16)
							iosurface:surface
							    plane:0];

	[texture release];
	CFRelease(surface);
	return texture != nil;
}

static void what_nobody_knows_can_be_chosen(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();

		assert_true(format_works(device, MTLPixelFormatRGBA8Unorm));
		assert_true(format_works(device, MTLPixelFormatRGB10A2Unorm));
		assert_false(format_works(device, MTLPixelFormatR32Uint));
		setenv("GEYSER_DOUBLE_PROBE", "none", 1);
		assert_true(format_works(device, MTLPixelFormatRGBA8Unorm));
		assert_false(format_works(device, MTLPixelFormatRGB10A2Unorm));
		setenv("GEYSER_DOUBLE_PROBE", "all", 1);
		assert_true(format_works(device, MTLPixelFormatR32Uint));
		unsetenv("GEYSER_DOUBLE_PROBE");
		[device release];
	}
}

static void surface_texture(MTLPixelFormat format, NSUInteger width, MTLTextureType type)
{
	@autoreleasepool {
		MTLTextureDescriptor *descriptor = descriptor_of(format, width, 16);

		descriptor.textureType = type;
		[MTLCreateSystemDefaultDevice() newTextureWithDescriptor:descriptor
							       iosurface:surface_new()
								   plane:0];
	}
}

static void depth_on_surface(void)
{
	surface_texture(MTLPixelFormatDepth32Float, 64, MTLTextureType2D);
}

static void wider_than_surface(void)
{
	surface_texture(MTLPixelFormatBGRA8Unorm, 65, MTLTextureType2D);
}

static void array_on_surface(void)
{
	surface_texture(MTLPixelFormatBGRA8Unorm, 64, MTLTextureType2DArray);
}

static void other_texel_size(void)
{
	surface_texture(MTLPixelFormatR8Unorm, 64, MTLTextureType2D);
}

RULE(depth_alignment,
	[device minimumLinearTextureAlignmentForPixelFormat:MTLPixelFormatDepth32Float])
RULE(too_large, texture_new(device, MTLPixelFormatR8Unorm, MTLStorageModeShared, 16385, 1))
RULE(no_size, texture_new(device, MTLPixelFormatR8Unorm, MTLStorageModeShared, 0, 1))
RULE(shared_depth, texture_new(device, MTLPixelFormatDepth32Float, MTLStorageModeShared, 4, 4))
RULE(shared_texture,
	[device newSharedTextureWithDescriptor:descriptor_of(MTLPixelFormatR8Unorm, 4, 4)])
RULE(private_bytes, char byte; [texture_new(device, MTLPixelFormatR8Unorm, MTLStorageModePrivate, 1,
	1) getBytes:&byte
	bytesPerRow:1
	 fromRegion:MTLRegionMake2D(0, 0, 1, 1)
	mipmapLevel:0])
RULE(other_view, [texture_new(device, MTLPixelFormatR32Float, MTLStorageModeShared, 1, 1)
			 newTextureViewWithPixelFormat:MTLPixelFormatBGRA8Unorm])
RULE(handle_by_value, MTLTextureDescriptor *descriptor = descriptor_of(MTLPixelFormatR8Unorm, 4, 4);
	descriptor.storageMode = MTLStorageModePrivate;
	[[[device newSharedTextureWithDescriptor:descriptor] newSharedTextureHandle]
		encodeWithCoder:(NSCoder *)device])

static void validation_ends_the_process(void **state)
{
	(void)state;
	expect_death(depth_on_surface, "can't have the depth, stencil or compressed format");
	expect_death(depth_alignment, "no linear texture can have");
	expect_death(wider_than_surface, "a texture of 65 x 16 on a surface of 64 x 16");
	expect_death(array_on_surface, "must be 2D with one level");
	expect_death(other_texel_size, "texels of 1 bytes on a surface of 4 bytes per element");
	expect_death(too_large, "at most 16384");
	expect_death(no_size, "of no size");
	expect_death(shared_depth, "depth textures must be private");
	expect_death(shared_texture, "a shared texture must be private");
	expect_death(private_bytes, "can't get at a private texture");
	expect_death(other_view, "without MTLTextureUsagePixelFormatView");
	expect_death(handle_by_value, "NSXPCCoder only");
}

static void shared_textures_have_handles(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		MTLTextureDescriptor *descriptor = descriptor_of(MTLPixelFormatRGBA8Unorm, 8, 8);
		id<MTLTexture> plain, shared, again;
		MTLSharedTextureHandle *handle;

		descriptor.storageMode = MTLStorageModePrivate;
		descriptor.textureType = MTLTextureType2DArray;
		descriptor.arrayLength = 3;
		descriptor.mipmapLevelCount = 4;
		plain = [device newTextureWithDescriptor:descriptor];
		assert_null([plain newSharedTextureHandle]);
		shared = [device newSharedTextureWithDescriptor:descriptor];
		assert_true(shared.shareable);
		shared.label = [NSString stringWithUTF8String:"shadow"];
		handle = [shared newSharedTextureHandle];
		assert_string_equal(handle.label.UTF8String, "shadow");
		assert_ptr_equal(handle.device, device);
		again = [device newSharedTextureWithHandle:handle];
		assert_ptr_not_equal(again, shared);
		assert_int_equal(again.arrayLength, 3);
		assert_int_equal(again.mipmapLevelCount, 4);
		[plain release];
		[shared release];
		[again release];
		[handle release];
		[device release];
	}
}

static void views_share_texels(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLTexture> texture =
			texture_new(device, MTLPixelFormatBGRA8Unorm, MTLStorageModeShared, 4, 4);
		id<MTLTexture> view =
			[texture newTextureViewWithPixelFormat:MTLPixelFormatBGRA8Unorm_sRGB];
		uint32_t texel = 0x11223344, out = 0;

		assert_int_equal(view.pixelFormat, MTLPixelFormatBGRA8Unorm_sRGB);
		[texture replaceRegion:MTLRegionMake2D(3, 3, 1, 1)
			   mipmapLevel:0
			     withBytes:&texel
			   bytesPerRow:4];
		[texture release];
		[view getBytes:&out
			bytesPerRow:4
			 fromRegion:MTLRegionMake2D(3, 3, 1, 1)
			mipmapLevel:0];
		assert_int_equal(out, texel);
		[view release];
		[device release];
	}
}

RULE(unaligned_buffer, static char memory[8192]; uintptr_t start = (uintptr_t)memory | 1;
	[device newBufferWithBytesNoCopy:(void *)start length:4096 options:0 deallocator:nil])
RULE(broken_page, void *memory = aligned_alloc(4096, 4096);
	[device newBufferWithBytesNoCopy:memory length:4000 options:0 deallocator:nil])
RULE(private_contents, [[device newBufferWithLength:16
					    options:MTLResourceStorageModePrivate] contents])
RULE(modified_shared, [[device newBufferWithLength:16 options:0] didModifyRange:NSMakeRange(0, 16)])
RULE(modified_beyond, [[device newBufferWithLength:16 options:MTLResourceStorageModeManaged]
			      didModifyRange:NSMakeRange(8, 9)])
RULE(unaligned_linear, [[device newBufferWithLength:4096 options:0]
			       newTextureWithDescriptor:descriptor_of(MTLPixelFormatR8Unorm, 8, 2)
						 offset:8
					    bytesPerRow:16])
RULE(linear_beyond, [[device newBufferWithLength:100 options:0]
			    newTextureWithDescriptor:descriptor_of(MTLPixelFormatR8Unorm, 8, 8)
					      offset:0
					 bytesPerRow:16])

static void buffers_are_checked(void **state)
{
	(void)state;
	expect_death(unaligned_buffer, "whole pages are needed");
	expect_death(broken_page, "whole pages are needed");
	expect_death(private_contents, "the contents of a private buffer");
	expect_death(modified_shared, "isn't managed");
	expect_death(modified_beyond, "9 bytes from 8 of a buffer of 16");
	expect_death(unaligned_linear, "multiples of 16 are needed");
	expect_death(linear_beyond, "of a buffer of 100");
}

static void a_buffer_gives_memory_back(void **state)
{
	(void)state;
	@autoreleasepool {
		__block int calls = 0;
		id<MTLDevice> device = device_new();
		void *memory = mmap(
			NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		id<MTLBuffer> buffer =
			[device newBufferWithBytesNoCopy:memory
						  length:4096
						 options:MTLResourceStorageModeShared
					     deallocator:^(void *pointer, NSUInteger length) {
					       calls++;
					       munmap(pointer, length);
					     }];
		id<MTLTexture> texture =
			[buffer newTextureWithDescriptor:descriptor_of(MTLPixelFormatR8Unorm, 8, 2)
						  offset:32
					     bytesPerRow:16];
		uint8_t byte = 0;

		assert_ptr_equal(buffer.contents, memory);
		assert_ptr_equal(texture.buffer, buffer);
		assert_int_equal(texture.bufferOffset, 32);
		assert_int_equal(texture.bufferBytesPerRow, 16);
		[buffer release];
		((uint8_t *)memory)[32 + 16 + 3] = 9;
		[texture getBytes:&byte
			bytesPerRow:1
			 fromRegion:MTLRegionMake2D(3, 1, 1, 1)
			mipmapLevel:0];
		assert_int_equal(byte, 9);
		assert_int_equal(calls, 0);
		[texture release];
		assert_int_equal(calls, 1);
		[device release];
	}
}

static void creation_can_be_made_to_fail(void **state)
{
	(void)state;
	@autoreleasepool {
		id<MTLDevice> device = device_new();

		apple_double_fail("newTexture", 0);
		assert_null(texture_new(device, MTLPixelFormatR8Unorm, MTLStorageModeShared, 4, 4));
		apple_double_fail("newBuffer", 1);
		assert_null([device newBufferWithLength:16 options:0]);
		apple_double_fail("newCommandQueue", 1);
		assert_null([device newCommandQueue]);
		apple_double_fail("newSharedEvent", 1);
		assert_null([device newSharedEvent]);
		[device release];
	}
}

static void autorelease_without_a_pool(void)
{
	[NSString stringWithUTF8String:"lost"];
}

static void pools_drain(void **state)
{
	(void)state;
	expect_death(autorelease_without_a_pool, "there is no pool");
	@autoreleasepool {
		NSString *outer = [NSString stringWithUTF8String:"outer"];
		unsigned long before = apple_double_live();

		@autoreleasepool {
			[NSString stringWithUTF8String:"inner"];
			[[outer retain] autorelease];
			assert_int_equal(apple_double_live(),
				before + 2); /* the inner string and the pool */
		}
		assert_int_equal(apple_double_live(), before);
		assert_null([NSString stringWithUTF8String:"\xc3("]);
		assert_true([outer isKindOfClass:[NSString class]]);
		assert_true([outer isEqualToString:[NSString stringWithUTF8String:"outer"]]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(there_is_one_device, nothing_live),
		cmocka_unit_test_teardown(a_surface_is_a_textures_memory, nothing_live),
		cmocka_unit_test_teardown(what_nobody_knows_can_be_chosen, nothing_live),
		cmocka_unit_test_teardown(validation_ends_the_process, nothing_live),
		cmocka_unit_test_teardown(shared_textures_have_handles, nothing_live),
		cmocka_unit_test_teardown(views_share_texels, nothing_live),
		cmocka_unit_test_teardown(buffers_are_checked, nothing_live),
		cmocka_unit_test_teardown(a_buffer_gives_memory_back, nothing_live),
		cmocka_unit_test_teardown(creation_can_be_made_to_fail, nothing_live),
		cmocka_unit_test_teardown(pools_drain, nothing_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
