/*
 * What the producer draws: plain Vulkan, nothing of geyser's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TRIANGLE_H
#define TRIANGLE_H

#include <vulkan/vulkan.h>

struct triangle {
	VkDevice device;
	VkExtent2D size;
	VkRenderPass pass;
	VkPipelineLayout layout;
	VkPipeline pipeline;
};

/* Prepares to draw into images of this format and size, which are in COLOR_ATTACHMENT_OPTIMAL
 * before and after. */
void triangle_init(struct triangle *triangle, VkDevice device, VkFormat format, VkExtent2D size);
void triangle_finish(struct triangle *triangle);

/* Makes a view of the image and a framebuffer of that view. */
void triangle_target(const struct triangle *triangle, VkImage image, VkFormat format,
	VkImageView *view, VkFramebuffer *framebuffer);

/* Records the commands that draw frame `number`. */
void triangle_draw(const struct triangle *triangle, VkCommandBuffer commands,
	VkFramebuffer framebuffer, uint64_t number);

#endif
