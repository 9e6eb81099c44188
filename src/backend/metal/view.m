/* SPDX-License-Identifier: MIT */
/* Makes MTLTexture objects on surfaces, in host memory and in private storage, and copies
 * textures. */
#include "backend/metal/mtl.h"

#include "base/error.h"

#include <inttypes.h>

#import <Metal/Metal.h>

/* Copies with a blit encoder need no usage bits. */
static MTLTextureUsage usage_of(uint32_t usage)
{
	return (usage & GEYSER_USAGE_TEXTURE_BINDING ? MTLTextureUsageShaderRead : 0) |
	       (usage & GEYSER_USAGE_STORAGE_BINDING ? MTLTextureUsageShaderWrite : 0) |
	       (usage & GEYSER_USAGE_RENDER_ATTACHMENT ? MTLTextureUsageRenderTarget : 0);
}

static MTLTextureType type_of(const struct geyser_texture_desc *desc)
{
	return desc->depth > 1    ? MTLTextureType3D
	       : desc->layers > 1 ? MTLTextureType2DArray
				  : MTLTextureType2D;
}

static uint32_t planes_of(const struct mtl_texture *texture)
{
	return geyser_format_get_info(texture->desc.format)->planes;
}

/* Tells where a plane lies in linear memory, and how many texels it has. */
static struct geyser_subresource locate(const struct mtl_texture *texture, uint32_t plane)
{
	struct geyser_subresource out;

	gy_layout_subresource(&texture->desc, &texture->base.layout, plane, 0, 0, &out);
	return out;
}

static MTLPixelFormat format_of(const struct mtl_texture *texture, uint32_t plane)
{
	const struct geyser_format_info *info = geyser_format_get_info(texture->desc.format);

	info = geyser_format_get_info(info->plane[plane].format);
	return (MTLPixelFormat)info->mtl_pixel_format;
}

/* Returns the descriptor of a plane, which is autoreleased. */
static MTLTextureDescriptor *describe(
	const struct mtl_texture *texture, uint32_t plane, MTLStorageMode storage)
{
	MTLTextureDescriptor *out = [[[MTLTextureDescriptor alloc] init] autorelease];
	const struct geyser_texture_desc *desc = &texture->desc;
	const struct geyser_subresource at = locate(texture, plane);

	out.textureType = type_of(desc);
	out.pixelFormat = format_of(texture, plane);
	out.width = at.width;
	out.height = at.height;
	out.depth = desc->depth;
	out.arrayLength = desc->layers;
	out.mipmapLevelCount = desc->mip_levels;
	out.usage = usage_of(desc->usage);
	out.storageMode = storage;
	return out;
}

/* Returns the MTLDevice of the texture's device. */
static id<MTLDevice> metal(const struct mtl_texture *texture)
{
	return (id<MTLDevice>)texture->device->device;
}

/* A label that isn't UTF-8 is left out. */
void gy_mtl_set_label(struct mtl_texture *texture)
{
	@autoreleasepool {
		const char *label = texture->desc.label;
		NSString *name = label ? [NSString stringWithUTF8String:label] : nil;

		for (uint32_t plane = 0; name && plane < planes_of(texture); plane++)
			((id<MTLTexture>)texture->textures[plane]).label = name;
	}
}

static enum geyser_result keep(
	struct mtl_texture *texture, uint32_t plane, id<MTLTexture> made, const char *where)
{
	texture->textures[plane] = made;
	if (!made)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s can't make a texture of %u × %u texels of %s, usage 0x%x, %s",
			texture->device->info.name, texture->desc.width, texture->desc.height,
			geyser_format_name(texture->desc.format), texture->desc.usage, where);
	gy_mtl_set_label(texture);
	return GEYSER_OK;
}

/* Returns where a texture lies that both the CPU and the GPU use. */
static MTLStorageMode storage_of(const struct mtl_texture *texture)
{
#if TARGET_OS_OSX
	if (!texture->device->apple)
		return MTLStorageModeManaged;
#endif
	(void)texture;
	return MTLStorageModeShared;
}

static id<MTLTexture> make(const struct mtl_texture *texture, uint32_t plane)
{
	const struct geyser_subresource at = locate(texture, plane);

	if (texture->memory == MTL_SURFACE)
		return [metal(texture)
			newTextureWithDescriptor:describe(texture, plane, storage_of(texture))
				       iosurface:texture->surface
					   plane:plane];
	if (texture->base.uploads)
		return [metal(texture)
			newTextureWithDescriptor:describe(texture, plane, storage_of(texture))];
	return [(id<MTLBuffer>)texture->buffer
		newTextureWithDescriptor:describe(texture, plane, MTLStorageModeShared)
				  offset:(NSUInteger)texture->base.layout.offset + at.offset
			     bytesPerRow:at.row_pitch];
}

static void release_textures(struct mtl_texture *texture)
{
	for (uint32_t plane = 0; plane < GEYSER_FORMAT_PLANES_MAX; plane++) {
		[(id)texture->textures[plane] release];
		texture->textures[plane] = NULL;
	}
}

enum geyser_result gy_mtl_view(struct mtl_texture *texture)
{
	const char *where = texture->memory == MTL_SURFACE ? "on an IOSurface"
			    : texture->base.uploads        ? "for copies of host memory"
							   : "in host memory";
	enum geyser_result result = GEYSER_OK;

	@autoreleasepool {
		for (uint32_t plane = 0; plane < planes_of(texture) && result == GEYSER_OK; plane++)
			result = keep(texture, plane, make(texture, plane), where);
		if (result != GEYSER_OK)
			release_textures(texture);
	}
	return result;
}

size_t gy_mtl_row_alignment(const struct mtl_texture *texture)
{
	size_t largest = 1;

	for (uint32_t plane = 0; plane < planes_of(texture); plane++) {
		size_t alignment = [metal(texture)
			minimumLinearTextureAlignmentForPixelFormat:format_of(texture, plane)];

		largest = alignment > largest ? alignment : largest;
	}
	return largest;
}

static uint32_t find_unaligned(const struct mtl_texture *texture)
{
	return gy_layout_find_unaligned(
		&texture->desc, &texture->base.layout, gy_mtl_row_alignment(texture));
}

enum geyser_result gy_mtl_wrap_host(struct mtl_texture *texture)
{
	texture->memory = MTL_HOST;
	@autoreleasepool {
		texture->buffer =
			[metal(texture) newBufferWithBytesNoCopy:texture->host.data
							  length:(NSUInteger)texture->base.bytes
							 options:MTLResourceStorageModeShared
						     deallocator:nil];
	}
	if (texture->buffer)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
		"%s can't make a buffer of %" PRIu64 " bytes of host memory",
		texture->device->info.name, texture->base.bytes);
}

/* Only Apple's GPUs have textures in shared buffers. Other rows can be copied to and from those. */
void gy_mtl_view_host(struct mtl_texture *texture)
{
	if (gy_mtl_wrap_host(texture) == GEYSER_OK && texture->device->apple &&
		texture->desc.mip_levels == 1 && find_unaligned(texture) == planes_of(texture))
		(void)gy_mtl_view(texture);
}

enum geyser_result gy_mtl_view_uploaded(struct mtl_texture *texture)
{
	texture->base.uploads = true;
	texture->base.path = GEYSER_PATH_COPY;
	return gy_mtl_view(texture);
}

void gy_mtl_texture_upload(struct gy_backend_texture *base)
{
	const struct mtl_texture *texture = (const struct mtl_texture *)base;
	const char *data = (const char *)texture->host.data + base->layout.offset;

	@autoreleasepool {
		for (uint32_t plane = 0; plane < planes_of(texture); plane++) {
			const struct geyser_subresource at = locate(texture, plane);

			[(id<MTLTexture>)texture->textures[plane]
				replaceRegion:MTLRegionMake2D(0, 0, at.width, at.height)
				  mipmapLevel:0
				    withBytes:data + at.offset
				  bytesPerRow:at.row_pitch];
		}
	}
}

static enum geyser_result check_opened(id<MTLTexture> made, const struct geyser_texture_desc *desc)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);

	if (made.pixelFormat == (MTLPixelFormat)info->mtl_pixel_format &&
		made.textureType == type_of(desc) && made.width == desc->width &&
		made.height == desc->height && made.depth == desc->depth &&
		made.arrayLength == desc->layers && made.mipmapLevelCount == desc->mip_levels)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_MISMATCH,
		"the handle's texture is of MTLPixelFormat %zu, %zu × %zu × %zu texels, %zu layers "
		"and %zu mip levels: desc differs (%s is %u)",
		(size_t)made.pixelFormat, (size_t)made.width, (size_t)made.height,
		(size_t)made.depth, (size_t)made.arrayLength, (size_t)made.mipmapLevelCount,
		info->name, info->mtl_pixel_format);
}

API_AVAILABLE(macos(10.14), ios(13.0))
static enum geyser_result open_handle(struct mtl_texture *texture, MTLSharedTextureHandle *handle)
{
	id<MTLDevice> device = metal(texture);
	id<MTLTexture> made;

	if (handle.device != device)
		return gy_fail(GEYSER_ERROR_MISMATCH, "the handle is of another device: %s",
			handle.device.name.UTF8String);
	made = [device newSharedTextureWithHandle:handle];
	texture->textures[0] = made;
	if (!made)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "%s can't open the texture of the handle",
			texture->device->info.name);
	return check_opened(made, &texture->desc);
}

enum geyser_result gy_mtl_view_private(struct mtl_texture *texture, void *handle)
{
	if (__builtin_available(macOS 10.14, iOS 13.0, *)) {
		@autoreleasepool {
			if (handle)
				return open_handle(texture, (MTLSharedTextureHandle *)handle);
			return keep(texture, 0,
				[metal(texture)
					newSharedTextureWithDescriptor:
						describe(texture, 0, MTLStorageModePrivate)],
				"in private storage for sharing");
		}
	}
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"there is no private storage for sharing before macOS 10.14 and iOS 13");
}

static enum geyser_result refuse_rows(const struct mtl_texture *texture)
{
	const struct geyser_subresource at =
		locate(texture, find_unaligned(texture) % planes_of(texture));

	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"host memory with rows of %zu bytes from %" PRIu64
		" on: Metal reads rows that are a multiple of %zu, of one mip level",
		at.row_pitch, texture->base.layout.offset + at.offset,
		gy_mtl_row_alignment(texture));
}

enum geyser_result gy_metal_texture(
	const struct gy_backend_texture *base, uint32_t plane, void **out)
{
	const struct mtl_texture *texture = (const struct mtl_texture *)base;

	*out = texture->textures[plane];
	if (*out)
		return GEYSER_OK;
	if (!texture->buffer)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s can't make a buffer of this host memory%s", texture->device->info.name,
			base->writable ? ""
				       : ", which is shared for reading only: a stream's frame is "
					 "uploaded instead");
	if (!texture->device->apple && texture->desc.mip_levels == 1)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s reads no texture in host memory, only Apple's GPUs do: map it",
			texture->device->info.name);
	return refuse_rows(texture);
}

void gy_mtl_view_release(struct mtl_texture *texture)
{
	@autoreleasepool {
		release_textures(texture);
		[(id)texture->buffer release];
	}
	texture->buffer = NULL;
}

/* ---- what the CPU and other processes see of a managed texture ---- */

/* Returns whether the GPU may have a copy of the surface's memory. */
static bool is_managed(const struct mtl_texture *texture)
{
	return texture->memory == MTL_SURFACE && !texture->device->apple;
}

enum geyser_result gy_metal_encode_synchronize(
	void *command_buffer, const struct gy_backend_texture *base)
{
	const struct mtl_texture *texture = (const struct mtl_texture *)base;

	if (!is_managed(texture))
		return GEYSER_OK;
#if TARGET_OS_OSX
	@autoreleasepool {
		id<MTLBlitCommandEncoder> encoder =
			[(id<MTLCommandBuffer>)command_buffer blitCommandEncoder];

		for (uint32_t plane = 0; plane < planes_of(texture); plane++)
			[encoder synchronizeResource:(id<MTLTexture>)texture->textures[plane]];
		[encoder endEncoding];
		if (encoder)
			return GEYSER_OK;
	}
#endif
	(void)command_buffer;
	return gy_fail(
		GEYSER_ERROR_OUT_OF_MEMORY, "Metal returned no encoder for a synchronization");
}

enum geyser_result gy_mtl_synchronize(void *data)
{
	struct mtl_texture *texture = data;
	enum geyser_result result;

	if (!is_managed(texture) || gy_mtl_is_inherited(texture->device))
		return GEYSER_OK;
	@autoreleasepool {
		id<MTLCommandBuffer> commands =
			[(id<MTLCommandQueue>)texture->device->reader commandBuffer];

		result = gy_metal_encode_synchronize((void *)commands, &texture->base);
		[commands commit];
		[commands waitUntilCompleted];
		if (result == GEYSER_OK && commands.status != MTLCommandBufferStatusCompleted)
			result = gy_fail(GEYSER_ERROR_SYSTEM, "the GPU synchronizes no texture: %s",
				commands.error.localizedDescription.UTF8String);
	}
	return result;
}

/* ---- copies into host memory, for processes that can't open an IOSurface ---- */

/* Encodes the copy. Returns false if Metal is out of memory: it gives no encoder then, or there was
 * no command buffer. */
static bool encode_copy(
	id<MTLCommandBuffer> commands, const struct mtl_texture *from, const struct mtl_texture *to)
{
	id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];

	for (uint32_t plane = 0; plane < planes_of(from); plane++) {
		const struct geyser_subresource at = locate(to, plane);

		[encoder copyFromTexture:(id<MTLTexture>)from->textures[plane]
				     sourceSlice:0
				     sourceLevel:0
				    sourceOrigin:MTLOriginMake(0, 0, 0)
				      sourceSize:MTLSizeMake(at.width, at.height, 1)
					toBuffer:(id<MTLBuffer>)to->buffer
			       destinationOffset:(NSUInteger)to->base.layout.offset + at.offset
			  destinationBytesPerRow:at.row_pitch
			destinationBytesPerImage:at.slice_pitch];
	}
	[encoder endEncoding];
	return encoder != nil;
}

/* A publisher has one copy of each of its buffers pending at most, 16 in all. So its queue, which
 * has room for 64 command buffers, always gives one at once. */
enum geyser_result gy_mtl_texture_copy(struct gy_backend_texture *from_base,
	struct gy_backend_texture *to_base, const struct gy_backend_point *wait,
	const struct gy_backend_point *signal)
{
	const struct mtl_texture *from = (const struct mtl_texture *)from_base;
	const struct mtl_texture *to = (const struct mtl_texture *)to_base;
	void *texture, *queue;
	enum geyser_result result = gy_metal_texture(from_base, 0, &texture);

	if (result == GEYSER_OK)
		result = gy_mtl_event_queue(wait->event, &queue);
	if (result != GEYSER_OK)
		return result;
	@autoreleasepool {
		id<MTLCommandBuffer> commands = [(id<MTLCommandQueue>)queue commandBuffer];

		if (wait->value)
			result = gy_metal_encode_wait(wait->event, (void *)commands, wait->value);
		if (result == GEYSER_OK && !encode_copy(commands, from, to))
			result = gy_fail(
				GEYSER_ERROR_OUT_OF_MEMORY, "Metal returned no encoder for a copy");
		if (result == GEYSER_OK)
			result = gy_metal_encode_signal(
				signal->event, (void *)commands, signal->value);
		if (result == GEYSER_OK)
			[commands commit];
	}
	return result;
}
