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

/* A command buffer that clears an image fresh from geyser_moltenvk_image_create. The one before it,
 * whose work must be done, is gone with it. */
VkCommandBuffer vulkan_record_clear(struct vulkan *vulkan, VkImage image, VkClearColorValue color);

#endif
