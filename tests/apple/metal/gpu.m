/* SPDX-License-Identifier: MIT */
#import "gpu.h"

void gpu_open(struct gpu *gpu, struct geyser_manager *manager)
{
	void *device;

	ok(geyser_metal_get_device(manager, &device));
	gpu->device = (id<MTLDevice>)device;
	gpu->queue = [gpu->device newCommandQueue];
	assert_non_null(gpu->queue);
}

void gpu_close(struct gpu *gpu)
{
	[gpu->queue release];
	gpu->queue = nil;
}

/* ---- command buffers ---- */

id<MTLCommandBuffer> gpu_begin(struct gpu *gpu)
{
	id<MTLCommandBuffer> commands;

	@autoreleasepool {
		commands = [[gpu->queue commandBuffer] retain];
	}
	assert_non_null(commands);
	return commands;
}

bool gpu_done(id<MTLCommandBuffer> commands)
{
	return commands.status >= MTLCommandBufferStatusCompleted;
}

/* If the work never ends, the test's time limit ends the wait. */
bool gpu_ends(id<MTLCommandBuffer> commands)
{
	bool completed;

	@autoreleasepool {
		[commands waitUntilCompleted];
		completed = commands.status == MTLCommandBufferStatusCompleted;
		[commands release];
	}
	return completed;
}

void gpu_finish(id<MTLCommandBuffer> commands)
{
	assert_true(gpu_ends(commands));
}

/* ---- textures ---- */

id<MTLTexture> metal_of(struct geyser_texture *texture)
{
	void *metal;

	ok(geyser_metal_texture(texture, &metal));
	return (id<MTLTexture>)metal;
}

id<MTLTexture> plane_of(struct geyser_texture *texture, uint32_t plane)
{
	void *metal;

	ok(geyser_metal_texture_plane(texture, plane, &metal));
	return (id<MTLTexture>)metal;
}

bool gpu_is_apple(id<MTLDevice> device)
{
	return [device supportsFamily:MTLGPUFamilyApple1];
}

struct walk {
	const struct geyser_texture_desc *desc;
	uint32_t plane;
	NSUInteger offset;
};

static struct walk walk_of(struct geyser_texture *texture)
{
	return (struct walk){.desc = geyser_texture_get_desc(texture)};
}

static uint32_t planes_of(const struct walk *walk)
{
	return geyser_format_get_info(walk->desc->format)->planes;
}

/* Returns the bytes of a texel in the plane. */
static NSUInteger texel_of(const struct walk *walk)
{
	const struct geyser_format_info *info = geyser_format_get_info(walk->desc->format);

	return geyser_format_get_info(info->plane[walk->plane].format)->bytes_per_texel;
}

static MTLSize size_of_level(const struct walk *walk, uint32_t level)
{
	uint32_t width = walk->desc->width >> level, height = walk->desc->height >> level;
	uint32_t depth = walk->desc->depth >> level;
	struct geyser_plane_extent extent;

	assert_true(geyser_format_get_plane_extent(
		walk->desc->format, walk->plane, width ? width : 1, height ? height : 1, &extent));
	return MTLSizeMake(extent.width, extent.height, depth ? depth : 1);
}

/* The buffer has no padding, and the order of fill_texture's pattern. */
static NSUInteger bytes_of(struct geyser_texture *texture)
{
	struct walk walk = walk_of(texture);

	for (; walk.plane < planes_of(&walk); walk.plane++)
		for (uint32_t level = 0; level < walk.desc->mip_levels; level++) {
			MTLSize size = size_of_level(&walk, level);

			walk.offset += size.width * size.height * size.depth * texel_of(&walk);
		}
	return walk.offset * walk.desc->layers;
}

static void encode_level(id<MTLBlitCommandEncoder> encoder, id<MTLTexture> texture,
	id<MTLBuffer> buffer, struct walk *walk, uint32_t layer, uint32_t level, bool read)
{
	MTLSize size = size_of_level(walk, level);
	NSUInteger row = size.width * texel_of(walk), image = row * size.height;

	if (read)
		[encoder copyFromTexture:texture
				     sourceSlice:layer
				     sourceLevel:level
				    sourceOrigin:MTLOriginMake(0, 0, 0)
				      sourceSize:size
					toBuffer:buffer
			       destinationOffset:walk->offset
			  destinationBytesPerRow:row
			destinationBytesPerImage:image];
	else
		[encoder copyFromBuffer:buffer
			       sourceOffset:walk->offset
			  sourceBytesPerRow:row
			sourceBytesPerImage:image
				 sourceSize:size
				  toTexture:texture
			   destinationSlice:layer
			   destinationLevel:level
			  destinationOrigin:MTLOriginMake(0, 0, 0)];
	walk->offset += image * size.depth;
}

static void encode_copies(id<MTLCommandBuffer> commands, struct geyser_texture *texture,
	id<MTLBuffer> buffer, bool read)
{
	struct walk walk = walk_of(texture);
	uint32_t layers = walk.desc->layers, levels = walk.desc->mip_levels;

	@autoreleasepool {
		id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];

		for (; walk.plane < planes_of(&walk); walk.plane++)
			for (uint32_t i = 0; i < layers * levels; i++)
				encode_level(encoder, plane_of(texture, walk.plane), buffer, &walk,
					i / levels, i % levels, read);
		[encoder endEncoding];
	}
}

static id<MTLBuffer> buffer_for(id<MTLCommandBuffer> commands, struct geyser_texture *texture)
{
	id<MTLBuffer> buffer = [commands.device newBufferWithLength:bytes_of(texture)
							    options:MTLResourceStorageModeShared];

	assert_non_null(buffer);
	return buffer;
}

void gpu_draw(id<MTLCommandBuffer> commands, struct geyser_texture *texture, uint32_t seed)
{
	id<MTLBuffer> buffer = buffer_for(commands, texture);
	uint8_t *bytes = [buffer contents];

	for (NSUInteger i = 0; i < buffer.length; i++)
		bytes[i] = pattern_byte(seed, i);
	encode_copies(commands, texture, buffer, false);
	[buffer release]; /* the command buffer has a reference */
}

void gpu_clear(id<MTLCommandBuffer> commands, struct geyser_texture *texture, double red,
	double green, double blue, double alpha)
{
	@autoreleasepool {
		MTLRenderPassDescriptor *pass = [MTLRenderPassDescriptor renderPassDescriptor];
		MTLRenderPassColorAttachmentDescriptor *color =
			[pass.colorAttachments objectAtIndexedSubscript:0];
		id<MTLRenderCommandEncoder> encoder;

		color.texture = metal_of(texture);
		color.loadAction = MTLLoadActionClear;
		color.storeAction = MTLStoreActionStore;
		color.clearColor = MTLClearColorMake(red, green, blue, alpha);
		encoder = [commands renderCommandEncoderWithDescriptor:pass];
		[encoder endEncoding];
	}
}

id<MTLBuffer> gpu_read(id<MTLCommandBuffer> commands, struct geyser_texture *texture)
{
	id<MTLBuffer> buffer = buffer_for(commands, texture);

	encode_copies(commands, texture, buffer, true);
	return buffer;
}

bool gpu_holds(id<MTLBuffer> buffer, uint32_t seed)
{
	const uint8_t *bytes = [buffer contents];
	bool good = true;

	for (NSUInteger i = 0; good && i < buffer.length; i++)
		good = bytes[i] == pattern_byte(seed, i);
	[buffer release];
	return good;
}

void gpu_fill(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed)
{
	id<MTLCommandBuffer> commands = gpu_begin(gpu);

	gpu_draw(commands, texture, seed);
	ok(geyser_metal_encode_synchronize((void *)commands, texture));
	[commands commit];
	gpu_finish(commands);
}

bool gpu_texture_holds(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed)
{
	id<MTLCommandBuffer> commands = gpu_begin(gpu);
	id<MTLBuffer> buffer = gpu_read(commands, texture);

	[commands commit];
	gpu_finish(commands);
	return gpu_holds(buffer, seed);
}

/* ---- surfaces ---- */

void refuse_surface(struct geyser_manager *manager, const struct surface_desc *surface_desc,
	const char *words, const struct geyser_texture_desc *desc)
{
	IOSurfaceRef surface = make_surface(surface_desc);
	struct geyser_texture *texture = (void *)surface; /* the refusal sets it to NULL */

	refused(GEYSER_ERROR_MISMATCH, words,
		geyser_metal_texture_import_surface(manager, surface, desc, &texture));
	assert_null(texture);
	assert_int_equal(IOSurfaceGetUseCount(surface), 0);
	CFRelease(surface);
}
