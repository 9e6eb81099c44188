/* SPDX-License-Identifier: MIT */
/* Memory in dma-bufs with a DRM format modifier, by VK_EXT_external_memory_dma_buf. Such a texture
 * is 2D and has one layer and one level. */
#include "backend/vulkan/vk.h"

#include "base/error.h"
#include "platform/platform.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define DMA_BUF VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT

/* ---- checks ---- */

static enum geyser_result check_desc(
	const struct vk_device *device, const struct geyser_texture_desc *desc)
{
	if (!device->info.dma_buf)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"dma-bufs: %s lacks VK_EXT_external_memory_dma_buf or "
			"VK_EXT_image_drm_format_modifier",
			device->info.name);
	if (desc->depth > 1 || desc->layers > 1 || desc->mip_levels > 1)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"depth, layers and mip_levels (%u, %u, %u): a dma-buf has one of each",
			desc->depth, desc->layers, desc->mip_levels);
	return GEYSER_OK;
}

/* ---- making a dma-buf ---- */

static const VkImageAspectFlagBits plane_aspects[GY_VK_PLANES_MAX] = {
	VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT,
	VK_IMAGE_ASPECT_MEMORY_PLANE_1_BIT_EXT,
	VK_IMAGE_ASPECT_MEMORY_PLANE_2_BIT_EXT,
	VK_IMAGE_ASPECT_MEMORY_PLANE_3_BIT_EXT,
};

static void describe(struct vk_texture *texture, uint64_t size)
{
	texture->type = GEYSER_NATIVE_DMA_BUF;
	texture->size = size;
	texture->base.bytes = gy_memory_round(size);
	texture->base.kind = GEYSER_MEMORY_DEVICE;
	texture->base.writable = true;
	texture->base.map_path = GEYSER_PATH_COPY;
	gy_layout_of(&texture->desc, &texture->base.layout);
}

static uint32_t plane_count(const struct vk_modifier *offered, uint32_t count, uint64_t modifier)
{
	for (uint32_t i = 0; i < count; i++)
		if (offered[i].modifier == modifier)
			return offered[i].planes;
	return 1;
}

/* Asks which of the offered modifiers the driver has chosen, and where the memory planes lie: those
 * of the only image, or one of each image. */
static enum geyser_result read_layout(
	struct vk_texture *texture, const struct vk_modifier *offered, uint32_t count)
{
	struct vk_device *device = texture->device;
	const bool joined = texture->image_count > 1;
	VkImageDrmFormatModifierPropertiesEXT chosen = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_PROPERTIES_EXT};
	enum geyser_result result = GEYSER_OK;
	VkResult got = device->api.GetImageDrmFormatModifierPropertiesEXT(
		device->handles.device, texture->images[0].image, &chosen);

	if (got != VK_SUCCESS)
		return gy_vk_fail(device, got, "vkGetImageDrmFormatModifierPropertiesEXT");
	texture->modifier = chosen.drmFormatModifier;
	texture->plane_count = plane_count(offered, count, texture->modifier);
	for (uint32_t i = 0; i < texture->plane_count; i++) {
		const VkImageSubresource where = {plane_aspects[joined ? 0 : i], 0, 0};
		const struct vk_image *image = &texture->images[joined ? i : 0];
		VkSubresourceLayout layout;

		device->api.GetImageSubresourceLayout(
			device->handles.device, image->image, &where, &layout);
		texture->planes[i].offset = image->offset + layout.offset;
		texture->planes[i].row_pitch = layout.rowPitch;
	}
	for (uint32_t i = 0; i < texture->image_count && result == GEYSER_OK; i++)
		if (texture->modifier == GY_VK_MODIFIER_LINEAR)
			result = gy_layout_check_alignment(
				&texture->desc, texture->planes[i].row_pitch);
	return result;
}

static enum geyser_result allocate(struct vk_texture *texture, const VkMemoryRequirements *needs)
{
	struct vk_device *device = texture->device;
	const VkMemoryDedicatedAllocateInfo dedicated = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
		.image = texture->images[0].image,
	};
	const VkExportMemoryAllocateInfo export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
		.pNext = texture->image_count == 1 ? &dedicated : NULL,
		.handleTypes = DMA_BUF,
	};
	const VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.pNext = &export,
		.allocationSize = needs->size,
		.memoryTypeIndex = gy_vk_memory_type(
			device, needs->memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT),
	};
	VkMemoryGetFdInfoKHR get = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
		.handleType = DMA_BUF,
	};
	enum geyser_result result = gy_vk_bind_images(texture, &info);
	VkResult got;

	if (result != GEYSER_OK)
		return result;
	texture->dedicated = texture->image_count == 1;
	get.memory = texture->memory;
	got = device->api.GetMemoryFdKHR(device->handles.device, &get, &texture->fd);
	if (got != VK_SUCCESS)
		return gy_vk_fail(device, got, "vkGetMemoryFdKHR");
	(void)fcntl(texture->fd, F_SETFD, FD_CLOEXEC); /* some drivers don't set it */
	return GEYSER_OK;
}

static enum geyser_result create_image(
	struct vk_texture *texture, uint32_t plane, const void *modifiers)
{
	struct vk_image_plan plan;

	gy_vk_image_plan(
		&texture->desc, plane, VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT, DMA_BUF, &plan);
	return gy_vk_create_image(texture, plane, &plan, modifiers);
}

static enum geyser_result create_from(
	struct vk_texture *texture, const struct vk_modifier *offered, uint32_t count)
{
	uint64_t *modifiers = calloc(count, sizeof(*modifiers));
	VkImageDrmFormatModifierListCreateInfoEXT list = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
		.drmFormatModifierCount = count,
		.pDrmFormatModifiers = modifiers,
	};
	VkMemoryRequirements needs;
	enum geyser_result result = GEYSER_OK;

	if (!modifiers)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a list of modifiers");
	for (uint32_t i = 0; i < count; i++)
		modifiers[i] = offered[i].modifier;
	for (uint32_t i = 0; i < texture->image_count && result == GEYSER_OK; i++)
		result = create_image(texture, i, &list);
	free(modifiers);
	if (result != GEYSER_OK)
		return result;
	gy_vk_place_images(texture, &needs);
	result = read_layout(texture, offered, count);
	if (result == GEYSER_OK)
		result = allocate(texture, &needs);
	if (result != GEYSER_OK)
		return result;
	describe(texture, needs.size);
	return GEYSER_OK;
}

static bool is_wanted(uint64_t modifier, const uint64_t *wanted, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (wanted[i] == modifier)
			return true;
	return false;
}

static enum geyser_result none_fits(
	const struct vk_texture *texture, const uint64_t *wanted, uint32_t count)
{
	char list[200] = "any";
	size_t used = 0;

	for (uint32_t i = 0; i < count && used < sizeof(list) - 1; i++) {
		int added = snprintf(
			list + used, sizeof(list) - used, "%s0x%" PRIx64, i ? ", " : "", wanted[i]);

		used += added > 0 ? (size_t)added : 0;
	}
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"modifier (%s): %s can't make %s dma-bufs of %u × %u with it and usage 0x%x; "
		"geyser_vulkan_format_modifiers lists the modifiers",
		list, texture->device->info.name, geyser_format_name(texture->desc.format),
		texture->desc.width, texture->desc.height, texture->desc.usage);
}

enum geyser_result gy_vk_dma_buf_create(
	struct vk_texture *texture, const uint64_t *modifiers, uint32_t count)
{
	enum geyser_result result = check_desc(texture->device, &texture->desc);
	struct vk_modifier *offered = NULL;
	uint32_t all, kept = 0;

	if (result == GEYSER_OK)
		result = gy_vk_modifiers(texture->device, &texture->desc, &offered, &all);
	if (result != GEYSER_OK)
		return result;
	for (uint32_t i = 0; i < all; i++)
		if (!modifiers || is_wanted(offered[i].modifier, modifiers, count))
			offered[kept++] = offered[i];
	if (kept > 0)
		result = create_from(texture, offered, kept);
	else
		result = none_fits(texture, modifiers, count);
	free(offered);
	return result;
}

/* ---- importing ---- */

/* A driver may accept any file that it can map, also a file that its owner can shrink. */
static bool is_dma_buf(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (uint32_t)fs.f_type == DMA_BUF_MAGIC;
}

/* Returns a dma-buf's size in bytes, or 0 with errno set. */
static uint64_t real_size(int fd)
{
	const off_t size = lseek(fd, 0, SEEK_END);

	return size > 0 ? (uint64_t)size : 0;
}

/* Refuses a modifier that the driver doesn't list, and another number of planes than the driver
 * tells. Drivers don't check either by themselves. */
static enum geyser_result check_modifier(
	const struct vk_texture *texture, const struct geyser_native_texture *native)
{
	uint32_t planes;
	enum geyser_result result =
		gy_vk_modifier_planes(texture->device, &texture->desc, native->modifier, &planes);

	if (result != GEYSER_OK)
		return result;
	if (planes == 0)
		return none_fits(texture, &native->modifier, 1);
	if (native->plane_count != planes || planes > GY_VK_PLANES_MAX)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"plane_count (%u): with modifier 0x%" PRIx64 " there are %u",
			native->plane_count, native->modifier, planes);
	return GEYSER_OK;
}

/* Checks that the rows of a linear plane lie within the dma-buf. */
static enum geyser_result check_rows(const struct vk_texture *texture, uint32_t plane,
	const struct geyser_native_texture *native, uint64_t size)
{
	const uint64_t offset = native->planes[plane].offset;
	const uint64_t row_pitch = native->planes[plane].row_pitch;
	struct geyser_plane_extent extent;
	uint64_t rows, end;

	(void)geyser_format_get_plane_extent(
		texture->desc.format, plane, texture->desc.width, texture->desc.height, &extent);
	rows = extent.size / extent.row_bytes;
	if (row_pitch < extent.row_bytes)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"row_pitch (%" PRIu64 ") of plane %u: a row of %u texels has %" PRIu64
			" bytes",
			row_pitch, plane, extent.width, extent.row_bytes);
	if (__builtin_mul_overflow(row_pitch, rows - 1, &end) ||
		__builtin_add_overflow(end, offset + extent.row_bytes, &end) || end > size)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"%" PRIu64 " rows with a row_pitch of %" PRIu64 " from offset %" PRIu64
			" on: the dma-buf has %" PRIu64 " bytes",
			rows, row_pitch, offset, size);
	return GEYSER_OK;
}

/* Checks that all memory planes lie within the dma-buf: drivers compute with the numbers
 * unchecked. */
static enum geyser_result check_planes(
	const struct vk_texture *texture, const struct geyser_native_texture *native, uint64_t size)
{
	enum geyser_result result = GEYSER_OK;

	for (uint32_t i = 0; i < native->plane_count; i++)
		if (native->planes[i].offset >= size || native->planes[i].row_pitch > size)
			return gy_fail(GEYSER_ERROR_MISMATCH,
				"plane %u (offset %" PRIu64 ", row_pitch %" PRIu64
				"): the dma-buf has %" PRIu64 " bytes",
				i, native->planes[i].offset, native->planes[i].row_pitch, size);
	if (native->modifier != GY_VK_MODIFIER_LINEAR)
		return GEYSER_OK;
	for (uint32_t i = 0; i < texture->image_count && result == GEYSER_OK; i++)
		result = check_rows(texture, i, native, size);
	return result;
}

static enum geyser_result check_native(
	const struct vk_texture *texture, const struct geyser_native_texture *native)
{
	enum geyser_result result = check_desc(texture->device, &texture->desc);
	uint64_t size = real_size(native->fd);

	if (result != GEYSER_OK)
		return result;
	if (!is_dma_buf(native->fd))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "fd (%d): it is no dma-buf", native->fd);
	if (size == 0)
		return gy_fail_errno("asking for a dma-buf's size");
	if (native->size > size)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"size (%" PRIu64 " bytes): the dma-buf has %" PRIu64, native->size, size);
	result = check_modifier(texture, native);
	if (result == GEYSER_OK)
		result = check_planes(texture, native, size);
	return result;
}

/* Makes the image of a plane with the layout that native tells. rest: where the plane begins,
 * counted from the place in the memory that the image will be bound to. */
static enum geyser_result create_explicit(struct vk_texture *texture, uint32_t plane,
	const struct geyser_native_texture *native, uint64_t rest)
{
	const bool joined = texture->image_count > 1;
	VkSubresourceLayout planes[GY_VK_PLANES_MAX] = {{0}};
	const VkImageDrmFormatModifierExplicitCreateInfoEXT drm = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
		.drmFormatModifier = native->modifier,
		.drmFormatModifierPlaneCount = joined ? 1 : native->plane_count,
		.pPlaneLayouts = planes,
	};

	for (uint32_t i = 0; i < drm.drmFormatModifierPlaneCount; i++) {
		planes[i].offset = joined ? rest : native->planes[i].offset;
		planes[i].rowPitch = native->planes[plane + i].row_pitch;
	}
	return create_image(texture, plane, &drm);
}

/* Makes the image of one plane of several. It is bound to the place where the plane begins, unless
 * the driver binds images to other multiples only. */
static enum geyser_result create_joined(
	struct vk_texture *texture, uint32_t plane, const struct geyser_native_texture *native)
{
	struct vk_device *device = texture->device;
	struct vk_image *image = &texture->images[plane];
	const uint64_t offset = native->planes[plane].offset;
	enum geyser_result result = create_explicit(texture, plane, native, 0);
	uint64_t rest;

	if (result != GEYSER_OK)
		return result;
	rest = offset % image->needs.alignment;
	image->offset = offset - rest;
	if (rest == 0)
		return GEYSER_OK;
	device->api.DestroyImage(device->handles.device, image->image, NULL);
	image->image = VK_NULL_HANDLE;
	return create_explicit(texture, plane, native, rest);
}

/* Makes the images, and tells how much of the memory they need together. */
static enum geyser_result create_images(struct vk_texture *texture,
	const struct geyser_native_texture *native, VkMemoryRequirements *needs)
{
	const bool joined = texture->image_count > 1;
	const uint64_t size = native->size || !joined ? native->size : real_size(native->fd);
	enum geyser_result result = GEYSER_OK;

	for (uint32_t i = 0; i < native->plane_count; i++) {
		texture->planes[i].offset = native->planes[i].offset;
		texture->planes[i].row_pitch = native->planes[i].row_pitch;
	}
	texture->plane_count = native->plane_count;
	texture->modifier = native->modifier;
	*needs = (VkMemoryRequirements){.memoryTypeBits = UINT32_MAX};
	for (uint32_t i = 0; i < texture->image_count && result == GEYSER_OK; i++) {
		const struct vk_image *image = &texture->images[i];

		result = joined ? create_joined(texture, i, native)
				: create_explicit(texture, i, native, 0);
		needs->memoryTypeBits &= image->needs.memoryTypeBits;
		if (image->offset + image->needs.size > needs->size)
			needs->size = image->offset + image->needs.size;
	}
	if (result == GEYSER_OK && size && size < needs->size)
		result = gy_fail(GEYSER_ERROR_MISMATCH,
			"size (%" PRIu64 " bytes): such an image needs %" PRIu64, size,
			(uint64_t)needs->size);
	return result;
}

static enum geyser_result import_fd(struct vk_texture *texture,
	const struct geyser_native_texture *native, const VkMemoryRequirements *needs)
{
	struct vk_device *device = texture->device;
	VkMemoryFdPropertiesKHR properties = {.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR};
	const VkMemoryDedicatedAllocateInfo dedicated = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
		.image = texture->images[0].image,
	};
	VkImportMemoryFdInfoKHR import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
		.pNext = texture->image_count == 1 ? &dedicated : NULL,
		.handleType = DMA_BUF,
	};
	VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
		.pNext = &import,
		.allocationSize = needs->size,
	};
	enum geyser_result result;
	VkResult got = device->api.GetMemoryFdPropertiesKHR(
		device->handles.device, DMA_BUF, native->fd, &properties);

	if (got != VK_SUCCESS)
		return gy_vk_fail(device, got, "vkGetMemoryFdPropertiesKHR");
	if (!(properties.memoryTypeBits & needs->memoryTypeBits))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"dma-buf: %s has no memory type for it and such an image",
			device->info.name);
	info.memoryTypeIndex =
		gy_vk_memory_type(device, properties.memoryTypeBits & needs->memoryTypeBits,
			VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
	import.fd = fcntl(native->fd, F_DUPFD_CLOEXEC, 0);
	if (import.fd < 0)
		return gy_fail_errno("duplicating a descriptor");
	result = gy_vk_bind_images(texture, &info);
	if (result != GEYSER_OK && !texture->memory)
		(void)close(import.fd);
	return result;
}

enum geyser_result gy_vk_dma_buf_import(
	struct vk_texture *texture, const struct geyser_native_texture *native)
{
	VkMemoryRequirements needs;
	enum geyser_result result = check_native(texture, native);

	if (result == GEYSER_OK)
		result = create_images(texture, native, &needs);
	if (result == GEYSER_OK)
		result = import_fd(texture, native, &needs);
	if (result != GEYSER_OK)
		return result;
	describe(texture, native->size ? native->size : needs.size);
	texture->dedicated = native->dedicated;
	texture->fd = native->fd;
	return GEYSER_OK;
}
