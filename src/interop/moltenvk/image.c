/* SPDX-License-Identifier: MIT */
/* Textures as MoltenVK images, and MoltenVK's images as textures. Both ways the two share an
 * IOSurface, or an MTLTexture in private storage. */
#include "interop/moltenvk/device.h"

#include "base/error.h"
#include "interop/apple/surface.h"
#include "interop/moltenvk/metal.h"

#include <geyser/metal.h>

/* The Metal objects that an image is made on. surface is NULL for private storage. */
struct source {
	void *texture, *surface;
};

/* ---- a texture's description in Vulkan's terms ---- */

/* Returns the VkFormat. Metal stores every depth format as 32-bit float (formats.def), so MoltenVK
 * needs the format for that. */
static VkFormat vulkan_format(enum geyser_format format)
{
	switch (format) {
	case GEYSER_FORMAT_DEPTH24_PLUS:
		return VK_FORMAT_D32_SFLOAT;
	case GEYSER_FORMAT_DEPTH24_PLUS_STENCIL8:
		return VK_FORMAT_D32_SFLOAT_S8_UINT;
	default:
		return (VkFormat)geyser_format_get_info(format)->vk_format;
	}
}

static VkImageAspectFlags vulkan_aspects(const struct geyser_format_info *info)
{
	return !info->depth    ? VK_IMAGE_ASPECT_COLOR_BIT
	       : info->stencil ? VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT
			       : VK_IMAGE_ASPECT_DEPTH_BIT;
}

static VkImageUsageFlags vulkan_usage(uint32_t usage, bool depth)
{
	VkImageUsageFlags flags = 0;

	if (usage & GEYSER_USAGE_COPY_SRC)
		flags |= VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
	if (usage & GEYSER_USAGE_COPY_DST)
		flags |= VK_IMAGE_USAGE_TRANSFER_DST_BIT;
	if (usage & GEYSER_USAGE_TEXTURE_BINDING)
		flags |= VK_IMAGE_USAGE_SAMPLED_BIT;
	if (usage & GEYSER_USAGE_STORAGE_BINDING)
		flags |= VK_IMAGE_USAGE_STORAGE_BIT;
	if (usage & GEYSER_USAGE_RENDER_ATTACHMENT)
		flags |= depth ? VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT
			       : VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
	return flags;
}

static struct geyser_moltenvk_image describe(const struct geyser_texture_desc *desc)
{
	const struct geyser_format_info *const info = geyser_format_get_info(desc->format);

	return (struct geyser_moltenvk_image){
		.type = desc->depth > 1 ? VK_IMAGE_TYPE_3D : VK_IMAGE_TYPE_2D,
		.format = vulkan_format(desc->format),
		.extent = {desc->width, desc->height, desc->depth},
		.mip_levels = desc->mip_levels,
		.array_layers = desc->layers,
		.usage = vulkan_usage(desc->usage, info->depth),
		.aspects = vulkan_aspects(info),
	};
}

/* ---- checks of the device's limits ---- */

static enum geyser_result check_limits(
	const VkImageFormatProperties *limits, const struct geyser_moltenvk_image *image)
{
	const VkExtent3D *const max = &limits->maxExtent;

	if (image->extent.width <= max->width && image->extent.height <= max->height &&
		image->extent.depth <= max->depth && image->mip_levels <= limits->maxMipLevels &&
		image->array_layers <= limits->maxArrayLayers)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"size (%ux%ux%u, %u levels, %u layers): the device has at most %ux%ux%u, %u, %u",
		image->extent.width, image->extent.height, image->extent.depth, image->mip_levels,
		image->array_layers, max->width, max->height, max->depth, limits->maxMipLevels,
		limits->maxArrayLayers);
}

static enum geyser_result check_format(const struct gy_mvk *vk,
	const struct geyser_texture *texture, const struct geyser_moltenvk_image *image)
{
	VkImageFormatProperties limits;
	const VkResult result = vk->GetPhysicalDeviceImageFormatProperties(vk->physical_device,
		image->format, image->type, VK_IMAGE_TILING_OPTIMAL, image->usage, 0, &limits);

	if (result == VK_ERROR_FORMAT_NOT_SUPPORTED)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): the device has no images of VkFormat %d with the usage %#x",
			gy_texture_format_name(texture), (int)image->format, image->usage);
	if (result != VK_SUCCESS)
		return gy_mvk_fail(result, "vkGetPhysicalDeviceImageFormatProperties");
	return check_limits(&limits, image);
}

/* ---- making an image ---- */

static enum geyser_result create_image(
	const struct gy_mvk *vk, const struct source *source, struct geyser_moltenvk_image *image)
{
	const VkExportMetalObjectCreateInfoEXT export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT,
		.exportObjectType = source->surface
					    ? VK_EXPORT_METAL_OBJECT_TYPE_METAL_IOSURFACE_BIT_EXT
					    : VK_EXPORT_METAL_OBJECT_TYPE_METAL_TEXTURE_BIT_EXT,
	};
	const VkImportMetalIOSurfaceInfoEXT surface = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_METAL_IO_SURFACE_INFO_EXT,
		.pNext = &export,
		.ioSurface = source->surface,
	};
	const VkImportMetalTextureInfoEXT texture = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_METAL_TEXTURE_INFO_EXT,
		.pNext = &export,
		.plane = VK_IMAGE_ASPECT_PLANE_0_BIT,
		.mtlTexture = source->texture,
	};
	const VkImageCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
		.pNext = source->surface ? (const void *)&surface : &texture,
		.imageType = image->type,
		.format = image->format,
		.extent = image->extent,
		.mipLevels = image->mip_levels,
		.arrayLayers = image->array_layers,
		.samples = VK_SAMPLE_COUNT_1_BIT,
		.tiling = VK_IMAGE_TILING_OPTIMAL,
		.usage = image->usage,
		.sharingMode = VK_SHARING_MODE_EXCLUSIVE,
		/* a barrier from UNDEFINED might discard the surface's contents */
		.initialLayout = VK_IMAGE_LAYOUT_PREINITIALIZED,
	};
	const VkResult result = vk->CreateImage(vk->device, &info, NULL, &image->image);

	return result == VK_SUCCESS ? GEYSER_OK : gy_mvk_fail(result, "vkCreateImage");
}

/* Finds a type of device-local memory that is neither host-coherent nor lazily allocated. MoltenVK
 * accepts no optimal images in host-coherent memory, and lists private memory first. */
static bool find_memory_type(const struct gy_mvk *vk, uint32_t bits, uint32_t *out)
{
	const VkMemoryPropertyFlags unwanted =
		VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT;
	VkPhysicalDeviceMemoryProperties memory;

	vk->GetPhysicalDeviceMemoryProperties(vk->physical_device, &memory);
	for (uint32_t i = 0; i < memory.memoryTypeCount; i++) {
		const VkMemoryPropertyFlags flags = memory.memoryTypes[i].propertyFlags;

		if (!(bits & 1u << i) || !(flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) ||
			flags & unwanted)
			continue;
		*out = i;
		return true;
	}
	return false;
}

/* Binds memory to the image, as Vulkan requires, though the pixels have memory already. MoltenVK
 * allocates none if the memory is dedicated to the image. */
static enum geyser_result bind_memory(const struct gy_mvk *vk, struct geyser_moltenvk_image *image)
{
	const VkMemoryDedicatedAllocateInfo dedicated = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
		.image = image->image,
	};
	VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.pNext = &dedicated,
	};
	VkMemoryRequirements needs;
	VkResult result;

	vk->GetImageMemoryRequirements(vk->device, image->image, &needs);
	info.allocationSize = needs.size;
	if (!find_memory_type(vk, needs.memoryTypeBits, &info.memoryTypeIndex))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"the device has no device-local memory for the image (types %#x)",
			needs.memoryTypeBits);
	result = vk->AllocateMemory(vk->device, &info, NULL, &image->memory);
	if (result != VK_SUCCESS)
		return gy_mvk_fail(result, "vkAllocateMemory");
	result = vk->BindImageMemory(vk->device, image->image, image->memory, 0);
	return result == VK_SUCCESS ? GEYSER_OK : gy_mvk_fail(result, "vkBindImageMemory");
}

static void destroy_image(const struct gy_mvk *vk, struct geyser_moltenvk_image *image)
{
	vk->DestroyImage(vk->device, image->image, NULL);
	vk->FreeMemory(vk->device, image->memory, NULL);
	*image = (struct geyser_moltenvk_image){.image = VK_NULL_HANDLE};
}

static void *export_surface(const struct gy_mvk *vk, VkImage image)
{
	VkExportMetalIOSurfaceInfoEXT surface = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_METAL_IO_SURFACE_INFO_EXT,
		.image = image,
	};
	VkExportMetalObjectsInfoEXT info = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECTS_INFO_EXT,
		.pNext = &surface,
	};

	vk->ExportMetalObjectsEXT(vk->device, &info);
	return surface.ioSurface;
}

/* Refuses an image that the driver has made without the surface: a driver ignores structs in the
 * pNext chain that it doesn't know. */
static enum geyser_result check_import(const struct gy_mvk *vk, const struct source *source,
	const struct geyser_moltenvk_image *image)
{
	if (!source->surface || export_surface(vk, image->image) == source->surface)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the device has made an image without the surface that it was given");
}

/* Gives the texture's Metal objects. The surface comes first where there is one; MoltenVK then
 * makes an MTLTexture of its own on it. */
static enum geyser_result find_source(struct geyser_texture *texture, struct source *out)
{
	enum geyser_result result = geyser_metal_texture_plane(texture, 0, &out->texture);

	out->surface = NULL;
	if (result == GEYSER_OK && geyser_format_is_video(geyser_texture_get_desc(texture)->format))
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format (%s): make an image of each plane's MTLTexture "
			"(geyser_metal_texture_plane, VkImportMetalTextureInfoEXT)",
			gy_texture_format_name(texture));
	if (result != GEYSER_OK)
		return result;
	(void)geyser_metal_texture_surface(texture, &out->surface);
	return GEYSER_OK;
}

static enum geyser_result create(
	const struct gy_mvk *vk, struct geyser_texture *texture, struct geyser_moltenvk_image *out)
{
	struct geyser_moltenvk_image image = describe(geyser_texture_get_desc(texture));
	struct source source;
	enum geyser_result result = find_source(texture, &source);

	if (result == GEYSER_OK)
		result = gy_mvk_check_device(vk, gy_mvk_texture_device(source.texture));
	if (result == GEYSER_OK)
		result = check_format(vk, texture, &image);
	if (result == GEYSER_OK)
		result = create_image(vk, &source, &image);
	if (result != GEYSER_OK)
		return result;
	result = check_import(vk, &source, &image);
	if (result == GEYSER_OK)
		result = bind_memory(vk, &image);
	if (result == GEYSER_OK)
		*out = image;
	else
		destroy_image(vk, &image);
	return result;
}

enum geyser_result geyser_moltenvk_image_create(const struct geyser_moltenvk_device *device,
	struct geyser_texture *texture, struct geyser_moltenvk_image *out)
{
	struct gy_mvk vk;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_moltenvk_image){.image = VK_NULL_HANDLE};
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	result = gy_mvk_open(device, &vk);
	return result == GEYSER_OK ? create(&vk, texture, out) : result;
}

void geyser_moltenvk_image_destroy(
	const struct geyser_moltenvk_device *device, struct geyser_moltenvk_image *image)
{
	struct gy_mvk vk;

	if (image && image->image && gy_mvk_open(device, &vk) == GEYSER_OK)
		destroy_image(&vk, image);
}

/* ---- textures of images ---- */

enum geyser_result geyser_moltenvk_texture_create(const struct geyser_moltenvk_device *device,
	VkImage image, struct geyser_manager *manager, const struct geyser_texture_desc *desc,
	struct geyser_texture **out)
{
	struct gy_mvk vk;
	void *surface;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!image)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "image is NULL");
	result = gy_mvk_open(device, &vk);
	if (result != GEYSER_OK)
		return result;
	surface = export_surface(&vk, image);
	if (!surface)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"the image has no IOSurface: make it with VkImportMetalIOSurfaceInfoEXT "
			"(ioSurface NULL) and VkExportMetalObjectCreateInfoEXT in its pNext chain");
	return geyser_metal_texture_import_surface(manager, surface, desc, out);
}
