/*
 * A turning triangle: render pass, pipeline, drawing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "triangle.h"

#include "triangle.frag.h"
#include "triangle.vert.h"
#include "vulkan_device.h"

#define FRAMES_A_TURN 240u
#define TURN 6.2831853f /* radians */

struct constants {
	float angle, aspect; /* as in triangle.vert */
};

/* Makes the render pass. It begins and ends in the layout that it draws in:
 * geyser_vulkan_cmd_release changes the layout for the next reader. */
static VkRenderPass create_pass(VkDevice device, VkFormat format)
{
	const VkAttachmentDescription attachment = {
		.format = format,
		.samples = VK_SAMPLE_COUNT_1_BIT,
		.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
		.storeOp = VK_ATTACHMENT_STORE_OP_STORE,
		.stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE,
		.stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
		.initialLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
		.finalLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
	};
	const VkAttachmentReference reference = {
		.attachment = 0,
		.layout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
	};
	const VkSubpassDescription subpass = {
		.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS,
		.colorAttachmentCount = 1,
		.pColorAttachments = &reference,
	};
	const VkRenderPassCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO,
		.attachmentCount = 1,
		.pAttachments = &attachment,
		.subpassCount = 1,
		.pSubpasses = &subpass,
	};
	VkRenderPass pass;

	check_vulkan(vkCreateRenderPass(device, &info, NULL, &pass), "vkCreateRenderPass");
	return pass;
}

static VkPipelineLayout create_layout(VkDevice device)
{
	const VkPushConstantRange constants = {
		.stageFlags = VK_SHADER_STAGE_VERTEX_BIT,
		.size = sizeof(struct constants),
	};
	const VkPipelineLayoutCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
		.pushConstantRangeCount = 1,
		.pPushConstantRanges = &constants,
	};
	VkPipelineLayout layout;

	check_vulkan(
		vkCreatePipelineLayout(device, &info, NULL, &layout), "vkCreatePipelineLayout");
	return layout;
}

static VkPipelineShaderStageCreateInfo shader(
	VkDevice device, VkShaderStageFlagBits stage, const uint32_t *code, size_t size)
{
	const VkShaderModuleCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
		.codeSize = size,
		.pCode = code,
	};
	VkPipelineShaderStageCreateInfo out = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
		.stage = stage,
		.pName = "main",
	};

	check_vulkan(
		vkCreateShaderModule(device, &info, NULL, &out.module), "vkCreateShaderModule");
	return out;
}

/* Makes the pipeline. It has no vertex buffers, no blending and no depth: the shader makes its
 * three vertices. */
static VkPipeline create_pipeline(
	const struct triangle *triangle, const VkPipelineShaderStageCreateInfo stages[2])
{
	const VkPipelineVertexInputStateCreateInfo vertices = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
	};
	const VkPipelineInputAssemblyStateCreateInfo assembly = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
		.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST,
	};
	const VkViewport viewport = {
		.width = (float)triangle->size.width,
		.height = (float)triangle->size.height,
		.maxDepth = 1,
	};
	const VkRect2D scissor = {.extent = triangle->size};
	const VkPipelineViewportStateCreateInfo view = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
		.viewportCount = 1,
		.pViewports = &viewport,
		.scissorCount = 1,
		.pScissors = &scissor,
	};
	const VkPipelineRasterizationStateCreateInfo raster = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
		.polygonMode = VK_POLYGON_MODE_FILL,
		.cullMode = VK_CULL_MODE_NONE,
		.lineWidth = 1,
	};
	const VkPipelineMultisampleStateCreateInfo samples = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
		.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT,
	};
	const VkPipelineColorBlendAttachmentState all_channels = {.colorWriteMask = 0xf};
	const VkPipelineColorBlendStateCreateInfo blend = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
		.attachmentCount = 1,
		.pAttachments = &all_channels,
	};
	const VkGraphicsPipelineCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
		.stageCount = 2,
		.pStages = stages,
		.pVertexInputState = &vertices,
		.pInputAssemblyState = &assembly,
		.pViewportState = &view,
		.pRasterizationState = &raster,
		.pMultisampleState = &samples,
		.pColorBlendState = &blend,
		.layout = triangle->layout,
		.renderPass = triangle->pass,
	};
	VkPipeline pipeline;

	check_vulkan(vkCreateGraphicsPipelines(
			     triangle->device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline),
		"vkCreateGraphicsPipelines");
	return pipeline;
}

void triangle_init(struct triangle *triangle, VkDevice device, VkFormat format, VkExtent2D size)
{
	const VkPipelineShaderStageCreateInfo stages[2] = {
		shader(device, VK_SHADER_STAGE_VERTEX_BIT, triangle_vert, sizeof(triangle_vert)),
		shader(device, VK_SHADER_STAGE_FRAGMENT_BIT, triangle_frag, sizeof(triangle_frag)),
	};

	*triangle = (struct triangle){
		.device = device,
		.size = size,
		.pass = create_pass(device, format),
		.layout = create_layout(device),
	};
	triangle->pipeline = create_pipeline(triangle, stages);
	vkDestroyShaderModule(device, stages[0].module, NULL);
	vkDestroyShaderModule(device, stages[1].module, NULL);
}

void triangle_finish(struct triangle *triangle)
{
	vkDestroyPipeline(triangle->device, triangle->pipeline, NULL);
	vkDestroyPipelineLayout(triangle->device, triangle->layout, NULL);
	vkDestroyRenderPass(triangle->device, triangle->pass, NULL);
}

void triangle_target(const struct triangle *triangle, VkImage image, VkFormat format,
	VkImageView *view, VkFramebuffer *framebuffer)
{
	const VkImageViewCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
		.image = image,
		.viewType = VK_IMAGE_VIEW_TYPE_2D,
		.format = format,
		.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
	};
	VkFramebufferCreateInfo target = {
		.sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
		.renderPass = triangle->pass,
		.attachmentCount = 1,
		.pAttachments = view,
		.width = triangle->size.width,
		.height = triangle->size.height,
		.layers = 1,
	};

	check_vulkan(vkCreateImageView(triangle->device, &info, NULL, view), "vkCreateImageView");
	check_vulkan(vkCreateFramebuffer(triangle->device, &target, NULL, framebuffer),
		"vkCreateFramebuffer");
}

void triangle_draw(const struct triangle *triangle, VkCommandBuffer commands,
	VkFramebuffer framebuffer, uint64_t number)
{
	const struct constants constants = {
		.angle = (float)(number % FRAMES_A_TURN) * TURN / FRAMES_A_TURN,
		.aspect = (float)triangle->size.height / (float)triangle->size.width,
	};
	const VkClearValue background = {.color.float32 = {0.05f, 0.06f, 0.1f, 1}};
	const VkRenderPassBeginInfo begin = {
		.sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
		.renderPass = triangle->pass,
		.framebuffer = framebuffer,
		.renderArea = {.extent = triangle->size},
		.clearValueCount = 1,
		.pClearValues = &background,
	};

	vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
	vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, triangle->pipeline);
	vkCmdPushConstants(commands, triangle->layout, VK_SHADER_STAGE_VERTEX_BIT, 0,
		sizeof(constants), &constants);
	vkCmdDraw(commands, 3, 1, 0, 0);
	vkCmdEndRenderPass(commands);
}
