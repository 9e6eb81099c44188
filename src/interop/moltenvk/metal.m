/* SPDX-License-Identifier: MIT */
#include "interop/moltenvk/metal.h"

#include <Metal/Metal.h>

uint64_t gy_mvk_texture_device(void *texture)
{
	@autoreleasepool {
		return ((id<MTLTexture>)texture).device.registryID;
	}
}

uint64_t gy_mvk_event_value(void *event)
{
	@autoreleasepool {
		return ((id<MTLSharedEvent>)event).signaledValue;
	}
}
