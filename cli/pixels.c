/*
 * The planes of pictures in memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pixels.h"

struct geyser_pixels pixels_of_texture(const struct geyser_texture *texture, unsigned char *data)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	struct geyser_pixels out = {
		.format = desc->format, .width = desc->width, .height = desc->height};
	struct geyser_subresource plane;

	for (uint32_t i = 0; i < geyser_format_get_info(desc->format)->planes; i++) {
		(void)geyser_texture_get_subresource(texture, i, 0, 0, &plane);
		out.planes[i].data = data + plane.offset;
		out.planes[i].row_pitch = plane.row_pitch;
	}
	return out;
}

struct geyser_pixels pixels_of_frame(
	enum geyser_format format, uint32_t width, uint32_t height, unsigned char *data)
{
	struct geyser_pixels out = {.format = format, .width = width, .height = height};
	struct geyser_plane_extent plane;

	for (uint32_t i = 0; geyser_format_get_plane_extent(format, i, width, height, &plane);
		i++) {
		out.planes[i].data = data;
		out.planes[i].row_pitch = (size_t)plane.row_bytes;
		data += plane.size;
	}
	return out;
}
