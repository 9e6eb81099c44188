/*
 * Makes copies of textures in another format or size.
 *
 * SPDX-License-Identifier: MIT
 */
#include "converted.h"

#include <geyser/convert.h>

enum geyser_format converted_format(
	enum geyser_format texture, enum geyser_format chosen, bool is_png)
{
	const struct geyser_format_info *const info = geyser_format_get_info(texture);

	if (chosen)
		return chosen;
	if (!is_png || !geyser_format_is_video(texture))
		return texture;
	/* a sample of more than 8 bits lies in a word */
	return info->planes > 1 && info->bytes_per_texel > 1 ? GEYSER_FORMAT_RGBA16_UNORM
							     : GEYSER_FORMAT_RGBA8_UNORM;
}

static bool is_same_shape(const struct geyser_texture_desc *a, const struct geyser_texture_desc *b)
{
	return a->format == b->format && a->width == b->width && a->height == b->height &&
	       a->depth == b->depth && a->layers == b->layers && a->mip_levels == b->mip_levels;
}

/* Makes the copy's texture, unless it has this shape already. */
static enum geyser_result prepare(const struct geyser_texture_desc *desc, struct converted *out)
{
	const struct geyser_manager_desc host = {.backend = GEYSER_BACKEND_HOST};
	enum geyser_result result = GEYSER_OK;

	if (out->texture && is_same_shape(geyser_texture_get_desc(out->texture), desc))
		return GEYSER_OK;
	geyser_texture_unref(out->texture);
	out->texture = NULL;
	if (!out->manager)
		result = geyser_manager_create(&host, &out->manager);
	return result ? result : geyser_texture_create(out->manager, desc, &out->texture);
}

/* The matrix of H.273 that names none. */
#define UNSPECIFIED 2

/* Changes what the numbers of a frame mean to what those of video mean, on the side that has video.
 * Colours become video of limited range, as in a rendition. */
static void describe_video(
	enum geyser_format from, enum geyser_format to, struct geyser_frame_info *info)
{
	if (!geyser_format_is_video(from) && geyser_format_is_video(to))
		info->color.range = GEYSER_COLOR_RANGE_LIMITED;
}

/* Changes it to what the numbers of the copy mean. */
static void describe_copy(
	enum geyser_format from, enum geyser_format to, struct geyser_frame_info *info)
{
	if (!geyser_format_is_video(from) || geyser_format_is_video(to))
		return;
	info->color.matrix = 0;
	info->color.range = GEYSER_COLOR_RANGE_FULL;
	info->siting = GEYSER_SITING_UNSPECIFIED;
}

/* Converts to the copy. A matrix that isn't known is taken as unspecified, as in a rendition. */
static enum geyser_result convert(
	struct geyser_texture *texture, struct geyser_frame_info *info, const struct converted *out)
{
	const struct geyser_convert_options options = {
		.color = info ? &info->color : NULL,
		.siting = info ? info->siting : GEYSER_SITING_UNSPECIFIED,
		.filter = !out->size.width ? GEYSER_FILTER_NONE
			  : out->filter    ? out->filter
					   : GEYSER_FILTER_BOX,
	};
	enum geyser_result result = geyser_texture_convert(texture, out->texture, &options);

	if (result != GEYSER_ERROR_UNSUPPORTED || !info || info->color.matrix == UNSPECIFIED)
		return result;
	info->color.matrix = UNSPECIFIED;
	return geyser_texture_convert(texture, out->texture, &options);
}

bool converted_make(struct geyser_texture *texture, enum geyser_format format,
	struct geyser_frame_info *info, const char *name, struct converted *out)
{
	const struct geyser_texture_desc *const from = geyser_texture_get_desc(texture);
	const bool scaled = out->size.width;
	const struct geyser_texture_desc desc = {
		.format = format,
		.width = scaled ? out->size.width : from->width,
		.height = scaled ? out->size.height : from->height,
		.depth = from->depth,
		.layers = from->layers,
		.mip_levels = from->mip_levels,
	};
	enum geyser_result result = prepare(&desc, out);

	if (info)
		describe_video(from->format, format, info);
	if (result == GEYSER_OK)
		result = convert(texture, info, out);
	if (info)
		describe_copy(from->format, format, info);
	if (result == GEYSER_OK)
		return true;
	(void)library_failure("%s", name);
	return false;
}

void converted_finish(struct converted *converted)
{
	geyser_texture_unref(converted->texture);
	geyser_manager_destroy(converted->manager);
	*converted = (struct converted){0};
}
