/*
 * Breaks one of Vulkan's rules on purpose:
 *
 *	broken none|rule|hazard|leak
 *
 * SPDX-License-Identifier: MIT
 */
#include <vulkan/vulkan.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_VULKAN 77
#define NO_LAYER 78

#define BUFFER_SIZE 64u

struct broken {
	VkInstance instance;
	VkPhysicalDevice physical_device;
	VkDevice device;
};

static void expect(VkResult result, const char *call)
{
	if (result == VK_SUCCESS)
		return;
	(void)fprintf(stderr, "broken: %s: %d\n", call, (int)result);
	exit(NO_VULKAN);
}

#define must(call) expect((call), #call)

static bool has_layer(void)
{
	VkLayerProperties layers[64];
	uint32_t count = 64;

	(void)vkEnumerateInstanceLayerProperties(&count, layers);
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(layers[i].layerName, "VK_LAYER_KHRONOS_validation") == 0)
			return true;
	return false;
}

static void start(struct broken *broken)
{
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.apiVersion = VK_API_VERSION_1_2,
	};
	const VkInstanceCreateInfo instance_info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue_info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	const VkDeviceCreateInfo device_info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue_info,
	};
	uint32_t count = 1;

	must(vkCreateInstance(&instance_info, NULL, &broken->instance));
	(void)vkEnumeratePhysicalDevices(broken->instance, &count, &broken->physical_device);
	if (count == 0)
		exit(NO_VULKAN);
	must(vkCreateDevice(broken->physical_device, &device_info, NULL, &broken->device));
}

static void finish(struct broken *broken)
{
	vkDestroyDevice(broken->device, NULL);
	vkDestroyInstance(broken->instance, NULL);
}

static VkBuffer make_buffer(struct broken *broken, VkDeviceSize size)
{
	const VkBufferCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = size,
		.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT,
	};
	VkBuffer buffer = VK_NULL_HANDLE;

	must(vkCreateBuffer(broken->device, &info, NULL, &buffer));
	return buffer;
}

static VkDeviceMemory bind_memory(struct broken *broken, VkBuffer buffer)
{
	VkMemoryRequirements needs;
	VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
	VkDeviceMemory memory;

	vkGetBufferMemoryRequirements(broken->device, buffer, &needs);
	info.allocationSize = needs.size;
	while (!(needs.memoryTypeBits & 1u << info.memoryTypeIndex))
		info.memoryTypeIndex++;
	must(vkAllocateMemory(broken->device, &info, NULL, &memory));
	must(vkBindBufferMemory(broken->device, buffer, memory, 0));
	return memory;
}

/* Records two writes to the same bytes without a barrier between them. */
static void record_hazard(struct broken *broken, VkCommandPool pool, VkBuffer buffer)
{
	const VkCommandBufferAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandPool = pool,
		.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
		.commandBufferCount = 1,
	};
	const VkCommandBufferBeginInfo begin = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
	};
	VkCommandBuffer commands;

	must(vkAllocateCommandBuffers(broken->device, &info, &commands));
	must(vkBeginCommandBuffer(commands, &begin));
	vkCmdFillBuffer(commands, buffer, 0, BUFFER_SIZE, 1);
	vkCmdFillBuffer(commands, buffer, 0, BUFFER_SIZE, 2);
	must(vkEndCommandBuffer(commands));
}

static void make_hazard(struct broken *broken)
{
	const VkCommandPoolCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
	};
	VkBuffer buffer = make_buffer(broken, BUFFER_SIZE);
	VkDeviceMemory memory = bind_memory(broken, buffer);
	VkCommandPool pool;

	must(vkCreateCommandPool(broken->device, &info, NULL, &pool));
	record_hazard(broken, pool, buffer);
	vkDestroyCommandPool(broken->device, pool, NULL);
	vkDestroyBuffer(broken->device, buffer, NULL);
	vkFreeMemory(broken->device, memory, NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "none";
	struct broken broken;

	if (!has_layer())
		return NO_LAYER;
	start(&broken);
	if (strcmp(what, "rule") == 0)
		vkDestroyBuffer(broken.device, make_buffer(&broken, 0), NULL);
	else if (strcmp(what, "hazard") == 0)
		make_hazard(&broken);
	else if (strcmp(what, "leak") == 0)
		(void)make_buffer(&broken, BUFFER_SIZE);
	finish(&broken);
	return 0;
}
