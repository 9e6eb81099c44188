/* SPDX-License-Identifier: MIT */
/*
 * Publishes frames that Metal draws: metal_producer NAME FRAMES. Each is cleared to a colour that
 * tells its number. Subscribers get a frame before it is drawn, and their GPUs wait for it.
 */
#include "example.h"

#include <Metal/Metal.h>
#include <geyser/metal.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static MTLRenderPassDescriptor *clear_pass(id<MTLTexture> texture, uint64_t number)
{
	MTLRenderPassDescriptor *pass = [MTLRenderPassDescriptor renderPassDescriptor];
	MTLRenderPassColorAttachmentDescriptor *color =
		[pass.colorAttachments objectAtIndexedSubscript:0];

	color.texture = texture;
	color.loadAction = MTLLoadActionClear;
	color.storeAction = MTLStoreActionStore;
	color.clearColor = MTLClearColorMake((double)(number % 256) / 255, 0.2, 0.6, 1);
	return pass;
}

static void publish(id<MTLCommandQueue> queue, struct geyser_publisher *publisher, uint64_t number)
{
	id<MTLCommandBuffer> commands = [queue commandBuffer];
	struct geyser_frame *frame;
	void *texture;

	check(geyser_publisher_acquire(publisher, 5 * NANOSECONDS, &frame), "frame");
	check(geyser_metal_texture(geyser_frame_texture(frame), &texture), "texture");
	check(geyser_metal_encode_frame_wait(commands, frame), "wait");
	[[commands renderCommandEncoderWithDescriptor:clear_pass(texture, number)] endEncoding];
	check(geyser_metal_publisher_submit(publisher, frame, commands), "submit");
}

/* Waits for the GPU, which may still draw published frames. */
static void finish(id<MTLCommandQueue> queue)
{
	id<MTLCommandBuffer> last = [queue commandBuffer];

	[last commit];
	[last waitUntilCompleted];
}

int main(int argc, char **argv)
{
	const struct geyser_stream_desc desc = {
		.name = argc > 1 ? argv[1] : "metal",
		.texture = {.format = GEYSER_FORMAT_BGRA8_UNORM,
			.width = 640,
			.height = 480,
			.usage = GEYSER_USAGE_RENDER_ATTACHMENT | GEYSER_USAGE_COPY_SRC},
	};
	const uint32_t frames = argc > 2 ? parse_number("FRAMES", argv[2], UINT32_MAX) : UINT32_MAX;
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	id<MTLCommandQueue> queue;
	void *device;
	uint32_t number = 0;

	catch_signals();
	check(geyser_metal_manager_create(NULL, &manager), "manager");
	check(geyser_metal_get_device(manager, &device), "device");
	check(geyser_publisher_create(manager, &desc, &publisher), desc.name);
	queue = [(id<MTLDevice>)device newCommandQueue];
	while (number < frames && !interrupted()) {
		@autoreleasepool {
			publish(queue, publisher, ++number);
		}
		usleep(1000000 / 60);
	}
	@autoreleasepool {
		finish(queue);
	}
	[queue release];
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
	printf("%" PRIu32 " frames\n", number);
	return 0;
}
