/* SPDX-License-Identifier: MIT */
/* Declares what the files of conversions on the device share.
 *
 * A conversion between colours is a dispatch of the shader `convert`, which reads and writes images
 * directly or through buffers. One between video and colours is a dispatch of the shader `video`,
 * in images. A pipeline is made for each pair of formats, and used only if its results are equal to
 * the CPU's (convert_proof.c). */
#ifndef GY_BACKEND_VULKAN_CONVERSION_H
#define GY_BACKEND_VULKAN_CONVERSION_H

#include "backend/vulkan/vk.h"

static inline uint32_t gy_vk_divide_up(uint32_t value, uint32_t by)
{
	return (value + by - 1) / by;
}

/* How the shader reaches the texels of one side. */
enum vk_side {
	GY_VK_BUFFER, /* copied to or from a buffer of the converter */
	GY_VK_IMAGE,  /* in the image */
	GY_VK_SIDES,
};

/* What the build makes of shader/convert.comp and shader/video.comp. */
enum vk_shader {
	GY_VK_CONVERT,
	GY_VK_CONVERT_TO_IMAGE,
	GY_VK_CONVERT_FROM_IMAGE,
	GY_VK_CONVERT_IMAGES,
	GY_VK_FROM_VIDEO,
	GY_VK_TO_VIDEO,
	GY_VK_SHADERS,
};

/* A pipeline, and what it is for. */
struct vk_pipeline {
	struct vk_pipeline *next;
	enum geyser_format from, to;
	enum vk_side reads, writes;
	bool fused;      /* it expects that the shader's fma() rounds once */
	uint32_t texels; /* that one invocation converts, side by side */
	bool proven;     /* its results were compared; after an error they weren't */
	bool equal;      /* its results are the CPU's; those of video may differ by 1 */
	VkPipeline handle;
	VkPipelineLayout layout; /* borrowed from the converter */
};

/* A buffer, and the descriptor set with it alone. */
struct vk_scratch {
	struct vk_linear linear;
	VkDescriptorSet set;
};

/* What a device has for conversions. */
struct vk_converter {
	/* of sets with GY_VK_VIEWS images, and with one buffer */
	VkDescriptorSetLayout sampled, stored, buffer;
	/* made when they are needed first */
	VkPipelineLayout layouts[GY_VK_SIDES][GY_VK_SIDES];
	VkShaderModule modules[GY_VK_SHADERS];
	VkDescriptorPool pool;
	struct vk_scratch tables; /* of srgb.h */
	/* texels on their way from and to images; made when they are needed first */
	struct vk_scratch source, destination;
	struct vk_pipeline *pipelines;
	bool unfused; /* the shader's fma() is known to round twice */
};

/* The bytes of the buffers for texels. Even a row of the largest texture fits. */
#define GY_VK_SCRATCH_SIZE (UINT64_C(16) << 20)

/* The part of a level that one dispatch converts: the shader's push constants. */
struct vk_convert_part {
	uint32_t width, rows;
	uint32_t first_row, first_layer;
	uint32_t pitch; /* texels of a row of the buffers */
};

/* The same for the shader `video`. */
struct vk_video_part {
	uint32_t width, height;
	int32_t across, down; /* struct gy_yuv_meaning */
	/* struct gy_yuv_factors, or struct gy_yuv_weights of each component */
	float numbers[12];
};

/* Two textures, and the pipeline that converts one to the other; NULL if they have one format. */
struct vk_conversion {
	struct vk_texture *from, *to;
	const struct gy_yuv_meaning *meaning;
	const struct vk_pipeline *pipeline;
};

/* The caller holds the lock `converting` in all functions below but those of convert_end.c. */

/* ---- convert_end.c ---- */

void gy_vk_converter_destroy(struct vk_device *device);
void gy_vk_views_finish(struct vk_device *device, struct vk_views *views);

/* ---- convert_dispatch.c ---- */

/* Binds the descriptor sets of a level. */
void gy_vk_bind_sets(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_conversion *conversion, uint32_t level);

/* Records one dispatch. part: the push constants, of so many bytes. The shader converts width ×
 * height texels, or blocks of texels, in each of the layers. */
void gy_vk_record_dispatch(struct vk_device *device, VkCommandBuffer commands,
	const struct vk_pipeline *pipeline, const void *part, uint32_t bytes,
	const uint32_t extent[3]);

/* ---- convert_video.c ---- */

/* Whether the shader `video` converts between these textures. */
bool gy_vk_video_is_possible(const struct vk_texture *from, const struct vk_texture *to);

/* The specialization constants of the shader `video`. */
struct vk_video_constants {
	uint32_t planes, bits, columns, rows, first;
};
struct vk_video_constants gy_vk_video_constants_of(enum geyser_format video);

void gy_vk_record_video(
	struct vk_device *device, VkCommandBuffer commands, const struct vk_conversion *conversion);

/* ---- convert_pipeline.c ---- */

/* Makes the device's converter unless there is one. */
enum geyser_result gy_vk_converter_make(struct vk_device *device);

/* Makes a pipeline, adds it to the converter and gives it. Its members `proven` and `equal` are
 * false. Errors: OUT_OF_MEMORY, DEVICE_LOST, SYSTEM. */
enum geyser_result gy_vk_pipeline_make(
	struct vk_device *device, const struct vk_pipeline *wanted, struct vk_pipeline **out);

/* Makes what a pipeline needs to reach the texels of both textures, unless it is there. */
enum geyser_result gy_vk_pipeline_prepare(
	const struct vk_pipeline *pipeline, struct vk_texture *from, struct vk_texture *to);

/* ---- convert_record.c ---- */

/* Records the conversion of textures that are acquired. */
void gy_vk_record_levels(
	struct vk_device *device, VkCommandBuffer commands, const struct vk_conversion *conversion);

/* Records the conversion, with the barriers that take both textures over and give them back. data:
 * a struct vk_conversion. */
vk_record gy_vk_record_conversion;

/* ---- convert_proof.c ---- */

/* Converts a picture with all values of 16 bits, and with edges and random values of 32 bits, on
 * the device and on the CPU. Sets pipeline->proven, and pipeline->equal if all bits are the same,
 * or all numbers of a conversion of video differ by 1 at most. Errors: as gy_vk_texture_create and
 * gy_vk_texture_map; neither member is set then. */
enum geyser_result gy_vk_pipeline_prove(struct vk_device *device, struct vk_pipeline *pipeline);

#endif
