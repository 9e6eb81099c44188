/*
 * geyser info: the Vulkan backend's device, in a build that has that backend.
 *
 * SPDX-License-Identifier: MIT
 */
#include "info.h"

#ifdef GEYSER_HAVE_VULKAN

#include <string.h>

#include <geyser/vulkan.h>

static const char *type_name(VkPhysicalDeviceType type)
{
	switch (type) {
	case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
		return "integrated";
	case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
		return "discrete";
	case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
		return "virtual";
	case VK_PHYSICAL_DEVICE_TYPE_CPU:
		return "cpu";
	default:
		return "other";
	}
}

/* Writes a UUID as vulkaninfo does and as GEYSER_VULKAN_DEVICE accepts it. */
static void write_uuid(const uint8_t uuid[16], char out[256])
{
	static const char digits[] = "0123456789abcdef";
	char *at = out;

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[uuid[i] >> 4];
		*at++ = digits[uuid[i] & 15];
	}
	*at = '\0';
}

static void list_features(const struct geyser_vulkan_info *info, struct info_feature *out)
{
	out[0] = (struct info_feature){
		"opaque_fd", info->opaque_fd, "memory of one driver between processes"};
	out[1] = (struct info_feature){
		"host_memory", info->host_memory, "sealed host memory as images"};
	out[2] = (struct info_feature){"dma_buf", info->dma_buf, "dma-bufs with modifiers"};
	out[3] = (struct info_feature){"native_events", info->native_events,
		info->native_events ? "semaphores between processes"
				    : "bridged by threads of geyser's"};
}

static void list_properties(const struct geyser_vulkan_info *info, struct info_property *out)
{
	out[0].key = "driver";
	_Static_assert(sizeof(out[0].value) == sizeof(info->driver), "a copy");
	(void)memcpy(out[0].value, info->driver, sizeof(out[0].value));
	out[1].key = "api";
	(void)snprintf(out[1].value, sizeof(out[1].value), "%u.%u.%u",
		VK_API_VERSION_MAJOR(info->api_version), VK_API_VERSION_MINOR(info->api_version),
		VK_API_VERSION_PATCH(info->api_version));
	out[2].key = "device_uuid";
	write_uuid(info->device_uuid, out[2].value);
	out[3].key = "driver_uuid";
	write_uuid(info->driver_uuid, out[3].value);
}

bool info_vulkan_device(struct geyser_manager *manager, struct info_device *out)
{
	struct geyser_vulkan_info info;

	if (geyser_manager_get_backend(manager) != GEYSER_BACKEND_VULKAN)
		return true;
	if (geyser_vulkan_get_info(manager, &info)) {
		(void)library_failure("backend vulkan");
		return false;
	}
	_Static_assert(sizeof(out->name) == sizeof(info.name), "a copy");
	(void)memcpy(out->name, info.name, sizeof(out->name));
	out->type = type_name(info.type);
	list_properties(&info, out->properties);
	list_features(&info, out->features);
	out->known = true;
	return true;
}

#else

bool info_vulkan_device(struct geyser_manager *manager, struct info_device *out)
{
	(void)manager;
	(void)out;
	return true;
}

#endif
