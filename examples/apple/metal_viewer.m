/* SPDX-License-Identifier: MIT */
/*
 * Reads a stream with Metal: metal_viewer NAME FRAMES. The GPU waits until a frame is drawn, copies
 * it, and gives it back; the texel in the middle is printed as blue, green, red, alpha.
 */
#include "example.h"

#include <Metal/Metal.h>
#include <geyser/metal.h>
#include <inttypes.h>
#include <stdio.h>

/* Returns the row pitch of a copy in a buffer. Some GPUs need a multiple of 256 bytes. */
static NSUInteger row_pitch(const struct geyser_texture_desc *desc)
{
	return (desc->width * 4u + 255) / 256 * 256;
}

static void encode_copy(
	id<MTLCommandBuffer> commands, struct geyser_texture *texture, id<MTLBuffer> buffer)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	const NSUInteger pitch = row_pitch(desc);
	id<MTLBlitCommandEncoder> blit = [commands blitCommandEncoder];
	void *source;

	check(geyser_metal_texture(texture, &source), "texture");
	[blit copyFromTexture:(id<MTLTexture>)source
			     sourceSlice:0
			     sourceLevel:0
			    sourceOrigin:MTLOriginMake(0, 0, 0)
			      sourceSize:MTLSizeMake(desc->width, desc->height, 1)
				toBuffer:buffer
		       destinationOffset:0
		  destinationBytesPerRow:pitch
		destinationBytesPerImage:pitch * desc->height];
	[blit endEncoding];
}

static void view(struct geyser_subscriber *subscriber, id<MTLCommandQueue> queue)
{
	id<MTLCommandBuffer> commands = [queue commandBuffer];
	const struct geyser_texture_desc *desc;
	struct geyser_frame *frame;
	id<MTLBuffer> buffer;
	const uint8_t *texel;
	uint64_t sequence;

	check(geyser_subscriber_acquire(subscriber, 5 * NANOSECONDS, &frame), "frame");
	desc = geyser_texture_get_desc(geyser_frame_texture(frame));
	if (desc->format != GEYSER_FORMAT_BGRA8_UNORM)
		fail("format %s: bgra8unorm is needed", geyser_format_name(desc->format));
	buffer = [queue.device newBufferWithLength:row_pitch(desc) * desc->height
					   options:MTLResourceStorageModeShared];
	texel = (const uint8_t *)buffer.contents + row_pitch(desc) * (desc->height / 2) +
		desc->width / 2 * 4;
	sequence = geyser_frame_get_info(frame)->sequence;
	check(geyser_metal_encode_frame_wait(commands, frame), "wait");
	encode_copy(commands, geyser_frame_texture(frame), buffer);
	check(geyser_metal_subscriber_release(subscriber, frame, commands), "release");
	[commands waitUntilCompleted];
	printf("frame %" PRIu64 ": %02x%02x%02x%02x\n", sequence, texel[0], texel[1], texel[2],
		texel[3]);
	[buffer release];
}

int main(int argc, char **argv)
{
	const struct geyser_subscriber_desc desc = {
		.name = argc > 1 ? argv[1] : "metal",
		.connect_timeout_ns = 5 * NANOSECONDS,
	};
	const uint32_t frames = argc > 2 ? parse_number("FRAMES", argv[2], UINT32_MAX) : UINT32_MAX;
	struct geyser_manager *manager;
	struct geyser_subscriber *subscriber;
	id<MTLCommandQueue> queue;
	void *device;

	catch_signals();
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	check(geyser_metal_manager_create(NULL, &manager), "manager");
	check(geyser_metal_get_device(manager, &device), "device");
	check(geyser_subscriber_create(manager, &desc, &subscriber), desc.name);
	queue = [(id<MTLDevice>)device newCommandQueue];
	for (uint32_t i = 0; i < frames && !interrupted(); i++) {
		@autoreleasepool {
			view(subscriber, queue);
		}
	}
	[queue release];
	geyser_subscriber_destroy(subscriber);
	geyser_manager_destroy(manager);
	return 0;
}
