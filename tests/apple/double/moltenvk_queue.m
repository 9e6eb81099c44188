/* SPDX-License-Identifier: MIT */
/* Command buffers that clear one image, and queues that run them on Metal's. */
#import "moltenvk.h"

VkResult vkCreateCommandPool(VkDevice device, const VkCommandPoolCreateInfo *info,
	const VkAllocationCallbacks *allocator, VkCommandPool *out)
{
	(void)device;
	(void)info;
	(void)allocator;
	*out = double_vk_create("VkCommandPool", sizeof(**out));
	return VK_SUCCESS;
}

void vkDestroyCommandPool(
	VkDevice device, VkCommandPool pool, const VkAllocationCallbacks *allocator)
{
	(void)device;
	(void)allocator;
	while (pool->buffers) {
		VkCommandBuffer buffer = pool->buffers;

		pool->buffers = buffer->next;
		double_vk_destroy("VkCommandBuffer", buffer);
	}
	double_vk_destroy("VkCommandPool", pool);
}

VkResult vkAllocateCommandBuffers(
	VkDevice device, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *buffers)
{
	(void)device;
	for (uint32_t i = 0; i < info->commandBufferCount; i++) {
		buffers[i] = double_vk_create("VkCommandBuffer", sizeof(*buffers[i]));
		buffers[i]->next = info->commandPool->buffers;
		info->commandPool->buffers = buffers[i];
	}
	return VK_SUCCESS;
}

VkResult vkBeginCommandBuffer(VkCommandBuffer buffer, const VkCommandBufferBeginInfo *info)
{
	(void)info;
	buffer->recording = true;
	buffer->image = VK_NULL_HANDLE;
	return VK_SUCCESS;
}

VkResult vkEndCommandBuffer(VkCommandBuffer buffer)
{
	if (!buffer->recording)
		double_die("vkEndCommandBuffer without a begin");
	buffer->recording = false;
	return VK_SUCCESS;
}

void vkCmdPipelineBarrier(VkCommandBuffer buffer, VkPipelineStageFlags from,
	VkPipelineStageFlags to, VkDependencyFlags flags, uint32_t memory_count,
	const VkMemoryBarrier *memory, uint32_t buffer_count, const VkBufferMemoryBarrier *buffers,
	uint32_t image_count, const VkImageMemoryBarrier *images)
{
	(void)from;
	(void)to;
	(void)flags;
	(void)memory_count;
	(void)memory;
	(void)buffer_count;
	(void)buffers;
	if (!buffer->recording)
		double_die("a barrier outside of a recording");
	for (uint32_t i = 0; i < image_count; i++) {
		if (images[i].oldLayout == VK_IMAGE_LAYOUT_UNDEFINED)
			double_die("a barrier from UNDEFINED gives the pixels up");
		if (images[i].oldLayout != images[i].image->layout)
			double_die("a barrier from layout %d: the image is in %d",
				(int)images[i].oldLayout, (int)images[i].image->layout);
		if (!images[i].image->memory)
			double_die("an image without memory is used");
		images[i].image->layout = images[i].newLayout;
	}
}

void vkCmdClearColorImage(VkCommandBuffer buffer, VkImage image, VkImageLayout layout,
	const VkClearColorValue *color, uint32_t count, const VkImageSubresourceRange *ranges)
{
	(void)ranges;
	if (!buffer->recording || buffer->image || count != 1)
		double_die("the double clears one image, once");
	if (image->layout != layout || (layout != VK_IMAGE_LAYOUT_GENERAL &&
					       layout != VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL))
		double_die("an image is cleared in layout %d", (int)layout);
	if (!(image->usage & VK_IMAGE_USAGE_TRANSFER_DST_BIT))
		double_die("an image that isn't TRANSFER_DST is cleared");
	buffer->image = image;
	buffer->color = *color;
}

static void clear(id<MTLCommandBuffer> commands, VkCommandBuffer buffer)
{
	MTLRenderPassDescriptor *pass = [MTLRenderPassDescriptor renderPassDescriptor];
	MTLRenderPassColorAttachmentDescriptor *color =
		[pass.colorAttachments objectAtIndexedSubscript:0];
	const float *c = buffer->color.float32;

	color.texture = buffer->image->texture;
	color.loadAction = MTLLoadActionClear;
	color.storeAction = MTLStoreActionStore;
	color.clearColor =
		MTLClearColorMake((double)c[0], (double)c[1], (double)c[2], (double)c[3]);
	[[commands renderCommandEncoderWithDescriptor:pass] endEncoding];
}

static void submit(VkQueue queue, const VkSubmitInfo *info)
{
	const VkTimelineSemaphoreSubmitInfo *values =
		double_vk_find(info->pNext, VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
	id<MTLCommandBuffer> commands = [queue->queue commandBuffer];

	if (info->waitSemaphoreCount + info->signalSemaphoreCount && !values)
		double_die("the double has timeline semaphores only");
	for (uint32_t i = 0; i < info->waitSemaphoreCount; i++)
		[commands encodeWaitForEvent:info->pWaitSemaphores[i]->event
				       value:values->pWaitSemaphoreValues[i]];
	for (uint32_t i = 0; i < info->commandBufferCount; i++)
		if (info->pCommandBuffers[i]->image)
			clear(commands, info->pCommandBuffers[i]);
	for (uint32_t i = 0; i < info->signalSemaphoreCount; i++)
		[commands encodeSignalEvent:info->pSignalSemaphores[i]->event
				      value:values->pSignalSemaphoreValues[i]];
	[commands commit];
}

VkResult vkQueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence)
{
	if (fence)
		double_die("the double has no fences");
	@autoreleasepool {
		for (uint32_t i = 0; i < count; i++)
			submit(queue, &infos[i]);
	}
	return VK_SUCCESS;
}

VkResult vkQueueWaitIdle(VkQueue queue)
{
	@autoreleasepool {
		id<MTLCommandBuffer> last = [queue->queue commandBuffer];

		[last commit];
		[last waitUntilCompleted];
	}
	return VK_SUCCESS;
}
