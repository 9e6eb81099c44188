/* SPDX-License-Identifier: MIT */
#import "texture_rules.h"

#define MAX_SIDE 16384
#define MAX_DEPTH 2048
#define MAX_LAYERS 2048

/* What Apple's GPUs alone have. */
static void check_gpu(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels)
{
	if (double_gpu() == DOUBLE_APPLE)
		return;
	if (pixels->channel == DOUBLE_SRGB8 && pixels->channels < 4)
		double_die("pixel format %u: only Apple's GPUs have it", pixels->format);
	if (descriptor.storageMode == MTLStorageModeShared)
		double_die("a texture of MTLStorageModeShared: only Apple's GPUs have such");
}

void double_check_descriptor(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels)
{
	MTLTextureType type = descriptor.textureType;
	NSUInteger side = MAX(descriptor.width, descriptor.height);
	NSUInteger levels = 1;

	if (descriptor.width == 0 || descriptor.height == 0 || descriptor.depth == 0)
		double_die("a texture of no size");
	if (side > (type == MTLTextureType3D ? MAX_DEPTH : MAX_SIDE) ||
		descriptor.depth > MAX_DEPTH || descriptor.arrayLength > MAX_LAYERS)
		double_die("a texture of %lu x %lu x %lu, %lu layers: at most %d", descriptor.width,
			descriptor.height, descriptor.depth, descriptor.arrayLength,
			type == MTLTextureType3D ? MAX_DEPTH : MAX_SIDE);
	if (type != MTLTextureType2D && type != MTLTextureType2DArray && type != MTLTextureType3D)
		double_die("the double has no textures of type %lu", type);
	if (type != MTLTextureType3D && descriptor.depth != 1)
		double_die("a depth of %lu, but not 3D", descriptor.depth);
	if (type != MTLTextureType2DArray && descriptor.arrayLength != 1)
		double_die("%lu layers, but no array", descriptor.arrayLength);
	if (descriptor.sampleCount != 1)
		double_die("the double has no multisampling");
	for (NSUInteger rest = MAX(side, descriptor.depth); rest > 1; rest /= 2)
		levels++;
	if (descriptor.mipmapLevelCount == 0 || descriptor.mipmapLevelCount > levels)
		double_die("%lu levels: 1 to %lu", descriptor.mipmapLevelCount, levels);
	if (pixels->channel == DOUBLE_DEPTH && type == MTLTextureType3D)
		double_die("a 3D texture of a depth format");
	if (pixels->channel == DOUBLE_COMPRESSED)
		double_die("the double has no compressed textures");
	check_gpu(descriptor, pixels);
}

void double_check_own(
	MTLTextureDescriptor *descriptor, const struct double_pixels *pixels, bool shared)
{
	MTLStorageMode mode = descriptor.storageMode;

	if (shared && mode != MTLStorageModePrivate)
		double_die("a shared texture must be private, not of storage mode %lu", mode);
	if (mode > MTLStorageModePrivate)
		double_die("the double has no storage mode %lu", mode);
	if (pixels->channel == DOUBLE_DEPTH && mode != MTLStorageModePrivate)
		double_die("depth textures must be private, not of storage mode %lu", mode);
}

bool double_check_surface(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels,
	id<MTLDevice> device, IOSurfaceRef surface, NSUInteger plane)
{
	const struct double_surface_plane *on = double_surface_plane_of(surface, plane);
	NSUInteger alignment;

	if (descriptor.textureType != MTLTextureType2D || descriptor.mipmapLevelCount != 1)
		double_die("a surface's texture must be 2D with one level");
	if (descriptor.storageMode > MTLStorageModeManaged)
		double_die("a surface's texture must be shared or managed, not of storage mode %lu",
			descriptor.storageMode);
	if (!on)
		double_die("plane %lu of a surface of %zu planes", plane,
			IOSurfaceGetPlaneCount(surface));
	if (!double_pixels_on_surface(pixels))
		return false;
	if (pixels->bytes != on->bytes_per_element)
		double_die("texels of %u bytes on a surface of %zu bytes per element",
			pixels->bytes, (size_t)on->bytes_per_element);
	if (descriptor.width > double_plane_elements(on) || descriptor.height > on->height)
		double_die("a texture of %lu x %lu on a surface of %zu x %zu", descriptor.width,
			descriptor.height, double_plane_elements(on), (size_t)on->height);
	alignment = [device minimumLinearTextureAlignmentForPixelFormat:descriptor.pixelFormat];
	return on->bytes_per_row % alignment == 0 && on->offset % alignment == 0;
}

void double_check_linear(MTLTextureDescriptor *descriptor, const struct double_pixels *pixels,
	DoubleBuffer *buffer, NSUInteger offset, NSUInteger bytes_per_row)
{
	NSUInteger alignment =
		[buffer.device minimumLinearTextureAlignmentForPixelFormat:descriptor.pixelFormat];

	if (descriptor.textureType != MTLTextureType2D || descriptor.mipmapLevelCount != 1)
		double_die("a buffer's texture must be 2D with one level");
	if (descriptor.storageMode != buffer.storageMode)
		double_die("a texture of storage mode %lu in a buffer of %lu",
			descriptor.storageMode, buffer.storageMode);
	if (descriptor.usage & MTLTextureUsageRenderTarget && double_gpu() != DOUBLE_APPLE)
		double_die("a linear texture as a render target: only Apple's GPUs have such");
	if (offset % alignment || bytes_per_row % alignment)
		double_die("rows of %lu bytes from %lu: multiples of %lu are needed", bytes_per_row,
			offset, alignment);
	if (bytes_per_row < descriptor.width * pixels->bytes)
		double_die("rows of %lu bytes for %lu texels of %u", bytes_per_row,
			descriptor.width, pixels->bytes);
	[buffer range:bytes_per_row * descriptor.height at:offset];
}

void double_check_view(DoubleTexture *texture, const struct double_pixels *pixels)
{
	const struct double_pixels *own = texture.pixels;
	bool srgb_pair = (own->channel == DOUBLE_UNORM8 || own->channel == DOUBLE_SRGB8) &&
			 (pixels->channel == DOUBLE_UNORM8 || pixels->channel == DOUBLE_SRGB8) &&
			 own->channels == pixels->channels && own->blue_first == pixels->blue_first;

	if (own == pixels || srgb_pair)
		return;
	if (pixels->bytes != own->bytes || pixels->channel == DOUBLE_DEPTH)
		double_die("pixel format %u viewed as %u", own->format, pixels->format);
	if (!(texture.usage & MTLTextureUsagePixelFormatView))
		double_die("viewed as pixel format %u without MTLTextureUsagePixelFormatView",
			pixels->format);
}
