/* SPDX-License-Identifier: MIT */
/* Properties of Metal objects, for the C files here. */
#ifndef GY_INTEROP_MOLTENVK_METAL_H
#define GY_INTEROP_MOLTENVK_METAL_H

#include <stdint.h>

/* Returns the registryID of the device of an id<MTLTexture>. */
uint64_t gy_mvk_texture_device(void *texture);

/* Returns the signaledValue of an id<MTLSharedEvent>. */
uint64_t gy_mvk_event_value(void *event);

#endif
