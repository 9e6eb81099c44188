/* SPDX-License-Identifier: MIT */
/* What a rendition makes of one frame: its texels, and the information that goes with it. */
#include "stream/rendering.h"

#include "format/usage.h"

#include <geyser/convert.h>

#define UNSPECIFIED 2 /* the matrix "unspecified" in ITU-T H.273 */

/* The usages with which texels are converted, and that most subscribers need. */
#define TEXELS (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING)

/* Filters and chroma reach a texel or two beyond the texel that they make. */
#define REACH 2

/* A size in texels. */
struct extent {
	uint32_t width, height;
};

static bool is_turned_by_90(enum geyser_orientation orientation)
{
	return orientation & 1;
}

/* Returns the part of the source that the rendition shows. */
static struct geyser_rect shown_part(const struct gy_rendition *rendition,
	const struct geyser_texture_desc *source, const struct geyser_frame_info *info)
{
	if (rendition->desc.upright && info && info->crop.width && info->crop.height)
		return info->crop;
	return (struct geyser_rect){0, 0, source->width, source->height};
}

static enum geyser_orientation turn_of(
	const struct gy_rendition *rendition, const struct geyser_frame_info *info)
{
	return rendition->desc.upright && info ? info->orientation : GEYSER_ORIENTATION_NORMAL;
}

void gy_rendition_describe(const struct gy_rendition *rendition,
	const struct geyser_texture_desc *source, const struct geyser_frame_info *info,
	struct geyser_texture_desc *out)
{
	const struct geyser_rect part = shown_part(rendition, source, info);
	const bool swap = is_turned_by_90(turn_of(rendition, info));
	uint32_t possible = 0;

	*out = (struct geyser_texture_desc){
		.format = rendition->desc.format ? rendition->desc.format : source->format,
		.width = swap ? part.height : part.width,
		.height = swap ? part.width : part.height,
	};
	if (rendition->desc.width) {
		out->width = rendition->desc.width;
		out->height = rendition->desc.height;
	}
	(void)geyser_manager_format_usage(
		rendition->source->manager, out->format, GEYSER_DIMENSION_2D, &possible);
	out->usage = ((source->usage | TEXELS) & possible) | rendition->row_alignment;
}

/* ---- rectangles ---- */

/* Returns the part of the rectangle that lies within the other one, counted from that one's
 * corner. */
static struct geyser_rect intersect(
	const struct geyser_rect *rect, const struct geyser_rect *within)
{
	const uint64_t left = rect->x > within->x ? rect->x : within->x;
	const uint64_t top = rect->y > within->y ? rect->y : within->y;
	const uint64_t ends[] = {(uint64_t)rect->x + rect->width,
		(uint64_t)within->x + within->width, (uint64_t)rect->y + rect->height,
		(uint64_t)within->y + within->height};
	const uint64_t right = ends[0] < ends[1] ? ends[0] : ends[1];
	const uint64_t bottom = ends[2] < ends[3] ? ends[2] : ends[3];

	if (left >= right || top >= bottom)
		return (struct geyser_rect){0};
	return (struct geyser_rect){(uint32_t)(left - within->x), (uint32_t)(top - within->y),
		(uint32_t)(right - left), (uint32_t)(bottom - top)};
}

/* Turns a rectangle of a picture as the picture is turned: mirrors it about the vertical axis, then
 * turns it counter-clockwise by quarters. */
static struct geyser_rect turn(
	struct geyser_rect rect, struct extent whole, enum geyser_orientation orientation)
{
	if (orientation & GEYSER_ORIENTATION_FLIPPED)
		rect.x = whole.width - rect.x - rect.width;
	for (unsigned quarters = orientation & 3; quarters > 0; quarters--) {
		rect = (struct geyser_rect){
			rect.y, whole.width - rect.x - rect.width, rect.height, rect.width};
		whole = (struct extent){whole.height, whole.width};
	}
	return rect;
}

/* Scales one dimension outward to whole texels. reach: texels of the source on both sides. */
static void scale_span(
	uint32_t *start, uint32_t *length, uint32_t from, uint32_t to, uint32_t reach)
{
	const uint64_t first = *start > reach ? *start - reach : 0;
	uint64_t end = (uint64_t)*start + *length + reach;

	if (end > from)
		end = from;
	*start = (uint32_t)(first * to / from);
	*length = (uint32_t)((end * to + from - 1) / from) - *start;
}

/* A frame's way from the source to the rendition. */
struct way {
	struct geyser_rect part;
	enum geyser_orientation orientation;
	struct extent upright; /* the part's size once it is turned */
	struct extent to;
	uint32_t reach;
};

/* Maps a rectangle of the source. Returns one without texels if nothing of it is shown. */
static struct geyser_rect map_rect(
	const struct way *way, const struct geyser_rect *rect, uint32_t reach)
{
	const struct extent part = {way->part.width, way->part.height};
	struct geyser_rect out = intersect(rect, &way->part);

	if (!out.width)
		return out;
	out = turn(out, part, way->orientation);
	scale_span(&out.x, &out.width, way->upright.width, way->to.width, reach);
	scale_span(&out.y, &out.height, way->upright.height, way->to.height, reach);
	return out;
}

static struct way find_way(const struct gy_rendition *rendition,
	const struct geyser_texture_desc *from, const struct geyser_texture_desc *to,
	const struct geyser_frame_info *info)
{
	struct way way = {
		.part = shown_part(rendition, from, info),
		.orientation = turn_of(rendition, info),
		.to = {to->width, to->height},
	};

	way.upright = (struct extent){way.part.width, way.part.height};
	if (is_turned_by_90(way.orientation))
		way.upright = (struct extent){way.part.height, way.part.width};
	if (way.upright.width != to->width || way.upright.height != to->height ||
		geyser_format_is_video(from->format) || geyser_format_is_video(to->format))
		way.reach = REACH;
	return way;
}

/* ---- the frame ---- */

/* Returns what the numbers of video mean that the frame is converted from or to. Colours become
 * video of limited range, as most video is: the frame's range is that of the colours' numbers. */
static struct geyser_color color_of_video(
	enum geyser_format from, enum geyser_format to, const struct geyser_frame_info *info)
{
	struct geyser_color color = info->color;

	if (!geyser_format_is_video(from) && geyser_format_is_video(to))
		color.range = GEYSER_COLOR_RANGE_LIMITED;
	return color;
}

/* The numbers of the result mean what the options have said, or RGB. */
static void describe_color(enum geyser_format from, enum geyser_format to,
	const struct geyser_color *used, struct geyser_frame_info *info)
{
	info->color.matrix = used->matrix;
	info->color.range = used->range;
	if (!geyser_format_is_video(from) || geyser_format_is_video(to))
		return;
	info->color.matrix = 0;
	info->color.range = GEYSER_COLOR_RANGE_FULL;
	info->siting = GEYSER_SITING_UNSPECIFIED;
}

static void map_info(const struct way *way, bool upright, struct geyser_frame_info *info)
{
	for (uint32_t i = 0; i < info->damage_count; i++)
		info->damage[i] = map_rect(way, &info->damage[i], way->reach);
	if (upright) {
		info->crop = (struct geyser_rect){0};
		info->orientation = GEYSER_ORIENTATION_NORMAL;
	} else if (info->crop.width && info->crop.height) {
		info->crop = map_rect(way, &info->crop, 0);
	}
}

enum geyser_result gy_rendition_convert(const struct gy_rendition *rendition,
	struct geyser_frame *source, struct geyser_frame *destination)
{
	struct geyser_texture *const from = geyser_frame_texture(source);
	struct geyser_texture *const to = geyser_frame_texture(destination);
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(from);
	const struct geyser_texture_desc *const made = geyser_texture_get_desc(to);
	struct geyser_frame_info info = *geyser_frame_get_info(source);
	const struct way way = find_way(rendition, desc, made, &info);
	struct geyser_color color = color_of_video(desc->format, made->format, &info);
	const struct geyser_convert_options options = {
		.color = &color,
		.siting = info.siting,
		.crop = way.part,
		.filter = rendition->desc.filter,
		.orientation = way.orientation,
	};
	enum geyser_result result = geyser_texture_convert(from, to, &options);

	if (result == GEYSER_ERROR_UNSUPPORTED && color.matrix != UNSPECIFIED) {
		color.matrix = UNSPECIFIED; /* a picture with a matrix that isn't known */
		result = geyser_texture_convert(from, to, &options);
	}
	if (result != GEYSER_OK)
		return result;
	describe_color(desc->format, made->format, &color, &info);
	map_info(&way, rendition->desc.upright, &info);
	*geyser_frame_get_info(destination) = info;
	return GEYSER_OK;
}
