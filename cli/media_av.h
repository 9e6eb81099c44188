/*
 * Functions on libav's types that several files use.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_AV_H
#define GEYSER_CLI_MEDIA_AV_H

#include <geyser/convert.h>

#include "libav.h"

#define MEDIA_ERROR_SIZE 128u

/* Writes libav's words for one of its errors. Returns text. */
const char *media_error(int error, char text[MEDIA_ERROR_SIZE]);

/* Makes a frame with memory for its texels, which the caller frees with av_frame_free. Returns
 * libav's error, with *out NULL: without memory, and for a size that libav refuses. */
int media_frame_create(enum AVPixelFormat format, uint32_t width, uint32_t height, AVFrame **out);

/* Describes a frame whose texels lie as those of that format. */
struct geyser_pixels media_pixels(const AVFrame *frame, enum geyser_format format);

/* Returns the pixel format whose texels lie as those of that format; AV_PIX_FMT_NONE if there is
 * none. */
enum AVPixelFormat media_pixel_format(enum geyser_format format);

/* Returns the CRC-32 of a packet, as that of gzip and PNG. */
uint32_t media_check(const AVPacket *packet);

/* Returns libav's number of the range. */
enum AVColorRange media_range(enum geyser_color_range range);

#endif
