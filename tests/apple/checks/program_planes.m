/* SPDX-License-Identifier: MIT */
/* Programs on the double that use a surface of two planes ('420v'), as program_rules.m: the
 * argument names the program, and a program that is wrong prints why and fails, or the double ends
 * it. */
#include "program.h"

#include <IOSurface/IOSurface.h>
#include <Metal/Metal.h>

#define WIDTH 64
#define HEIGHT 16
#define ROW 256

/* ---- surfaces ---- */

static void set_number(CFMutableDictionaryRef properties, CFStringRef key, int64_t value)
{
	CFNumberRef number = CFNumberCreate(kCFAllocatorDefault, kCFNumberSInt64Type, &value);

	CFDictionarySetValue(properties, key, number);
	CFRelease(number);
}

static CFMutableDictionaryRef make_plane(
	int64_t width, int64_t height, int64_t element, int64_t row, int64_t offset)
{
	CFMutableDictionaryRef plane = CFDictionaryCreateMutable(kCFAllocatorDefault, 0,
		&kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);

	set_number(plane, kIOSurfacePlaneWidth, width);
	set_number(plane, kIOSurfacePlaneHeight, height);
	set_number(plane, kIOSurfacePlaneBytesPerElement, element);
	set_number(plane, kIOSurfacePlaneBytesPerRow, row);
	set_number(plane, kIOSurfacePlaneOffset, offset);
	return plane;
}

/* Makes a surface, whose chroma has that row and offset. */
static IOSurfaceRef make_surface(int64_t row, int64_t offset)
{
	CFMutableDictionaryRef properties = CFDictionaryCreateMutable(kCFAllocatorDefault, 0,
		&kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
	CFMutableDictionaryRef planes[] = {make_plane(WIDTH, HEIGHT, 1, ROW, 0),
		make_plane(WIDTH / 2, HEIGHT / 2, 2, row, offset)};
	CFArrayRef array = CFArrayCreate(
		kCFAllocatorDefault, (const void **)planes, 2, &kCFTypeArrayCallBacks);
	IOSurfaceRef surface;

	CFDictionarySetValue(properties, kIOSurfacePlaneInfo, array);
	set_number(properties, kIOSurfaceWidth, WIDTH);
	set_number(properties, kIOSurfaceHeight, HEIGHT);
	set_number(properties, kIOSurfaceAllocSize, 8192);
	set_number(properties, kIOSurfacePixelFormat, 0x34323076);
	surface = IOSurfaceCreate(properties);
	CFRelease(properties);
	CFRelease(array);
	CFRelease(planes[0]);
	CFRelease(planes[1]);
	return surface;
}

static int makes(int64_t row, int64_t offset)
{
	IOSurfaceRef surface = make_surface(row, offset);

	if (!surface)
		return wrong("IOSurfaceCreate is NULL");
	CFRelease(surface);
	return 0;
}

static int planes(id<MTLDevice> device)
{
	(void)device;
	return makes(ROW, ROW * HEIGHT);
}

static int plane_outside(id<MTLDevice> device)
{
	(void)device;
	return makes(ROW, 8192 - ROW);
}

static int rows_too_short(id<MTLDevice> device)
{
	(void)device;
	return makes(WIDTH - 32, ROW * HEIGHT);
}

static int rows_unaligned(id<MTLDevice> device)
{
	(void)device;
	return makes(WIDTH + 8, ROW * HEIGHT);
}

static int offset_unaligned(id<MTLDevice> device)
{
	(void)device;
	return makes(ROW, ROW * HEIGHT + 8);
}

static int address(id<MTLDevice> device, bool locks)
{
	IOSurfaceRef surface = make_surface(ROW, ROW * HEIGHT);
	uint8_t *chroma;

	(void)device;
	if (locks)
		IOSurfaceLock(surface, 0, NULL);
	chroma = IOSurfaceGetBaseAddressOfPlane(surface, 1);
	chroma[0] = 1;
	if (locks)
		IOSurfaceUnlock(surface, 0, NULL);
	CFRelease(surface);
	return 0;
}

static int address_locked(id<MTLDevice> device)
{
	return address(device, true);
}

static int address_unlocked(id<MTLDevice> device)
{
	return address(device, false);
}

static int row_of_the_surface(id<MTLDevice> device)
{
	IOSurfaceRef surface = make_surface(ROW, ROW * HEIGHT);
	size_t row = IOSurfaceGetBytesPerRow(surface);

	(void)device;
	CFRelease(surface);
	return row == ROW ? 0 : wrong("another row");
}

/* ---- textures ---- */

static id<MTLTexture> make_texture(id<MTLDevice> device, IOSurfaceRef surface,
	MTLPixelFormat format, NSUInteger width, NSUInteger plane)
{
	MTLTextureDescriptor *descriptor =
		[MTLTextureDescriptor texture2DDescriptorWithPixelFormat:format
								   width:width
								  height:HEIGHT / 2
							       mipmapped:NO];

	descriptor.storageMode = MTLStorageModeManaged;
	descriptor.usage = MTLTextureUsageRenderTarget;
	return [device newTextureWithDescriptor:descriptor iosurface:surface plane:plane];
}

static int on_plane(id<MTLDevice> device, MTLPixelFormat format, NSUInteger width, NSUInteger plane)
{
	IOSurfaceRef surface = make_surface(ROW, ROW * HEIGHT);
	id<MTLTexture> texture = make_texture(device, surface, format, width, plane);
	bool made = texture != nil;

	[texture release];
	CFRelease(surface);
	return made ? 0 : wrong("the plane has no texture");
}

static int texture_of_chroma(id<MTLDevice> device)
{
	return on_plane(device, MTLPixelFormatRG8Unorm, WIDTH / 2, 1);
}

static int texture_of_plane_2(id<MTLDevice> device)
{
	return on_plane(device, MTLPixelFormatRG8Unorm, WIDTH / 2, 2);
}

static int chroma_as_luma(id<MTLDevice> device)
{
	return on_plane(device, MTLPixelFormatR8Unorm, WIDTH / 2, 1);
}

static int chroma_of_luma_s_size(id<MTLDevice> device)
{
	return on_plane(device, MTLPixelFormatRG8Unorm, WIDTH, 1);
}

static void clear(id<MTLCommandBuffer> commands, id<MTLTexture> texture)
{
	MTLRenderPassDescriptor *pass = [MTLRenderPassDescriptor renderPassDescriptor];
	MTLRenderPassColorAttachmentDescriptor *color =
		[pass.colorAttachments objectAtIndexedSubscript:0];

	color.texture = texture;
	color.loadAction = MTLLoadActionClear;
	color.storeAction = MTLStoreActionStore;
	color.clearColor = MTLClearColorMake(1, 1, 1, 1);
	[[commands renderCommandEncoderWithDescriptor:pass] endEncoding];
}

/* The GPU draws both planes, and the program synchronizes the luma and, if so, the chroma. */
static int draw(id<MTLDevice> device, bool both)
{
	IOSurfaceRef surface = make_surface(ROW, ROW * HEIGHT);
	id<MTLTexture> luma = make_texture(device, surface, MTLPixelFormatR8Unorm, WIDTH, 0);
	id<MTLTexture> chroma = make_texture(device, surface, MTLPixelFormatRG8Unorm, WIDTH / 2, 1);
	id<MTLCommandQueue> queue = [device newCommandQueue];
	id<MTLCommandBuffer> commands = [queue commandBuffer];
	id<MTLBlitCommandEncoder> encoder;
	uint8_t seen[2];

	clear(commands, luma);
	clear(commands, chroma);
	encoder = [commands blitCommandEncoder];
	[encoder synchronizeResource:luma];
	if (both)
		[encoder synchronizeResource:chroma];
	[encoder endEncoding];
	[commands commit];
	[commands waitUntilCompleted];
	IOSurfaceLock(surface, kIOSurfaceLockReadOnly, NULL);
	for (size_t i = 0; i < 2; i++)
		seen[i] = *(const uint8_t *)IOSurfaceGetBaseAddressOfPlane(surface, i);
	IOSurfaceUnlock(surface, kIOSurfaceLockReadOnly, NULL);
	[queue release];
	[chroma release];
	[luma release];
	CFRelease(surface);
	return seen[0] == 255 && seen[1] == 255 ? 0
						: wrong("the CPU doesn't see what the GPU drew");
}

static int synchronized(id<MTLDevice> device)
{
	return draw(device, true);
}

static int luma_synchronized(id<MTLDevice> device)
{
	return draw(device, false);
}

/* Copies the chroma into a buffer behind `before` bytes. */
static int copy_behind(id<MTLDevice> device, NSUInteger before)
{
	IOSurfaceRef surface = make_surface(ROW, ROW * HEIGHT);
	id<MTLTexture> chroma = make_texture(device, surface, MTLPixelFormatRG8Unorm, WIDTH / 2, 1);
	id<MTLBuffer> buffer = [device newBufferWithLength:ROW * HEIGHT options:0];
	id<MTLCommandQueue> queue = [device newCommandQueue];
	id<MTLCommandBuffer> commands = [queue commandBuffer];
	id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];

	[encoder copyFromTexture:chroma
			     sourceSlice:0
			     sourceLevel:0
			    sourceOrigin:MTLOriginMake(0, 0, 0)
			      sourceSize:MTLSizeMake(WIDTH / 2, HEIGHT / 2, 1)
				toBuffer:buffer
		       destinationOffset:before
		  destinationBytesPerRow:WIDTH
		destinationBytesPerImage:WIDTH * HEIGHT / 2];
	[encoder endEncoding];
	[commands commit];
	[commands waitUntilCompleted];
	[queue release];
	[buffer release];
	[chroma release];
	CFRelease(surface);
	return 0;
}

static int copy_aligned(id<MTLDevice> device)
{
	return copy_behind(device, 10);
}

static int copy_unaligned(id<MTLDevice> device)
{
	return copy_behind(device, 9);
}

static const struct program programs[] = {
	{"planes", planes},
	{"plane_outside", plane_outside},
	{"rows_too_short", rows_too_short},
	{"rows_unaligned", rows_unaligned},
	{"offset_unaligned", offset_unaligned},
	{"address_locked", address_locked},
	{"address_unlocked", address_unlocked},
	{"row_of_the_surface", row_of_the_surface},
	{"texture_of_chroma", texture_of_chroma},
	{"texture_of_plane_2", texture_of_plane_2},
	{"chroma_as_luma", chroma_as_luma},
	{"chroma_of_luma_s_size", chroma_of_luma_s_size},
	{"synchronized", synchronized},
	{"luma_synchronized", luma_synchronized},
	{"copy_aligned", copy_aligned},
	{"copy_unaligned", copy_unaligned},
};

int main(int argc, char **argv)
{
	return run_program(programs, sizeof(programs) / sizeof(programs[0]), argc, argv);
}
