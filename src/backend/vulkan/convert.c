/* SPDX-License-Identifier: MIT */
/* Conversions of textures on the device: which pipeline does it, if any. */
#include "backend/vulkan/conversion.h"

#include "base/error.h"
#include "format/yuv.h"

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

/* Compares the results of *pipeline, unless that is done. Makes the pipeline first if it is NULL.
 */
static enum geyser_result prove_pipeline(
	struct vk_device *device, const struct vk_pipeline *wanted, struct vk_pipeline **pipeline)
{
	enum geyser_result result = GEYSER_OK;

	if (!*pipeline)
		result = gy_vk_pipeline_make(device, wanted, pipeline);
	if (result != GEYSER_OK || (*pipeline)->proven)
		return result;
	return gy_vk_pipeline_prove(device, *pipeline);
}

/* Gives the pipeline, which is made at the first call. *out is NULL if its results differ from the
 * CPU's. */
static enum geyser_result try_pipeline(
	struct vk_device *device, struct vk_pipeline wanted, const struct vk_pipeline **out)
{
	struct vk_converter *converter = device->converter;
	struct vk_pipeline *pipeline = find_pipeline(device, &wanted);
	enum geyser_result result;

	wanted.fused = !converter->unfused && !geyser_format_is_video(wanted.from) &&
		       !geyser_format_is_video(wanted.to);
	result = prove_pipeline(device, &wanted, &pipeline);
	if (result == GEYSER_OK && !pipeline->equal && pipeline->fused) {
		wanted.fused = false;
		pipeline = NULL;
		result = prove_pipeline(device, &wanted, &pipeline);
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
			"device: the feature shaderStorageImageWriteWithoutFormat is needed; if "
			"the program has enabled it, call geyser_vulkan_manager_set_features");
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
		gy_vk_record_levels(device, commands, &conversion);
	else if (result == GEYSER_OK)
		result = refuse(&conversion);
	(void)pthread_mutex_unlock(&device->converting);
	return result;
}
