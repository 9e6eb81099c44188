/* SPDX-License-Identifier: MIT */
/* Conversions between video and colours by the shader `video`. */
#include "backend/vulkan/conversion.h"

#include "format/yuv_numbers.h"

#include <string.h>

/* Colours whose numbers shaders read and write as they are: they are encoded, as video is. */
static bool is_plain(enum geyser_format format)
{
	const struct geyser_format_info *info = geyser_format_get_info(format);

	return !info->srgb &&
	       (info->type == GEYSER_FORMAT_TYPE_UNORM || info->type == GEYSER_FORMAT_TYPE_FLOAT);
}

bool gy_vk_video_is_possible(const struct vk_texture *from, const struct vk_texture *to)
{
	const struct geyser_texture_desc *desc = &from->desc;

	return desc->layers == 1 && desc->mip_levels == 1 &&
	       (is_plain(desc->format) || is_plain(to->desc.format));
}

struct vk_video_constants gy_vk_video_constants_of(enum geyser_format video)
{
	const struct gy_yuv_layout layout = gy_yuv_layout_of(video);

	return (struct vk_video_constants){
		.planes = geyser_format_get_info(video)->planes,
		.bits = layout.bits,
		.columns = layout.columns,
		.rows = layout.rows,
		.first = layout.component[0].offset,
	};
}

void gy_vk_record_video(
	struct vk_device *device, VkCommandBuffer commands, const struct vk_conversion *conversion)
{
	const struct geyser_texture_desc *desc = &conversion->from->desc;
	const bool to_video = geyser_format_is_video(conversion->to->desc.format);
	const struct gy_yuv_layout layout =
		gy_yuv_layout_of(to_video ? conversion->to->desc.format : desc->format);
	const struct gy_yuv_range range =
		gy_yuv_range_of(layout.bits, conversion->meaning->limited);
	const struct gy_yuv_factors factors = gy_yuv_factors_of(&range, conversion->meaning);
	struct vk_video_part part = {
		.width = desc->width,
		.height = desc->height,
		.across = conversion->meaning->across,
		.down = conversion->meaning->down,
	};
	struct gy_yuv_weights weights[3];
	uint32_t extent[] = {desc->width, desc->height, 1};

	_Static_assert(sizeof(weights) == sizeof(part.numbers), "the shader has these numbers");
	memcpy(part.numbers, &factors, sizeof(factors));
	if (to_video) {
		gy_yuv_set_weights(&range, conversion->meaning, weights);
		memcpy(part.numbers, weights, sizeof(weights));
		extent[0] = gy_vk_divide_up(desc->width, layout.columns);
		extent[1] = gy_vk_divide_up(desc->height, layout.rows);
	}
	gy_vk_bind_sets(device, commands, conversion, 0);
	gy_vk_record_dispatch(device, commands, conversion->pipeline, &part, sizeof(part), extent);
}
