/* SPDX-License-Identifier: MIT */
/* Instances and devices, and the functions that a program gets from them. */
#import "moltenvk.h"

#include <stdlib.h>
#include <string.h>

static struct VkPhysicalDevice_T the_gpu;

/* ---- common functions ---- */

const void *double_vk_find(const void *chain, VkStructureType type)
{
	static const VkStructureType known[] = {
		VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
		VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
		VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
		VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT,
		VK_STRUCTURE_TYPE_EXPORT_METAL_IO_SURFACE_INFO_EXT,
		VK_STRUCTURE_TYPE_EXPORT_METAL_SHARED_EVENT_INFO_EXT,
		VK_STRUCTURE_TYPE_IMPORT_METAL_IO_SURFACE_INFO_EXT,
		VK_STRUCTURE_TYPE_IMPORT_METAL_SHARED_EVENT_INFO_EXT,
		VK_STRUCTURE_TYPE_IMPORT_METAL_TEXTURE_INFO_EXT,
	};
	const void *found = NULL;

	for (const VkBaseInStructure *at = chain; at; at = at->pNext) {
		size_t i = 0;

		while (i < sizeof(known) / sizeof(known[0]) && known[i] != at->sType)
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			double_die("a structure of type %d in a chain", (int)at->sType);
		if (at->sType == type)
			found = at;
	}
	return found;
}

void *double_vk_create(const char *kind, size_t bytes)
{
	void *object = double_allocate(bytes);

	double_count(kind, 1);
	return object;
}

void double_vk_destroy(const char *kind, void *object)
{
	double_count(kind, -1);
	free(object);
}

MTLPixelFormat double_vk_pixel_format(VkFormat format)
{
	switch (format) {
	case VK_FORMAT_R8_UNORM:
		return MTLPixelFormatR8Unorm;
	case VK_FORMAT_B8G8R8A8_UNORM:
		return MTLPixelFormatBGRA8Unorm;
	case VK_FORMAT_R8G8B8A8_UNORM:
		return MTLPixelFormatRGBA8Unorm;
	case VK_FORMAT_R16G16B16A16_SFLOAT:
		return MTLPixelFormatRGBA16Float;
	case VK_FORMAT_D32_SFLOAT:
		return MTLPixelFormatDepth32Float;
	case VK_FORMAT_D32_SFLOAT_S8_UINT:
		return MTLPixelFormatDepth32Float_Stencil8;
	default:
		return (MTLPixelFormat)0;
	}
}

/* ---- instances and devices ---- */

VkResult vkCreateInstance(
	const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator, VkInstance *out)
{
	(void)allocator;
	*out = double_vk_create("VkInstance", sizeof(**out));
	(*out)->api_version =
		info->pApplicationInfo ? info->pApplicationInfo->apiVersion : VK_API_VERSION_1_0;
	return VK_SUCCESS;
}

void vkDestroyInstance(VkInstance instance, const VkAllocationCallbacks *allocator)
{
	(void)allocator;
	double_vk_destroy("VkInstance", instance);
}

VkResult vkEnumeratePhysicalDevices(VkInstance instance, uint32_t *count, VkPhysicalDevice *devices)
{
	(void)instance;
	if (devices && *count)
		devices[0] = &the_gpu;
	*count = 1;
	return VK_SUCCESS;
}

void vkGetPhysicalDeviceProperties2(
	VkPhysicalDevice device, VkPhysicalDeviceProperties2 *properties)
{
	VkPhysicalDeviceIDProperties *ids = (VkPhysicalDeviceIDProperties *)double_vk_find(
		properties->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES);
	id<MTLDevice> metal = MTLCreateSystemDefaultDevice();
	uint64_t registry_id = metal.registryID;

	(void)device;
	strcpy(properties->properties.deviceName, "the double's GPU");
	if (double_fails("sameGPU"))
		registry_id++;
	for (size_t i = 0; ids && i < VK_LUID_SIZE; i++)
		ids->deviceLUID[i] = (uint8_t)(registry_id >> (8 * (VK_LUID_SIZE - 1 - i)));
	if (ids)
		ids->deviceLUIDValid = VK_TRUE;
	[metal release];
}

void vkGetPhysicalDeviceMemoryProperties(
	VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties *properties)
{
	(void)device;
	*properties = (VkPhysicalDeviceMemoryProperties){
		.memoryTypeCount = 3,
		.memoryTypes = {{VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT |
						VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
						VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
					0},
			{VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT |
					VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT,
				0},
			{VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0}},
		.memoryHeapCount = 1,
	};
}

VkResult vkGetPhysicalDeviceImageFormatProperties(VkPhysicalDevice device, VkFormat format,
	VkImageType type, VkImageTiling tiling, VkImageUsageFlags usage, VkImageCreateFlags flags,
	VkImageFormatProperties *properties)
{
	(void)device;
	(void)flags;
	memset(properties, 0, sizeof(*properties));
	if (double_fails("imageFormatProperties"))
		return VK_ERROR_OUT_OF_HOST_MEMORY;
	if (!double_vk_pixel_format(format) || tiling != VK_IMAGE_TILING_OPTIMAL || !usage)
		return VK_ERROR_FORMAT_NOT_SUPPORTED;
	*properties = (VkImageFormatProperties){
		.maxExtent = {4096, 4096, type == VK_IMAGE_TYPE_3D ? 256 : 1},
		.maxMipLevels = 13,
		.maxArrayLayers = type == VK_IMAGE_TYPE_3D ? 1 : 256,
		.sampleCounts = VK_SAMPLE_COUNT_1_BIT,
		.maxResourceSize = 1 << 30,
	};
	return VK_SUCCESS;
}

VkResult vkCreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
	const VkAllocationCallbacks *allocator, VkDevice *out)
{
	const VkPhysicalDeviceTimelineSemaphoreFeatures *timeline = double_vk_find(
		info->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES);
	VkDevice device = double_vk_create("VkDevice", sizeof(*device));

	(void)physical;
	(void)allocator;
	for (uint32_t i = 0; i < info->enabledExtensionCount; i++) {
		const char *name = info->ppEnabledExtensionNames[i];

		if (strcmp(name, "VK_EXT_metal_objects") == 0)
			device->metal_objects = true;
		else if (strcmp(name, "VK_KHR_timeline_semaphore") == 0)
			device->timeline_extension = true;
		else if (strcmp(name, "VK_KHR_portability_subset") != 0)
			double_die("the double has no %s", name);
	}
	device->timeline_feature = timeline && timeline->timelineSemaphore;
	device->device = MTLCreateSystemDefaultDevice();
	device->queue.queue = [device->device newCommandQueue];
	*out = device;
	return VK_SUCCESS;
}

void vkDestroyDevice(VkDevice device, const VkAllocationCallbacks *allocator)
{
	(void)allocator;
	[device->queue.queue release];
	[device->device release];
	double_vk_destroy("VkDevice", device);
}

void vkGetDeviceQueue(VkDevice device, uint32_t family, uint32_t index, VkQueue *queue)
{
	if (family != 0 || index != 0)
		double_die("the double has one queue");
	*queue = &device->queue;
}

/* ---- functions ---- */

#define FUNCTION(name)                            \
	{                                         \
#name, (PFN_vkVoidFunction)(name) \
	}
struct function {
	const char *name;
	PFN_vkVoidFunction pointer;
};

static PFN_vkVoidFunction find(const struct function *functions, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(functions[i].name, name) == 0)
			return functions[i].pointer;
	return NULL;
}

/* Has the functions of a loader of Vulkan 1.0, and the later ones that the device needs. */
PFN_vkVoidFunction vkGetInstanceProcAddr(VkInstance instance, const char *name)
{
	static const struct function functions[] = {
		FUNCTION(vkGetDeviceProcAddr),
		FUNCTION(vkGetPhysicalDeviceImageFormatProperties),
		FUNCTION(vkGetPhysicalDeviceMemoryProperties),
		FUNCTION(vkGetPhysicalDeviceProperties2),
	};

	if (instance->api_version < VK_API_VERSION_1_1 &&
		strcmp(name, "vkGetPhysicalDeviceProperties2") == 0)
		return NULL;
	return find(functions, sizeof(functions) / sizeof(functions[0]), name);
}

PFN_vkVoidFunction vkGetDeviceProcAddr(VkDevice device, const char *name)
{
	static const struct function functions[] = {
		FUNCTION(vkAllocateMemory),
		FUNCTION(vkBindImageMemory),
		FUNCTION(vkCreateImage),
		FUNCTION(vkCreateSemaphore),
		FUNCTION(vkDestroyImage),
		FUNCTION(vkDestroySemaphore),
		FUNCTION(vkFreeMemory),
		FUNCTION(vkGetImageMemoryRequirements),
	};
	static const struct function objects[] = {FUNCTION(vkExportMetalObjectsEXT)};
	static const struct function timelines[] = {
		FUNCTION(vkGetSemaphoreCounterValue),
		FUNCTION(vkSignalSemaphore),
	};
	static const struct function timelines_khr[] = {
		{"vkGetSemaphoreCounterValueKHR", (PFN_vkVoidFunction)vkGetSemaphoreCounterValue},
		{"vkSignalSemaphoreKHR", (PFN_vkVoidFunction)vkSignalSemaphore},
	};
	PFN_vkVoidFunction found = find(functions, sizeof(functions) / sizeof(functions[0]), name);

	if (!found && device->metal_objects)
		found = find(objects, 1, name);
	if (!found && device->timeline_feature && !device->timeline_extension)
		found = find(timelines, 2, name);
	if (!found && device->timeline_extension)
		found = find(timelines_khr, 2, name);
	return found;
}
