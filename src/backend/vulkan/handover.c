/* SPDX-License-Identifier: MIT */
/*
 * Records the barriers that take a texture over from other processes (acquire) and give it back
 * (release). Between a release and the next acquire, a texture is in the layout GENERAL, and
 * VK_QUEUE_FAMILY_EXTERNAL owns it.
 *
 * Towards the other processes a barrier's stage is ALL_COMMANDS. The barrier then forms one chain
 * of dependencies with the submit's semaphores, whatever stages their waits block.
 */
#include "backend/vulkan/vk.h"

#define ALL VK_PIPELINE_STAGE_ALL_COMMANDS_BIT
#define TRANSFER VK_PIPELINE_STAGE_TRANSFER_BIT

#define WRITES                                                                                \
	(VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT |                  \
		VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT | \
		VK_ACCESS_MEMORY_WRITE_BIT)

static VkImageMemoryBarrier barrier(const struct vk_texture *texture)
{
	return (VkImageMemoryBarrier){
		.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
		.oldLayout = VK_IMAGE_LAYOUT_GENERAL,
		.newLayout = VK_IMAGE_LAYOUT_GENERAL,
		.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
		.subresourceRange = {gy_vk_aspects(geyser_format_get_info(texture->desc.format)), 0,
			VK_REMAINING_MIP_LEVELS, 0, VK_REMAINING_ARRAY_LAYERS},
	};
}

/* Records the same barrier for the images of all planes. */
static void record_barrier(const struct vk_texture *texture, VkCommandBuffer commands,
	VkPipelineStageFlags from, VkPipelineStageFlags to, const VkImageMemoryBarrier *image)
{
	VkImageMemoryBarrier barriers[GEYSER_FORMAT_PLANES_MAX];

	for (uint32_t i = 0; i < texture->image_count; i++) {
		barriers[i] = *image;
		barriers[i].image = texture->images[i].image;
	}
	texture->device->api.CmdPipelineBarrier(
		commands, from, to, 0, 0, NULL, 0, NULL, texture->image_count, barriers);
}

/* Records a barrier for the multi-planar image, if the texture has it. It comes after the barrier
 * for the planes' images: both are on the same memory. */
static void record_alias(const struct vk_texture *texture, VkCommandBuffer commands,
	VkPipelineStageFlags from, VkPipelineStageFlags to, const VkImageMemoryBarrier *image)
{
	VkImageMemoryBarrier alias = *image;

	if (!texture->multiplanar)
		return;
	alias.image = texture->multiplanar;
	texture->device->api.CmdPipelineBarrier(commands, from, to, 0, 0, NULL, 0, NULL, 1, &alias);
}

static void record_memory(struct vk_device *device, VkCommandBuffer commands,
	VkPipelineStageFlags from, VkAccessFlags made, VkPipelineStageFlags to, VkAccessFlags seen)
{
	const VkMemoryBarrier memory = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = made,
		.dstAccessMask = seen,
	};

	device->api.CmdPipelineBarrier(commands, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

void gy_vk_record_to_host(struct vk_device *device, VkCommandBuffer commands)
{
	record_memory(device, commands, TRANSFER, VK_ACCESS_TRANSFER_WRITE_BIT,
		VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT);
}

/* ---- images beside the host memory ---- */

static struct vk_copy host_copy(const struct vk_texture *texture, bool to_image)
{
	return (struct vk_copy){
		.texture = texture,
		.image_layout = to_image ? VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL
					 : VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
		.buffer = texture->base.uploads ? texture->staging.buffer : texture->host.buffer,
		.layout = &texture->base.layout,
		.to_image = to_image,
	};
}

/* Copies the memory into the images. All texels are replaced, so the old ones may be discarded. */
static void record_copy_in(
	struct vk_texture *texture, VkCommandBuffer commands, const struct geyser_vulkan_access *to)
{
	const struct vk_copy copy = host_copy(texture, true);
	VkImageMemoryBarrier image = barrier(texture);

	record_memory(texture->device, commands, VK_PIPELINE_STAGE_HOST_BIT | ALL,
		VK_ACCESS_HOST_WRITE_BIT | VK_ACCESS_MEMORY_WRITE_BIT, TRANSFER,
		VK_ACCESS_TRANSFER_READ_BIT);
	image.oldLayout = VK_IMAGE_LAYOUT_UNDEFINED;
	image.newLayout = copy.image_layout;
	image.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
	record_barrier(texture, commands, ALL, TRANSFER, &image);
	gy_vk_record_copy(texture->device, commands, &copy);
	image.oldLayout = copy.image_layout;
	image.newLayout = to->layout;
	image.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
	image.dstAccessMask = to->access;
	record_barrier(texture, commands, TRANSFER, to->stages, &image);
	image.oldLayout = VK_IMAGE_LAYOUT_GENERAL;
	record_alias(texture, commands, TRANSFER, to->stages, &image);
}

/* Copies the images into the memory, if the device has written to them. */
static void record_copy_out(struct vk_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *from)
{
	const struct vk_copy copy = host_copy(texture, false);
	VkImageMemoryBarrier image = barrier(texture);

	image.oldLayout = from->layout;
	image.srcAccessMask = from->access & WRITES;
	image.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
	record_alias(texture, commands, from->stages, TRANSFER, &image);
	if (!(from->access & WRITES) || !texture->base.writable)
		return;
	image.newLayout = copy.image_layout;
	record_barrier(texture, commands, from->stages, TRANSFER, &image);
	gy_vk_record_copy(texture->device, commands, &copy);
	gy_vk_record_to_host(texture->device, commands);
}

/* ---- acquire and release ---- */

void gy_vk_record_acquire(
	struct vk_texture *texture, VkCommandBuffer commands, const struct geyser_vulkan_access *to)
{
	VkImageMemoryBarrier image = barrier(texture);

	if (texture->copied) {
		record_copy_in(texture, commands, to);
		return;
	}
	image.newLayout = to->layout;
	image.srcQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL;
	image.dstQueueFamilyIndex = texture->device->handles.queue_family;
	image.dstAccessMask = to->access;
	record_barrier(texture, commands, ALL, to->stages, &image);
	record_alias(texture, commands, ALL, to->stages, &image);
}

void gy_vk_record_release(struct vk_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *from)
{
	VkImageMemoryBarrier image = barrier(texture);

	if (texture->copied) {
		record_copy_out(texture, commands, from);
		return;
	}
	image.oldLayout = from->layout;
	image.srcQueueFamilyIndex = texture->device->handles.queue_family;
	image.dstQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL;
	image.srcAccessMask = from->access & WRITES;
	record_barrier(texture, commands, from->stages, ALL, &image);
	record_alias(texture, commands, from->stages, ALL, &image);
	if (texture->host.data) /* the next user may be a CPU */
		record_memory(texture->device, commands, ALL, from->access & WRITES,
			VK_PIPELINE_STAGE_HOST_BIT,
			VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT);
}

void gy_vulkan_record_acquire(struct gy_backend_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *to)
{
	gy_vk_record_acquire((struct vk_texture *)texture, commands, to);
}

void gy_vulkan_record_release(struct gy_backend_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *from)
{
	gy_vk_record_release((struct vk_texture *)texture, commands, from);
}

void gy_vulkan_image_info(
	const struct gy_backend_texture *base, uint32_t plane, struct geyser_vulkan_image_info *out)
{
	const struct vk_texture *texture = (const struct vk_texture *)base;
	const struct geyser_texture_desc desc = gy_vk_plane_desc(&texture->desc, plane);
	const struct geyser_format_info *info = geyser_format_get_info(desc.format);

	*out = (struct geyser_vulkan_image_info){
		.image = texture->images[plane].image,
		.type = desc.depth > 1 ? VK_IMAGE_TYPE_3D : VK_IMAGE_TYPE_2D,
		.format = (VkFormat)info->vk_format,
		.extent = {desc.width, desc.height, desc.depth},
		.mip_levels = desc.mip_levels,
		.array_layers = desc.layers,
		.tiling = texture->tiling,
		.usage = texture->usage,
		.aspects = gy_vk_aspects(info),
	};
}
