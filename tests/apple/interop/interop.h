/* SPDX-License-Identifier: MIT */
/* Functions that the interop tests share: they access single texels of mapped textures. */
#ifndef TESTS_INTEROP_H
#define TESTS_INTEROP_H

#include "support.h"

#include <apple_double.h>

/* Write and compare one texel of a texture with one layer and one mip level. */
static inline void put_texel(
	struct geyser_texture *texture, uint32_t x, uint32_t y, const void *from)
{
	const enum geyser_format format = geyser_texture_get_desc(texture)->format;
	const size_t bytes = geyser_format_get_info(format)->bytes_per_texel;
	struct geyser_mapping mapping;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &mapping));
	memcpy((uint8_t *)mapping.data + y * mapping.row_pitch + x * bytes, from, bytes);
	geyser_texture_unmap(texture);
}

static inline void expect_texel(
	struct geyser_texture *texture, uint32_t x, uint32_t y, const void *expected)
{
	const enum geyser_format format = geyser_texture_get_desc(texture)->format;
	const size_t bytes = geyser_format_get_info(format)->bytes_per_texel;
	struct geyser_mapping mapping;
	uint8_t found[16];

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	memcpy(found, (const uint8_t *)mapping.data + y * mapping.row_pitch + x * bytes, bytes);
	geyser_texture_unmap(texture);
	assert_memory_equal(found, expected, bytes);
}

#endif
