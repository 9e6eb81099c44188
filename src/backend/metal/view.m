/* SPDX-License-Identifier: MIT */
/* Makes MTLTexture objects on surfaces, in host memory and in private storage, and copies
 * textures. */
#include "backend/metal/mtl.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

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

/* The caller owns the returned descriptor. */
static MTLTextureDescriptor *describe(
	const struct geyser_texture_desc *desc, MTLStorageMode storage)
{
	MTLTextureDescriptor *out = [[MTLTextureDescriptor alloc] init];

	out.textureType = type_of(desc);
	out.pixelFormat = (MTLPixelFormat)geyser_format_get_info(desc->format)->mtl_pixel_format;
	out.width = desc->width;
	out.height = desc->height;
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

static enum geyser_result keep(struct mtl_texture *texture, id<MTLTexture> made, const char *where)
{
	const char *label = texture->desc.label;
	NSString *name = label ? [NSString stringWithUTF8String:label] : nil;

	texture->texture = made;
	if (!made)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s can't make a texture of %u × %u texels of %s, usage 0x%x, %s",
			texture->device->info.name, texture->desc.width, texture->desc.height,
			geyser_format_name(texture->desc.format), texture->desc.usage, where);
	if (name) /* a label that isn't UTF-8 is left out */
		made.label = name;
	return GEYSER_OK;
}

enum geyser_result gy_mtl_view_surface(struct mtl_texture *texture)
{
	enum geyser_result result;

	@autoreleasepool {
		MTLStorageMode storage = MTLStorageModeShared;
		MTLTextureDescriptor *descriptor;

#if TARGET_OS_OSX
		/* A GPU with memory of its own keeps a copy of the surface there. */
		if (!texture->device->info.unified_memory)
			storage = MTLStorageModeManaged;
#endif
		descriptor = describe(&texture->desc, storage);
		result = keep(texture,
			[metal(texture) newTextureWithDescriptor:descriptor
						       iosurface:texture->surface
							   plane:0],
			"on an IOSurface");
		[descriptor release];
	}
	return result;
}

size_t gy_mtl_row_alignment(struct mtl_device *device, const struct geyser_format_info *info)
{
	return [(id<MTLDevice>)device->device
		minimumLinearTextureAlignmentForPixelFormat:(MTLPixelFormat)info->mtl_pixel_format];
}

/* Returns whether Metal can read the rows as a texture. If it can't, rows can still be copied from
 * and to the buffer. */
static bool is_linear(const struct mtl_texture *texture)
{
	const struct gy_layout *layout = &texture->base.layout;
	size_t alignment =
		gy_mtl_row_alignment(texture->device, geyser_format_get_info(texture->desc.format));

	return texture->desc.mip_levels == 1 && layout->row_pitch % alignment == 0 &&
	       layout->offset % alignment == 0;
}

/* Makes a texture of the buffer's contents, and takes over the buffer. There is no texture if the
 * buffer is nil, or if Metal can't read such rows. */
static void view_buffer(struct mtl_texture *texture, id<MTLBuffer> buffer)
{
	const struct gy_layout *layout = &texture->base.layout;
	MTLTextureDescriptor *descriptor;

	texture->buffer = buffer;
	if (!buffer || !is_linear(texture))
		return;
	descriptor = describe(&texture->desc, MTLStorageModeShared);
	(void)keep(texture,
		[buffer newTextureWithDescriptor:descriptor
					  offset:(NSUInteger)layout->offset
				     bytesPerRow:(NSUInteger)layout->row_pitch],
		"in host memory");
	[descriptor release];
}

enum geyser_result gy_mtl_no_buffer(const struct mtl_texture *texture)
{
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
		"%s can't make a buffer of %" PRIu64 " bytes of host memory",
		texture->device->info.name, texture->base.bytes);
}

void gy_mtl_view_host(struct mtl_texture *texture)
{
	@autoreleasepool {
		view_buffer(texture,
			[metal(texture) newBufferWithBytesNoCopy:texture->host.data
							  length:(NSUInteger)texture->base.bytes
							 options:MTLResourceStorageModeShared
						     deallocator:nil]);
	}
}

enum geyser_result gy_mtl_view_uploaded(struct mtl_texture *texture)
{
	@autoreleasepool {
		view_buffer(
			texture, [metal(texture) newBufferWithLength:(NSUInteger)texture->base.bytes
							     options:MTLResourceStorageModeShared]);
	}
	if (!texture->buffer)
		return gy_mtl_no_buffer(texture);
	texture->base.uploads = true;
	texture->base.path = GEYSER_PATH_COPY;
	return GEYSER_OK;
}

void gy_mtl_texture_upload(struct gy_backend_texture *base)
{
	const struct mtl_texture *texture = (const struct mtl_texture *)base;
	const uint64_t offset = base->layout.offset;

	@autoreleasepool {
		memcpy((char *)((id<MTLBuffer>)texture->buffer).contents + offset,
			(const char *)texture->host.data + offset, (size_t)base->layout.size);
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

static enum geyser_result open_handle(struct mtl_texture *texture, MTLSharedTextureHandle *handle)
{
	id<MTLDevice> device = metal(texture);
	id<MTLTexture> made;

	if (handle.device != device)
		return gy_fail(GEYSER_ERROR_MISMATCH, "the handle is of another device: %s",
			handle.device.name.UTF8String);
	made = [device newSharedTextureWithHandle:handle];
	texture->texture = made;
	if (!made)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "%s can't open the texture of the handle",
			texture->device->info.name);
	return check_opened(made, &texture->desc);
}

enum geyser_result gy_mtl_view_private(struct mtl_texture *texture, void *handle)
{
	enum geyser_result result;

	@autoreleasepool {
		if (handle) {
			result = open_handle(texture, (MTLSharedTextureHandle *)handle);
		} else {
			MTLTextureDescriptor *descriptor =
				describe(&texture->desc, MTLStorageModePrivate);

			result = keep(texture,
				[metal(texture) newSharedTextureWithDescriptor:descriptor],
				"in private storage for sharing");
			[descriptor release];
		}
	}
	return result;
}

enum geyser_result gy_metal_texture(const struct gy_backend_texture *base, void **out)
{
	const struct mtl_texture *texture = (const struct mtl_texture *)base;

	*out = texture->texture;
	if (*out)
		return GEYSER_OK;
	if (!texture->buffer)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s can't make a buffer of this host memory%s", texture->device->info.name,
			base->writable ? ""
				       : ", which is shared for reading only: a stream's frame is "
					 "uploaded instead");
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"host memory with rows of %" PRIu64 " bytes from %" PRIu64
		" on: Metal reads rows that are a multiple of %zu, of one mip level",
		base->layout.row_pitch, base->layout.offset,
		gy_mtl_row_alignment(
			texture->device, geyser_format_get_info(texture->desc.format)));
}

void gy_mtl_view_release(struct mtl_texture *texture)
{
	@autoreleasepool {
		[(id)texture->texture release];
		[(id)texture->buffer release];
	}
	texture->texture = NULL;
	texture->buffer = NULL;
}

/* ---- copies into host memory, for processes that can't open an IOSurface ---- */

/* Encodes the copy. Returns false if Metal is out of memory: it gives no encoder then, or there was
 * no command buffer. */
static bool encode_copy(
	id<MTLCommandBuffer> commands, const struct mtl_texture *from, const struct mtl_texture *to)
{
	const struct gy_layout *layout = &to->base.layout;
	id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];

	[encoder copyFromTexture:(id<MTLTexture>)from->texture
			     sourceSlice:0
			     sourceLevel:0
			    sourceOrigin:MTLOriginMake(0, 0, 0)
			      sourceSize:MTLSizeMake(from->desc.width, from->desc.height, 1)
				toBuffer:(id<MTLBuffer>)to->buffer
		       destinationOffset:(NSUInteger)layout->offset
		  destinationBytesPerRow:(NSUInteger)layout->row_pitch
		destinationBytesPerImage:(NSUInteger)layout->slice_pitch];
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
	enum geyser_result result = gy_metal_texture(from_base, &texture);

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
