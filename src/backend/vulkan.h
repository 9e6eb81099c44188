/* SPDX-License-Identifier: MIT */
/* What the public functions of vulkan.h need of the backend. */
#ifndef GY_BACKEND_VULKAN_H
#define GY_BACKEND_VULKAN_H

#include "backend/backend.h"

#include <geyser/vulkan.h>

/* Devices, textures and events are those of gy_vulkan_backend. */

enum geyser_result gy_vulkan_adopt(const struct geyser_vulkan_device *handles, void **device);
const struct geyser_vulkan_device *gy_vulkan_handles(void *device);
const struct geyser_vulkan_info *gy_vulkan_info(void *device);
void gy_vulkan_set_queue_lock(
	void *device, void (*lock)(void *user), void (*unlock)(void *user), void *user);
void gy_vulkan_lock_queue(void *device);
void gy_vulkan_unlock_queue(void *device);
void gy_vulkan_set_lost(void *device);

void gy_vulkan_image_info(
	const struct gy_backend_texture *texture, struct geyser_vulkan_image_info *out);
void gy_vulkan_record_acquire(struct gy_backend_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *to);
void gy_vulkan_record_release(struct gy_backend_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *from);

/* *out is the caller's to free. Errors: OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_vulkan_modifiers(
	void *device, const struct geyser_texture_desc *desc, uint64_t **out, uint32_t *count);
enum geyser_result gy_vulkan_create_with_modifiers(void *device,
	const struct geyser_texture_desc *desc, const uint64_t *modifiers, uint32_t count,
	struct gy_backend_texture **out);

/* From now on it is kept equal to the event. Errors: SYSTEM (no thread), DEVICE_LOST. */
enum geyser_result gy_vulkan_semaphore(struct gy_backend_event *event, VkSemaphore *out);
/* The driver carries its signals to the other processes. */
bool gy_vulkan_event_is_native(const struct gy_backend_event *event);

#endif
