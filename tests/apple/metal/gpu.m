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

bool gpu_is_apple(id<MTLDevice> device)
{
	return [device supportsFamily:MTLGPUFamilyApple1];
}

struct walk {
	const struct geyser_texture_desc *desc;
	NSUInteger texel; /* bytes of a texel */
	NSUInteger offset;
};

static struct walk walk_of(struct geyser_texture *texture)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);

	return (struct walk){
		.desc = desc,
		.texel = geyser_format_get_info(desc->format)->bytes_per_texel,
	};
}

static MTLSize size_of_level(const struct walk *walk, uint32_t level)
{
	uint32_t width = walk->desc->width >> level, height = walk->desc->height >> level;
	uint32_t depth = walk->desc->depth >> level;

	return MTLSizeMake(width ? width : 1, height ? height : 1, depth ? depth : 1);
}

/* The buffer has no padding, and the order of fill_texture's pattern. */
static NSUInteger bytes_of(struct geyser_texture *texture)
{
	struct walk walk = walk_of(texture);

	for (uint32_t level = 0; level < walk.desc->mip_levels; level++) {
		MTLSize size = size_of_level(&walk, level);

		walk.offset += size.width * size.height * size.depth * walk.texel;
	}
	return walk.offset * walk.desc->layers;
}

static void encode_level(id<MTLBlitCommandEncoder> encoder, id<MTLTexture> texture,
	id<MTLBuffer> buffer, struct walk *walk, uint32_t layer, uint32_t level, bool read)
{
	MTLSize size = size_of_level(walk, level);
	NSUInteger row = size.width * walk->texel, image = row * size.height;

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
	id<MTLTexture> metal = metal_of(texture);
	struct walk walk = walk_of(texture);

	@autoreleasepool {
		id<MTLBlitCommandEncoder> encoder = [commands blitCommandEncoder];

		for (uint32_t layer = 0; layer < walk.desc->layers; layer++)
			for (uint32_t level = 0; level < walk.desc->mip_levels; level++)
				encode_level(encoder, metal, buffer, &walk, layer, level, read);
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
