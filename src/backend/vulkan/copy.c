/* SPDX-License-Identifier: MIT */
/*
 * Copies all texels of a texture between its images and a buffer.
 *
 * Vulkan copies an image only from and to places in a buffer that are multiples of its texels'
 * size. The planes of video follow one another without gaps, so at odd sizes a plane may begin in
 * the middle of a pair of channels. Such a plane passes through another buffer, *aside*, in which
 * it lies at a multiple.
 */
#include "backend/vulkan/vk.h"

/* The planes' places in a layout of gy_vk_aligned_layout: a multiple of every texel's size, and of
 * what common drivers copy best. */
#define ALIGNMENT 16u

static uint32_t texel_bytes(const struct geyser_texture_desc *desc, uint32_t plane)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);

	return geyser_format_get_info(info->plane[plane].format)->bytes_per_texel;
}

static uint64_t round_up(uint64_t value)
{
	return (value + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void gy_vk_aligned_layout(const struct geyser_texture_desc *desc, struct gy_layout *out)
{
	uint64_t end;

	gy_layout_of(desc, out);
	if (out->further_count == 0)
		return;
	end = out->further[0].offset;
	for (uint32_t i = 0; i < out->further_count; i++) {
		const uint64_t size =
			(i + 1 < out->further_count ? out->further[i + 1].offset : out->size) -
			out->further[i].offset;

		out->further[i].offset = end % texel_bytes(desc, i + 1) == 0 ? end : round_up(end);
		end = out->further[i].offset + size;
	}
	out->slice_pitch = out->size = end;
}

/* Whether Vulkan can copy the plane from and to this place in a buffer. */
static bool is_aligned(
	const struct geyser_texture_desc *desc, const struct gy_layout *layout, uint32_t plane)
{
	const uint32_t bytes = texel_bytes(desc, plane);
	struct geyser_subresource at;

	gy_layout_subresource(desc, layout, plane, 0, 0, &at);
	return (layout->offset + at.offset) % bytes == 0 && at.row_pitch % bytes == 0;
}

enum geyser_result gy_vk_prepare_copies(struct vk_texture *texture)
{
	struct gy_layout layout;

	for (uint32_t plane = 0; plane < texture->image_count && !texture->aside.buffer; plane++) {
		if (is_aligned(&texture->desc, &texture->base.layout, plane))
			continue;
		gy_vk_aligned_layout(&texture->desc, &layout);
		return gy_vk_storage_create(texture->device, layout.size, &texture->aside);
	}
	return GEYSER_OK;
}

/* ---- one subresource ---- */

struct subresource {
	uint32_t plane, level, layer;
	VkImageAspectFlags aspect;
};

/* Copies between an image and a buffer of this layout. */
static void record_image(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_copy *copy, const struct subresource *which, VkBuffer buffer,
	const struct gy_layout *layout)
{
	const struct geyser_texture_desc *desc = &copy->texture->desc;
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	const bool apart = info->depth && which->aspect == VK_IMAGE_ASPECT_STENCIL_BIT;
	const VkImage image = copy->texture->images[which->plane].image;
	struct geyser_subresource at;
	VkBufferImageCopy region;

	gy_layout_subresource(desc, layout, which->plane, which->level, which->layer, &at);
	region = (VkBufferImageCopy){
		.bufferOffset = layout->offset + at.offset + (apart ? layout->size : 0),
		.bufferRowLength = (uint32_t)(at.row_pitch / texel_bytes(desc, which->plane)),
		.bufferImageHeight = (uint32_t)(at.slice_pitch / at.row_pitch),
		.imageSubresource = {which->aspect, which->level, which->layer, 1},
		.imageExtent = {at.width, at.height, at.depth},
	};
	if (copy->to_image)
		device->api.CmdCopyBufferToImage(
			commands, buffer, image, copy->image_layout, 1, &region);
	else
		device->api.CmdCopyImageToBuffer(
			commands, image, copy->image_layout, buffer, 1, &region);
}

/* ---- planes that pass through the buffer aside ---- */

/* Lets the next copy use what earlier copies have read and written. */
static void record_order(struct vk_device *device, VkCommandBuffer commands)
{
	const VkMemoryBarrier memory = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
	};

	device->api.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &memory, 0, NULL, 0, NULL);
}

/* Copies a plane between the buffer and the buffer aside: in one piece if the rows are as long in
 * both. */
static void record_buffers(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_copy *copy, uint32_t plane, const struct gy_layout *aligned)
{
	const struct geyser_texture_desc *desc = &copy->texture->desc;
	const VkBuffer aside = copy->texture->aside.buffer;
	struct geyser_subresource at, beside;
	uint64_t row_bytes;
	uint32_t rows;

	gy_layout_subresource(desc, copy->layout, plane, 0, 0, &at);
	gy_layout_subresource(desc, aligned, plane, 0, 0, &beside);
	rows = at.row_pitch == beside.row_pitch ? 1 : at.height;
	row_bytes = rows == 1 ? beside.size : beside.row_pitch;
	for (uint32_t row = 0; row < rows; row++) {
		const VkDeviceSize in_buffer =
			copy->layout->offset + at.offset + row * at.row_pitch;
		const VkDeviceSize in_aside = beside.offset + row * beside.row_pitch;
		const VkBufferCopy region = {
			.srcOffset = copy->to_image ? in_buffer : in_aside,
			.dstOffset = copy->to_image ? in_aside : in_buffer,
			.size = row_bytes,
		};

		device->api.CmdCopyBuffer(commands, copy->to_image ? copy->buffer : aside,
			copy->to_image ? aside : copy->buffer, 1, &region);
	}
}

static void record_aside(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_copy *copy, const struct subresource *which)
{
	struct gy_layout aligned;

	gy_vk_aligned_layout(&copy->texture->desc, &aligned);
	record_order(device, commands);
	if (copy->to_image)
		record_buffers(device, commands, copy, which->plane, &aligned);
	else
		record_image(device, commands, copy, which, copy->texture->aside.buffer, &aligned);
	record_order(device, commands);
	if (copy->to_image)
		record_image(device, commands, copy, which, copy->texture->aside.buffer, &aligned);
	else
		record_buffers(device, commands, copy, which->plane, &aligned);
}

/* ---- all subresources ---- */

static void record_aspect(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_copy *copy, uint32_t plane, VkImageAspectFlags aspect)
{
	const struct geyser_texture_desc *desc = &copy->texture->desc;
	struct subresource which = {.plane = plane, .aspect = aspect};

	if (!is_aligned(desc, copy->layout, plane)) {
		record_aside(device, commands, copy, &which);
		return;
	}
	for (which.layer = 0; which.layer < desc->layers; which.layer++)
		for (which.level = 0; which.level < desc->mip_levels; which.level++)
			record_image(device, commands, copy, &which, copy->buffer, copy->layout);
}

void gy_vk_record_copy(
	struct vk_device *device, VkCommandBuffer commands, const struct vk_copy *copy)
{
	const struct geyser_format_info *info = geyser_format_get_info(copy->texture->desc.format);
	const VkImageAspectFlags aspects = gy_vk_aspects(info);

	for (uint32_t plane = 0; plane < info->planes; plane++)
		for (VkImageAspectFlags bit = 1; bit <= aspects; bit <<= 1)
			if (aspects & bit)
				record_aspect(device, commands, copy, plane, bit);
}

/* The stencil bytes of a level lie where a second layout, after the first one, has the texels of
 * that level. */
uint64_t gy_vk_linear_size(const struct geyser_texture_desc *desc, const struct gy_layout *layout)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);

	return layout->offset + layout->size * (info->depth && info->stencil ? 2 : 1);
}
