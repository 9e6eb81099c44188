/*
 * The formats that PNG holds exactly.
 *
 * SPDX-License-Identifier: MIT
 */
#include "png.h"

/* clang-format off */
static const struct png_layout layouts[] = {
	{GEYSER_FORMAT_R8_UNORM,         1,  8, 0, false},
	{GEYSER_FORMAT_R8_UNORM_SRGB,    1,  8, 0, false},
	{GEYSER_FORMAT_RG8_UNORM,        2,  8, 0, false},
	{GEYSER_FORMAT_RG8_UNORM_SRGB,   2,  8, 0, false},
	{GEYSER_FORMAT_RGBA8_UNORM,      4,  8, 8, false},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, 4,  8, 8, false},
	{GEYSER_FORMAT_BGRA8_UNORM,      4,  8, 8, true},
	{GEYSER_FORMAT_BGRA8_UNORM_SRGB, 4,  8, 8, true},
	{GEYSER_FORMAT_R16_UINT,         1, 16, 0, false},
	{GEYSER_FORMAT_RG16_UINT,        2, 16, 0, false},
	{GEYSER_FORMAT_RGBA16_UINT,      4, 16, 16, false},
	{GEYSER_FORMAT_R16_UNORM,        1, 16, 0, false},
	{GEYSER_FORMAT_RG16_UNORM,       2, 16, 0, false},
	{GEYSER_FORMAT_RGBA16_UNORM,     4, 16, 16, false},
	{GEYSER_FORMAT_RGB10A2_UNORM,    4, 10, 2, false},
};
/* clang-format on */

const struct png_layout *png_layout(enum geyser_format format)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (layouts[i].format == format)
			return &layouts[i];
	}
	return NULL;
}

/* Neither function below meets a tie when it rounds: every maximum, 2^bits - 1, is odd. */
uint16_t png_widen(uint32_t value, unsigned bits)
{
	const uint32_t max = (1u << bits) - 1;

	return (uint16_t)((value * UINT64_C(65535) + max / 2) / max);
}

uint32_t png_narrow(uint16_t value, unsigned bits)
{
	const uint32_t max = (1u << bits) - 1;

	return (value * max + 32767) / 65535;
}
