/* SPDX-License-Identifier: MIT */
/* The calls into Metal that metal.h's functions make, as C functions, so that metal.c can stay C.
 * Metal's objects are void *. The caller keeps the objects that it passes, unless a comment says
 * otherwise. */
#ifndef GY_API_METAL_OBJECTS_H
#define GY_API_METAL_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

/* Commits the command buffer; wait_until_scheduled: blocks until Metal has scheduled it. */
void gy_metal_commit(void *command_buffer, bool wait_until_scheduled);

/* Returns the signaledValue of an id<MTLSharedEvent>. */
uint64_t gy_metal_event_value(void *shared_event);

/* Drops the caller's reference to a Metal object. */
void gy_metal_release(void *object);

/* The three functions below return a new object that the caller owns, or NULL on failure. */
void *gy_metal_new_event_handle(void *shared_event);
void *gy_metal_new_event(void *device, void *event_handle);
void *gy_metal_new_texture_handle(void *texture);

#endif
