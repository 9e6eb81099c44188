/* SPDX-License-Identifier: MIT */
/* Conversions of textures on the device. The texels of a side that shaders can't reach in its image
 * are copied to or from a buffer, in bands of rows that fit in it. */
#include "backend/vulkan/conversion.h"

#include "base/error.h"
#include "format/yuv.h"

/* Texels of a workgroup, as in shader/convert.comp. */
#define GROUP_WIDTH 32u
#define GROUP_HEIGHT 4u

/* ---- recording ---- */

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

void gy_vk_record_dispatch(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_pipeline *pipeline, const void *part, uint32_t bytes,
	const uint32_t extent[3])
{
	device->api.CmdPushConstants(
		commands, pipeline->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, bytes, part);
	device->api.CmdDispatch(commands,
		gy_vk_divide_up(gy_vk_divide_up(extent[0], pipeline->texels), GROUP_WIDTH),
		gy_vk_divide_up(extent[1], GROUP_HEIGHT), extent[2]);
}

static void record_part(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_pipeline *pipeline, const struct vk_convert_part *part, uint32_t layers)
{
	gy_vk_record_dispatch(device, commands, pipeline, part, sizeof(*part),
		(const uint32_t[]){part->width, part->rows, layers});
}

void gy_vk_bind_sets(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_conversion *conversion, uint32_t level)
{
	const struct vk_pipeline *pipeline = conversion->pipeline;
	const struct vk_converter *converter = device->converter;
	const VkDescriptorSet sets[] = {
		pipeline->reads == GY_VK_IMAGE ? conversion->from->sampled.sets[level]
					       : converter->source.set,
		pipeline->writes == GY_VK_IMAGE ? conversion->to->stored.sets[level]
						: converter->destination.set,
		converter->tables.set,
	};

	device->api.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
		pipeline->layout, 0, sizeof(sets) / sizeof(sets[0]), sets, 0, NULL);
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

/* Records the conversion of textures that are acquired. */
static void record_levels(
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
	record_levels(device, commands, conversion);
	gy_vk_record_release(conversion->from, commands, read);
	gy_vk_record_release(conversion->to, commands, write);
}

/* ---- choosing a pipeline ---- */

/* Whether shaders can use the texture's image, which the driver must have made for this usage. They
 * have views of two dimensions, and numbers that aren't integers. */
static bool has_views(const struct vk_texture *texture, VkImageUsageFlags usage)
{
	const enum geyser_format_type type = geyser_format_get_info(texture->desc.format)->type;

	return texture->usage & usage && texture->desc.depth == 1 &&
	       type != GEYSER_FORMAT_TYPE_UINT && type != GEYSER_FORMAT_TYPE_SINT;
}

static struct vk_pipeline *find_pipeline(
	const struct vk_device *device, const struct vk_pipeline *wanted)
{
	struct vk_pipeline *pipeline = device->converter->pipelines;

	while (pipeline &&
		(pipeline->from != wanted->from || pipeline->to != wanted->to ||
			pipeline->reads != wanted->reads || pipeline->writes != wanted->writes))
		pipeline = pipeline->next;
	return pipeline;
}

/* Makes a pipeline and compares its results. */
static enum geyser_result add_pipeline(
	struct vk_device *device, const struct vk_pipeline *wanted, struct vk_pipeline **out)
{
	const enum geyser_result result = gy_vk_pipeline_make(device, wanted, out);

	return result == GEYSER_OK ? gy_vk_pipeline_prove(device, *out) : result;
}

/* Gives the pipeline, which is made at the first call. *out is NULL if its results differ from the
 * CPU's. */
static enum geyser_result try_pipeline(
	struct vk_device *device, struct vk_pipeline wanted, const struct vk_pipeline **out)
{
	struct vk_converter *converter = device->converter;
	struct vk_pipeline *pipeline = find_pipeline(device, &wanted);
	enum geyser_result result = GEYSER_OK;

	wanted.fused = !converter->unfused && !geyser_format_is_video(wanted.from) &&
		       !geyser_format_is_video(wanted.to);
	if (!pipeline)
		result = add_pipeline(device, &wanted, &pipeline);
	if (result == GEYSER_OK && !pipeline->equal && pipeline->fused) {
		wanted.fused = false;
		result = add_pipeline(device, &wanted, &pipeline);
		converter->unfused = result == GEYSER_OK && pipeline->equal;
	}
	*out = result == GEYSER_OK && pipeline->equal ? pipeline : NULL;
	return result;
}

/* Gives the first pipeline that works, those that use images first. Only those are tried if
 * in_images is set. *out is NULL if there is none. */
static enum geyser_result choose_pipeline(const struct vk_texture *from,
	const struct vk_texture *to, bool in_images, const struct vk_pipeline **out)
{
	struct vk_device *device = from->device;
	const int reads = has_views(from, VK_IMAGE_USAGE_SAMPLED_BIT) ? GY_VK_IMAGE : GY_VK_BUFFER;
	const int writes = has_views(to, VK_IMAGE_USAGE_STORAGE_BIT) && device->stores_any_format
				   ? GY_VK_IMAGE
				   : GY_VK_BUFFER;
	const int last = in_images ? GY_VK_IMAGE : GY_VK_BUFFER;
	enum geyser_result result = GEYSER_OK;

	*out = NULL;
	for (int write = writes; write >= last; write--)
		for (int read = reads; read >= last && result == GEYSER_OK && !*out; read--)
			result = try_pipeline(device,
				(struct vk_pipeline){.from = from->desc.format,
					.to = to->desc.format,
					.reads = (enum vk_side)read,
					.writes = (enum vk_side)write},
				out);
	return result;
}

/* ---- the backend's functions ---- */

/* Makes what the conversion needs. The caller holds the lock `converting`. */
static enum geyser_result prepare(struct vk_conversion *conversion, bool in_images, bool *possible)
{
	const enum geyser_format from = conversion->from->desc.format;
	const enum geyser_format to = conversion->to->desc.format;
	struct vk_device *device = conversion->from->device;
	enum geyser_result result;

	*possible = from == to;
	if (from == to || !device->computes)
		return GEYSER_OK;
	if (geyser_format_is_video(from) || geyser_format_is_video(to)) {
		in_images = true;
		if (!gy_vk_video_is_possible(conversion->from, conversion->to))
			return GEYSER_OK;
	}
	result = gy_vk_converter_make(device);
	if (result == GEYSER_OK)
		result = choose_pipeline(
			conversion->from, conversion->to, in_images, &conversion->pipeline);
	*possible = result == GEYSER_OK && conversion->pipeline;
	return *possible ? gy_vk_pipeline_prepare(
				   conversion->pipeline, conversion->from, conversion->to)
			 : result;
}

enum geyser_result gy_vulkan_convert(struct gy_backend_texture *from, struct gy_backend_texture *to,
	const struct gy_yuv_meaning *meaning, bool *done)
{
	struct vk_conversion conversion = {
		(struct vk_texture *)from, (struct vk_texture *)to, meaning, NULL};
	struct vk_device *device = conversion.from->device;
	enum geyser_result result = gy_vk_check(device);

	*done = false;
	if (result != GEYSER_OK)
		return result;
	(void)pthread_mutex_lock(&device->converting);
	result = prepare(&conversion, false, done);
	if (result == GEYSER_OK && *done)
		result = gy_vk_run(device, gy_vk_record_conversion, &conversion);
	(void)pthread_mutex_unlock(&device->converting);
	return result;
}

/* A driver on the CPU runs shaders, but slower than convert_rows.c works. */
enum geyser_result gy_vk_convert_texels(struct gy_backend_texture *from,
	struct gy_backend_texture *to, const struct gy_yuv_meaning *meaning, bool *done)
{
	const struct vk_texture *texture = (const struct vk_texture *)from;

	*done = false;
	if (texture->device->info.type == VK_PHYSICAL_DEVICE_TYPE_CPU &&
		texture->desc.format != ((const struct vk_texture *)to)->desc.format)
		return GEYSER_OK;
	return gy_vulkan_convert(from, to, meaning, done);
}

/* Says why shaders can't use the image of one side. Returns NULL if they can. */
static const char *refusal(const struct vk_texture *texture, VkImageUsageFlags usage)
{
	if (texture->desc.depth > 1)
		return "a 3D texture";
	if (!(texture->usage & usage))
		return usage == VK_IMAGE_USAGE_SAMPLED_BIT ? "without GEYSER_USAGE_TEXTURE_BINDING"
							   : "without GEYSER_USAGE_STORAGE_BINDING";
	return has_views(texture, usage) ? NULL : "a format of integers";
}

static enum geyser_result refuse(const struct vk_conversion *conversion)
{
	const struct vk_device *device = conversion->from->device;
	const char *from = refusal(conversion->from, VK_IMAGE_USAGE_SAMPLED_BIT);
	const char *to = refusal(conversion->to, VK_IMAGE_USAGE_STORAGE_BIT);

	if (conversion->from->desc.format == conversion->to->desc.format)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"destination (%s): the source has the same format; vkCmdCopyImage copies "
			"such textures",
			geyser_format_name(conversion->to->desc.format));
	if (from || to)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s (%s): commands convert 2D textures in their images; "
			"geyser_texture_convert converts this one, too",
			from ? "source" : "destination", from ? from : to);
	if ((geyser_format_is_video(conversion->from->desc.format) ||
		    geyser_format_is_video(conversion->to->desc.format)) &&
		!gy_vk_video_is_possible(conversion->from, conversion->to))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"formats (%s to %s): commands convert between video and colours without "
			"-srgb, of one layer and mip level; geyser_texture_convert converts these, "
			"too",
			geyser_format_name(conversion->from->desc.format),
			geyser_format_name(conversion->to->desc.format));
	if (!device->computes)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"queue_family (%u): it must compute, to convert textures",
			device->handles.queue_family);
	if (!device->stores_any_format)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"device: the feature shaderStorageImageWriteWithoutFormat is needed; if it "
			"is "
			"enabled, say so by geyser_vulkan_manager_set_features");
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"formats (%s to %s): %s gives other results than the CPU; geyser_texture_convert "
		"converts them",
		geyser_format_name(conversion->from->desc.format),
		geyser_format_name(conversion->to->desc.format), device->info.name);
}

enum geyser_result gy_vulkan_record_conversion(struct gy_backend_texture *from,
	struct gy_backend_texture *to, const struct gy_yuv_meaning *meaning,
	VkCommandBuffer commands)
{
	struct vk_conversion conversion = {
		(struct vk_texture *)from, (struct vk_texture *)to, meaning, NULL};
	struct vk_device *device = conversion.from->device;
	enum geyser_result result = gy_vk_check(device);
	bool possible = false;

	if (result != GEYSER_OK)
		return result;
	(void)pthread_mutex_lock(&device->converting);
	result = prepare(&conversion, true, &possible);
	if (result == GEYSER_OK && conversion.pipeline)
		record_levels(device, commands, &conversion);
	else if (result == GEYSER_OK)
		result = refuse(&conversion);
	(void)pthread_mutex_unlock(&device->converting);
	return result;
}
