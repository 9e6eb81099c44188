/* SPDX-License-Identifier: MIT */
/* What C asks of Metal's objects. */
#ifndef GY_INTEROP_MOLTENVK_METAL_H
#define GY_INTEROP_MOLTENVK_METAL_H

#include <stdint.h>

/* The registryID of the device of an id<MTLTexture> or an id<MTLSharedEvent>. */
uint64_t gy_mvk_texture_device(void *texture);
uint64_t gy_mvk_event_device(void *event);

/* The signaledValue of an id<MTLSharedEvent>. */
uint64_t gy_mvk_event_value(void *event);

#endif
