/*
 * Frames of a film to look at.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "common.h"
#include "media_look.h"
#include "upright.h"

/* Numbers of ITU-T H.273. */
enum { BT709 = 1, UNSPECIFIED = 2, SRGB_TRANSFER = 13 };

/* ---- the film ------------------------------------------------------------------------------- */

/* Returns the format by which the texels are read: numbers of which 0 is black, and the largest one
 * white. NONE: there is no such format. */
static enum geyser_format view_of(enum geyser_format format)
{
	switch (format) {
	case GEYSER_FORMAT_R16_UINT:
		return GEYSER_FORMAT_R16_UNORM;
	case GEYSER_FORMAT_RG16_UINT:
		return GEYSER_FORMAT_RG16_UNORM;
	case GEYSER_FORMAT_RGBA16_UINT:
		return GEYSER_FORMAT_RGBA16_UNORM;
	case GEYSER_FORMAT_DEPTH32_FLOAT:
		return GEYSER_FORMAT_R32_FLOAT;
	/* the encoded numbers go into the film, not light */
	case GEYSER_FORMAT_R8_UNORM_SRGB:
		return GEYSER_FORMAT_R8_UNORM;
	case GEYSER_FORMAT_RG8_UNORM_SRGB:
		return GEYSER_FORMAT_RG8_UNORM;
	case GEYSER_FORMAT_RGBA8_UNORM_SRGB:
		return GEYSER_FORMAT_RGBA8_UNORM;
	case GEYSER_FORMAT_BGRA8_UNORM_SRGB:
		return GEYSER_FORMAT_BGRA8_UNORM;
	default:
		break;
	}
	switch (geyser_format_get_info(format)->type) {
	case GEYSER_FORMAT_TYPE_UNORM:
	case GEYSER_FORMAT_TYPE_FLOAT:
	case GEYSER_FORMAT_TYPE_UFLOAT:
	case GEYSER_FORMAT_TYPE_YUV:
		return format;
	default:
		return GEYSER_FORMAT_NONE;
	}
}

static bool is_gray(enum geyser_format view)
{
	return geyser_format_get_info(view)->channels == 1;
}

static bool is_on_its_side(enum geyser_orientation orientation)
{
	return orientation % 2 != 0; /* a turn by 90 or 270 degrees, mirrored or not */
}

/* An encoder of video with chroma at half size wants an even size. */
static uint32_t even(uint32_t extent)
{
	return extent + extent % 2;
}

static void choose_color(
	enum geyser_format format, const struct geyser_frame_info *info, struct media_film *film)
{
	const struct geyser_format_info *const row = geyser_format_get_info(format);

	film->color = info->color;
	film->siting = info->siting ? info->siting : GEYSER_SITING_LEFT;
	if (geyser_format_is_video(format))
		return;
	film->siting = GEYSER_SITING_LEFT;
	film->color.range =
		is_gray(view_of(format)) ? GEYSER_COLOR_RANGE_FULL : GEYSER_COLOR_RANGE_LIMITED;
	if (film->color.matrix == 0 || film->color.matrix == UNSPECIFIED)
		film->color.matrix = BT709;
	if (film->color.transfer == UNSPECIFIED && row->srgb)
		film->color.transfer = SRGB_TRANSFER;
}

bool media_look_choose(const char *stream, enum geyser_format format, uint32_t width,
	uint32_t height, const struct geyser_frame_info *info, struct media_film *film)
{
	const struct geyser_rect crop = upright_crop(info, width, height);
	const bool turned = is_on_its_side(info->orientation);

	if (!view_of(format)) {
		(void)failure("%s: frames of this format can't be shown in a film (%s): expected "
			      "--lossless and a name that ends in .mkv",
			stream, geyser_format_name(format));
		return false;
	}
	film->pixel_format = AV_PIX_FMT_YUV420P;
	film->width = even(turned ? crop.height : crop.width);
	film->height = even(turned ? crop.width : crop.height);
	choose_color(format, info, film);
	return true;
}

/* ---- frames --------------------------------------------------------------------------------- */

/* Repeats the last column and row of the brightness, if the size was odd. */
static void fill_edges(const struct geyser_pixels *picture, AVFrame *frame)
{
	unsigned char *const luma = frame->data[0];
	const size_t pitch = (size_t)frame->linesize[0];

	if (picture->width % 2) {
		for (uint32_t y = 0; y < picture->height; y++)
			luma[y * pitch + picture->width] = luma[y * pitch + picture->width - 1];
	}
	if (picture->height % 2)
		(void)memcpy(luma + picture->height * pitch, luma + (picture->height - 1) * pitch,
			(size_t)frame->width);
}

static void fill_chroma(AVFrame *frame)
{
	for (unsigned plane = 1; plane < 3; plane++)
		(void)memset(frame->data[plane], 128,
			(size_t)frame->linesize[plane] * (size_t)(frame->height / 2));
}

bool media_look_make(const char *stream, const struct geyser_pixels *texels,
	const struct geyser_frame_info *info, const struct media_film *film, AVFrame *frame)
{
	const struct geyser_rect crop = upright_crop(info, texels->width, texels->height);
	const struct geyser_convert_options options = {
		.color = &film->color,
		.siting = film->siting,
		.crop = crop,
		.orientation = info->orientation,
	};
	const bool turned = is_on_its_side(info->orientation);
	struct geyser_pixels view = *texels, picture;

	view.format = view_of(texels->format);
	picture = media_pixels(
		frame, is_gray(view.format) ? GEYSER_FORMAT_R8_UNORM : GEYSER_FORMAT_I420);
	picture.width = turned ? crop.height : crop.width;
	picture.height = turned ? crop.width : crop.height;
	if (is_gray(view.format))
		fill_chroma(frame);
	if (geyser_convert_pixels(&view, &picture, &options)) {
		(void)library_failure("%s", stream);
		return false;
	}
	fill_edges(&picture, frame);
	return true;
}
