/* SPDX-License-Identifier: MIT */
/* The Vulkan objects of conversions: layouts, shaders, pipelines, buffers, views. */
#include "backend/vulkan/conversion.h"

#include "base/error.h"
#include "format/convert.h"
#include "format/srgb.h"

#include <stdlib.h>

/* The build makes one of each from shader/convert.comp. */
#include "backend/vulkan/shader/convert.h"
#include "backend/vulkan/shader/convert_from_image.h"
#include "backend/vulkan/shader/convert_from_image_to_image.h"
#include "backend/vulkan/shader/convert_to_image.h"

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

static const struct shader {
	const uint32_t *words;
	size_t size;
} shaders[GY_VK_SIDES][GY_VK_SIDES] = {
	[GY_VK_BUFFER][GY_VK_BUFFER] = {gy_vk_convert, sizeof(gy_vk_convert)},
	[GY_VK_BUFFER][GY_VK_IMAGE] = {gy_vk_convert_to_image, sizeof(gy_vk_convert_to_image)},
	[GY_VK_IMAGE][GY_VK_BUFFER] = {gy_vk_convert_from_image, sizeof(gy_vk_convert_from_image)},
	[GY_VK_IMAGE][GY_VK_IMAGE] = {gy_vk_convert_from_image_to_image,
		sizeof(gy_vk_convert_from_image_to_image)},
};

/* ---- descriptor sets ---- */

static VkResult make_set_layout(
	struct vk_device *device, VkDescriptorType type, VkDescriptorSetLayout *out)
{
	const VkDescriptorSetLayoutBinding binding = {
		.descriptorType = type,
		.descriptorCount = 1,
		.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
	};
	const VkDescriptorSetLayoutCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
		.bindingCount = 1,
		.pBindings = &binding,
	};

	return device->api.CreateDescriptorSetLayout(device->handles.device, &info, NULL, out);
}

static VkResult make_pool(
	struct vk_device *device, VkDescriptorType type, uint32_t sets, VkDescriptorPool *out)
{
	const VkDescriptorPoolSize size = {type, sets};
	const VkDescriptorPoolCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
		.maxSets = sets,
		.poolSizeCount = 1,
		.pPoolSizes = &size,
	};

	return device->api.CreateDescriptorPool(device->handles.device, &info, NULL, out);
}

/* Allocates a set with the one descriptor that `write` describes. */
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
	write.descriptorCount = 1;
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

static VkResult make_view(
	struct vk_texture *texture, uint32_t level, VkImageUsageFlags usage, VkImageView *out)
{
	const VkImageViewUsageCreateInfo only = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_USAGE_CREATE_INFO,
		.usage = usage,
	};
	const VkImageViewCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
		.pNext = &only,
		.image = texture->images[0].image,
		.viewType = VK_IMAGE_VIEW_TYPE_2D_ARRAY,
		.format = (VkFormat)geyser_format_get_info(texture->desc.format)->vk_format,
		.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, level, 1, 0,
			VK_REMAINING_ARRAY_LAYERS},
	};

	return texture->device->api.CreateImageView(
		texture->device->handles.device, &info, NULL, out);
}

/* Makes a view and a set for one level. */
static VkResult make_level(
	struct vk_texture *texture, uint32_t level, VkDescriptorType type, struct vk_views *views)
{
	const bool stored = type == VK_DESCRIPTOR_TYPE_STORAGE_IMAGE;
	struct vk_device *device = texture->device;
	VkDescriptorImageInfo info = {.imageLayout = VK_IMAGE_LAYOUT_GENERAL};
	const VkWriteDescriptorSet write = {.descriptorType = type, .pImageInfo = &info};
	VkResult result = make_view(texture, level,
		stored ? VK_IMAGE_USAGE_STORAGE_BIT : VK_IMAGE_USAGE_SAMPLED_BIT,
		&views->views[level]);

	if (result != VK_SUCCESS)
		return result;
	info.imageView = views->views[level];
	return make_set(device, views->pool,
		stored ? device->converter->stored : device->converter->sampled, write,
		&views->sets[level]);
}

void gy_vk_views_finish(struct vk_device *device, struct vk_views *views)
{
	VkDevice vk = device->handles.device;

	for (uint32_t i = 0; i < GY_VK_LEVELS_MAX; i++)
		if (views->views[i])
			device->api.DestroyImageView(vk, views->views[i], NULL);
	if (views->pool)
		device->api.DestroyDescriptorPool(vk, views->pool, NULL);
	*views = (struct vk_views){0};
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
	result = make_pool(device, type, levels, &views->pool);
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

/* Makes a shader and its pipelines' layout, unless they are there. */
static VkResult make_shader(struct vk_device *device, enum vk_side reads, enum vk_side writes)
{
	struct vk_converter *converter = device->converter;
	const VkDescriptorSetLayout sets[] = {
		reads == GY_VK_IMAGE ? converter->sampled : converter->buffer,
		writes == GY_VK_IMAGE ? converter->stored : converter->buffer,
		converter->buffer,
	};
	const VkPushConstantRange range = {
		VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(struct vk_convert_part)};
	const VkPipelineLayoutCreateInfo layout = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.setLayoutCount = sizeof(sets) / sizeof(sets[0]),
		.pSetLayouts = sets,
		.pushConstantRangeCount = 1,
		.pPushConstantRanges = &range,
	};
	const VkShaderModuleCreateInfo module = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
		.codeSize = shaders[reads][writes].size,
		.pCode = shaders[reads][writes].words,
	};
	VkDevice vk = device->handles.device;
	VkResult result = VK_SUCCESS;

	if (converter->modules[reads][writes])
		return VK_SUCCESS;
	if (!converter->layouts[reads][writes])
		result = device->api.CreatePipelineLayout(
			vk, &layout, NULL, &converter->layouts[reads][writes]);
	if (result == VK_SUCCESS)
		result = device->api.CreateShaderModule(
			vk, &module, NULL, &converter->modules[reads][writes]);
	return result;
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

static VkResult compile(struct vk_device *device, struct vk_pipeline *pipeline)
{
	const struct constants constants = constants_of(pipeline);
	VkSpecializationMapEntry entries[CONSTANTS];
	const VkSpecializationInfo specialization = {
		.mapEntryCount = CONSTANTS,
		.pMapEntries = entries,
		.dataSize = sizeof(constants),
		.pData = &constants,
	};
	const VkComputePipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
		.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT,
		.stage.module = device->converter->modules[pipeline->reads][pipeline->writes],
		.stage.pName = "main",
		.stage.pSpecializationInfo = &specialization,
		.layout = pipeline->layout,
	};

	for (uint32_t i = 0; i < CONSTANTS; i++)
		entries[i] = (VkSpecializationMapEntry){
			i, i * (uint32_t)sizeof(uint32_t), sizeof(uint32_t)};
	return device->api.CreateComputePipelines(
		device->handles.device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline->handle);
}

enum geyser_result gy_vk_pipeline_make(
	struct vk_device *device, const struct vk_pipeline *wanted, struct vk_pipeline **out)
{
	struct vk_converter *converter = device->converter;
	const size_t size = gy_form_of(wanted->to).size;
	struct vk_pipeline *pipeline = malloc(sizeof(*pipeline));
	VkResult result;

	if (!pipeline)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a pipeline");
	*pipeline = *wanted;
	pipeline->equal = false;
	pipeline->texels = wanted->writes == GY_VK_BUFFER && size < 4 ? (uint32_t)(4 / size) : 1;
	result = make_shader(device, wanted->reads, wanted->writes);
	pipeline->layout = converter->layouts[wanted->reads][wanted->writes];
	if (result == VK_SUCCESS)
		result = compile(device, pipeline);
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
	VkResult result =
		make_set_layout(device, VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, &converter->sampled);
	enum geyser_result made;

	if (result == VK_SUCCESS)
		result = make_set_layout(
			device, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, &converter->stored);
	if (result == VK_SUCCESS)
		result = make_set_layout(
			device, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, &converter->buffer);
	for (int i = 0; i < GY_VK_SIDES * GY_VK_SIDES && result == VK_SUCCESS; i++)
		result = make_shader(
			device, (enum vk_side)(i / GY_VK_SIDES), (enum vk_side)(i % GY_VK_SIDES));
	if (result == VK_SUCCESS)
		result = make_pool(device, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 3, &converter->pool);
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

static void destroy_pipelines(struct vk_device *device)
{
	struct vk_pipeline *pipeline = device->converter->pipelines, *next;

	for (; pipeline; pipeline = next) {
		next = pipeline->next;
		device->api.DestroyPipeline(device->handles.device, pipeline->handle, NULL);
		free(pipeline);
	}
}

/* Vulkan's functions that destroy objects ignore VK_NULL_HANDLE. */
void gy_vk_converter_destroy(struct vk_device *device)
{
	struct vk_converter *converter = device->converter;
	const struct vk_api *api = &device->api;
	VkDevice vk = device->handles.device;

	if (!converter)
		return;
	destroy_pipelines(device);
	for (int i = 0; i < GY_VK_SIDES * GY_VK_SIDES; i++) {
		api->DestroyShaderModule(
			vk, converter->modules[i / GY_VK_SIDES][i % GY_VK_SIDES], NULL);
		api->DestroyPipelineLayout(
			vk, converter->layouts[i / GY_VK_SIDES][i % GY_VK_SIDES], NULL);
	}
	api->DestroyDescriptorPool(vk, converter->pool, NULL);
	gy_vk_linear_finish(device, &converter->tables.linear);
	gy_vk_linear_finish(device, &converter->source.linear);
	gy_vk_linear_finish(device, &converter->destination.linear);
	api->DestroyDescriptorSetLayout(vk, converter->sampled, NULL);
	api->DestroyDescriptorSetLayout(vk, converter->stored, NULL);
	api->DestroyDescriptorSetLayout(vk, converter->buffer, NULL);
	free(converter);
	device->converter = NULL;
}
