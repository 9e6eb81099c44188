/* SPDX-License-Identifier: MIT */
/* Finds the DRM format modifiers with which a driver makes images that other processes can use. */
#include "backend/vulkan/vk.h"

#include "base/error.h"
#include "format/usage.h"

#include <stdlib.h>

#define DMA_BUF VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT

/* Whether the driver makes such an image, and can export or import its memory (needed). */
static bool is_supported(struct vk_device *device, const struct geyser_texture_desc *desc,
	uint64_t modifier, VkExternalMemoryFeatureFlags needed)
{
	const VkPhysicalDeviceImageDrmFormatModifierInfoEXT drm = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT,
		.drmFormatModifier = modifier,
		.sharingMode = VK_SHARING_MODE_EXCLUSIVE,
	};
	const VkPhysicalDeviceExternalImageFormatInfo external = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
		.pNext = &drm,
		.handleType = DMA_BUF,
	};
	struct vk_image_plan plan;
	VkPhysicalDeviceImageFormatInfo2 info = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
		.pNext = &external,
		.tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
	};
	VkExternalImageFormatProperties memory = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES};
	VkImageFormatProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2, .pNext = &memory};

	gy_vk_image_plan(desc, VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT, DMA_BUF, &plan);
	info.format = plan.info.format;
	info.type = plan.info.imageType;
	info.usage = plan.info.usage;
	return device->api.GetPhysicalDeviceImageFormatProperties2(
		       device->handles.physical_device, &info, &properties) == VK_SUCCESS &&
	       memory.externalMemoryProperties.externalMemoryFeatures & needed &&
	       desc->width <= properties.imageFormatProperties.maxExtent.width &&
	       desc->height <= properties.imageFormatProperties.maxExtent.height;
}

static VkDrmFormatModifierPropertiesEXT *list_modifiers(
	struct vk_device *device, const struct geyser_format_info *info, uint32_t *count)
{
	VkDrmFormatModifierPropertiesListEXT list = {
		.sType = VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT};
	VkFormatProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2, .pNext = &list};
	VkPhysicalDevice physical = device->handles.physical_device;
	VkFormat format = (VkFormat)info->vk_format;

	device->api.GetPhysicalDeviceFormatProperties2(physical, format, &properties);
	list.pDrmFormatModifierProperties =
		calloc(list.drmFormatModifierCount + 1, sizeof(VkDrmFormatModifierPropertiesEXT));
	if (list.pDrmFormatModifierProperties)
		device->api.GetPhysicalDeviceFormatProperties2(physical, format, &properties);
	*count = list.drmFormatModifierCount;
	return list.pDrmFormatModifierProperties;
}

#define COPIES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)

enum geyser_result gy_vk_modifiers(struct vk_device *device, const struct geyser_texture_desc *desc,
	struct vk_modifier **out, uint32_t *count)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	uint32_t usage = desc->usage | COPIES, all;
	VkDrmFormatModifierPropertiesEXT *list = list_modifiers(device, info, &all);
	struct vk_modifier *kept = calloc(all + 1, sizeof(*kept));

	*count = 0;
	*out = kept;
	if (!list || !kept) {
		free(list);
		free(kept);
		*out = NULL;
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of modifiers");
	}
	usage &= ~(GEYSER_USAGE_DMA_BUF | GEYSER_USAGE_HOST_MEMORY | GEYSER_USAGE_LINEAR |
		   GEYSER_USAGE_WRITERS | GY_USAGE_ROW_ALIGNMENT);
	for (uint32_t i = 0; i < all; i++) {
		if (usage & ~gy_vk_feature_usage(info, list[i].drmFormatModifierTilingFeatures) ||
			list[i].drmFormatModifierPlaneCount > GY_VK_PLANES_MAX ||
			!is_supported(device, desc, list[i].drmFormatModifier,
				VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT))
			continue;
		kept[(*count)++] = (struct vk_modifier){
			list[i].drmFormatModifier, list[i].drmFormatModifierPlaneCount};
	}
	free(list);
	return GEYSER_OK;
}

/* Searches the driver's list first: is_supported tells nothing of a modifier that isn't listed. */
enum geyser_result gy_vk_modifier_planes(struct vk_device *device,
	const struct geyser_texture_desc *desc, uint64_t modifier, uint32_t *planes)
{
	uint32_t count;
	VkDrmFormatModifierPropertiesEXT *list =
		list_modifiers(device, geyser_format_get_info(desc->format), &count);

	*planes = 0;
	if (!list)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of modifiers");
	for (uint32_t i = 0; i < count; i++)
		if (list[i].drmFormatModifier == modifier)
			*planes = list[i].drmFormatModifierPlaneCount;
	free(list);
	if (*planes > 0 &&
		!is_supported(device, desc, modifier, VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT))
		*planes = 0;
	return GEYSER_OK;
}

enum geyser_result gy_vulkan_modifiers(
	void *data, const struct geyser_texture_desc *desc, uint64_t **out, uint32_t *count)
{
	struct vk_device *device = data;
	struct vk_modifier *list = NULL;
	enum geyser_result result = GEYSER_OK;

	*count = 0;
	*out = NULL;
	if (device->info.dma_buf)
		result = gy_vk_modifiers(device, desc, &list, count);
	if (result != GEYSER_OK || *count == 0) {
		free(list);
		return result;
	}
	*out = calloc(*count, sizeof(**out));
	for (uint32_t i = 0; *out && i < *count; i++)
		(*out)[i] = list[i].modifier;
	free(list);
	if (*out)
		return GEYSER_OK;
	*count = 0;
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of modifiers");
}
