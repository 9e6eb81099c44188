/* SPDX-License-Identifier: MIT */
/* The life of textures, in each of the three kinds of memory. */
#include "backend/vulkan/conversion.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- life ---- */

enum geyser_result gy_vk_texture_allocate(
	struct vk_device *device, const struct geyser_texture_desc *desc, struct vk_texture **out)
{
	struct vk_texture *texture = calloc(1, sizeof(*texture));

	if (!texture)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a texture");
	texture->device = device;
	texture->desc = *desc;
	texture->desc.label = NULL;
	texture->image_count = geyser_format_get_info(desc->format)->planes;
	texture->fd = -1;
	(void)pthread_mutex_init(&texture->lock, NULL);
	*out = texture;
	return GEYSER_OK;
}

/* Frees the texture with all that it has, and closes fd. */
static void free_texture(struct vk_texture *texture)
{
	struct vk_device *device = texture->device;
	VkDevice vk = device->handles.device;

	if (!gy_vk_is_inherited(device)) {
		gy_vk_linear_finish(device, &texture->staging);
		gy_vk_linear_finish(device, &texture->aside);
		gy_vk_views_finish(device, &texture->sampled);
		gy_vk_views_finish(device, &texture->stored);
		gy_vk_destroy_multiplanar(texture);
		gy_vk_destroy_images(texture);
		if (texture->memory)
			device->api.FreeMemory(vk, texture->memory, NULL);
		if (texture->copy)
			gy_vk_free_commands(device, texture->copy);
		gy_vk_linear_finish(device, &texture->host);
	}
	if (texture->beside)
		gy_memory_count(&device->staging, texture->beside, -1);
	if (texture->host.data)
		gy_memory_unmap(texture->host.data, (size_t)texture->size);
	if (texture->fd >= 0)
		(void)close(texture->fd);
	(void)pthread_mutex_destroy(&texture->lock);
	free(texture);
}

static void record_clear_image(struct vk_device *device, VkCommandBuffer commands, VkImage image,
	VkImageAspectFlags aspects)
{
	static const VkClearColorValue no_color;
	static const VkClearDepthStencilValue no_depth;
	const VkImageSubresourceRange all = {
		aspects, 0, VK_REMAINING_MIP_LEVELS, 0, VK_REMAINING_ARRAY_LAYERS};
	const VkImageMemoryBarrier begin = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
		.newLayout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
		.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.image = image,
		.subresourceRange = all,
	};

	device->api.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
		VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &begin);
	if (aspects == VK_IMAGE_ASPECT_COLOR_BIT)
		device->api.CmdClearColorImage(
			commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &no_color, 1, &all);
	else
		device->api.CmdClearDepthStencilImage(
			commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &no_depth, 1, &all);
}

static void record_clear(struct vk_device *device, VkCommandBuffer commands, void *data)
{
	struct vk_texture *texture = data;
	const VkImageAspectFlags aspects =
		gy_vk_aspects(geyser_format_get_info(texture->desc.format));
	const struct geyser_vulkan_access cleared = {
		VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
		VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_ACCESS_TRANSFER_WRITE_BIT,
	};

	for (uint32_t i = 0; i < texture->image_count; i++)
		record_clear_image(device, commands, texture->images[i].image, aspects);
	gy_vk_record_release(texture, commands, &cleared);
}

/* Sets all texels to 0 and releases the images to other processes, as handover.c does. */
static enum geyser_result clear(struct vk_texture *texture)
{
	return gy_vk_run(texture->device, record_clear, texture);
}

/* ---- the backend's functions ---- */

enum geyser_result gy_vk_texture_finish(
	struct vk_texture *texture, enum geyser_result result, struct gy_backend_texture **out)
{
	if (result == GEYSER_OK)
		*out = &texture->base;
	else
		free_texture(texture);
	return result;
}

enum geyser_result gy_vulkan_create_with_modifiers(void *device,
	const struct geyser_texture_desc *desc, const uint64_t *modifiers, uint32_t count,
	struct gy_backend_texture **out)
{
	struct vk_texture *texture = NULL;
	enum geyser_result result = gy_vk_check(device);

	if (result == GEYSER_OK)
		result = gy_vk_texture_allocate(device, desc, &texture);
	if (result != GEYSER_OK)
		return result;
	result = gy_vk_dma_buf_create(texture, modifiers, count);
	if (result == GEYSER_OK)
		result = clear(texture);
	return gy_vk_texture_finish(texture, result, out);
}

static enum geyser_result check_place(uint32_t usage)
{
	const uint32_t both = GEYSER_USAGE_DMA_BUF | GEYSER_USAGE_HOST_MEMORY;
	const uint32_t place = usage & (both | GEYSER_USAGE_LINEAR);

	if (place == both)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"usage (0x%x): set DMA_BUF or HOST_MEMORY, not both; "
			"geyser_texture_export_native_as exports HOST_MEMORY as a dma-buf",
			usage);
	if (place & (place - 1))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"usage (0x%x): LINEAR, DMA_BUF and HOST_MEMORY are different kinds of "
			"memory; set one of them",
			usage);
	return GEYSER_OK;
}

static enum geyser_result create_opaque(struct vk_texture *texture)
{
	const enum geyser_result result = gy_vk_opaque_create(texture);

	return result == GEYSER_OK ? clear(texture) : result;
}

enum geyser_result gy_vk_texture_create(void *device, const struct geyser_texture_desc *desc,
	bool published, struct gy_backend_texture **out)
{
	struct vk_texture *texture = NULL;
	enum geyser_result result = gy_vk_check(device);

	if (result == GEYSER_OK)
		result = check_place(desc->usage);
	if (result == GEYSER_OK && desc->usage & GEYSER_USAGE_DMA_BUF)
		return gy_vulkan_create_with_modifiers(device, desc, NULL, 0, out);
	if (result == GEYSER_OK)
		result = gy_vk_texture_allocate(device, desc, &texture);
	if (result != GEYSER_OK)
		return result;
	if (desc->usage & GEYSER_USAGE_HOST_MEMORY)
		result = gy_vk_host_create(texture, published);
	else
		result = create_opaque(texture);
	return gy_vk_texture_finish(texture, result, out);
}

static enum geyser_result import(struct vk_texture *texture,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms)
{
	switch (native->type) {
	case GEYSER_NATIVE_MEMFD:
		return gy_vk_host_import(texture, native, terms);
	case GEYSER_NATIVE_OPAQUE_FD:
		return gy_vk_opaque_import(texture, native, terms);
	case GEYSER_NATIVE_DMA_BUF:
		return gy_vk_dma_buf_import(texture, native);
	case GEYSER_NATIVE_IOSURFACE:
		break;
	}
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"native type (%d): the vulkan backend imports GEYSER_NATIVE_MEMFD, _OPAQUE_FD and "
		"_DMA_BUF",
		(int)native->type);
}

enum geyser_result gy_vk_texture_import(void *device, const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, const struct gy_import_terms *terms,
	struct gy_backend_texture **out)
{
	struct vk_texture *texture = NULL;
	enum geyser_result result = gy_vk_check(device);

	if (result == GEYSER_OK)
		result = gy_vk_texture_allocate(device, desc, &texture);
	if (result != GEYSER_OK)
		return result;
	return gy_vk_texture_finish(texture, import(texture, native, terms), out);
}

enum geyser_result gy_vk_texture_share(struct gy_backend_texture *base)
{
	struct vk_texture *texture = (struct vk_texture *)base;
	enum geyser_result result = gy_vk_check(texture->device);

	(void)pthread_mutex_lock(&texture->lock);
	if (result == GEYSER_OK && texture->fd < 0)
		result = gy_vk_opaque_share(texture);
	if (result == GEYSER_OK && texture->host.data)
		gy_host_memory_share(texture->fd, &base->layout);
	(void)pthread_mutex_unlock(&texture->lock);
	return result;
}

enum geyser_result gy_vk_texture_describe(
	struct gy_backend_texture *base, struct geyser_native_texture *out)
{
	const struct vk_texture *texture = (const struct vk_texture *)base;
	const struct geyser_vulkan_info *info = &texture->device->info;

	if (gy_vk_check(texture->device) != GEYSER_OK)
		return gy_fail(GEYSER_ERROR_STALE, "the texture's device (%s) is lost", info->name);
	*out = (struct geyser_native_texture){
		.type = texture->type,
		.fd = texture->fd,
		.size = texture->size,
		.plane_count = texture->plane_count,
		.modifier = texture->modifier,
		.dedicated = texture->dedicated,
	};
	if (base->describes_anew) {
		enum geyser_result result = gy_vk_opaque_fd(texture, &out->fd);

		if (result != GEYSER_OK)
			return result;
	}
	for (uint32_t i = 0; i < texture->plane_count; i++) {
		out->planes[i].offset = texture->planes[i].offset;
		out->planes[i].row_pitch = texture->planes[i].row_pitch;
	}
	if (texture->type != GEYSER_NATIVE_OPAQUE_FD)
		return GEYSER_OK;
	memcpy(out->device_uuid, info->device_uuid, sizeof(out->device_uuid));
	memcpy(out->driver_uuid, info->driver_uuid, sizeof(out->driver_uuid));
	return GEYSER_OK;
}

enum geyser_result gy_vk_texture_convert(struct gy_backend_texture *base,
	enum geyser_native_type type, struct geyser_native_texture *out)
{
	const struct vk_texture *texture = (const struct vk_texture *)base;

	if (texture->type != GEYSER_NATIVE_MEMFD)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"native type (%d): this texture's memory is of type %d; make it with "
			"GEYSER_USAGE_DMA_BUF or GEYSER_USAGE_HOST_MEMORY for others",
			(int)type, (int)texture->type);
	return gy_host_memory_convert(texture->fd, &base->layout, type, out);
}

bool gy_vk_texture_rest(struct gy_backend_texture *base)
{
	struct vk_texture *texture = (struct vk_texture *)base;

	if (texture->maps > 0)
		return false;
	gy_vk_linear_finish(texture->device, &texture->staging);
	gy_vk_destroy_multiplanar(texture);
	if (!texture->copied)
		gy_vk_linear_finish(texture->device, &texture->aside);
	return true;
}

/* Host memory is cleared by the CPU. An image beside it gets a copy when it is acquired next. */
enum geyser_result gy_vk_texture_renew(
	struct gy_backend_texture *base, const struct geyser_texture_desc *desc)
{
	struct vk_texture *texture = (struct vk_texture *)base;
	enum geyser_result result = gy_vk_check(texture->device);

	(void)desc;
	if (result != GEYSER_OK || !texture->host.data)
		return result == GEYSER_OK ? clear(texture) : result;
	memset(texture->host.data, 0, (size_t)texture->size);
	return GEYSER_OK;
}

void gy_vk_texture_destroy(struct gy_backend_texture *base)
{
	free_texture((struct vk_texture *)base);
}
