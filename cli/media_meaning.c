/*
 * What a film's frames say of themselves.
 *
 * SPDX-License-Identifier: MIT
 */
#include <libavutil/display.h>
#include <libavutil/mastering_display_metadata.h>
#include <math.h>

#include "media_picture.h"

enum geyser_color_range media_picture_range(const AVFrame *frame)
{
	const AVPixFmtDescriptor *const desc = libav.av_pix_fmt_desc_get(frame->format);

	if (frame->color_range == AVCOL_RANGE_JPEG || desc->flags & AV_PIX_FMT_FLAG_RGB)
		return GEYSER_COLOR_RANGE_FULL;
	if (frame->color_range == AVCOL_RANGE_MPEG)
		return GEYSER_COLOR_RANGE_LIMITED;
	return desc->nb_components < 3 || frame->format == AV_PIX_FMT_YUVJ420P ||
			       frame->format == AV_PIX_FMT_YUVJ422P ||
			       frame->format == AV_PIX_FMT_YUVJ444P
		       ? GEYSER_COLOR_RANGE_FULL
		       : GEYSER_COLOR_RANGE_LIMITED;
}

enum geyser_siting media_picture_siting(const AVFrame *frame)
{
	return frame->chroma_location >= AVCHROMA_LOC_LEFT &&
			       frame->chroma_location <= AVCHROMA_LOC_BOTTOM
		       ? (enum geyser_siting)frame->chroma_location
		       : GEYSER_SITING_UNSPECIFIED;
}

static void describe_luminance(const AVFrame *frame, struct geyser_color *out)
{
	const AVFrameSideData *const mastering =
		libav.av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
	const AVFrameSideData *const light =
		libav.av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);

	if (mastering) {
		const AVMasteringDisplayMetadata *const data = (const void *)mastering->data;

		if (data->has_luminance && data->min_luminance.den && data->max_luminance.den) {
			out->mastering_min_luminance = (float)av_q2d(data->min_luminance);
			out->mastering_max_luminance = (float)av_q2d(data->max_luminance);
		}
	}
	if (light) {
		const AVContentLightMetadata *const data = (const void *)light->data;

		out->max_content_light_level = (float)data->MaxCLL;
		out->max_frame_average_light_level = (float)data->MaxFALL;
	}
}

/* Returns how the matrix turns the picture: a phone's film lies on its side. */
static enum geyser_orientation orientation_of(const AVFrame *frame)
{
	const AVFrameSideData *const data =
		libav.av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
	const int32_t *const matrix = data ? (const void *)data->data : NULL;
	unsigned quarters;
	bool flipped;
	double angle;

	if (!matrix || data->size < 9 * sizeof(*matrix))
		return GEYSER_ORIENTATION_NORMAL;
	flipped = (double)matrix[0] * matrix[4] - (double)matrix[1] * matrix[3] < 0;
	/* mirrored about the vertical axis first, then turned: undo the mirror in the first column
	 */
	angle = atan2((flipped ? -1.0 : 1.0) * -matrix[1], (flipped ? -1.0 : 1.0) * matrix[0]);
	quarters = (unsigned)lround(angle / (M_PI / 2)) & 3;
	return (enum geyser_orientation)(quarters + (flipped ? 4 : 0));
}

void media_picture_describe(const AVFrame *frame, struct geyser_frame_info *info)
{
	const AVPixFmtDescriptor *const desc = libav.av_pix_fmt_desc_get(frame->format);
	const enum geyser_format format = media_picture_format(frame);

	if (!format) /* the frame can't be published, as the publishing thread says */
		return;
	info->color.primaries = (uint8_t)frame->color_primaries;
	info->color.transfer = (uint8_t)frame->color_trc;
	info->color.matrix = (uint8_t)frame->colorspace;
	info->color.range = media_picture_range(frame);
	describe_luminance(frame, &info->color);
	info->siting = geyser_format_is_video(format) ? media_picture_siting(frame)
						      : GEYSER_SITING_UNSPECIFIED;
	if (geyser_format_get_info(format)->channels == 4) { /* red, green and blue */
		info->color.matrix = 0;
		if (desc->nb_components > 2) /* gray's numbers stay as they were */
			info->color.range = GEYSER_COLOR_RANGE_FULL;
	}
	info->alpha = desc->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL) &&
				      !media_picture_loses_alpha(frame)
			      ? GEYSER_ALPHA_STRAIGHT
			      : GEYSER_ALPHA_OPAQUE;
	info->orientation = orientation_of(frame);
}
