/* SPDX-License-Identifier: MIT */
/* A MoltenVK device for the example, as any program makes one. */
#ifndef EXAMPLE_APPLE_VULKAN_H
#define EXAMPLE_APPLE_VULKAN_H

#include <geyser/moltenvk.h>

struct vulkan {
	struct geyser_moltenvk_device device;
	VkQueue queue;
	VkCommandPool pool;
	VkCommandBuffer commands;
};

void vulkan_check(VkResult result, const char *what);
void vulkan_create(struct vulkan *vulkan);
void vulkan_destroy(struct vulkan *vulkan);

/* Records a command buffer that clears an image, which is new from geyser_moltenvk_image_create.
 * Frees the command buffer before, whose work must be done. */
VkCommandBuffer vulkan_record_clear(struct vulkan *vulkan, VkImage image, VkClearColorValue color);

#endif
