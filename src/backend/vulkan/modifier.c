/* SPDX-License-Identifier: MIT */
/* Finds the DRM format modifiers with which a driver makes images that other processes can use. */
#include "backend/vulkan/vk.h"

#include "base/error.h"
#include "format/usage.h"

#include <stdlib.h>

#define DMA_BUF VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT

/* Whether the driver makes an image of that plane, and can export or import its memory (needed). */
static bool is_plane_supported(struct vk_device *device, const struct geyser_texture_desc *desc,
	uint32_t plane, uint64_t modifier, VkExternalMemoryFeatureFlags needed)
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
	VkExternalMemoryFeatureFlags features;
	VkPhysicalDeviceImageFormatInfo2 info = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
		.pNext = &external,
		.tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
	};
	VkExternalImageFormatProperties memory = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES};
	VkImageFormatProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2, .pNext = &memory};

	gy_vk_image_plan(desc, plane, VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT, DMA_BUF, &plan);
	info.format = plan.info.format;
	info.type = plan.info.imageType;
	info.usage = plan.info.usage;
	info.flags = plan.info.flags;
	if (device->api.GetPhysicalDeviceImageFormatProperties2(
		    device->handles.physical_device, &info, &properties) != VK_SUCCESS)
		return false;
	features = memory.externalMemoryProperties.externalMemoryFeatures;
	return features & needed &&
	       !(plan.joins && features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT) &&
	       plan.info.extent.width <= properties.imageFormatProperties.maxExtent.width &&
	       plan.info.extent.height <= properties.imageFormatProperties.maxExtent.height;
}

static bool is_supported(struct vk_device *device, const struct geyser_texture_desc *desc,
	uint64_t modifier, VkExternalMemoryFeatureFlags needed)
{
	const uint32_t planes = geyser_format_get_info(desc->format)->planes;

	for (uint32_t plane = 0; plane < planes; plane++)
		if (!is_plane_supported(device, desc, plane, modifier, needed))
			return false;
	return true;
}

/* Lists the modifiers of images of a colour format. */
static VkDrmFormatModifierPropertiesEXT *list_modifiers(
	struct vk_device *device, enum geyser_format plane_format, uint32_t *count)
{
	VkDrmFormatModifierPropertiesListEXT list = {
		.sType = VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT};
	VkFormatProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2, .pNext = &list};
	VkPhysicalDevice physical = device->handles.physical_device;
	VkFormat format = (VkFormat)geyser_format_get_info(plane_format)->vk_format;

	device->api.GetPhysicalDeviceFormatProperties2(physical, format, &properties);
	list.pDrmFormatModifierProperties =
		calloc(list.drmFormatModifierCount + 1, sizeof(VkDrmFormatModifierPropertiesEXT));
	if (list.pDrmFormatModifierProperties)
		device->api.GetPhysicalDeviceFormatProperties2(physical, format, &properties);
	*count = list.drmFormatModifierCount;
	return list.pDrmFormatModifierProperties;
}

/* Tells how many memory planes an image of a colour format has with this modifier. *planes is 0 if
 * the driver doesn't list the modifier, or doesn't list it for this usage. */
static enum geyser_result memory_planes(struct vk_device *device, enum geyser_format format,
	uint64_t modifier, uint32_t usage, uint32_t *planes)
{
	const struct geyser_format_info *info = geyser_format_get_info(format);
	uint32_t count;
	VkDrmFormatModifierPropertiesEXT *list = list_modifiers(device, format, &count);

	*planes = 0;
	if (!list)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of modifiers");
	for (uint32_t i = 0; i < count; i++)
		if (list[i].drmFormatModifier == modifier &&
			!(usage & ~gy_vk_feature_usage(
					  info, list[i].drmFormatModifierTilingFeatures)))
			*planes = list[i].drmFormatModifierPlaneCount;
	free(list);
	return GEYSER_OK;
}

/* Works like memory_planes for the images of all planes of a format together. Images that share a
 * dma-buf are linear: other modifiers tell how one image fills a memory. */
static enum geyser_result all_memory_planes(struct vk_device *device,
	const struct geyser_texture_desc *desc, uint64_t modifier, uint32_t usage, uint32_t *planes)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	enum geyser_result result = GEYSER_OK;
	uint32_t each = 0;

	*planes = 0;
	if (info->planes == 1)
		return memory_planes(device, info->plane[0].format, modifier, usage, planes);
	if (modifier != GY_VK_MODIFIER_LINEAR)
		return GEYSER_OK;
	for (uint32_t plane = 0; plane < info->planes && result == GEYSER_OK; plane++) {
		result = memory_planes(device, info->plane[plane].format, modifier, usage, &each);
		if (each != 1)
			return result;
	}
	*planes = info->planes;
	return result;
}

#define COPIES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)
#define PLACES                                                                   \
	(GEYSER_USAGE_DMA_BUF | GEYSER_USAGE_HOST_MEMORY | GEYSER_USAGE_LINEAR | \
		GEYSER_USAGE_WRITERS | GY_USAGE_ROW_ALIGNMENT)

/* Adds the modifier to the list if the driver makes and exports such images with it. */
static enum geyser_result add_modifier(struct vk_device *device,
	const struct geyser_texture_desc *desc, uint64_t modifier, struct vk_modifier *list,
	uint32_t *count)
{
	const uint32_t usage = (desc->usage | COPIES) & ~PLACES;
	uint32_t planes;
	enum geyser_result result = all_memory_planes(device, desc, modifier, usage, &planes);

	if (result != GEYSER_OK || planes == 0 || planes > GY_VK_PLANES_MAX ||
		!is_supported(device, desc, modifier, VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT))
		return result;
	list[(*count)++] = (struct vk_modifier){modifier, planes};
	return GEYSER_OK;
}

enum geyser_result gy_vk_modifiers(struct vk_device *device, const struct geyser_texture_desc *desc,
	struct vk_modifier **out, uint32_t *count)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	enum geyser_result result = GEYSER_OK;
	uint32_t all;
	VkDrmFormatModifierPropertiesEXT *list =
		list_modifiers(device, info->plane[0].format, &all);
	struct vk_modifier *kept = calloc(all + 1, sizeof(*kept));

	*count = 0;
	*out = NULL;
	if (!list || !kept)
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of modifiers");
	for (uint32_t i = 0; i < all && result == GEYSER_OK; i++)
		result = add_modifier(device, desc, list[i].drmFormatModifier, kept, count);
	free(list);
	if (result == GEYSER_OK)
		*out = kept;
	else
		free(kept);
	return result;
}

/* Searches the driver's list first: is_supported tells nothing of a modifier that isn't listed. */
enum geyser_result gy_vk_modifier_planes(struct vk_device *device,
	const struct geyser_texture_desc *desc, uint64_t modifier, uint32_t *planes)
{
	const enum geyser_result result = all_memory_planes(device, desc, modifier, 0, planes);

	if (result == GEYSER_OK && *planes > 0 &&
		!is_supported(device, desc, modifier, VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT))
		*planes = 0;
	return result;
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
