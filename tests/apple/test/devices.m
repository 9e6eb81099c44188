/* SPDX-License-Identifier: MIT */
/* What the double's three GPUs differ in: where textures may lie, which formats there are, and who
 * sees what the GPU drew. */
#import "metal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void choose(const char *gpu)
{
	assert_int_equal(setenv("GEYSER_DOUBLE_DEVICE", gpu, 1), 0);
}

static int apple_again(void **state)
{
	unsetenv("GEYSER_DOUBLE_DEVICE");
	return nothing_live(state);
}

static id<MTLTexture> on_surface(id<MTLDevice> device, IOSurfaceRef surface, MTLStorageMode mode)
{
	MTLTextureDescriptor *descriptor = descriptor_of(MTLPixelFormatBGRA8Unorm, 64, 16);

	descriptor.storageMode = mode;
	return [device newTextureWithDescriptor:descriptor iosurface:surface plane:0];
}

static id<MTLTexture> in_buffer(id<MTLDevice> device, MTLStorageMode mode, MTLTextureUsage usage)
{
	MTLTextureDescriptor *descriptor = descriptor_of(MTLPixelFormatBGRA8Unorm, 64, 16);
	id<MTLBuffer> buffer = [device newBufferWithLength:4096 options:mode << 4];
	id<MTLTexture> texture;

	descriptor.storageMode = mode;
	descriptor.usage = usage;
	texture = [buffer newTextureWithDescriptor:descriptor offset:0 bytesPerRow:256];
	[buffer release];
	return texture;
}

/* ---- what they are ---- */

static void they_say_what_they_are(void **state)
{
	static const struct {
		const char *gpu, *name;
		bool unified, apple;
		NSUInteger alignment;
		MTLStorageMode mode;
	} wanted[] = {
		{"apple", "Double of an Apple GPU", true, true, 16, MTLStorageModeShared},
		{"intel", "Double of an Intel GPU", true, false, 256, MTLStorageModeManaged},
		{"discrete", "Double of a discrete GPU", false, false, 256, MTLStorageModeManaged},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		choose(wanted[i].gpu);
		@autoreleasepool {
			id<MTLDevice> device = device_new();

			assert_string_equal(device.name.UTF8String, wanted[i].name);
			assert_int_equal(device.hasUnifiedMemory, wanted[i].unified);
			assert_int_equal(
				[device supportsFamily:MTLGPUFamilyApple1], wanted[i].apple);
			assert_true([device supportsFamily:MTLGPUFamilyMac2]);
			assert_int_equal([device minimumLinearTextureAlignmentForPixelFormat:
							 MTLPixelFormatR8Unorm],
				wanted[i].alignment);
			assert_int_equal([[[MTLTextureDescriptor new] autorelease] storageMode],
				wanted[i].mode);
			[device release];
		}
	}
}

/* ---- where textures may lie ---- */

static void textures_that_work(void **state)
{
	static const char *const gpus[] = {"apple", "intel", "discrete"};

	(void)state;
	for (int i = 0; i < 3; i++) {
		choose(gpus[i]);
		@autoreleasepool {
			id<MTLDevice> device = device_new();
			IOSurfaceRef surface = surface_new();
			MTLTextureUsage usage = MTLTextureUsageShaderRead;
			id made[] = {
				on_surface(device, surface, MTLStorageModeManaged),
				texture_new(
					device, MTLPixelFormatR8Unorm, MTLStorageModeManaged, 4, 4),
				in_buffer(device, MTLStorageModeManaged, usage),
				[device newBufferWithLength:16 options:0],
			};

			for (size_t at = 0; at < sizeof(made) / sizeof(made[0]); at++) {
				assert_non_null(made[at]);
				[made[at] release];
			}
			CFRelease(surface);
			[device release];
		}
	}
}

static void what_apple_gpus_alone_have(void **state)
{
	(void)state;
	choose("apple");
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		IOSurfaceRef surface = surface_new();
		id<MTLTexture> made[] = {
			on_surface(device, surface, MTLStorageModeShared),
			texture_new(device, MTLPixelFormatR8Unorm_sRGB, MTLStorageModeShared, 4, 4),
			in_buffer(device, MTLStorageModeShared, MTLTextureUsageRenderTarget),
		};

		for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
			assert_non_null(made[i]);
			[made[i] release];
		}
		CFRelease(surface);
		[device release];
	}
}

/* A rule that holds on both GPUs that aren't Apple's. */
#define RULE_ELSEWHERE(name, statements)                   \
	RULE(name##_on_intel, choose("intel"); statements) \
	RULE(name##_on_discrete, choose("discrete"); statements)

#define DIES_ELSEWHERE(name, text)                      \
	do {                                            \
		expect_death(name##_on_intel, text);    \
		expect_death(name##_on_discrete, text); \
	} while (0)

RULE_ELSEWHERE(
	shared_texture, texture_new(device, MTLPixelFormatR8Unorm, MTLStorageModeShared, 4, 4))
RULE_ELSEWHERE(shared_surface, on_surface(device, surface_new(), MTLStorageModeShared))
RULE_ELSEWHERE(shared_buffer, in_buffer(device, MTLStorageModeShared, MTLTextureUsageShaderRead))
RULE_ELSEWHERE(linear_target, in_buffer(device, MTLStorageModeManaged, MTLTextureUsageRenderTarget))
RULE_ELSEWHERE(
	apple_format, texture_new(device, MTLPixelFormatRG8Unorm_sRGB, MTLStorageModeManaged, 4, 4))
RULE(private_surface, on_surface(device, surface_new(), MTLStorageModePrivate))
RULE(unknown_gpu, choose("voodoo");[device name])

static void validation_ends_the_process(void **state)
{
	(void)state;
	DIES_ELSEWHERE(shared_texture, "only Apple's GPUs have such");
	DIES_ELSEWHERE(shared_surface, "only Apple's GPUs have such");
	DIES_ELSEWHERE(shared_buffer, "only Apple's GPUs have such");
	DIES_ELSEWHERE(linear_target, "a linear texture as a render target");
	DIES_ELSEWHERE(apple_format, "pixel format 31: only Apple's GPUs have it");
	expect_death(private_surface, "must be shared or managed, not of storage mode 2");
	expect_death(unknown_gpu, "it is apple, intel or discrete");
}

/* ---- who sees what the GPU drew ---- */

/* Draws byte into all of the texture. */
static void draw(id<MTLDevice> device, id<MTLTexture> texture, uint8_t byte, bool synchronize)
{
	id<MTLBuffer> buffer = [device newBufferWithLength:4096 options:0];

	memset(buffer.contents, byte, 4096);
	run_once(device, ^(id<MTLCommandBuffer> commands) {
	  id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];

	  [encoder copyFromBuffer:buffer
			 sourceOffset:0
		    sourceBytesPerRow:256
		  sourceBytesPerImage:4096
			   sourceSize:MTLSizeMake(64, 16, 1)
			    toTexture:texture
		     destinationSlice:0
		     destinationLevel:0
		    destinationOrigin:MTLOriginMake(0, 0, 0)];
	  if (synchronize)
		  [encoder synchronizeResource:texture];
	  [encoder endEncoding];
	});
	[buffer release];
}

/* What the GPU sees of the last texel. */
static uint8_t seen_by_gpu(id<MTLDevice> device, id<MTLTexture> texture)
{
	id<MTLBuffer> buffer = [device newBufferWithLength:4 options:0];
	uint8_t byte;

	run_once(device, ^(id<MTLCommandBuffer> commands) {
	  id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];

	  [encoder copyFromTexture:texture
			       sourceSlice:0
			       sourceLevel:0
			      sourceOrigin:MTLOriginMake(63, 15, 0)
				sourceSize:MTLSizeMake(1, 1, 1)
				  toBuffer:buffer
			 destinationOffset:0
		    destinationBytesPerRow:4
		  destinationBytesPerImage:4];
	  [encoder endEncoding];
	});
	byte = *(const uint8_t *)buffer.contents;
	[buffer release];
	return byte;
}

static uint8_t seen_by_cpu(IOSurfaceRef surface)
{
	const uint8_t *bytes;
	uint8_t byte;

	IOSurfaceLock(surface, kIOSurfaceLockReadOnly, NULL);
	bytes = IOSurfaceGetBaseAddress(surface);
	byte = bytes[15 * IOSurfaceGetBytesPerRow(surface) + 63 * 4];
	IOSurfaceUnlock(surface, kIOSurfaceLockReadOnly, NULL);
	return byte;
}

static void write_by_cpu(IOSurfaceRef surface, uint8_t byte)
{
	IOSurfaceLock(surface, 0, NULL);
	memset(IOSurfaceGetBaseAddress(surface), byte, IOSurfaceGetAllocSize(surface));
	IOSurfaceUnlock(surface, 0, NULL);
}

static void the_cpu_sees_what_is_synchronized(void **state)
{
	static const char *const gpus[] = {"intel", "discrete"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		choose(gpus[i]);
		@autoreleasepool {
			id<MTLDevice> device = device_new();
			IOSurfaceRef surface = surface_new();
			id<MTLTexture> texture = on_surface(device, surface, MTLStorageModeManaged);

			write_by_cpu(surface, 1);
			assert_int_equal(seen_by_gpu(device, texture), 1);
			draw(device, texture, 2, false);
			assert_int_equal(seen_by_gpu(device, texture), 2);
			assert_int_equal(seen_by_cpu(surface), i == 0 ? 2 : 1);
			draw(device, texture, 3, true);
			assert_int_equal(seen_by_cpu(surface), 3);
			write_by_cpu(surface, 4);
			assert_int_equal(seen_by_gpu(device, texture), 4);
			[texture release];
			CFRelease(surface);
			[device release];
		}
	}
}

/* A managed texture that lies on no surface. */
static void a_texture_of_its_own(void **state)
{
	(void)state;
	choose("discrete");
	@autoreleasepool {
		id<MTLDevice> device = device_new();
		id<MTLTexture> texture = texture_new(
			device, MTLPixelFormatBGRA8Unorm, MTLStorageModeManaged, 64, 16);
		uint8_t texels[64 * 16 * 4];

		memset(texels, 1, sizeof(texels));
		[texture replaceRegion:MTLRegionMake2D(0, 0, 64, 16)
			   mipmapLevel:0
			     withBytes:texels
			   bytesPerRow:256];
		assert_int_equal(seen_by_gpu(device, texture), 1);
		draw(device, texture, 2, false);
		[texture getBytes:texels
			bytesPerRow:256
			 fromRegion:MTLRegionMake2D(0, 0, 64, 16)
			mipmapLevel:0];
		assert_int_equal(texels[0], 1);
		draw(device, texture, 3, true);
		[texture getBytes:texels
			bytesPerRow:256
			 fromRegion:MTLRegionMake2D(0, 0, 64, 16)
			mipmapLevel:0];
		assert_int_equal(texels[0], 3);
		[texture release];
		[device release];
	}
}

/* The peer draws 2 and tells; then synchronizes 3 and tells. */
static int peer_draws(int socket)
{
	@autoreleasepool {
		mach_port_t port = apple_double_port_receive(socket);
		IOSurfaceRef surface = IOSurfaceLookupFromMachPort(port);
		id<MTLDevice> device = MTLCreateSystemDefaultDevice();
		id<MTLTexture> texture = on_surface(device, surface, MTLStorageModeManaged);

		for (uint8_t byte = 2; byte <= 3; byte++) {
			draw(device, texture, byte, byte == 3);
			tell(socket);
			listen_to(socket);
		}
		[texture release];
		[device release];
		CFRelease(surface);
		mach_port_deallocate(mach_task_self(), port);
	}
	return 0;
}

static void two_processes_see_what_is_synchronized(void **state)
{
	static const char *const gpus[] = {"apple", "intel", "discrete"};

	(void)state;
	for (int i = 0; i < 3; i++) {
		choose(gpus[i]);
		@autoreleasepool {
			id<MTLDevice> device = device_new();
			IOSurfaceRef surface = surface_new();
			id<MTLTexture> texture = on_surface(device, surface, MTLStorageModeManaged);
			mach_port_t port = IOSurfaceCreateMachPort(surface);
			struct peer peer = peer_start("draw", NULL);

			write_by_cpu(surface, 1);
			assert_int_equal(seen_by_gpu(device, texture), 1);
			assert_int_equal(apple_double_port_send(peer.socket, port), 0);
			listen_to(peer.socket);
			assert_int_equal(seen_by_gpu(device, texture), i == 2 ? 1 : 2);
			assert_int_equal(seen_by_cpu(surface), i == 2 ? 1 : 2);
			tell(peer.socket);
			listen_to(peer.socket);
			assert_int_equal(seen_by_gpu(device, texture), 3);
			assert_int_equal(seen_by_cpu(surface), 3);
			tell(peer.socket);
			assert_int_equal(peer_end(&peer, NULL, 0), 0);
			mach_port_deallocate(mach_task_self(), port);
			[texture release];
			CFRelease(surface);
			[device release];
		}
	}
}

int main(int argc, char **argv)
{
	static const struct mode modes[] = {{"draw", peer_draws}, {NULL, NULL}};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(they_say_what_they_are, apple_again),
		cmocka_unit_test_teardown(textures_that_work, apple_again),
		cmocka_unit_test_teardown(what_apple_gpus_alone_have, apple_again),
		cmocka_unit_test_teardown(validation_ends_the_process, apple_again),
		cmocka_unit_test_teardown(the_cpu_sees_what_is_synchronized, apple_again),
		cmocka_unit_test_teardown(a_texture_of_its_own, apple_again),
		cmocka_unit_test_teardown(two_processes_see_what_is_synchronized, apple_again),
	};
	int status;

	if (peers_run(argc, argv, modes, &status))
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
