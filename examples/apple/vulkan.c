/* SPDX-License-Identifier: MIT */
#include "vulkan.h"

#include "example.h"

#include <vulkan/vulkan.h>

void vulkan_check(VkResult result, const char *what)
{
	if (result != VK_SUCCESS)
		fail("%s: VkResult %d", what, (int)result);
}

static VkInstance create_instance(void)
{
	static const char *const extensions[] = {VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME};
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_2};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.flags = VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR,
		.pApplicationInfo = &application,
		.enabledExtensionCount = 1,
		.ppEnabledExtensionNames = extensions,
	};
	VkInstance instance;

	vulkan_check(vkCreateInstance(&info, NULL, &instance), "vkCreateInstance");
	return instance;
}

static VkDevice create_device(VkPhysicalDevice physical)
{
	static const char *const extensions[] = {
		"VK_KHR_portability_subset", "VK_EXT_metal_objects"};
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
		.timelineSemaphore = VK_TRUE,
	};
	const VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &timeline,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
		.enabledExtensionCount = 2,
		.ppEnabledExtensionNames = extensions,
	};
	VkDevice device;

	vulkan_check(vkCreateDevice(physical, &info, NULL, &device), "vkCreateDevice");
	return device;
}

void vulkan_create(struct vulkan *vulkan)
{
	const VkCommandPoolCreateInfo pool = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
		.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
	};
	VkCommandBufferAllocateInfo commands = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandBufferCount = 1,
	};
	struct geyser_moltenvk_device *const device = &vulkan->device;
	uint32_t count = 1;

	device->get_instance_proc_addr = vkGetInstanceProcAddr;
	device->instance = create_instance();
	(void)vkEnumeratePhysicalDevices(device->instance, &count, &device->physical_device);
	if (count < 1)
		fail("Vulkan has no device here");
	device->device = create_device(device->physical_device);
	vkGetDeviceQueue(device->device, 0, 0, &vulkan->queue);
	vulkan_check(vkCreateCommandPool(device->device, &pool, NULL, &vulkan->pool),
		"vkCreateCommandPool");
	commands.commandPool = vulkan->pool;
	vulkan_check(vkAllocateCommandBuffers(device->device, &commands, &vulkan->commands),
		"vkAllocateCommandBuffers");
}

void vulkan_destroy(struct vulkan *vulkan)
{
	vkDestroyCommandPool(vulkan->device.device, vulkan->pool, NULL);
	vkDestroyDevice(vulkan->device.device, NULL);
	vkDestroyInstance(vulkan->device.instance, NULL);
}
