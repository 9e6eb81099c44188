/*
 * Commands for the GPU: recording, submitting, waiting.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VULKAN_WORK_H
#define VULKAN_WORK_H

#include <geyser/vulkan.h>
#include <vulkan/vulkan.h>

/* Returns the memory type that these requirements allow and that has the properties; UINT32_MAX if
 * there is none. */
uint32_t vulkan_memory_type(const struct geyser_vulkan_device *device,
	const VkMemoryRequirements *requirements, VkMemoryPropertyFlags properties);

/* Makes a pool, and command buffers of it that can be recorded again and again. */
VkCommandPool vulkan_command_buffers(
	const struct geyser_vulkan_device *device, uint32_t count, VkCommandBuffer *out);

/* Begins to record commands that are submitted once. */
void vulkan_begin(VkCommandBuffer commands);

/* Submits to the manager's queue. The work runs after the point `after` (if it has a semaphore) and
 * signals the point `done`. Tells geyser if the device is lost. */
void vulkan_submit(struct geyser_manager *manager, VkCommandBuffer commands,
	const struct geyser_vulkan_point *after, const struct geyser_vulkan_point *done);

/* Waits until the GPU has reached the point, for at most ten seconds. */
void vulkan_wait(struct geyser_manager *manager, const struct geyser_vulkan_point *point);

#endif
