/* SPDX-License-Identifier: MIT */
#include "vulkan.h"

#include <vulkan/vulkan.h>

VkCommandBuffer vulkan_record_clear(struct vulkan *vulkan, VkImage image, VkClearColorValue color)
{
	const VkCommandBufferBeginInfo begin = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
		.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
	};
	const VkImageSubresourceRange whole = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
	const VkImageMemoryBarrier barrier = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.oldLayout = VK_IMAGE_LAYOUT_PREINITIALIZED,
		.newLayout = VK_IMAGE_LAYOUT_GENERAL,
		.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.image = image,
		.subresourceRange = whole,
	};

	vulkan_check(vkBeginCommandBuffer(vulkan->commands, &begin), "vkBeginCommandBuffer");
	vkCmdPipelineBarrier(vulkan->commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
		VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
	vkCmdClearColorImage(vulkan->commands, image, VK_IMAGE_LAYOUT_GENERAL, &color, 1, &whole);
	vulkan_check(vkEndCommandBuffer(vulkan->commands), "vkEndCommandBuffer");
	return vulkan->commands;
}
