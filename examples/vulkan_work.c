/*
 * Commands for the GPU: recording, submitting, waiting.
 *
 * SPDX-License-Identifier: MIT
 */
#include "vulkan_work.h"

#include "example.h"
#include "vulkan_device.h"

uint32_t vulkan_memory_type(const struct geyser_vulkan_device *device,
	const VkMemoryRequirements *requirements, VkMemoryPropertyFlags properties)
{
	VkPhysicalDeviceMemoryProperties memory;

	vkGetPhysicalDeviceMemoryProperties(device->physical_device, &memory);
	for (uint32_t i = 0; i < memory.memoryTypeCount; i++)
		if ((requirements->memoryTypeBits & 1u << i) &&
			(memory.memoryTypes[i].propertyFlags & properties) == properties)
			return i;
	return UINT32_MAX;
}

VkCommandPool vulkan_command_buffers(
	const struct geyser_vulkan_device *device, uint32_t count, VkCommandBuffer *out)
{
	const VkCommandPoolCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
		.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
		.queueFamilyIndex = device->queue_family,
	};
	VkCommandBufferAllocateInfo buffers = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
		.commandBufferCount = count,
	};

	check_vulkan(vkCreateCommandPool(device->device, &info, NULL, &buffers.commandPool),
		"vkCreateCommandPool");
	check_vulkan(vkAllocateCommandBuffers(device->device, &buffers, out),
		"vkAllocateCommandBuffers");
	return buffers.commandPool;
}

void vulkan_begin(VkCommandBuffer commands)
{
	check_vulkan(vkBeginCommandBuffer(commands,
			     &(VkCommandBufferBeginInfo){
				     .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
				     .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
			     }),
		"vkBeginCommandBuffer");
}

/* Tells geyser if the device is lost: a process that waits for this one's GPU work must learn that
 * it will not be done. */
static void check_device(struct geyser_manager *manager, VkResult result, const char *call)
{
	if (result == VK_ERROR_DEVICE_LOST)
		(void)geyser_vulkan_device_lost(manager);
	check_vulkan(result, call);
}

void vulkan_submit(struct geyser_manager *manager, VkCommandBuffer commands,
	const struct geyser_vulkan_point *after, const struct geyser_vulkan_point *done)
{
	const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
	const uint32_t waits = after->semaphore ? 1 : 0;
	const VkTimelineSemaphoreSubmitInfo values = {
		.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		.waitSemaphoreValueCount = waits,
		.pWaitSemaphoreValues = &after->value,
		.signalSemaphoreValueCount = 1,
		.pSignalSemaphoreValues = &done->value,
	};
	const VkSubmitInfo submit = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.pNext = &values,
		.waitSemaphoreCount = waits,
		.pWaitSemaphores = &after->semaphore,
		.pWaitDstStageMask = &stages,
		.commandBufferCount = 1,
		.pCommandBuffers = &commands,
		.signalSemaphoreCount = 1,
		.pSignalSemaphores = &done->semaphore,
	};
	struct geyser_vulkan_device device;
	VkResult result;

	check_vulkan(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
	check(geyser_vulkan_get_device(manager, &device), "device");
	/* geyser's own threads may use the queue as well. */
	geyser_vulkan_queue_lock(manager);
	result = vkQueueSubmit(device.queue, 1, &submit, VK_NULL_HANDLE);
	geyser_vulkan_queue_unlock(manager);
	check_device(manager, result, "vkQueueSubmit");
}

void vulkan_wait(struct geyser_manager *manager, const struct geyser_vulkan_point *point)
{
	const VkSemaphoreWaitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
		.semaphoreCount = 1,
		.pSemaphores = &point->semaphore,
		.pValues = &point->value,
	};
	struct geyser_vulkan_device device;
	VkResult result;

	check(geyser_vulkan_get_device(manager, &device), "device");
	result = vkWaitSemaphores(device.device, &info, 10 * NANOSECONDS);
	check_device(manager, result, "vkWaitSemaphores");
	if (result == VK_TIMEOUT)
		fail("the GPU has not done its work within ten seconds");
}
