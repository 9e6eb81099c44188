/* SPDX-License-Identifier: MIT */
/* Descriptors of textures and render passes: plain values. As in Metal, alloc of the public class
 * returns an object of a private subclass, so the public headers declare no members. */
#import "objects.h"

@interface DoubleTextureDescriptor : MTLTextureDescriptor {
	MTLTextureType textureType;
	MTLPixelFormat pixelFormat;
	NSUInteger width, height, depth, mipmapLevelCount, sampleCount, arrayLength;
	MTLResourceOptions resourceOptions;
	MTLTextureUsage usage;
}
@end

@implementation MTLTextureDescriptor
@dynamic textureType, pixelFormat, width, height, depth, mipmapLevelCount, sampleCount;
@dynamic arrayLength, resourceOptions, cpuCacheMode, storageMode, usage;

+ (instancetype)alloc
{
	return self == [MTLTextureDescriptor class] ? [DoubleTextureDescriptor alloc]
						    : [super alloc];
}

+ (MTLTextureDescriptor *)texture2DDescriptorWithPixelFormat:(MTLPixelFormat)format
						       width:(NSUInteger)width
						      height:(NSUInteger)height
						   mipmapped:(BOOL)mipmapped
{
	MTLTextureDescriptor *descriptor = [[[self alloc] init] autorelease];
	NSUInteger levels = 1;

	for (NSUInteger side = width > height ? width : height; mipmapped && side > 1; side /= 2)
		levels++;
	descriptor.pixelFormat = format;
	descriptor.width = width;
	descriptor.height = height;
	descriptor.mipmapLevelCount = levels;
	return descriptor;
}

- (id)copyWithZone:(struct _NSZone *)zone
{
	MTLTextureDescriptor *copy = [[MTLTextureDescriptor alloc] init];

	(void)zone;
	copy.textureType = self.textureType;
	copy.pixelFormat = self.pixelFormat;
	copy.width = self.width;
	copy.height = self.height;
	copy.depth = self.depth;
	copy.mipmapLevelCount = self.mipmapLevelCount;
	copy.sampleCount = self.sampleCount;
	copy.arrayLength = self.arrayLength;
	copy.resourceOptions = self.resourceOptions;
	copy.usage = self.usage;
	return copy;
}
@end

@implementation DoubleTextureDescriptor
@synthesize textureType, pixelFormat, width, height, depth, mipmapLevelCount, sampleCount;
@synthesize arrayLength, resourceOptions, usage;

/* Sets Metal's defaults: storage mode managed on a Mac whose GPU isn't Apple's, else shared. */
- (instancetype)init
{
	textureType = MTLTextureType2D;
	pixelFormat = MTLPixelFormatRGBA8Unorm;
	width = height = depth = mipmapLevelCount = sampleCount = arrayLength = 1;
	usage = MTLTextureUsageShaderRead;
	if (double_gpu() != DOUBLE_APPLE)
		resourceOptions = MTLResourceStorageModeManaged;
	return self;
}

- (MTLCPUCacheMode)cpuCacheMode
{
	return resourceOptions & 0xf;
}

- (void)setCpuCacheMode:(MTLCPUCacheMode)mode
{
	resourceOptions = (resourceOptions & ~0xfUL) | mode;
}

- (MTLStorageMode)storageMode
{
	return resourceOptions >> 4 & 0xf;
}

- (void)setStorageMode:(MTLStorageMode)mode
{
	resourceOptions = (resourceOptions & ~0xf0UL) | mode << 4;
}
@end

@interface DoubleColorAttachment : MTLRenderPassColorAttachmentDescriptor {
	id<MTLTexture> texture;
	NSUInteger level, slice, depthPlane;
	MTLLoadAction loadAction;
	MTLStoreAction storeAction;
	MTLClearColor clearColor;
}
@end

@implementation MTLRenderPassAttachmentDescriptor
@dynamic texture, level, slice, depthPlane, loadAction, storeAction;
@end

@implementation MTLRenderPassColorAttachmentDescriptor
@dynamic clearColor;
@end

@implementation DoubleColorAttachment
@synthesize level, slice, depthPlane, loadAction, storeAction, clearColor;

- (void)dealloc
{
	[texture release];
	[super dealloc];
}

- (id<MTLTexture>)texture
{
	return texture;
}

- (void)setTexture:(id<MTLTexture>)aTexture
{
	id<MTLTexture> old = texture;

	texture = [aTexture retain];
	[old release];
}
@end

#define ATTACHMENTS 8

@interface DoubleColorAttachments : MTLRenderPassColorAttachmentDescriptorArray {
	DoubleColorAttachment *attachments[ATTACHMENTS];
}
@end

@implementation MTLRenderPassColorAttachmentDescriptorArray
- (MTLRenderPassColorAttachmentDescriptor *)objectAtIndexedSubscript:(NSUInteger)index
{
	double_die("attachment %lu of no class", index);
}
@end

@implementation DoubleColorAttachments
- (void)dealloc
{
	for (int i = 0; i < ATTACHMENTS; i++)
		[attachments[i] release];
	[super dealloc];
}

- (MTLRenderPassColorAttachmentDescriptor *)objectAtIndexedSubscript:(NSUInteger)index
{
	if (index >= ATTACHMENTS)
		double_die("colour attachment %lu of %d", index, ATTACHMENTS);
	if (!attachments[index])
		attachments[index] = [[DoubleColorAttachment alloc] init];
	return attachments[index];
}
@end

@interface DoubleRenderPass : MTLRenderPassDescriptor {
	DoubleColorAttachments *colorAttachments;
}
@end

@implementation MTLRenderPassDescriptor
@dynamic colorAttachments;

+ (instancetype)alloc
{
	return self == [MTLRenderPassDescriptor class] ? [DoubleRenderPass alloc] : [super alloc];
}

+ (MTLRenderPassDescriptor *)renderPassDescriptor
{
	return [[[self alloc] init] autorelease];
}
@end

@implementation DoubleRenderPass
- (instancetype)init
{
	colorAttachments = [[DoubleColorAttachments alloc] init];
	return self;
}

- (void)dealloc
{
	[colorAttachments release];
	[super dealloc];
}

- (MTLRenderPassColorAttachmentDescriptorArray *)colorAttachments
{
	return colorAttachments;
}
@end
