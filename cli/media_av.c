/*
 * Functions on libav's types.
 *
 * SPDX-License-Identifier: MIT
 */
#include "media_av.h"

const char *media_error(int error, char text[MEDIA_ERROR_SIZE])
{
	(void)libav.av_strerror(error, text, MEDIA_ERROR_SIZE);
	return text;
}

int media_frame_create(enum AVPixelFormat format, uint32_t width, uint32_t height, AVFrame **out)
{
	AVFrame *const frame = libav.av_frame_alloc();
	int error;

	*out = frame;
	if (!frame)
		return AVERROR(ENOMEM);
	frame->format = format;
	frame->width = (int)width;
	frame->height = (int)height;
	error = libav.av_frame_get_buffer(frame, 0);
	if (error < 0)
		libav.av_frame_free(out);
	return error;
}

struct geyser_pixels media_pixels(const AVFrame *frame, enum geyser_format format)
{
	struct geyser_pixels out = {
		.format = format,
		.width = (uint32_t)frame->width,
		.height = (uint32_t)frame->height,
	};

	for (uint32_t i = 0; i < geyser_format_get_info(format)->planes; i++) {
		out.planes[i].data = frame->data[i];
		out.planes[i].row_pitch = (size_t)frame->linesize[i];
	}
	return out;
}

enum AVPixelFormat media_pixel_format(enum geyser_format format)
{
	const char *const name = geyser_format_get_info(format)->ffmpeg;

	return name ? libav.av_get_pix_fmt(name) : AV_PIX_FMT_NONE;
}

enum AVColorRange media_range(enum geyser_color_range range)
{
	return range == GEYSER_COLOR_RANGE_LIMITED ? AVCOL_RANGE_MPEG : AVCOL_RANGE_JPEG;
}

uint32_t media_check(const AVPacket *packet)
{
	return ~libav.av_crc(libav.av_crc_get_table(AV_CRC_32_IEEE_LE), UINT32_MAX, packet->data,
		(size_t)packet->size);
}
