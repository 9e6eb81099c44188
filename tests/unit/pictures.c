/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GUARD 0x5A

/* Returns the bytes of a plane from its first texel to its last one; 0 if there is no such plane.
 */
static size_t size_of(const struct geyser_pixels *picture, uint32_t plane)
{
	struct geyser_plane_extent extent;

	if (!geyser_format_get_plane_extent(
		    picture->format, plane, picture->width, picture->height, &extent))
		return 0;
	return picture->planes[plane].row_pitch * (extent.height - 1) + (size_t)extent.row_bytes;
}

struct geyser_pixels picture_make(enum geyser_format format, uint32_t width, uint32_t height)
{
	struct geyser_pixels out = {.format = format, .width = width, .height = height};
	struct geyser_plane_extent extent;

	for (uint32_t plane = 0;
		geyser_format_get_plane_extent(format, plane, width, height, &extent); plane++) {
		size_t size;

		out.planes[plane].row_pitch = (size_t)extent.row_bytes + 3;
		size = size_of(&out, plane);
		out.planes[plane].data = malloc(size);
		assert_non_null(out.planes[plane].data);
		memset(out.planes[plane].data, GUARD, size);
	}
	return out;
}

struct geyser_pixels picture_make_random(
	enum geyser_format format, uint32_t width, uint32_t height, uint32_t seed)
{
	struct geyser_pixels out = picture_make(format, width, height);

	for (uint32_t plane = 0; plane < GEYSER_FORMAT_PLANES_MAX; plane++) {
		unsigned char *const bytes = out.planes[plane].data;
		const size_t size = size_of(&out, plane);

		for (size_t i = 0; i < size; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (unsigned char)(seed >> 24);
		}
	}
	return out;
}

void picture_finish(struct geyser_pixels *picture)
{
	for (size_t plane = 0; plane < GEYSER_FORMAT_PLANES_MAX; plane++)
		free(picture->planes[plane].data);
}

bool pictures_are_same(const struct geyser_pixels *a, const struct geyser_pixels *b)
{
	for (uint32_t plane = 0; size_of(a, plane) > 0; plane++)
		if (memcmp(a->planes[plane].data, b->planes[plane].data, size_of(a, plane)) != 0)
			return false;
	return true;
}
