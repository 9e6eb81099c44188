/* SPDX-License-Identifier: MIT */
/* Finds the usage bits that shared images of a format can have on a device, by asking its driver.
 */
#include "backend/vulkan/vk.h"

#include <stdlib.h>

#define COPIES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)

/* Whether the driver makes the smallest texture of this kind. */
static bool makes(struct vk_device *device, const struct geyser_format_info *info,
	enum geyser_dimension dimension, uint32_t usage, VkImageTiling tiling)
{
	const struct geyser_texture_desc desc = {
		.format = info->format,
		.width = 1,
		.height = 1,
		.depth = dimension == GEYSER_DIMENSION_3D ? 2 : 1,
		.layers = dimension == GEYSER_DIMENSION_2D_ARRAY ? 2 : 1,
		.mip_levels = 1,
		.usage = usage,
	};

	return gy_vk_images_supported(device, &desc, tiling,
		       VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT, true) == GEYSER_OK;
}

static bool has_modifiers(struct vk_device *device, const struct geyser_format_info *info)
{
	const struct geyser_texture_desc desc = {.format = info->format,
		.width = 1,
		.height = 1,
		.depth = 1,
		.layers = 1,
		.mip_levels = 1,
		.usage = COPIES};
	struct vk_modifier *list;
	uint32_t count;

	if (!device->info.dma_buf || gy_vk_modifiers(device, &desc, &list, &count) != GEYSER_OK)
		return false;
	free(list);
	return count > 0;
}

/* Returns the usage bits that the driver's features of all planes' formats allow. */
static uint32_t ask_features(struct vk_device *device, const struct geyser_format_info *info)
{
	VkFormatProperties2 properties = {.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2};
	uint32_t usage = info->usage;

	for (uint32_t plane = 0; plane < info->planes; plane++) {
		const struct geyser_format_info *texels =
			geyser_format_get_info(info->plane[plane].format);

		if (!texels->vk_format)
			return 0;
		device->api.GetPhysicalDeviceFormatProperties2(
			device->handles.physical_device, (VkFormat)texels->vk_format, &properties);
		usage &= gy_vk_feature_usage(
			texels, properties.formatProperties.optimalTilingFeatures);
	}
	return usage;
}

/* Asks the driver for exportable images with each usage bit, and drops the bits that it refuses.
 */
static uint32_t ask_usage(struct vk_device *device, const struct geyser_format_info *info,
	enum geyser_dimension dimension)
{
	const VkImageTiling optimal = VK_IMAGE_TILING_OPTIMAL;
	const bool video = info->type == GEYSER_FORMAT_TYPE_YUV;
	uint32_t usage;

	if ((info->depth && !device->draws) || (video && dimension != GEYSER_DIMENSION_2D))
		return 0;
	usage = ask_features(device, info);
	if ((usage & COPIES) != COPIES || !makes(device, info, dimension, COPIES, optimal))
		return 0;
	for (uint32_t bit = GEYSER_USAGE_TEXTURE_BINDING; bit <= GEYSER_USAGE_RENDER_ATTACHMENT;
		bit <<= 1)
		if (usage & bit && !makes(device, info, dimension, COPIES | bit, optimal))
			usage &= ~bit;
	if (device->info.host_memory && !info->stencil)
		usage |= GEYSER_USAGE_HOST_MEMORY;
	if (dimension == GEYSER_DIMENSION_2D && has_modifiers(device, info))
		usage |= GEYSER_USAGE_DMA_BUF;
	if (dimension == GEYSER_DIMENSION_2D &&
		makes(device, info, dimension, COPIES, VK_IMAGE_TILING_LINEAR))
		usage |= GEYSER_USAGE_LINEAR;
	return usage;
}

#define KNOWN UINT32_C(0x80000000) /* marks a result in device->usage; it is no usage bit */

uint32_t gy_vk_format_usage(
	void *data, const struct geyser_format_info *info, enum geyser_dimension dimension)
{
	struct vk_device *device = data;
	_Atomic uint32_t *known = &device->usage[info->format][dimension];
	uint32_t usage = atomic_load_explicit(known, memory_order_relaxed);

	if (!(usage & KNOWN)) {
		usage = ask_usage(device, info, dimension) | KNOWN;
		atomic_store_explicit(known, usage, memory_order_relaxed);
	}
	return usage & ~KNOWN;
}
