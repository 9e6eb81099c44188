/* Devices that a test makes itself, and the first steps of a suite. */
#include "gpu.h"

#include <stdio.h>
#include <stdlib.h>

void expect_success(VkResult result, const char *call, const char *file, int line)
{
	if (result == VK_SUCCESS)
		return;
	print_error("%s: VkResult %d\n", call, (int)result);
	_fail(file, line);
}

bool has_vulkan(void)
{
	test_backend = GEYSER_BACKEND_VULKAN;
	if (geyser_backend_available(test_backend) == GEYSER_OK)
		return true;
	(void)printf("1..0 # SKIP %s\n", geyser_error_detail());
	return false;
}

struct geyser_vulkan_info info_of(struct geyser_manager *manager)
{
	struct geyser_vulkan_info info;

	ok(geyser_vulkan_get_info(manager, &info));
	return info;
}

/* ---- devices of the test's own ---- */

static bool has_extension(VkPhysicalDevice physical_device, const char *name)
{
	VkExtensionProperties *properties;
	uint32_t count = 0;
	bool found = false;

	vk(vkEnumerateDeviceExtensionProperties(physical_device, NULL, &count, NULL));
	properties = calloc(count ? count : 1, sizeof(*properties));
	assert_non_null(properties);
	vk(vkEnumerateDeviceExtensionProperties(physical_device, NULL, &count, properties));
	for (uint32_t i = 0; i < count && !found; i++)
		found = strcmp(properties[i].extensionName, name) == 0;
	free(properties);
	return found;
}

/* Picks from geyser's list the extensions that the device has, except those that `without` names.
 */
static uint32_t pick_extensions(
	VkPhysicalDevice physical_device, const char *without, const char **names)
{
	uint32_t all, count = 0;
	const char *const *list = geyser_vulkan_device_extensions(&all);

	assert_in_range(all, GEYSER_VULKAN_REQUIRED_EXTENSIONS, 32);
	for (uint32_t i = 0; i < all; i++) {
		if (without && (!*without || strcmp(without, list[i]) == 0))
			continue;
		if (has_extension(physical_device, list[i]))
			names[count++] = list[i];
	}
	return count;
}

/* Picks a queue family for graphics or compute: each of these can copy. */
static uint32_t pick_family(VkPhysicalDevice physical_device)
{
	VkQueueFamilyProperties families[32];
	uint32_t count = COUNT_OF(families);

	vkGetPhysicalDeviceQueueFamilyProperties(physical_device, &count, families);
	for (uint32_t i = 0; i < count; i++)
		if (families[i].queueFlags & (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT))
			return i;
	fail_msg("the device has no queue family for graphics or compute");
	return 0;
}

static void make_device(struct geyser_vulkan_device *out, const char *without)
{
	const char *names[32];
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueFamilyIndex = out->queue_family,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	const VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
		.timelineSemaphore = VK_TRUE,
	};
	const VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &timeline,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
		.enabledExtensionCount = pick_extensions(out->physical_device, without, names),
		.ppEnabledExtensionNames = names,
	};

	vk(vkCreateDevice(out->physical_device, &info, NULL, &out->device));
	vkGetDeviceQueue(out->device, out->queue_family, 0, &out->queue);
}

bool raw_open(struct geyser_vulkan_device *out, const char *without)
{
	const VkApplicationInfo application = {
		.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
		.apiVersion = VK_API_VERSION_1_2,
	};
	const VkInstanceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
		.pApplicationInfo = &application,
	};
	uint32_t count = 1;

	*out = (struct geyser_vulkan_device){.get_instance_proc_addr = vkGetInstanceProcAddr};
	if (vkCreateInstance(&info, NULL, &out->instance) != VK_SUCCESS)
		return false;
	(void)vkEnumeratePhysicalDevices(out->instance, &count, &out->physical_device);
	if (count == 0) {
		vkDestroyInstance(out->instance, NULL);
		return false;
	}
	out->queue_family = pick_family(out->physical_device);
	make_device(out, without);
	return true;
}

void raw_close(struct geyser_vulkan_device *device)
{
	vkDestroyDevice(device->device, NULL);
	vkDestroyInstance(device->instance, NULL);
	*device = (struct geyser_vulkan_device){0};
}
