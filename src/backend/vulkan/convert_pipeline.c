/* SPDX-License-Identifier: MIT */
/* The Vulkan objects of conversions: layouts, shaders, pipelines, buffers, views. */
#include "backend/vulkan/conversion.h"

#include "base/error.h"
#include "format/convert.h"
#include "format/srgb.h"

#include <stdlib.h>

/* The build makes these of shader/convert.comp and shader/video.comp. */
#include "backend/vulkan/shader/convert.h"
#include "backend/vulkan/shader/convert_from_image.h"
#include "backend/vulkan/shader/convert_from_image_to_image.h"
#include "backend/vulkan/shader/convert_to_image.h"
#include "backend/vulkan/shader/video_from.h"
#include "backend/vulkan/shader/video_to.h"

/* The shader's specialization constants, in order. */
struct constants {
	uint32_t source, source_channels, source_swapped;
	uint32_t destination, destination_channels, destination_swapped;
	uint32_t fused;
};

#define CONSTANTS (sizeof(struct constants) / sizeof(uint32_t))

/* The shader has these numbers, too. */
_Static_assert(GY_ENCODING_UNORM8 == 0 && GY_ENCODING_UNORM16 == 1 && GY_ENCODING_SRGB8 == 2 &&
		       GY_ENCODING_HALF == 3 && GY_ENCODING_FLOAT == 4 && GY_ENCODING_UINT16 == 5 &&
		       GY_ENCODING_SINT16 == 6 && GY_ENCODING_UINT32 == 7 &&
		       GY_ENCODING_SINT32 == 8 && GY_ENCODING_RGB10A2 == 9 &&
		       GY_ENCODING_RG11B10 == 10 && GY_ENCODING_COUNT == 11,
	"shader/convert.comp names the encodings");
_Static_assert(GY_SRGB_STEPS == 1664, "shader/convert.comp has the number of steps");

static const struct {
	const uint32_t *words;
	size_t size;
} shaders[GY_VK_SHADERS] = {
	[GY_VK_CONVERT] = {gy_vk_convert, sizeof(gy_vk_convert)},
	[GY_VK_CONVERT_TO_IMAGE] = {gy_vk_convert_to_image, sizeof(gy_vk_convert_to_image)},
	[GY_VK_CONVERT_FROM_IMAGE] = {gy_vk_convert_from_image, sizeof(gy_vk_convert_from_image)},
	[GY_VK_CONVERT_IMAGES] = {gy_vk_convert_from_image_to_image,
		sizeof(gy_vk_convert_from_image_to_image)},
	[GY_VK_FROM_VIDEO] = {gy_vk_video_from, sizeof(gy_vk_video_from)},
	[GY_VK_TO_VIDEO] = {gy_vk_video_to, sizeof(gy_vk_video_to)},
};

/* ---- descriptor sets ---- */

static VkResult make_set_layout(
	struct vk_device *device, VkDescriptorType type, uint32_t count, VkDescriptorSetLayout *out)
{
	VkDescriptorSetLayoutBinding bindings[GY_VK_VIEWS];
	const VkDescriptorSetLayoutCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.bindingCount = count,
		.pBindings = bindings,
	};

	for (uint32_t i = 0; i < count; i++)
		bindings[i] = (VkDescriptorSetLayoutBinding){
			i, type, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL};
	return device->api.CreateDescriptorSetLayout(device->handles.device, &info, NULL, out);
}

static VkResult make_pool(struct vk_device *device, VkDescriptorType type, uint32_t sets,
	uint32_t descriptors, VkDescriptorPool *out)
{
	const VkDescriptorPoolSize size = {type, descriptors};
	const VkDescriptorPoolCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
		.maxSets = sets,
		.poolSizeCount = 1,
		.pPoolSizes = &size,
	};

	return device->api.CreateDescriptorPool(device->handles.device, &info, NULL, out);
}

/* Allocates a set with the descriptors that `write` describes. */
static VkResult make_set(struct vk_device *device, VkDescriptorPool pool,
	VkDescriptorSetLayout layout, VkWriteDescriptorSet write, VkDescriptorSet *out)
{
	const VkDescriptorSetAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
		.descriptorPool = pool,
		.descriptorSetCount = 1,
		.pSetLayouts = &layout,
	};
	VkResult result =
		device->api.AllocateDescriptorSets(device->handles.device, &info, &write.dstSet);

	if (result != VK_SUCCESS)
		return result;
	write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
	device->api.UpdateDescriptorSets(device->handles.device, 1, &write, 0, NULL);
	*out = write.dstSet;
	return VK_SUCCESS;
}

/* Makes a buffer and its set, unless they are there. */
static enum geyser_result make_scratch(
	struct vk_device *device, uint64_t size, struct vk_scratch *scratch)
{
	struct vk_converter *converter = device->converter;
	VkDescriptorBufferInfo info = {.range = VK_WHOLE_SIZE};
	const VkWriteDescriptorSet write = {
		.descriptorCount = 1,
		.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
		.pBufferInfo = &info,
	};
	enum geyser_result result = GEYSER_OK;
	VkResult made;

	if (scratch->set)
		return GEYSER_OK;
	if (!scratch->linear.buffer)
		result = gy_vk_storage_create(device, size, &scratch->linear);
	if (result != GEYSER_OK)
		return result;
	info.buffer = scratch->linear.buffer;
	made = make_set(device, converter->pool, converter->buffer, write, &scratch->set);
	return made == VK_SUCCESS ? GEYSER_OK
				  : gy_vk_fail(device, made, "vkAllocateDescriptorSets");
}

/* ---- views ---- */

static VkResult make_view(struct vk_texture *texture, uint32_t plane, uint32_t level,
	VkImageUsageFlags usage, VkImageView *out)
{
	const struct geyser_format_info *info = geyser_format_get_info(texture->desc.format);
	const VkImageViewUsageCreateInfo only = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_USAGE_CREATE_INFO,
		.usage = usage,
	};
	const VkImageViewCreateInfo create = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
		.pNext = &only,
		.image = texture->images[plane].image,
		.viewType = VK_IMAGE_VIEW_TYPE_2D_ARRAY,
		.format = (VkFormat)geyser_format_get_info(info->plane[plane].format)->vk_format,
		.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, level, 1, 0,
			VK_REMAINING_ARRAY_LAYERS},
	};

	return texture->device->api.CreateImageView(
		texture->device->handles.device, &create, NULL, out);
}

/* Makes the views and the set of one level. */
static VkResult make_level(
	struct vk_texture *texture, uint32_t level, VkDescriptorType type, struct vk_views *views)
{
	const bool stored = type == VK_DESCRIPTOR_TYPE_STORAGE_IMAGE;
	const VkImageUsageFlags usage =
		stored ? VK_IMAGE_USAGE_STORAGE_BIT : VK_IMAGE_USAGE_SAMPLED_BIT;
	struct vk_device *device = texture->device;
	VkDescriptorImageInfo infos[GY_VK_VIEWS];
	/* an update of more descriptors than a binding has goes on with the next binding */
	const VkWriteDescriptorSet write = {
		.descriptorCount = GY_VK_VIEWS, .descriptorType = type, .pImageInfo = infos};
	VkResult result = VK_SUCCESS;

	for (uint32_t i = 0; i < GY_VK_VIEWS && result == VK_SUCCESS; i++) {
		const bool there = i < texture->image_count;

		if (there)
			result = make_view(texture, i, level, usage, &views->views[level][i]);
		infos[i] = (VkDescriptorImageInfo){
			.imageView = views->views[level][there ? i : 0],
			.imageLayout = VK_IMAGE_LAYOUT_GENERAL,
		};
	}
	if (result != VK_SUCCESS)
		return result;
	return make_set(device, views->pool,
		stored ? device->converter->stored : device->converter->sampled, write,
		&views->sets[level]);
}

/* Makes the views of a texture, unless they are there. */
static enum geyser_result make_views(
	struct vk_texture *texture, VkDescriptorType type, struct vk_views *views)
{
	struct vk_device *device = texture->device;
	const uint32_t levels = texture->desc.mip_levels;
	VkResult result;

	if (views->pool)
		return GEYSER_OK;
	result = make_pool(device, type, levels, levels * GY_VK_VIEWS, &views->pool);
	for (uint32_t level = 0; level < levels && result == VK_SUCCESS; level++)
		result = make_level(texture, level, type, views);
	if (result == VK_SUCCESS)
		return GEYSER_OK;
	gy_vk_views_finish(device, views);
	return gy_vk_fail(device, result, "making views of an image for shaders");
}

enum geyser_result gy_vk_pipeline_prepare(
	const struct vk_pipeline *pipeline, struct vk_texture *from, struct vk_texture *to)
{
	struct vk_device *device = from->device;
	struct vk_converter *converter = device->converter;
	enum geyser_result result;

	if (pipeline->reads == GY_VK_IMAGE)
		result = make_views(from, VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, &from->sampled);
	else
		result = make_scratch(device, GY_VK_SCRATCH_SIZE, &converter->source);
	if (result != GEYSER_OK)
		return result;
	if (pipeline->writes == GY_VK_IMAGE)
		return make_views(to, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, &to->stored);
	return make_scratch(device, GY_VK_SCRATCH_SIZE, &converter->destination);
}

/* ---- pipelines ---- */

static enum vk_shader shader_of(const struct vk_pipeline *pipeline)
{
	if (geyser_format_is_video(pipeline->from))
		return GY_VK_FROM_VIDEO;
	if (geyser_format_is_video(pipeline->to))
		return GY_VK_TO_VIDEO;
	if (pipeline->reads == GY_VK_IMAGE)
		return pipeline->writes == GY_VK_IMAGE ? GY_VK_CONVERT_IMAGES
						       : GY_VK_CONVERT_FROM_IMAGE;
	return pipeline->writes == GY_VK_IMAGE ? GY_VK_CONVERT_TO_IMAGE : GY_VK_CONVERT;
}

/* Makes a shader, unless it is there. */
static VkResult make_shader(struct vk_device *device, enum vk_shader shader)
{
	const VkShaderModuleCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
		.codeSize = shaders[shader].size,
		.pCode = shaders[shader].words,
	};
	VkShaderModule *const module = &device->converter->modules[shader];

	if (*module)
		return VK_SUCCESS;
	return device->api.CreateShaderModule(device->handles.device, &info, NULL, module);
}

/* Makes a pipelines' layout, unless it is there. */
static VkResult make_layout(struct vk_device *device, enum vk_side reads, enum vk_side writes)
{
	struct vk_converter *converter = device->converter;
	const VkDescriptorSetLayout sets[] = {
		reads == GY_VK_IMAGE ? converter->sampled : converter->buffer,
		writes == GY_VK_IMAGE ? converter->stored : converter->buffer,
		converter->buffer,
	};
	const VkPushConstantRange range = {
		VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(struct vk_video_part)};
	const VkPipelineLayoutCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = sizeof(sets) / sizeof(sets[0]),
		.pSetLayouts = sets,
		.pushConstantRangeCount = 1,
		.pPushConstantRanges = &range,
	};
	VkPipelineLayout *const layout = &converter->layouts[reads][writes];

	if (*layout)
		return VK_SUCCESS;
	return device->api.CreatePipelineLayout(device->handles.device, &info, NULL, layout);
}

static struct constants constants_of(const struct vk_pipeline *pipeline)
{
	const enum geyser_format from = pipeline->from, to = pipeline->to;
	const struct gy_form source = gy_form_of(from), destination = gy_form_of(to);

	return (struct constants){
		.source = source.encoding,
		.source_channels = geyser_format_get_info(from)->channels,
		.source_swapped = source.swapped,
		.destination = destination.encoding,
		.destination_channels = geyser_format_get_info(to)->channels,
		.destination_swapped = destination.swapped,
		.fused = pipeline->fused,
	};
}

/* constants: so many words */
static VkResult compile(struct vk_device *device, struct vk_pipeline *pipeline,
	const void *constants, uint32_t words)
{
	VkSpecializationMapEntry entries[CONSTANTS];
	const VkSpecializationInfo specialization = {
		.mapEntryCount = words,
		.pMapEntries = entries,
		.dataSize = words * sizeof(uint32_t),
		.pData = constants,
	};
	const VkComputePipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
		.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT,
		.stage.module = device->converter->modules[shader_of(pipeline)],
		.stage.pName = "main",
		.stage.pSpecializationInfo = &specialization,
		.layout = pipeline->layout,
	};

	for (uint32_t i = 0; i < words; i++)
		entries[i] = (VkSpecializationMapEntry){
			i, i * (uint32_t)sizeof(uint32_t), sizeof(uint32_t)};
	return device->api.CreateComputePipelines(
		device->handles.device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline->handle);
}

static VkResult compile_for_formats(struct vk_device *device, struct vk_pipeline *pipeline)
{
	const bool from_video = geyser_format_is_video(pipeline->from);
	struct constants constants;

	if (from_video || geyser_format_is_video(pipeline->to)) {
		const struct vk_video_constants video =
			gy_vk_video_constants_of(from_video ? pipeline->from : pipeline->to);

		return compile(device, pipeline, &video, sizeof(video) / sizeof(uint32_t));
	}
	constants = constants_of(pipeline);
	return compile(device, pipeline, &constants, CONSTANTS);
}

/* Returns how many texels an invocation of the shader `convert` converts. */
static uint32_t texels_at_once(const struct vk_pipeline *pipeline)
{
	const size_t size = geyser_format_get_info(pipeline->to)->bytes_per_texel;

	return pipeline->writes == GY_VK_BUFFER && size < 4 ? (uint32_t)(4 / size) : 1;
}

enum geyser_result gy_vk_pipeline_make(
	struct vk_device *device, const struct vk_pipeline *wanted, struct vk_pipeline **out)
{
	struct vk_converter *converter = device->converter;
	struct vk_pipeline *pipeline = malloc(sizeof(*pipeline));
	VkResult result;

	if (!pipeline)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a pipeline");
	*pipeline = *wanted;
	pipeline->proven = pipeline->equal = false;
	pipeline->texels = texels_at_once(pipeline);
	result = make_shader(device, shader_of(pipeline));
	if (result == VK_SUCCESS)
		result = make_layout(device, wanted->reads, wanted->writes);
	pipeline->layout = converter->layouts[wanted->reads][wanted->writes];
	if (result == VK_SUCCESS)
		result = compile_for_formats(device, pipeline);
	if (result != VK_SUCCESS) {
		free(pipeline);
		return gy_vk_fail(device, result, "vkCreateComputePipelines");
	}
	pipeline->next = converter->pipelines;
	converter->pipelines = pipeline;
	*out = pipeline;
	return GEYSER_OK;
}

/* ---- the converter ---- */

static void record_tables(struct vk_device *device, VkCommandBuffer commands, void *data)
{
	const struct vk_converter *converter = data;
	const VkMemoryBarrier written = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_SHADER_READ_BIT,
	};
	const VkBuffer buffer = converter->tables.linear.buffer;

	device->api.CmdUpdateBuffer(commands, buffer, 0, sizeof(gy_srgb_linear), gy_srgb_linear);
	device->api.CmdUpdateBuffer(
		commands, buffer, sizeof(gy_srgb_linear), sizeof(gy_srgb_steps), gy_srgb_steps);
	device->api.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
		VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &written, 0, NULL, 0, NULL);
}

static enum geyser_result fill(struct vk_device *device)
{
	struct vk_converter *converter = device->converter;
	VkResult result = make_set_layout(
		device, VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, GY_VK_VIEWS, &converter->sampled);
	enum geyser_result made;

	if (result == VK_SUCCESS)
		result = make_set_layout(
			device, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, GY_VK_VIEWS, &converter->stored);
	if (result == VK_SUCCESS)
		result = make_set_layout(
			device, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, &converter->buffer);
	if (result == VK_SUCCESS)
		result = make_pool(
			device, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 3, 3, &converter->pool);
	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "making the layouts of shaders");
	made = make_scratch(
		device, sizeof(gy_srgb_linear) + sizeof(gy_srgb_steps), &converter->tables);
	return made == GEYSER_OK ? gy_vk_run(device, record_tables, converter) : made;
}

enum geyser_result gy_vk_converter_make(struct vk_device *device)
{
	enum geyser_result result;

	if (device->converter)
		return GEYSER_OK;
	device->converter = calloc(1, sizeof(*device->converter));
	if (!device->converter)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for conversions");
	result = fill(device);
	if (result != GEYSER_OK)
		gy_vk_converter_destroy(device);
	return result;
}
