/*
 * Test patterns in textures, also of video.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include <geyser/convert.h>

#include "common.h"
#include "pattern.h"
#include "pixels.h"

bool pattern_holds(enum geyser_format format)
{
	return canvas_holds(format) || geyser_format_is_video(format);
}

static bool draw_video(enum pattern pattern, uint64_t frame, const struct geyser_frame_info *info,
	const struct canvas *canvas, const struct geyser_pixels *video)
{
	const struct geyser_pixels colours = {
		canvas->format, canvas->width, canvas->height, {{canvas->data, canvas->row_pitch}}};
	const struct geyser_convert_options options = {
		.color = &info->color, .siting = info->siting};

	pattern_draw(pattern, frame, info->presentation_ns, canvas);
	if (!geyser_convert_pixels(&colours, video, &options))
		return true;
	(void)library_failure("the pattern");
	return false;
}

bool pattern_draw_texture(enum pattern pattern, uint64_t frame,
	const struct geyser_frame_info *info, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	struct canvas canvas = {
		.format = desc->format,
		.width = desc->width,
		.height = desc->height,
		.data = mapping->data,
		.row_pitch = mapping->row_pitch,
	};
	struct geyser_pixels video;
	bool drawn;

	if (!geyser_format_is_video(desc->format)) {
		pattern_draw(pattern, frame, info->presentation_ns, &canvas);
		return true;
	}
	canvas.format = GEYSER_FORMAT_RGBA8_UNORM;
	canvas.row_pitch = (size_t)desc->width * 4;
	canvas.data = malloc(canvas.row_pitch * desc->height);
	if (!canvas.data) {
		(void)failure("no memory for a pattern (%ux%u): expected %zu free bytes",
			desc->width, desc->height, canvas.row_pitch * desc->height);
		return false;
	}
	video = pixels_of_texture(texture, mapping->data);
	drawn = draw_video(pattern, frame, info, &canvas, &video);
	free(canvas.data);
	return drawn;
}
