/* SPDX-License-Identifier: MIT */
/* Asks a physical device for the features that geyser uses. */
#include "backend/vulkan/vk.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const extensions[] = {
	VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
	/* the required extensions end here: GEYSER_VULKAN_REQUIRED_EXTENSIONS */
	VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME,
	VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME,
	VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
	VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
	VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
};

#define COUNT (sizeof(extensions) / sizeof(extensions[0]))

const char *const *geyser_vulkan_device_extensions(uint32_t *count)
{
	if (count)
		*count = COUNT;
	return extensions;
}

static VkExtensionProperties *list_extensions(const struct vk_device *device, uint32_t *count)
{
	VkPhysicalDevice physical = device->handles.physical_device;
	VkExtensionProperties *list;

	*count = 0;
	if (device->api.EnumerateDeviceExtensionProperties(physical, NULL, count, NULL) !=
		VK_SUCCESS)
		*count = 0;
	list = calloc(*count + 1, sizeof(*list));
	if (!list || device->api.EnumerateDeviceExtensionProperties(physical, NULL, count, list) !=
			     VK_SUCCESS)
		*count = 0;
	return list;
}

static bool lists(const VkExtensionProperties *list, uint32_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(list[i].extensionName, name) == 0)
			return true;
	return false;
}

/* Searches the device's list once and keeps the result: a driver has hundreds of extensions. */
static void find_extensions(struct vk_device *device)
{
	uint32_t count;
	VkExtensionProperties *list = list_extensions(device, &count);

	for (size_t i = 0; i < COUNT; i++)
		if (lists(list, count, extensions[i]))
			device->extensions |= UINT32_C(1) << i;
	free(list);
}

bool gy_vk_has_extension(const struct vk_device *device, const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(extensions[i], name) == 0)
			return device->extensions & UINT32_C(1) << i;
	return false;
}

static bool has_native_semaphores(const struct vk_device *device)
{
	const VkSemaphoreTypeCreateInfo type = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
	};
	const VkPhysicalDeviceExternalSemaphoreInfo info = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO,
		.pNext = &type,
		.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
	};
	const VkExternalSemaphoreFeatureFlags both = VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT |
						     VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
	VkExternalSemaphoreProperties properties = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES};

	if (!gy_vk_has_extension(device, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME))
		return false;
	device->api.GetPhysicalDeviceExternalSemaphoreProperties(
		device->handles.physical_device, &info, &properties);
	return (properties.externalSemaphoreFeatures & both) == both;
}

static enum geyser_result check_required(struct vk_device *device)
{
	const struct vk_api *api = &device->api;
	VkPhysicalDeviceSamplerYcbcrConversionFeatures ycbcr = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SAMPLER_YCBCR_CONVERSION_FEATURES};
	VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
		.pNext = &ycbcr};
	VkPhysicalDeviceFeatures2 features = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &timeline};

	if (device->info.api_version < VK_API_VERSION_1_2)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "%s has Vulkan %u.%u: 1.2 is needed",
			device->info.name, VK_API_VERSION_MAJOR(device->info.api_version),
			VK_API_VERSION_MINOR(device->info.api_version));
	for (size_t i = 0; i < GEYSER_VULKAN_REQUIRED_EXTENSIONS; i++)
		if (!gy_vk_has_extension(device, extensions[i]))
			return gy_fail(GEYSER_ERROR_UNSUPPORTED, "%s has no %s, which is needed",
				device->info.name, extensions[i]);
	api->GetPhysicalDeviceFeatures2(device->handles.physical_device, &features);
	if (!timeline.timelineSemaphore)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s has no timeline semaphores (feature timelineSemaphore), which are "
			"needed",
			device->info.name);
	device->stores_any_format = features.features.shaderStorageImageWriteWithoutFormat;
	device->converts_ycbcr = ycbcr.samplerYcbcrConversion;
	return GEYSER_OK;
}

static void fill_info(struct vk_device *device)
{
	VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT};
	VkPhysicalDeviceTimelineSemaphoreProperties timeline = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_PROPERTIES};
	VkPhysicalDeviceDriverProperties driver = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, .pNext = &timeline};
	VkPhysicalDeviceIDProperties id = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES, .pNext = &driver};
	VkPhysicalDeviceProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &id};
	struct geyser_vulkan_info *info = &device->info;

	if (gy_vk_has_extension(device, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME))
		timeline.pNext = &host;
	device->api.GetPhysicalDeviceProperties2(device->handles.physical_device, &properties);
	(void)snprintf(info->name, sizeof(info->name), "%s", properties.properties.deviceName);
	(void)snprintf(info->driver, sizeof(info->driver), "%.120s %.120s", driver.driverName,
		driver.driverInfo);
	info->type = properties.properties.deviceType;
	info->api_version = properties.properties.apiVersion;
	memcpy(info->device_uuid, id.deviceUUID, sizeof(info->device_uuid));
	memcpy(info->driver_uuid, id.driverUUID, sizeof(info->driver_uuid));
	device->host_alignment = host.minImportedHostPointerAlignment;
	device->max_difference = timeline.maxTimelineSemaphoreValueDifference;
}

enum geyser_result gy_vk_capabilities(struct vk_device *device)
{
	struct geyser_vulkan_info *info = &device->info;
	enum geyser_result result;

	find_extensions(device);
	fill_info(device);
	result = check_required(device);
	if (result != GEYSER_OK)
		return result;
	info->opaque_fd = true;
	info->host_memory = device->host_alignment > 0;
	info->dma_buf =
		gy_vk_has_extension(device, VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME) &&
		gy_vk_has_extension(device, VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME);
	info->native_events = has_native_semaphores(device);
	device->api.GetPhysicalDeviceMemoryProperties(
		device->handles.physical_device, &device->memory);
	return GEYSER_OK;
}
