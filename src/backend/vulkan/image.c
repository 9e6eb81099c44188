/* SPDX-License-Identifier: MIT */
/* Plans images, asks whether the driver makes them, makes them, and binds them to memory. The three
 * kinds of memory make their images here. */
#include "backend/vulkan/vk.h"

#include "base/error.h"

#include <inttypes.h>

VkImageAspectFlags gy_vk_aspects(const struct geyser_format_info *info)
{
	VkImageAspectFlags aspects = 0;

	if (info->depth)
		aspects |= VK_IMAGE_ASPECT_DEPTH_BIT;
	if (info->stencil)
		aspects |= VK_IMAGE_ASPECT_STENCIL_BIT;
	return aspects ? aspects : VK_IMAGE_ASPECT_COLOR_BIT;
}

static VkImageUsageFlags image_usage(const struct geyser_format_info *info, uint32_t usage)
{
	/* the first clear, and maps of the texture, copy in any case */
	VkImageUsageFlags flags = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;

	if (usage & GEYSER_USAGE_TEXTURE_BINDING)
		flags |= VK_IMAGE_USAGE_SAMPLED_BIT;
	if (usage & GEYSER_USAGE_STORAGE_BINDING)
		flags |= VK_IMAGE_USAGE_STORAGE_BIT;
	if (usage & GEYSER_USAGE_RENDER_ATTACHMENT)
		flags |= info->depth ? VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT
				     : VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
	return flags;
}

struct geyser_texture_desc gy_vk_plane_desc(const struct geyser_texture_desc *desc, uint32_t plane)
{
	struct geyser_texture_desc out = *desc;
	struct geyser_plane_extent extent;

	(void)geyser_format_get_plane_extent(
		desc->format, plane, desc->width, desc->height, &extent);
	out.format = geyser_format_get_info(desc->format)->plane[plane].format;
	out.width = extent.width;
	out.height = extent.height;
	return out;
}

void gy_vk_image_plan(const struct geyser_texture_desc *desc, uint32_t plane, VkImageTiling tiling,
	VkExternalMemoryHandleTypeFlagBits handle, struct vk_image_plan *out)
{
	const struct geyser_texture_desc picture = gy_vk_plane_desc(desc, plane);
	const struct geyser_format_info *info = geyser_format_get_info(picture.format);
	const bool joins = geyser_format_get_info(desc->format)->planes > 1;
	struct gy_layout layout;

	gy_layout_of(&picture, &layout);
	*out = (struct vk_image_plan){
		.aspects = gy_vk_aspects(info),
		.texels = layout.size,
		.joins = joins,
		.external.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
		.external.handleTypes = handle,
		.info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.info.flags = joins ? VK_IMAGE_CREATE_ALIAS_BIT : 0, /* see multiplanar.c */
		.info.imageType = desc->depth > 1 ? VK_IMAGE_TYPE_3D : VK_IMAGE_TYPE_2D,
		.info.format = (VkFormat)info->vk_format,
		.info.extent = {picture.width, picture.height, picture.depth},
		.info.mipLevels = picture.mip_levels,
		.info.arrayLayers = picture.layers,
		.info.samples = VK_SAMPLE_COUNT_1_BIT,
		.info.tiling = tiling,
		.info.usage = image_usage(info, desc->usage),
		.info.sharingMode = VK_SHARING_MODE_EXCLUSIVE,
		.info.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
	};
}

/* ---- queries of the driver ---- */

static VkResult query(struct vk_device *device, const struct vk_image_plan *plan,
	VkImageFormatProperties *limits, VkExternalMemoryProperties *memory)
{
	const VkPhysicalDeviceExternalImageFormatInfo external = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
		.handleType = (VkExternalMemoryHandleTypeFlagBits)plan->external.handleTypes,
	};
	const VkPhysicalDeviceImageFormatInfo2 info = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
		.pNext = plan->external.handleTypes ? &external : NULL,
		.format = plan->info.format,
		.type = plan->info.imageType,
		.tiling = plan->info.tiling,
		.usage = plan->info.usage,
		.flags = plan->info.flags,
	};
	VkExternalImageFormatProperties external_properties = {
		.sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES};
	VkImageFormatProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
		.pNext = plan->external.handleTypes ? &external_properties : NULL,
	};
	VkResult result = device->api.GetPhysicalDeviceImageFormatProperties2(
		device->handles.physical_device, &info, &properties);

	*limits = properties.imageFormatProperties;
	*memory = external_properties.externalMemoryProperties;
	return result;
}

static const char *tiling_name(VkImageTiling tiling)
{
	return tiling == VK_IMAGE_TILING_LINEAR ? "linear" : "optimal";
}

static enum geyser_result check_limit(
	struct vk_device *device, const char *field, uint32_t value, uint32_t most)
{
	if (value <= most)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_LIMIT, "%s (%u): %s has %u at most for such images", field,
		value, device->info.name, most);
}

enum geyser_result gy_vk_image_supported(
	struct vk_device *device, const struct vk_image_plan *plan, bool export)
{
	VkExternalMemoryFeatureFlags needed = export ? VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT
						     : VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
	const VkImageCreateInfo *info = &plan->info;
	VkExternalMemoryProperties memory;
	VkImageFormatProperties limits;
	enum geyser_result result;

	if (query(device, plan, &limits, &memory) != VK_SUCCESS)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (VkFormat %d): %s can't make %s images of it with usage 0x%x and "
			"such memory",
			(int)info->format, device->info.name, tiling_name(info->tiling),
			info->usage);
	if (plan->external.handleTypes && !(memory.externalMemoryFeatures & needed))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"memory (handle type 0x%x): %s can't %s it for %s images of VkFormat %d",
			plan->external.handleTypes, device->info.name, export ? "export" : "import",
			tiling_name(info->tiling), (int)info->format);
	if (plan->joins && plan->external.handleTypes &&
		memory.externalMemoryFeatures & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"memory (handle type 0x%x): %s wants it for one image alone, and this "
			"format has an image for each plane",
			plan->external.handleTypes, device->info.name);
	result = check_limit(device, "width", info->extent.width, limits.maxExtent.width);
	if (result == GEYSER_OK)
		result =
			check_limit(device, "height", info->extent.height, limits.maxExtent.height);
	if (result == GEYSER_OK)
		result = check_limit(device, "depth", info->extent.depth, limits.maxExtent.depth);
	if (result == GEYSER_OK)
		result = check_limit(device, "layers", info->arrayLayers, limits.maxArrayLayers);
	if (result == GEYSER_OK)
		result = check_limit(device, "mip_levels", info->mipLevels, limits.maxMipLevels);
	if (result == GEYSER_OK && plan->texels > limits.maxResourceSize)
		result = gy_fail(GEYSER_ERROR_LIMIT,
			"size (%" PRIu64 " bytes): %s makes images of %" PRIu64 " at most",
			plan->texels, device->info.name, (uint64_t)limits.maxResourceSize);
	return result;
}

enum geyser_result gy_vk_images_supported(struct vk_device *device,
	const struct geyser_texture_desc *desc, VkImageTiling tiling,
	VkExternalMemoryHandleTypeFlagBits handle, bool export)
{
	const uint32_t planes = geyser_format_get_info(desc->format)->planes;
	enum geyser_result result = GEYSER_OK;

	for (uint32_t plane = 0; plane < planes && result == GEYSER_OK; plane++) {
		struct vk_image_plan plan;

		gy_vk_image_plan(desc, plane, tiling, handle, &plan);
		result = gy_vk_image_supported(device, &plan, export);
	}
	return result;
}

uint32_t gy_vk_feature_usage(const struct geyser_format_info *info, VkFormatFeatureFlags features)
{
	uint32_t usage = 0;

	if (features & VK_FORMAT_FEATURE_TRANSFER_SRC_BIT)
		usage |= GEYSER_USAGE_COPY_SRC;
	if (features & VK_FORMAT_FEATURE_TRANSFER_DST_BIT)
		usage |= GEYSER_USAGE_COPY_DST;
	if (features & VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT)
		usage |= GEYSER_USAGE_TEXTURE_BINDING;
	if (features & VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT)
		usage |= GEYSER_USAGE_STORAGE_BINDING;
	if (features & (info->depth ? VK_FORMAT_FEATURE_DEPTH_STENCIL_ATTACHMENT_BIT
				    : VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT))
		usage |= GEYSER_USAGE_RENDER_ATTACHMENT;
	return usage & info->usage;
}

uint32_t gy_vk_memory_type(
	const struct vk_device *device, uint32_t bits, VkMemoryPropertyFlags properties)
{
	uint32_t first = UINT32_MAX;

	for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++) {
		if (!(bits & UINT32_C(1) << i))
			continue;
		if ((device->memory.memoryTypes[i].propertyFlags & properties) == properties)
			return i;
		if (first == UINT32_MAX)
			first = i;
	}
	return first;
}

/* ---- making images ---- */

/* Asks how much memory an image needs, and whether it can join the images of other planes. */
static enum geyser_result ask_needs(
	struct vk_device *device, const struct vk_image_plan *plan, struct vk_image *image)
{
	const VkImageMemoryRequirementsInfo2 info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
		.image = image->image,
	};
	VkMemoryDedicatedRequirements alone = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_REQUIREMENTS};
	VkMemoryRequirements2 needs = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2, .pNext = &alone};

	device->api.GetImageMemoryRequirements2(device->handles.device, &info, &needs);
	image->needs = needs.memoryRequirements;
	if (!plan->joins || !alone.requiresDedicatedAllocation)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"format (VkFormat %d): %s wants memory for such an image alone, not for the images "
		"of several planes",
		(int)plan->info.format, device->info.name);
}

enum geyser_result gy_vk_create_image(struct vk_texture *texture, uint32_t plane,
	const struct vk_image_plan *plan, const void *more)
{
	struct vk_device *device = texture->device;
	struct vk_image *image = &texture->images[plane];
	VkExternalMemoryImageCreateInfo external = plan->external;
	VkImageCreateInfo info = plan->info;
	VkResult result;

	external.pNext = more;
	info.pNext = external.handleTypes ? &external : more;
	result = device->api.CreateImage(device->handles.device, &info, NULL, &image->image);
	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "vkCreateImage");
	texture->tiling = info.tiling;
	texture->usage = info.usage;
	texture->handle = (VkExternalMemoryHandleTypeFlagBits)plan->external.handleTypes;
	return ask_needs(device, plan, image);
}

enum geyser_result gy_vk_create_images(
	struct vk_texture *texture, VkImageTiling tiling, VkExternalMemoryHandleTypeFlagBits handle)
{
	enum geyser_result result = GEYSER_OK;

	for (uint32_t i = 0; i < texture->image_count && result == GEYSER_OK; i++) {
		struct vk_image_plan plan;

		gy_vk_image_plan(&texture->desc, i, tiling, handle, &plan);
		result = gy_vk_create_image(texture, i, &plan, NULL);
	}
	return result;
}

void gy_vk_destroy_images(struct vk_texture *texture)
{
	struct vk_device *device = texture->device;

	for (uint32_t i = 0; i < texture->image_count; i++) {
		if (texture->images[i].image)
			device->api.DestroyImage(
				device->handles.device, texture->images[i].image, NULL);
		texture->images[i] = (struct vk_image){0};
	}
}

void gy_vk_place_images(struct vk_texture *texture, VkMemoryRequirements *out)
{
	*out = texture->images[0].needs;
	texture->images[0].offset = 0;
	for (uint32_t i = 1; i < texture->image_count; i++) {
		const VkMemoryRequirements *needs = &texture->images[i].needs;
		const uint64_t past = out->size % needs->alignment;

		texture->images[i].offset = out->size + (past ? needs->alignment - past : 0);
		out->size = texture->images[i].offset + needs->size;
		out->memoryTypeBits &= needs->memoryTypeBits;
		if (needs->alignment > out->alignment)
			out->alignment = needs->alignment;
	}
}

enum geyser_result gy_vk_bind_images(struct vk_texture *texture, const VkMemoryAllocateInfo *info)
{
	struct vk_device *device = texture->device;
	VkDevice vk = device->handles.device;
	VkResult result;

	if (info->memoryTypeIndex == UINT32_MAX)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format %s: %s has no memory type for all its planes",
			geyser_format_name(texture->desc.format), device->info.name);
	texture->memory_type = info->memoryTypeIndex;
	result = device->api.AllocateMemory(vk, info, NULL, &texture->memory);
	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "vkAllocateMemory");
	for (uint32_t i = 0; i < texture->image_count && result == VK_SUCCESS; i++)
		result = device->api.BindImageMemory(
			vk, texture->images[i].image, texture->memory, texture->images[i].offset);
	return result == VK_SUCCESS ? GEYSER_OK : gy_vk_fail(device, result, "vkBindImageMemory");
}
