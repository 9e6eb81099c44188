/* SPDX-License-Identifier: MIT */
/* Records conversions of textures. The texels of a side that shaders can't reach in its image are
 * copied to or from a buffer, in bands of rows that fit in it. */
#include "backend/vulkan/conversion.h"

static const struct geyser_vulkan_access reading = GEYSER_VULKAN_CONVERT_SOURCE;
static const struct geyser_vulkan_access writing = GEYSER_VULKAN_CONVERT_DESTINATION;
static const struct geyser_vulkan_access copying_from = {
	VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
	VK_PIPELINE_STAGE_TRANSFER_BIT,
	VK_ACCESS_TRANSFER_READ_BIT,
};
static const struct geyser_vulkan_access copying_to = {
	VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
	VK_PIPELINE_STAGE_TRANSFER_BIT,
	VK_ACCESS_TRANSFER_WRITE_BIT,
};

/* Orders the buffers' uses: each band waits for the one before. */
static void record_order(struct vk_device *device, VkCommandBuffer commands)
{
	const VkPipelineStageFlags stages =
		VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
	const VkMemoryBarrier memory = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_SHADER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT |
				 VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT,
	};

	device->api.CmdPipelineBarrier(commands, stages, stages, 0, 1, &memory, 0, NULL, 0, NULL);
}

static void record_part(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_pipeline *pipeline, const struct vk_convert_part *part, uint32_t layers)
{
	gy_vk_record_dispatch(device, commands, pipeline, part, sizeof(*part),
		(const uint32_t[]){part->width, part->rows, layers});
}

/* Where a band of rows is in an image. */
struct band {
	uint32_t level, layer, slice;
	struct vk_convert_part part;
};

static VkBufferImageCopy band_copy(const struct band *band)
{
	return (VkBufferImageCopy){
		.bufferRowLength = band->part.pitch,
		.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, band->level, band->layer, 1},
		.imageOffset = {0, (int32_t)band->part.first_row, (int32_t)band->slice},
		.imageExtent = {band->part.width, band->part.rows, 1},
	};
}

static void record_band(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_conversion *conversion, const struct band *band)
{
	const struct vk_pipeline *pipeline = conversion->pipeline;
	const struct vk_converter *converter = device->converter;
	const VkBufferImageCopy copy = band_copy(band);

	record_order(device, commands);
	if (pipeline->reads == GY_VK_BUFFER) {
		device->api.CmdCopyImageToBuffer(commands, conversion->from->images[0].image,
			copying_from.layout, converter->source.linear.buffer, 1, &copy);
		record_order(device, commands);
	}
	record_part(device, commands, pipeline, &band->part, 1);
	if (pipeline->writes == GY_VK_BUFFER) {
		record_order(device, commands);
		device->api.CmdCopyBufferToImage(commands, converter->destination.linear.buffer,
			conversion->to->images[0].image, copying_to.layout, 1, &copy);
	}
}

static uint32_t larger_texel(const struct vk_conversion *conversion)
{
	const uint32_t from =
		geyser_format_get_info(conversion->from->desc.format)->bytes_per_texel;
	const uint32_t to = geyser_format_get_info(conversion->to->desc.format)->bytes_per_texel;

	return from > to ? from : to;
}

/* Records the bands of one depth slice or layer of a level. */
static void record_bands(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_conversion *conversion, struct band band, uint32_t height)
{
	const uint64_t row = (uint64_t)band.part.pitch * larger_texel(conversion);
	const uint32_t most = (uint32_t)(GY_VK_SCRATCH_SIZE / row);
	uint32_t rows;

	for (uint32_t first = 0; first < height; first += rows) {
		rows = height - first < most ? height - first : most;
		band.part.first_row = first;
		band.part.rows = rows;
		record_band(device, commands, conversion, &band);
	}
}

static void record_level(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_conversion *conversion, uint32_t level)
{
	const struct vk_pipeline *pipeline = conversion->pipeline;
	const struct geyser_texture_desc *desc = &conversion->from->desc;
	struct geyser_subresource at;
	struct vk_convert_part all;

	gy_layout_subresource(desc, &conversion->from->base.layout, 0, level, 0, &at);
	/* the pitch keeps the rows of small texels at multiples of 4 bytes */
	all = (struct vk_convert_part){
		.width = at.width, .rows = at.height, .pitch = gy_vk_divide_up(at.width, 4) * 4};
	gy_vk_bind_sets(device, commands, conversion, level);
	if (pipeline->reads == GY_VK_IMAGE && pipeline->writes == GY_VK_IMAGE) {
		record_part(device, commands, pipeline, &all, desc->layers);
		return;
	}
	for (uint32_t layer = 0; layer < desc->layers; layer++)
		for (uint32_t slice = 0; slice < at.depth; slice++) {
			all.first_layer = layer;
			record_bands(device, commands, conversion,
				(struct band){level, layer, slice, all}, at.height);
		}
}

/* Copies the texels of a level of the same format. */
static void record_same(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_conversion *conversion, uint32_t level)
{
	const struct geyser_texture_desc *desc = &conversion->from->desc;
	const VkImageSubresourceLayers layers = {
		gy_vk_aspects(geyser_format_get_info(desc->format)), level, 0, desc->layers};
	struct geyser_subresource at;
	VkImageCopy copy = {.srcSubresource = layers, .dstSubresource = layers};

	for (uint32_t plane = 0; plane < conversion->from->image_count; plane++) {
		gy_layout_subresource(desc, &conversion->from->base.layout, plane, level, 0, &at);
		copy.extent = (VkExtent3D){at.width, at.height, at.depth};
		device->api.CmdCopyImage(commands, conversion->from->images[plane].image,
			copying_from.layout, conversion->to->images[plane].image, copying_to.layout,
			1, &copy);
	}
}

void gy_vk_record_levels(
	struct vk_device *device, VkCommandBuffer commands, const struct vk_conversion *conversion)
{
	const struct vk_pipeline *pipeline = conversion->pipeline;

	if (pipeline)
		device->api.CmdBindPipeline(
			commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->handle);
	if (pipeline &&
		(geyser_format_is_video(pipeline->from) || geyser_format_is_video(pipeline->to))) {
		gy_vk_record_video(device, commands, conversion);
		return;
	}
	for (uint32_t level = 0; level < conversion->from->desc.mip_levels; level++)
		if (pipeline)
			record_level(device, commands, conversion, level);
		else
			record_same(device, commands, conversion, level);
}

void gy_vk_record_conversion(struct vk_device *device, VkCommandBuffer commands, void *data)
{
	const struct vk_conversion *conversion = data;
	const struct vk_pipeline *pipeline = conversion->pipeline;
	const struct geyser_vulkan_access *read =
		pipeline && pipeline->reads == GY_VK_IMAGE ? &reading : &copying_from;
	const struct geyser_vulkan_access *write =
		pipeline && pipeline->writes == GY_VK_IMAGE ? &writing : &copying_to;

	gy_vk_record_acquire(conversion->from, commands, read);
	gy_vk_record_acquire(conversion->to, commands, write);
	gy_vk_record_levels(device, commands, conversion);
	gy_vk_record_release(conversion->from, commands, read);
	gy_vk_record_release(conversion->to, commands, write);
}
