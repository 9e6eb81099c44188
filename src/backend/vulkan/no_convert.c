/* SPDX-License-Identifier: MIT */
/* The functions of convert.c in a build without shaders: the CPU converts. */
#include "backend/vulkan/conversion.h"

#include "base/error.h"

enum geyser_result gy_vulkan_convert(struct gy_backend_texture *from, struct gy_backend_texture *to,
	const struct gy_yuv_meaning *meaning, bool *done)
{
	(void)from;
	(void)to;
	(void)meaning;
	*done = false;
	return GEYSER_OK;
}

enum geyser_result gy_vk_convert_texels(struct gy_backend_texture *from,
	struct gy_backend_texture *to, const struct gy_yuv_meaning *meaning, bool *done)
{
	return gy_vulkan_convert(from, to, meaning, done);
}

enum geyser_result gy_vulkan_record_conversion(struct gy_backend_texture *from,
	struct gy_backend_texture *to, const struct gy_yuv_meaning *meaning,
	VkCommandBuffer commands)
{
	(void)from;
	(void)to;
	(void)meaning;
	(void)commands;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"this geyser was built without glslangValidator, and so without shaders; "
		"geyser_texture_convert converts on the CPU");
}
