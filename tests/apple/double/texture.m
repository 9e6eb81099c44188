/* SPDX-License-Identifier: MIT */
#import "texture_rules.h"

#include <string.h>

@implementation DoubleTexture
@dynamic device, label;

- (void)take:(MTLTextureDescriptor *)aDescriptor
{
	descriptor = [aDescriptor copyWithZone:NULL];
	pixels = double_pixels_of(descriptor.pixelFormat);
	bytes_per_row = descriptor.width * pixels->bytes;
	double_check_descriptor(descriptor, pixels);
}

- (size_t)bytesOfSlice
{
	struct double_level last = [self level:descriptor.mipmapLevelCount - 1];

	return last.offset + last.bytes_per_image * last.depth;
}

- (instancetype)initWithDevice:(id<MTLDevice>)aDevice
		    descriptor:(MTLTextureDescriptor *)aDescriptor
			shared:(BOOL)shared
{
	[super initWithDevice:aDevice];
	[self take:aDescriptor];
	double_check_own(descriptor, pixels, shared);
	if (double_fails(shared ? "newSharedTexture" : "newTexture")) {
		[self release];
		return nil;
	}
	memory = [[DoubleMemory alloc]
		initWithBytes:[self bytesOfSlice] * descriptor.arrayLength
		       copied:double_gpu() == DOUBLE_DISCRETE &&
			      descriptor.storageMode == MTLStorageModeManaged];
	shareable = shared;
	return self;
}

- (instancetype)initWithDevice:(id<MTLDevice>)aDevice
		    descriptor:(MTLTextureDescriptor *)aDescriptor
		       surface:(IOSurfaceRef)aSurface
			 plane:(NSUInteger)aPlane
{
	[super initWithDevice:aDevice];
	[self take:aDescriptor];
	if (!double_check_surface(descriptor, pixels, aDevice, aSurface, aPlane) ||
		double_fails("newTexture")) {
		[self release];
		return nil;
	}
	surface = (IOSurfaceRef)CFRetain(aSurface);
	plane = aPlane;
	bytes_per_row = IOSurfaceGetBytesPerRowOfPlane(aSurface, aPlane);
	return self;
}

- (instancetype)initWithBuffer:(DoubleBuffer *)aBuffer
		    descriptor:(MTLTextureDescriptor *)aDescriptor
			offset:(NSUInteger)anOffset
		   bytesPerRow:(NSUInteger)aRow
{
	[super initWithDevice:aBuffer.device];
	[self take:aDescriptor];
	double_check_linear(descriptor, pixels, aBuffer, anOffset, aRow);
	if (double_fails("newTexture")) {
		[self release];
		return nil;
	}
	buffer = [aBuffer retain];
	offset = anOffset;
	bytes_per_row = aRow;
	return self;
}

- (instancetype)initWithTexture:(DoubleTexture *)texture format:(MTLPixelFormat)format
{
	[super initWithDevice:texture.device];
	descriptor = [texture->descriptor copyWithZone:NULL];
	descriptor.pixelFormat = format;
	pixels = double_pixels_of(format);
	double_check_view(texture, pixels);
	memory = [texture->memory retain];
	surface = texture->surface ? (IOSurfaceRef)CFRetain(texture->surface) : NULL;
	plane = texture->plane;
	buffer = [texture->buffer retain];
	offset = texture->offset;
	bytes_per_row = texture->bytes_per_row;
	shareable = texture->shareable;
	return self;
}

- (void)dealloc
{
	[descriptor release];
	[memory release];
	[buffer release];
	if (surface)
		CFRelease(surface);
	[super dealloc];
}

- (const struct double_pixels *)pixels
{
	return pixels;
}

- (struct double_level)level:(NSUInteger)wanted
{
	struct double_level level = {
		.width = descriptor.width,
		.height = descriptor.height,
		.depth = descriptor.depth,
		.bytes_per_row = bytes_per_row,
		.bytes_per_image = bytes_per_row * descriptor.height,
	};

	for (NSUInteger i = 0; i < wanted; i++) {
		level.offset += level.bytes_per_image * level.depth;
		level.width = MAX(level.width / 2, 1);
		level.height = MAX(level.height / 2, 1);
		level.depth = MAX(level.depth / 2, 1);
		level.bytes_per_row = level.width * pixels->bytes;
		level.bytes_per_image = level.bytes_per_row * level.height;
	}
	return level;
}

- (void)check:(MTLOrigin)origin size:(MTLSize)size slice:(NSUInteger)slice level:(NSUInteger)number
{
	struct double_level level;

	if (slice >= descriptor.arrayLength || number >= descriptor.mipmapLevelCount)
		double_die("layer %lu, level %lu of %lu and %lu", slice, number,
			descriptor.arrayLength, descriptor.mipmapLevelCount);
	level = [self level:number];
	if (origin.x + size.width > level.width || origin.y + size.height > level.height ||
		origin.z + size.depth > level.depth)
		double_die("%lu x %lu x %lu texels from %lu, %lu, %lu of %lu x %lu x %lu",
			size.width, size.height, size.depth, origin.x, origin.y, origin.z,
			level.width, level.height, level.depth);
}

- (size_t)offsetOf:(MTLOrigin)origin slice:(NSUInteger)slice level:(NSUInteger)number
{
	struct double_level level = [self level:number];

	return slice * [self bytesOfSlice] + level.offset + origin.z * level.bytes_per_image +
	       origin.y * level.bytes_per_row + origin.x * pixels->bytes;
}

- (uint8_t *)texelsAt:(MTLOrigin)origin
		 size:(MTLSize)size
		slice:(NSUInteger)slice
		level:(NSUInteger)level
		draws:(BOOL)draws
{
	uint8_t *start;

	[self check:origin size:size slice:slice level:level];
	if (surface)
		start = double_surface_gpu(double_surface_of(surface), plane, draws);
	else if (buffer)
		start = [buffer range:0 at:offset];
	else
		start = [memory bytes];
	return start + [self offsetOf:origin slice:slice level:level];
}

- (void)synchronize
{
	if (surface)
		double_surface_synchronize(double_surface_of(surface), plane);
	[memory synchronize];
}

/* Returns the texels that the CPU reads and writes. */
- (uint8_t *)memory
{
	if (descriptor.storageMode == MTLStorageModePrivate)
		double_die("the CPU can't get at a private texture");
	if (surface)
		return double_surface_of(surface)->memory +
		       double_surface_plane_of(surface, plane)->offset;
	if (buffer)
		return [buffer range:0 at:offset];
	return [memory copied] ? [memory copied] : [memory bytes];
}

/* Copies between the caller's memory and the texture's, which begins at start. */
- (void)move:(uint8_t *)theirs
	  from:(uint8_t *)start
	   out:(BOOL)out
	 bytes:(NSUInteger)row
	 image:(NSUInteger)image
	region:(MTLRegion)region
	 level:(NSUInteger)number
	 slice:(NSUInteger)slice
{
	struct double_level level = [self level:number];
	size_t bytes = region.size.width * pixels->bytes;
	uint8_t *ours = start + [self offsetOf:region.origin slice:slice level:number];

	[self check:region.origin size:region.size slice:slice level:number];
	if (row < bytes || row % pixels->bytes)
		double_die("rows of %lu bytes for %lu texels of %u", row, region.size.width,
			pixels->bytes);
	for (NSUInteger z = 0; z < region.size.depth; z++) {
		for (NSUInteger y = 0; y < region.size.height; y++) {
			uint8_t *a = theirs + z * image + y * row;
			uint8_t *b = ours + z * level.bytes_per_image + y * level.bytes_per_row;

			memcpy(out ? a : b, out ? b : a, bytes);
		}
	}
}

- (void)getBytes:(void *)bytes
	  bytesPerRow:(NSUInteger)row
	bytesPerImage:(NSUInteger)image
	   fromRegion:(MTLRegion)region
	  mipmapLevel:(NSUInteger)level
		slice:(NSUInteger)slice
{
	[self move:bytes
		  from:[self memory]
		   out:YES
		 bytes:row
		 image:image
		region:region
		 level:level
		 slice:slice];
}

/* The GPU's copy is brought up to date as well. */
- (void)replaceRegion:(MTLRegion)region
	  mipmapLevel:(NSUInteger)level
		slice:(NSUInteger)slice
	    withBytes:(const void *)bytes
	  bytesPerRow:(NSUInteger)row
	bytesPerImage:(NSUInteger)image
{
	uint8_t *copies[] = {[self memory], [memory copied] ? [memory bytes] : NULL};

	for (int i = 0; i < 2 && copies[i]; i++)
		[self move:(uint8_t *)bytes
			  from:copies[i]
			   out:NO
			 bytes:row
			 image:image
			region:region
			 level:level
			 slice:slice];
	if (surface)
		double_surface_changed(double_surface_of(surface));
}

- (void)getBytes:(void *)bytes
	bytesPerRow:(NSUInteger)row
	 fromRegion:(MTLRegion)region
	mipmapLevel:(NSUInteger)level
{
	[self getBytes:bytes
		  bytesPerRow:row
		bytesPerImage:0
		   fromRegion:region
		  mipmapLevel:level
			slice:0];
}

- (void)replaceRegion:(MTLRegion)region
	  mipmapLevel:(NSUInteger)level
	    withBytes:(const void *)bytes
	  bytesPerRow:(NSUInteger)row
{
	[self replaceRegion:region
		  mipmapLevel:level
			slice:0
		    withBytes:bytes
		  bytesPerRow:row
		bytesPerImage:0];
}

- (id<MTLTexture>)newTextureViewWithPixelFormat:(MTLPixelFormat)format
{
	if (double_fails("newTexture"))
		return nil;
	return [[DoubleTexture alloc] initWithTexture:self format:format];
}

- (MTLSharedTextureHandle *)newSharedTextureHandle
{
	double_require("newSharedTextureHandle");
	return shareable ? [[DoubleTextureHandle alloc] initWithTexture:self] : nil;
}

- (IOSurfaceRef)iosurface
{
	return surface;
}

- (NSUInteger)iosurfacePlane
{
	return plane;
}

- (id<MTLBuffer>)buffer
{
	return buffer;
}

- (NSUInteger)bufferOffset
{
	return offset;
}

- (NSUInteger)bufferBytesPerRow
{
	return buffer ? bytes_per_row : 0;
}

- (MTLTextureType)textureType
{
	return descriptor.textureType;
}

- (MTLPixelFormat)pixelFormat
{
	return descriptor.pixelFormat;
}

- (NSUInteger)width
{
	return descriptor.width;
}

- (NSUInteger)height
{
	return descriptor.height;
}

- (NSUInteger)depth
{
	return descriptor.depth;
}

- (NSUInteger)mipmapLevelCount
{
	return descriptor.mipmapLevelCount;
}

- (NSUInteger)sampleCount
{
	return descriptor.sampleCount;
}

- (NSUInteger)arrayLength
{
	return descriptor.arrayLength;
}

- (MTLTextureUsage)usage
{
	return descriptor.usage;
}

- (BOOL)isShareable
{
	return shareable;
}

- (MTLStorageMode)storageMode
{
	return descriptor.storageMode;
}

- (MTLCPUCacheMode)cpuCacheMode
{
	return descriptor.cpuCacheMode;
}

- (MTLResourceOptions)resourceOptions
{
	return descriptor.resourceOptions;
}
@end
