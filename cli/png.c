/*
 * The formats that PNG holds exactly.
 *
 * SPDX-License-Identifier: MIT
 */
#include <geyser/convert.h>

#include "png.h"

/* clang-format off */
static const struct png_layout layouts[] = {
	{GEYSER_FORMAT_R8_UNORM,         GEYSER_FORMAT_R8_UNORM,     1,  8},
	{GEYSER_FORMAT_R8_UNORM_SRGB,    GEYSER_FORMAT_R8_UNORM,     1,  8},
	{GEYSER_FORMAT_RG8_UNORM,        GEYSER_FORMAT_RG8_UNORM,    2,  8},
	{GEYSER_FORMAT_RG8_UNORM_SRGB,   GEYSER_FORMAT_RG8_UNORM,    2,  8},
	{GEYSER_FORMAT_RGBA8_UNORM,      GEYSER_FORMAT_RGBA8_UNORM,  4,  8},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, GEYSER_FORMAT_RGBA8_UNORM,  4,  8},
	{GEYSER_FORMAT_BGRA8_UNORM,      GEYSER_FORMAT_BGRA8_UNORM,  4,  8},
	{GEYSER_FORMAT_BGRA8_UNORM_SRGB, GEYSER_FORMAT_BGRA8_UNORM,  4,  8},
	{GEYSER_FORMAT_R16_UINT,         GEYSER_FORMAT_R16_UNORM,    1, 16},
	{GEYSER_FORMAT_RG16_UINT,        GEYSER_FORMAT_RG16_UNORM,   2, 16},
	{GEYSER_FORMAT_RGBA16_UINT,      GEYSER_FORMAT_RGBA16_UNORM, 4, 16},
	{GEYSER_FORMAT_R16_UNORM,        GEYSER_FORMAT_R16_UNORM,    1, 16},
	{GEYSER_FORMAT_RG16_UNORM,       GEYSER_FORMAT_RG16_UNORM,   2, 16},
	{GEYSER_FORMAT_RGBA16_UNORM,     GEYSER_FORMAT_RGBA16_UNORM, 4, 16},
	{GEYSER_FORMAT_RGB10A2_UNORM,    GEYSER_FORMAT_RGB10A2_UNORM, 4, 10},
};
/* clang-format on */

static uint32_t texel_size(enum geyser_format format)
{
	return geyser_format_get_info(format)->bytes_per_texel;
}

const struct png_layout *png_layout(enum geyser_format format)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (layouts[i].format == format)
			return &layouts[i];
	}
	return NULL;
}

const char *png_advice(enum geyser_format format)
{
	return geyser_format_get_info(format)->depth ? "use a .raw file"
						     : "use --format rgba8unorm, or a .raw file";
}

void png_convert_row(enum geyser_format from, const void *texels, enum geyser_format to, void *out,
	uint32_t count)
{
	const struct geyser_pixels source = {
		from, count, 1, {{(void *)texels, count * (size_t)texel_size(from)}}};
	const struct geyser_pixels row = {to, count, 1, {{out, count * (size_t)texel_size(to)}}};

	(void)geyser_convert_pixels(&source, &row, NULL);
}
