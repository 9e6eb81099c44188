/*
 * The format table and the functions that search it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <geyser/format.h>

#include <geyser/geyser.h>
#include <stddef.h>
#include <string.h>

/* Gives each row's position in formats.def, counted from 1. Two rows with the same constant don't
 * compile. */
enum row {
	ROW_NONE,
#define GEYSER_FORMAT(constant, ...) ROW_##constant,
#include "format/formats.def"
#undef GEYSER_FORMAT
	ROW_COUNT
};

_Static_assert((int)ROW_COUNT == GEYSER_FORMAT_COUNT,
	"formats.def must have one row for each format, GEYSER_FORMAT_COUNT - 1 in all");

#define GEYSER_FORMAT(constant, ...)                                         \
	_Static_assert((int)GEYSER_FORMAT_##constant == (int)ROW_##constant, \
		"formats.def: the row of " #constant " must stand at its enum value");
#include "format/formats.def"
#undef GEYSER_FORMAT

/* clang-format off */
static const struct geyser_format_info formats[GEYSER_FORMAT_COUNT] = {
#define GEYSER_FORMAT(constant, name_, bytes_, channels_, type_, srgb_, depth_, stencil_, planes_, \
	block_width_, block_height_, usage_, drm_, vk_, mtl_, iosurface_, gl_internal_,            \
	gl_format_, gl_type_, cuda_format_, cuda_channels_, ffmpeg_)                                        \
	[GEYSER_FORMAT_##constant] = {                                                             \
		.format = GEYSER_FORMAT_##constant,                                                \
		.name = (name_),                                                                   \
		.bytes_per_texel = (bytes_),                                                       \
		.channels = (channels_),                                                           \
		.type = GEYSER_FORMAT_TYPE_##type_,                                                \
		.srgb = (srgb_),                                                                   \
		.depth = (depth_),                                                                 \
		.stencil = (stencil_),                                                             \
		GY_PLANES_##planes_(GEYSER_FORMAT_##constant),                                     \
		.block_width = (block_width_),                                                     \
		.block_height = (block_height_),                                                   \
		.usage = (usage_),                                                                 \
		.drm_fourcc = (drm_),                                                              \
		.vk_format = (vk_),                                                                \
		.mtl_pixel_format = (mtl_),                                                        \
		.iosurface_fourcc = (iosurface_),                                                  \
		.gl = {                                                                            \
			.internal_format = (gl_internal_),                                         \
			.format = (gl_format_),                                                    \
			.type = (gl_type_),                                                        \
		},                                                                                 \
		.cuda = {                                                                          \
			.array_format = (cuda_format_),                                            \
			.channels = (cuda_channels_),                                              \
		},                                                                                 \
		.ffmpeg = (ffmpeg_),                                                               \
	},
#include "format/formats.def"
#undef GEYSER_FORMAT
};
/* clang-format on */

const struct geyser_format_info *geyser_format_get_info(enum geyser_format format)
{
	unsigned int index = (unsigned int)format;

	if (index == GEYSER_FORMAT_NONE || index >= GEYSER_FORMAT_COUNT)
		return NULL;
	return &formats[index];
}

/* Uses a switch although the table has the names too. The switch has no default, so the compiler
 * warns of a constant that has no row, even if GEYSER_FORMAT_COUNT wasn't changed either. */
const char *geyser_format_name(enum geyser_format format)
{
	switch (format) {
	case GEYSER_FORMAT_NONE:
		return "none";
#define GEYSER_FORMAT(constant, name, ...) \
	case GEYSER_FORMAT_##constant:     \
		return (name);
#include "format/formats.def"
#undef GEYSER_FORMAT
	}
	return "unknown";
}

/* Whether text is ffmpeg's name of the format. ffmpeg takes "gray16" for "gray16le" as well. Of
 * several formats with one name the normalised, linear one is meant. */
static bool is_ffmpeg_name(const struct geyser_format_info *info, const char *text)
{
	const size_t length = strlen(text);

	return info->ffmpeg && !info->srgb && info->type != GEYSER_FORMAT_TYPE_UINT &&
	       strncmp(info->ffmpeg, text, length) == 0 &&
	       (!info->ffmpeg[length] || strcmp(info->ffmpeg + length, "le") == 0);
}

enum geyser_format geyser_format_from_name(const char *text)
{
	if (!text)
		return GEYSER_FORMAT_NONE;
	for (unsigned int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		if (strcmp(formats[i].name, text) == 0)
			return formats[i].format;
	}
	for (unsigned int i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		if (is_ffmpeg_name(&formats[i], text))
			return formats[i].format;
	}
	return GEYSER_FORMAT_NONE;
}

static uint32_t divided(uint32_t extent, uint32_t divisor)
{
	return extent / divisor + (extent % divisor != 0);
}

bool geyser_format_is_video(enum geyser_format format)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);

	return info && info->type == GEYSER_FORMAT_TYPE_YUV;
}

bool geyser_format_get_plane_extent(enum geyser_format format, uint32_t plane, uint32_t width,
	uint32_t height, struct geyser_plane_extent *out)
{
	const struct geyser_format_info *info = geyser_format_get_info(format), *texels;

	*out = (struct geyser_plane_extent){0};
	if (!info || plane >= info->planes)
		return false;
	texels = geyser_format_get_info(info->plane[plane].format);
	out->width = divided(width, info->plane[plane].width_divisor);
	out->height = divided(height, info->plane[plane].height_divisor);
	out->row_bytes =
		(uint64_t)divided(out->width, texels->block_width) * texels->bytes_per_texel;
	out->size = out->row_bytes * divided(out->height, texels->block_height);
	return true;
}
