/*
 * Command buffers of a Metal manager's device, for the self-test.
 *
 * SPDX-License-Identifier: MIT
 */
#import <Foundation/Foundation.h>
#import <Metal/Metal.h>

#include <geyser/metal.h>

#include "common.h"
#include "selftest_metal.h"

void *metal_queue_create(struct geyser_manager *manager)
{
	void *device;
	id<MTLCommandQueue> queue;

	if (geyser_metal_get_device(manager, &device)) {
		(void)library_failure("device");
		return NULL;
	}
	@autoreleasepool {
		queue = [(id<MTLDevice>)device newCommandQueue];
	}
	if (!queue)
		(void)failure("the device gives no command queue");
	return queue;
}

void metal_queue_destroy(void *queue)
{
	@autoreleasepool {
		[(id<MTLCommandQueue>)queue release];
	}
}

void *metal_commands_begin(void *queue)
{
	id<MTLCommandBuffer> commands;

	@autoreleasepool {
		commands = [[(id<MTLCommandQueue>)queue commandBuffer] retain];
	}
	if (!commands)
		(void)failure("the queue gives no command buffer");
	return commands;
}

bool metal_clear(void *commands, struct geyser_texture *texture, const double colour[4])
{
	void *target;

	if (geyser_metal_texture(texture, &target))
		return (void)library_failure("texture"), false;
	@autoreleasepool {
		MTLRenderPassDescriptor *const pass =
			[MTLRenderPassDescriptor renderPassDescriptor];
		MTLRenderPassColorAttachmentDescriptor *const attachment =
			[[pass colorAttachments] objectAtIndexedSubscript:0];

		[attachment setTexture:(id<MTLTexture>)target];
		[attachment setLoadAction:MTLLoadActionClear];
		[attachment setStoreAction:MTLStoreActionStore];
		[attachment setClearColor:MTLClearColorMake(
						  colour[0], colour[1], colour[2], colour[3])];
		[[(id<MTLCommandBuffer>)commands renderCommandEncoderWithDescriptor:pass]
			endEncoding];
	}
	/* for the other process, on GPUs that keep copies of a surface */
	if (geyser_metal_encode_synchronize(commands, texture))
		return (void)library_failure("synchronize"), false;
	return true;
}

bool metal_copy(void *commands, struct geyser_texture *from, struct geyser_texture *to)
{
	void *source, *target;

	if (geyser_metal_texture(from, &source) || geyser_metal_texture(to, &target))
		return (void)library_failure("texture"), false;
	@autoreleasepool {
		const id<MTLTexture> texture = source;
		const id<MTLBlitCommandEncoder> encoder =
			[(id<MTLCommandBuffer>)commands blitCommandEncoder];

		[encoder copyFromTexture:texture
			      sourceSlice:0
			      sourceLevel:0
			     sourceOrigin:MTLOriginMake(0, 0, 0)
			       sourceSize:MTLSizeMake([texture width], [texture height], 1)
				toTexture:(id<MTLTexture>)target
			 destinationSlice:0
			 destinationLevel:0
			destinationOrigin:MTLOriginMake(0, 0, 0)];
		[encoder endEncoding];
	}
	return true;
}

void metal_commands_commit(void *commands)
{
	@autoreleasepool {
		[(id<MTLCommandBuffer>)commands commit];
	}
}

/* This wait needs no limit of its own: the whole step has one. */
bool metal_commands_finish(void *commands)
{
	const id<MTLCommandBuffer> buffer = commands;
	bool done;

	@autoreleasepool {
		[buffer waitUntilCompleted];
		done = [buffer status] == MTLCommandBufferStatusCompleted;
		if (!done)
			(void)failure("the command buffer failed (status %u): %s",
				(unsigned)[buffer status],
				[[[buffer error] localizedDescription] UTF8String]);
		[buffer release];
	}
	return done;
}

void metal_commands_drop(void *commands)
{
	@autoreleasepool {
		[(id<MTLCommandBuffer>)commands release];
	}
}

void metal_commands_await_scheduled(void *commands)
{
	@autoreleasepool {
		[(id<MTLCommandBuffer>)commands waitUntilScheduled];
	}
}

void metal_commands_await(void *commands)
{
	@autoreleasepool {
		[(id<MTLCommandBuffer>)commands waitUntilCompleted];
	}
}

bool metal_commands_ended(void *commands, char *error, size_t size)
{
	const id<MTLCommandBuffer> buffer = commands;
	bool failed;

	@autoreleasepool {
		if ([buffer status] < MTLCommandBufferStatusCompleted)
			return false;
		failed = [buffer status] != MTLCommandBufferStatusCompleted;
		(void)snprintf(error, size, "%s",
			failed ? [[[buffer error] localizedDescription] UTF8String] : "");
	}
	return true;
}

/* Metal numbers the families of a kind from a first one on. A number that it doesn't know is no
 * family of the device. */
void metal_families(struct geyser_manager *manager, char *text, size_t size)
{
	static const struct {
		const char *name;
		NSInteger first;
	} kinds[] = {{"Apple", 1001}, {"Mac", 2001}, {"Common", 3001}, {"Metal", 5001}};
	size_t used = 0;
	void *device;

	(void)snprintf(text, size, "unknown: no query before macOS 10.15 and iOS 13");
	if (geyser_metal_get_device(manager, &device))
		return;
	if (__builtin_available(macOS 10.15, iOS 13.0, *)) {
		text[0] = '\0';
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			int highest = 0;

			for (int n = 1; n <= 12; n++)
				if ([(id<MTLDevice>)device
					    supportsFamily:(MTLGPUFamily)(kinds[i].first + n - 1)])
					highest = n;
			if (highest)
				used += (size_t)snprintf(text + used, size - used, "%s%s%d",
					used ? ", " : "", kinds[i].name, highest);
		}
	}
}
