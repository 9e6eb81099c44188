/* SPDX-License-Identifier: MIT */
/* What metal.h's functions do with the caller's Metal objects. Native objects are void *. */
#ifndef GY_API_METAL_OBJECTS_H
#define GY_API_METAL_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

void gy_metal_encode_wait(void *command_buffer, void *shared_event, uint64_t value);
void gy_metal_encode_signal(void *command_buffer, void *shared_event, uint64_t value);
void gy_metal_commit(void *command_buffer, bool wait_until_scheduled);

uint64_t gy_metal_event_value(void *shared_event);
void gy_metal_release(void *object);

/* The caller's, or NULL. */
void *gy_metal_new_event_handle(void *shared_event);
void *gy_metal_new_event(void *device, void *event_handle);
void *gy_metal_new_texture_handle(void *texture);

#endif
