/* SPDX-License-Identifier: MIT */
#include "api/metal_objects.h"

#import <Metal/Metal.h>

void gy_metal_commit(void *command_buffer, bool wait_until_scheduled)
{
	@autoreleasepool {
		[(id<MTLCommandBuffer>)command_buffer commit];
		if (wait_until_scheduled)
			[(id<MTLCommandBuffer>)command_buffer waitUntilScheduled];
	}
}

uint64_t gy_metal_event_value(void *shared_event)
{
	return [(id<MTLSharedEvent>)shared_event signaledValue];
}

void gy_metal_release(void *object)
{
	@autoreleasepool {
		[(id)object release];
	}
}

void *gy_metal_new_event_handle(void *shared_event)
{
	@autoreleasepool {
		return [(id<MTLSharedEvent>)shared_event newSharedEventHandle];
	}
}

void *gy_metal_new_event(void *device, void *event_handle)
{
	@autoreleasepool {
		if (__builtin_available(macOS 10.14, iOS 12.0, *))
			return [(id<MTLDevice>)device
				newSharedEventWithHandle:(MTLSharedEventHandle *)event_handle];
	}
	return NULL;
}

void *gy_metal_new_texture_handle(void *texture)
{
	@autoreleasepool {
		if (__builtin_available(macOS 10.14, iOS 13.0, *))
			return [(id<MTLTexture>)texture newSharedTextureHandle];
	}
	return NULL;
}
