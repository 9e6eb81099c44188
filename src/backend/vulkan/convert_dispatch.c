/* SPDX-License-Identifier: MIT */
/* Records dispatches of the shaders of conversions. */
#include "backend/vulkan/conversion.h"

/* Texels of a workgroup, as in shader/convert.comp and shader/video.comp. */
#define GROUP_WIDTH 32u
#define GROUP_HEIGHT 4u

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
