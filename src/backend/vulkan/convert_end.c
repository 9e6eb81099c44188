/* SPDX-License-Identifier: MIT */
/* Destroys what devices and textures have for conversions. */
#include "backend/vulkan/conversion.h"

#include <stdlib.h>

void gy_vk_views_finish(struct vk_device *device, struct vk_views *views)
{
	VkDevice vk = device->handles.device;

	if (!views->pool)
		return;
	for (uint32_t i = 0; i < GY_VK_LEVELS_MAX * GY_VK_VIEWS; i++)
		device->api.DestroyImageView(
			vk, views->views[i / GY_VK_VIEWS][i % GY_VK_VIEWS], NULL);
	device->api.DestroyDescriptorPool(vk, views->pool, NULL);
	*views = (struct vk_views){0};
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
	for (int i = 0; i < GY_VK_SHADERS; i++)
		api->DestroyShaderModule(vk, converter->modules[i], NULL);
	for (int i = 0; i < GY_VK_SIDES * GY_VK_SIDES; i++)
		api->DestroyPipelineLayout(
			vk, converter->layouts[i / GY_VK_SIDES][i % GY_VK_SIDES], NULL);
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
