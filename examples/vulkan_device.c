/*
 * A Vulkan instance and device of the program's own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "vulkan_device.h"

#include <stdlib.h>
#include <string.h>

#include "example.h"

#define MAX_EXTENSIONS 32u

void check_vulkan(VkResult result, const char *call)
{
	if (result < 0)
		fail("%s failed with VkResult %d", call, (int)result);
}

static VkInstance create_instance(const char *application)
{
	const VkApplicationInfo info = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.pApplicationName = application,
		.apiVersion = VK_API_VERSION_1_2,
	};
	VkInstance instance;

	check_vulkan(vkCreateInstance(
			     &(VkInstanceCreateInfo){
				     .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
				     .pApplicationInfo = &info,
			     },
			     NULL, &instance),
		"vkCreateInstance");
	return instance;
}

/* Returns the first queue family that can draw; UINT32_MAX if there is none. */
static uint32_t graphics_family(VkPhysicalDevice physical)
{
	VkQueueFamilyProperties families[16];
	uint32_t count = 16;

	vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
	for (uint32_t i = 0; i < count; i++)
		if (families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT)
			return i;
	return UINT32_MAX;
}

/* Lists the extensions of geyser's that this device has. Returns how many; 0 if a required one is
 * missing. */
static uint32_t usable_extensions(VkPhysicalDevice physical, const char *out[MAX_EXTENSIONS])
{
	uint32_t wanted, available = 0, count = 0;
	const char *const *const names = geyser_vulkan_device_extensions(&wanted);
	VkExtensionProperties *properties;

	check_vulkan(vkEnumerateDeviceExtensionProperties(physical, NULL, &available, NULL),
		"vkEnumerateDeviceExtensionProperties");
	properties = calloc(available + 1, sizeof(*properties));
	if (!properties)
		fail("no memory for the names of %u extensions", available);
	check_vulkan(vkEnumerateDeviceExtensionProperties(physical, NULL, &available, properties),
		"vkEnumerateDeviceExtensionProperties");
	for (uint32_t i = 0; i < wanted && count < MAX_EXTENSIONS; i++) {
		uint32_t j = 0;

		while (j < available && strcmp(names[i], properties[j].extensionName) != 0)
			j++;
		if (j < available)
			out[count++] = names[i];
		else if (i < GEYSER_VULKAN_REQUIRED_EXTENSIONS)
			break;
	}
	free(properties);
	return count;
}

/* Returns how good the device is; 0 if it can't be used. */
static int rank(VkPhysicalDevice physical)
{
	VkPhysicalDeviceProperties properties;
	const char *names[MAX_EXTENSIONS];

	vkGetPhysicalDeviceProperties(physical, &properties);
	if (properties.apiVersion < VK_API_VERSION_1_2 || graphics_family(physical) == UINT32_MAX ||
		!usable_extensions(physical, names))
		return 0;
	switch (properties.deviceType) {
	case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
		return 4;
	case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
		return 3;
	case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
		return 2;
	default:
		return 1;
	}
}

static VkPhysicalDevice choose_physical_device(VkInstance instance)
{
	VkPhysicalDevice devices[16], best = VK_NULL_HANDLE;
	uint32_t count = 16;
	int best_rank = 0;

	check_vulkan(vkEnumeratePhysicalDevices(instance, &count, devices),
		"vkEnumeratePhysicalDevices");
	for (uint32_t i = 0; i < count; i++) {
		const int this_rank = rank(devices[i]);

		if (this_rank > best_rank) {
			best = devices[i];
			best_rank = this_rank;
		}
	}
	if (!best)
		fail("none of %u devices will do: one with Vulkan 1.2, a graphics queue and %s",
			count, geyser_vulkan_device_extensions(NULL)[0]);
	return best;
}

void vulkan_device_create(const char *application, struct geyser_vulkan_device *out)
{
	const float priority = 1;
	const VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
		.timelineSemaphore = VK_TRUE,
	};
	const char *extensions[MAX_EXTENSIONS];
	VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &timeline,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
		.ppEnabledExtensionNames = extensions,
	};

	out->instance = create_instance(application);
	out->physical_device = choose_physical_device(out->instance);
	out->queue_family = queue.queueFamilyIndex = graphics_family(out->physical_device);
	info.enabledExtensionCount = usable_extensions(out->physical_device, extensions);
	check_vulkan(
		vkCreateDevice(out->physical_device, &info, NULL, &out->device), "vkCreateDevice");
	vkGetDeviceQueue(out->device, out->queue_family, 0, &out->queue);
	out->get_instance_proc_addr = vkGetInstanceProcAddr;
}

void vulkan_device_destroy(const struct geyser_vulkan_device *device)
{
	vkDestroyDevice(device->device, NULL);
	vkDestroyInstance(device->instance, NULL);
}
