/* SPDX-License-Identifier: MIT */
/*
 * A texture of several planes as one multi-planar image, for samplers with a Y'CbCr conversion. The
 * image is disjoint: each of its planes is bound to the memory of that plane's own image. Both
 * images alias each other, as Vulkan allows for images with VK_IMAGE_CREATE_ALIAS_BIT.
 */
#include "backend/vulkan/vk.h"

#include "base/error.h"

#include <inttypes.h>

static const VkImageAspectFlagBits aspects[GEYSER_FORMAT_PLANES_MAX] = {
	VK_IMAGE_ASPECT_PLANE_0_BIT, VK_IMAGE_ASPECT_PLANE_1_BIT, VK_IMAGE_ASPECT_PLANE_2_BIT};

static enum geyser_result check_picture(const struct vk_texture *texture)
{
	const struct geyser_texture_desc *desc = &texture->desc;
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);

	if (info->planes == 1)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"texture of format %s: it has one plane, and no multi-planar image",
			info->name);
	if (desc->width % info->plane[1].width_divisor != 0 ||
		desc->height % info->plane[1].height_divisor != 0)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"size (%u × %u): Vulkan's multi-planar images of %s have multiples of %u × "
			"%u texels; use the planes' own images",
			desc->width, desc->height, info->name, info->plane[1].width_divisor,
			info->plane[1].height_divisor);
	if (texture->type == GEYSER_NATIVE_DMA_BUF)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"texture in a dma-buf: geyser makes no multi-planar image with a DRM "
			"format modifier; use the planes' own images");
	return GEYSER_OK;
}

/* Whether the driver has images of this format whose planes can be bound apart. */
static enum geyser_result check_features(const struct vk_texture *texture)
{
	const struct geyser_format_info *info = geyser_format_get_info(texture->desc.format);
	struct vk_device *device = texture->device;
	VkFormatProperties2 properties = {.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2};
	VkFormatFeatureFlags features;

	device->api.GetPhysicalDeviceFormatProperties2(
		device->handles.physical_device, (VkFormat)info->vk_format, &properties);
	features = texture->tiling == VK_IMAGE_TILING_LINEAR
			   ? properties.formatProperties.linearTilingFeatures
			   : properties.formatProperties.optimalTilingFeatures;
	if (features & VK_FORMAT_FEATURE_DISJOINT_BIT)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"format %s: %s has no multi-planar images of it with planes that are bound apart "
		"(VK_FORMAT_FEATURE_DISJOINT_BIT); use the planes' own images",
		info->name, device->info.name);
}

/* Plans an image that has the planes' usage. If the driver has usages for the planes' formats only,
 * the image is made for views of its planes, too. */
static enum geyser_result plan_image(const struct vk_texture *texture, struct vk_image_plan *out)
{
	const VkImageCreateFlags flags = VK_IMAGE_CREATE_DISJOINT_BIT | VK_IMAGE_CREATE_ALIAS_BIT;
	enum geyser_result result = check_features(texture);

	if (result != GEYSER_OK)
		return result;
	gy_vk_image_plan(&texture->desc, 0, texture->tiling, texture->handle, out);
	out->info.flags = flags;
	out->info.format = (VkFormat)geyser_format_get_info(texture->desc.format)->vk_format;
	out->texels = texture->base.layout.size;
	result = gy_vk_image_supported(texture->device, out, texture->exportable);
	if (result != GEYSER_ERROR_UNSUPPORTED)
		return result;
	out->info.flags =
		flags | VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT | VK_IMAGE_CREATE_EXTENDED_USAGE_BIT;
	return gy_vk_image_supported(texture->device, out, texture->exportable);
}

/* Checks that the driver takes a plane at the place of that plane's own image. */
static enum geyser_result check_plane(const struct vk_texture *texture, uint32_t plane)
{
	const struct vk_image *image = &texture->images[plane];
	struct vk_device *device = texture->device;
	const VkImagePlaneMemoryRequirementsInfo which = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_PLANE_MEMORY_REQUIREMENTS_INFO,
		.planeAspect = aspects[plane],
	};
	const VkImageMemoryRequirementsInfo2 info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
		.pNext = &which,
		.image = texture->multiplanar,
	};
	VkMemoryRequirements2 needs = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
	const VkMemoryRequirements *all = &needs.memoryRequirements;

	device->api.GetImageMemoryRequirements2(device->handles.device, &info, &needs);
	if (all->memoryTypeBits & UINT32_C(1) << texture->memory_type &&
		image->offset % all->alignment == 0 && all->size <= image->needs.size)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"plane %u: in a multi-planar image of %s it needs %" PRIu64
		" bytes at a multiple of %" PRIu64 " in memory of a type in 0x%x; its own image "
		"has %" PRIu64 " at %" PRIu64 " in type %u: use the planes' own images",
		plane, device->info.name, (uint64_t)all->size, (uint64_t)all->alignment,
		all->memoryTypeBits, (uint64_t)image->needs.size, image->offset,
		texture->memory_type);
}

/* In linear images the CPU and other drivers see the rows, which both images must have alike. */
static enum geyser_result check_rows(const struct vk_texture *texture, uint32_t plane)
{
	const VkImageSubresource own = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT};
	const VkImageSubresource part = {.aspectMask = aspects[plane]};
	struct vk_device *device = texture->device;
	VkDevice vk = device->handles.device;
	VkSubresourceLayout image, alias;

	if (texture->tiling != VK_IMAGE_TILING_LINEAR)
		return GEYSER_OK;
	device->api.GetImageSubresourceLayout(vk, texture->images[plane].image, &own, &image);
	device->api.GetImageSubresourceLayout(vk, texture->multiplanar, &part, &alias);
	if (image.offset == alias.offset && image.rowPitch == alias.rowPitch)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"plane %u: the rows of a multi-planar image of %s differ from those of an image of "
		"its own; use the planes' own images",
		plane, device->info.name);
}

static enum geyser_result bind(struct vk_texture *texture)
{
	struct vk_device *device = texture->device;
	VkBindImagePlaneMemoryInfo planes[GEYSER_FORMAT_PLANES_MAX];
	VkBindImageMemoryInfo infos[GEYSER_FORMAT_PLANES_MAX];
	VkResult result;

	for (uint32_t i = 0; i < texture->image_count; i++) {
		planes[i] = (VkBindImagePlaneMemoryInfo){
			.sType = VK_STRUCTURE_TYPE_BIND_IMAGE_PLANE_MEMORY_INFO,
			.planeAspect = aspects[i],
		};
		infos[i] = (VkBindImageMemoryInfo){
			.sType = VK_STRUCTURE_TYPE_BIND_IMAGE_MEMORY_INFO,
			.pNext = &planes[i],
			.image = texture->multiplanar,
			.memory = texture->memory,
			.memoryOffset = texture->images[i].offset,
		};
	}
	result = device->api.BindImageMemory2(device->handles.device, texture->image_count, infos);
	return result == VK_SUCCESS ? GEYSER_OK : gy_vk_fail(device, result, "vkBindImageMemory2");
}

static void record_first_layout(struct vk_device *device, VkCommandBuffer commands, void *data)
{
	const struct vk_texture *texture = data;
	const VkImageMemoryBarrier barrier = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
		.newLayout = VK_IMAGE_LAYOUT_GENERAL,
		.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.image = texture->multiplanar,
		.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
	};

	device->api.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
		VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

static enum geyser_result create(struct vk_texture *texture)
{
	struct vk_device *device = texture->device;
	struct vk_image_plan plan;
	enum geyser_result result = plan_image(texture, &plan);
	VkResult made;

	if (result != GEYSER_OK)
		return result;
	plan.info.pNext = plan.external.handleTypes ? &plan.external : NULL;
	made = device->api.CreateImage(
		device->handles.device, &plan.info, NULL, &texture->multiplanar);
	if (made != VK_SUCCESS)
		return gy_vk_fail(device, made, "vkCreateImage");
	for (uint32_t i = 0; i < texture->image_count && result == GEYSER_OK; i++) {
		result = check_plane(texture, i);
		if (result == GEYSER_OK)
			result = check_rows(texture, i);
	}
	if (result == GEYSER_OK)
		result = bind(texture);
	/* Other textures come from VK_QUEUE_FAMILY_EXTERNAL in the layout GENERAL. The texels of
	 * this one are copied into the images by each acquire: none are lost here. */
	if (result == GEYSER_OK && texture->copied)
		result = gy_vk_run(device, record_first_layout, texture);
	return result;
}

void gy_vk_destroy_multiplanar(struct vk_texture *texture)
{
	struct vk_device *device = texture->device;

	if (texture->multiplanar)
		device->api.DestroyImage(device->handles.device, texture->multiplanar, NULL);
	texture->multiplanar = VK_NULL_HANDLE;
}

enum geyser_result gy_vulkan_multiplanar_image(struct gy_backend_texture *base, VkImage *out)
{
	struct vk_texture *texture = (struct vk_texture *)base;
	enum geyser_result result = gy_vk_check(texture->device);

	if (result == GEYSER_OK)
		result = check_picture(texture);
	if (result != GEYSER_OK)
		return result;
	(void)pthread_mutex_lock(&texture->lock);
	if (!texture->multiplanar) {
		result = create(texture);
		if (result != GEYSER_OK)
			gy_vk_destroy_multiplanar(texture);
	}
	*out = texture->multiplanar;
	(void)pthread_mutex_unlock(&texture->lock);
	return result;
}
