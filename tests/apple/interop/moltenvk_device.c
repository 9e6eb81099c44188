/* SPDX-License-Identifier: MIT */
#include "moltenvk_device.h"

static void create_device(
	struct mvk *mvk, bool timelines, const char *const *extensions, uint32_t count)
{
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkPhysicalDeviceTimelineSemaphoreFeatures feature = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
		.timelineSemaphore = timelines,
	};
	const VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &feature,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
		.enabledExtensionCount = count,
		.ppEnabledExtensionNames = extensions,
	};

	assert_int_equal(
		vkCreateDevice(mvk->device.physical_device, &info, NULL, &mvk->device.device),
		VK_SUCCESS);
}

static void create_commands(struct mvk *mvk)
{
	const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
	VkCommandBufferAllocateInfo commands = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandBufferCount = 1,
	};

	vkGetDeviceQueue(mvk->device.device, 0, 0, &mvk->queue);
	(void)vkCreateCommandPool(mvk->device.device, &pool, NULL, &mvk->pool);
	commands.commandPool = mvk->pool;
	(void)vkAllocateCommandBuffers(mvk->device.device, &commands, &mvk->commands);
}

void mvk_create(struct mvk *mvk, uint32_t version, bool timelines, const char *const *extensions)
{
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = version};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
	uint32_t count = 1, extension_count = 0;

	*mvk = (struct mvk){.device = {.get_instance_proc_addr = vkGetInstanceProcAddr}};
	while (extensions[extension_count])
		extension_count++;
	assert_int_equal(vkCreateInstance(&info, NULL, &mvk->device.instance), VK_SUCCESS);
	(void)vkEnumeratePhysicalDevices(
		mvk->device.instance, &count, &mvk->device.physical_device);
	create_device(mvk, timelines, extensions, extension_count);
	create_commands(mvk);
}

void mvk_init(struct mvk *mvk)
{
	static const char *const extensions[] = {METAL_OBJECTS, NULL};

	mvk_create(mvk, VK_API_VERSION_1_2, true, extensions);
}

void mvk_finish(struct mvk *mvk)
{
	vkDestroyCommandPool(mvk->device.device, mvk->pool, NULL);
	vkDestroyDevice(mvk->device.device, NULL);
	vkDestroyInstance(mvk->device.instance, NULL);
}

static void record_clear(VkCommandBuffer commands, VkImage image, VkImageLayout from)
{
	const VkClearColorValue color = {.float32 = {1, 0.2f, 0.6f, 1}};
	const VkImageSubresourceRange whole = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
	const VkImageMemoryBarrier barrier = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.oldLayout = from,
		.newLayout = VK_IMAGE_LAYOUT_GENERAL,
		.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.image = image,
		.subresourceRange = whole,
	};
	const VkCommandBufferBeginInfo begin = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};

	(void)vkBeginCommandBuffer(commands, &begin);
	vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
		VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
	vkCmdClearColorImage(commands, image, VK_IMAGE_LAYOUT_GENERAL, &color, 1, &whole);
	(void)vkEndCommandBuffer(commands);
}

void mvk_clear(struct mvk *mvk, VkImage image, VkImageLayout from)
{
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.commandBufferCount = 1,
		.pCommandBuffers = &mvk->commands,
	};

	record_clear(mvk->commands, image, from);
	assert_int_equal(vkQueueSubmit(mvk->queue, 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
	assert_int_equal(vkQueueWaitIdle(mvk->queue), VK_SUCCESS);
}

void mvk_submit(struct mvk *mvk, VkSemaphore semaphore, uint64_t wait, uint64_t signal)
{
	const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
	const VkTimelineSemaphoreSubmitInfo values = {
		.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		.waitSemaphoreValueCount = wait ? 1 : 0,
		.pWaitSemaphoreValues = &wait,
		.signalSemaphoreValueCount = 1,
		.pSignalSemaphoreValues = &signal,
	};
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.pNext = &values,
		.waitSemaphoreCount = wait ? 1 : 0,
		.pWaitSemaphores = &semaphore,
		.pWaitDstStageMask = &stage,
		.signalSemaphoreCount = 1,
		.pSignalSemaphores = &semaphore,
	};

	assert_int_equal(vkQueueSubmit(mvk->queue, 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
}
