/*
 * Decoded frames of a film as texels of a format of geyser.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "media_picture.h"
#include "pixels.h"
#include "raw.h"

/* ---- the format ----------------------------------------------------------------------------- */

/* Returns the format whose bytes are those of the frame. */
static enum geyser_format same_format(const AVFrame *frame)
{
	const char *const name = libav.av_get_pix_fmt_name(frame->format);

	/* these have the same bytes as another format, and another meaning */
	if (frame->format == AV_PIX_FMT_YUVJ420P)
		return GEYSER_FORMAT_I420;
	if (frame->format == AV_PIX_FMT_YUVJ422P)
		return GEYSER_FORMAT_I422;
	if (frame->format == AV_PIX_FMT_YUVJ444P)
		return GEYSER_FORMAT_I444;
	return geyser_format_from_name(name);
}

static enum geyser_format video_format(const AVPixFmtDescriptor *desc, int depth)
{
	const bool across = desc->log2_chroma_w != 0, down = across && desc->log2_chroma_h != 0;

	if (depth <= 8)
		return down ? GEYSER_FORMAT_I420 : across ? GEYSER_FORMAT_I422 : GEYSER_FORMAT_I444;
	if (depth <= 10)
		return down ? GEYSER_FORMAT_P010 : across ? GEYSER_FORMAT_P210 : GEYSER_FORMAT_P410;
	return down ? GEYSER_FORMAT_P016 : across ? GEYSER_FORMAT_P216 : GEYSER_FORMAT_P416;
}

static bool is_video_with_alpha(const AVPixFmtDescriptor *desc)
{
	return desc->nb_components == 4 && desc->flags & AV_PIX_FMT_FLAG_ALPHA &&
	       !(desc->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL));
}

/* Whether geyser_convert_pixels knows the matrix. */
static bool is_convertible(enum AVColorSpace matrix)
{
	switch (matrix) {
	case AVCOL_SPC_BT709:
	case AVCOL_SPC_UNSPECIFIED:
	case AVCOL_SPC_FCC:
	case AVCOL_SPC_BT470BG:
	case AVCOL_SPC_SMPTE170M:
	case AVCOL_SPC_SMPTE240M:
	case AVCOL_SPC_BT2020_NCL:
		return true;
	default:
		return false;
	}
}

bool media_picture_loses_alpha(const AVFrame *frame)
{
	return is_video_with_alpha(libav.av_pix_fmt_desc_get(frame->format)) &&
	       !is_convertible(frame->colorspace);
}

bool media_picture_is_interlaced(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT < AV_VERSION_INT(58, 7, 100)
	return frame->interlaced_frame;
#else
	return (frame->flags & AV_FRAME_FLAG_INTERLACED) != 0;
#endif
}

enum geyser_format media_picture_format(const AVFrame *frame)
{
	const AVPixFmtDescriptor *const desc = libav.av_pix_fmt_desc_get(frame->format);
	const enum geyser_format same = same_format(frame);
	int depth;

	if (same)
		return same;
	/* those numbers are no colours before a picture is developed from them */
	if (frame->format == AV_PIX_FMT_XYZ12LE || frame->format == AV_PIX_FMT_XYZ12BE)
		return GEYSER_FORMAT_NONE;
	if (!desc || desc->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_FLOAT |
					   AV_PIX_FMT_FLAG_BAYER))
		return GEYSER_FORMAT_NONE;
	depth = desc->comp[0].depth;
	if (depth > 16)
		return GEYSER_FORMAT_NONE;
	if (desc->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL))
		return depth <= 8 ? GEYSER_FORMAT_RGBA8_UNORM : GEYSER_FORMAT_RGBA16_UNORM;
	if (desc->nb_components < 3 && !(desc->flags & AV_PIX_FMT_FLAG_ALPHA))
		return depth <= 8 ? GEYSER_FORMAT_R8_UNORM : GEYSER_FORMAT_R16_UNORM;
	if (desc->nb_components < 3) /* gray with alpha */
		return depth <= 8 ? GEYSER_FORMAT_RGBA8_UNORM : GEYSER_FORMAT_RGBA16_UNORM;
	if (is_video_with_alpha(desc) && is_convertible(frame->colorspace))
		return depth <= 8 ? GEYSER_FORMAT_RGBA8_UNORM : GEYSER_FORMAT_RGBA16_UNORM;
	return video_format(desc, depth);
}

/* ---- texels --------------------------------------------------------------------------------- */

/* Where the samples of a component go. */
struct samples {
	unsigned char *data;
	size_t row_pitch, step; /* bytes from one row and sample to the next */
	uint32_t width, height;
	unsigned bytes; /* 1 or 2 */
	/* the source has one sample for so many of these in each direction, as powers of two */
	unsigned repeat_across, repeat_down;
	/* a sample's value is shifted (video), or scaled to all bits */
	bool scaled;
	bool inverted;  /* the source has 0 for white */
	unsigned depth; /* of the source */
};

static uint16_t value_of(const struct samples *target, unsigned value)
{
	const unsigned bits = 8 * target->bytes;

	if (target->inverted)
		value = (1u << target->depth) - 1 - value;
	if (target->scaled)
		return (uint16_t)(((uint64_t)value * ((1u << bits) - 1) +
					  ((1u << target->depth) - 1) / 2) /
				  ((1u << target->depth) - 1));
	return (uint16_t)(value << (bits - target->depth));
}

static void write_row(const struct samples *target, unsigned char *out, const uint16_t *samples)
{
	for (uint32_t x = 0; x < target->width; x++) {
		const uint16_t value = value_of(target, samples[x >> target->repeat_across]);

		if (target->bytes == 1)
			*out = (unsigned char)value;
		else
			(void)memcpy(out, &value, sizeof(value));
		out += target->step;
	}
}

static void fill_row(const struct samples *target, unsigned char *out)
{
	for (uint32_t x = 0; x < target->width; x++, out += target->step)
		(void)memset(out, 0xff, target->bytes);
}

/* Reads the samples of a component, in any of libav's layouts, and writes them to the target. */
static void copy_component(const AVFrame *frame, int component, const struct samples *target)
{
	const AVPixFmtDescriptor *const desc = libav.av_pix_fmt_desc_get(frame->format);
	uint16_t samples[GEYSER_MAX_DIMENSION];
	const uint32_t count =
		(target->width + (1u << target->repeat_across) - 1) >> target->repeat_across;

	for (uint32_t y = 0; y < target->height; y++) {
		libav.av_read_image_line2(samples, (const uint8_t **)(uintptr_t)frame->data,
			frame->linesize, desc, 0, (int)(y >> target->repeat_down), component,
			(int)count, 0, sizeof(samples[0]));
		write_row(target, target->data + y * target->row_pitch, samples);
	}
}

/* The palette has words of alpha, red, green and blue, from the high end. */
static void copy_palette(const AVFrame *frame, const struct geyser_pixels *texels)
{
	const uint32_t *const palette = (const void *)frame->data[1];

	for (uint32_t y = 0; y < texels->height; y++) {
		const uint8_t *const in = frame->data[0] + y * (size_t)frame->linesize[0];
		unsigned char *out =
			(unsigned char *)texels->planes[0].data + y * texels->planes[0].row_pitch;

		for (uint32_t x = 0; x < texels->width; x++, out += 4) {
			const uint32_t color = palette[in[x]];

			out[0] = (unsigned char)(color >> 16);
			out[1] = (unsigned char)(color >> 8);
			out[2] = (unsigned char)color;
			out[3] = (unsigned char)(color >> 24);
		}
	}
}

/* Writes one of red, green, blue and alpha. Gray stands for each of the first three. */
static void copy_channel(const AVFrame *frame, unsigned channel, const struct geyser_pixels *texels)
{
	const AVPixFmtDescriptor *const desc = libav.av_pix_fmt_desc_get(frame->format);
	const bool alpha = (desc->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
	const int count = desc->nb_components;
	const int component = channel == 3 ? count - 1 : count < 3 ? 0 : (int)channel;
	const unsigned bytes = texels->format == GEYSER_FORMAT_RGBA8_UNORM ? 1 : 2;
	const struct samples target = {
		.data = (unsigned char *)texels->planes[0].data + channel * bytes,
		.row_pitch = texels->planes[0].row_pitch,
		.step = 4 * bytes,
		.width = texels->width,
		.height = texels->height,
		.bytes = bytes,
		.scaled = true,
		.depth = (unsigned)desc->comp[component].depth,
	};

	if (channel < 3 || alpha) {
		copy_component(frame, component, &target);
		return;
	}
	for (uint32_t y = 0; y < target.height; y++)
		fill_row(&target, target.data + y * target.row_pitch);
}

static void copy_colors(const AVFrame *frame, const struct geyser_pixels *texels)
{
	for (unsigned channel = 0; channel < 4; channel++)
		copy_channel(frame, channel, texels);
}

/* Luma and chroma, in two or three planes; or gray in one. */
static void copy_planes(const AVFrame *frame, const struct geyser_pixels *texels)
{
	const AVPixFmtDescriptor *const desc = libav.av_pix_fmt_desc_get(frame->format);
	const struct geyser_format_info *const info = geyser_format_get_info(texels->format);
	const int count = info->channels == 1 ? 1 : 3;

	for (int component = 0; component < count; component++) {
		const bool chroma = component > 0, pairs = chroma && info->planes == 2;
		const uint32_t plane = pairs ? 1 : (uint32_t)component;
		struct geyser_plane_extent extent;
		struct samples target = {
			.row_pitch = texels->planes[plane].row_pitch,
			.bytes = info->bytes_per_texel,
			.depth = (unsigned)desc->comp[component].depth,
			.scaled = count == 1,
			.inverted = frame->format == AV_PIX_FMT_MONOWHITE,
		};

		(void)geyser_format_get_plane_extent(
			texels->format, plane, texels->width, texels->height, &extent);
		target.width = extent.width;
		target.height = extent.height;
		target.step = (pairs ? 2 : 1) * target.bytes;
		target.data = (unsigned char *)texels->planes[plane].data +
			      (pairs && component == 2 ? target.bytes : 0);
		if (chroma) {
			target.repeat_across =
				desc->log2_chroma_w - (info->plane[1].width_divisor == 2 ? 1u : 0u);
			target.repeat_down = desc->log2_chroma_h -
					     (info->plane[1].height_divisor == 2 ? 1u : 0u);
		}
		copy_component(frame, component, &target);
	}
}

/* Planes of words, as most decoders of 10 bits give: the same as copy_planes, fast. */
static void copy_words(const AVFrame *frame, const struct geyser_pixels *texels)
{
	const unsigned shift =
		16 - (unsigned)libav.av_pix_fmt_desc_get(frame->format)->comp[0].depth;
	struct geyser_plane_extent extent;

	for (unsigned plane = 0; plane < 3; plane++) {
		const unsigned step = plane ? 2 : 1;

		(void)geyser_format_get_plane_extent(
			texels->format, plane ? 1 : 0, texels->width, texels->height, &extent);
		for (uint32_t y = 0; y < extent.height; y++) {
			const uint16_t *const in =
				(const void *)(frame->data[plane] +
					       y * (size_t)frame->linesize[plane]);
			uint16_t *const out =
				(uint16_t *)((unsigned char *)texels->planes[plane ? 1 : 0].data +
					     y * texels->planes[plane ? 1 : 0].row_pitch) +
				(plane == 2);

			for (uint32_t x = 0; x < extent.width; x++)
				out[x * step] = (uint16_t)(in[x] << shift);
		}
	}
}

/* Converts the picture by way of a format of video, and adds its alpha. */
static bool copy_video_with_alpha(const AVFrame *frame, const struct geyser_pixels *texels)
{
	const AVPixFmtDescriptor *const desc = libav.av_pix_fmt_desc_get(frame->format);
	const enum geyser_format format = video_format(desc, desc->comp[0].depth);
	const struct geyser_color color = {
		.matrix = (uint8_t)frame->colorspace, .range = media_picture_range(frame)};
	const struct geyser_convert_options options = {
		.color = &color, .siting = media_picture_siting(frame)};
	const uint64_t size = raw_size(format, texels->width, texels->height);
	unsigned char *const data = malloc((size_t)size);
	struct geyser_pixels video;
	bool converted;

	if (!data)
		return !failure("no memory for a frame (%" PRIu64
				" bytes): expected a machine with "
				"more",
			size);
	video = pixels_of_frame(format, texels->width, texels->height, data);
	copy_planes(frame, &video);
	converted = geyser_convert_pixels(&video, texels, &options) == GEYSER_OK;
	free(data);
	if (!converted)
		return !library_failure("a frame with alpha");
	copy_channel(frame, 3, texels);
	return true;
}

static bool has_words(const AVFrame *frame, const struct geyser_format_info *info)
{
	const AVPixFmtDescriptor *const desc = libav.av_pix_fmt_desc_get(frame->format);

	return info->planes == 2 && info->bytes_per_texel == 2 &&
	       desc->flags & AV_PIX_FMT_FLAG_PLANAR && !(desc->flags & AV_PIX_FMT_FLAG_BE) &&
	       desc->comp[0].shift == 0 && desc->comp[1].plane == 1 && desc->comp[1].step == 2 &&
	       desc->log2_chroma_w + 1u == info->plane[1].width_divisor &&
	       desc->log2_chroma_h + 1u == info->plane[1].height_divisor;
}

bool media_picture_copy(const AVFrame *frame, const struct geyser_pixels *texels)
{
	const struct geyser_format_info *const info = geyser_format_get_info(texels->format);
	const AVPixFmtDescriptor *const desc = libav.av_pix_fmt_desc_get(frame->format);

	if (same_format(frame)) {
		const struct geyser_pixels same = media_pixels(frame, texels->format);

		(void)geyser_convert_pixels(&same, texels, NULL);
	} else if (has_words(frame, info)) {
		copy_words(frame, texels);
	} else if (desc->flags & AV_PIX_FMT_FLAG_PAL) {
		copy_palette(frame, texels);
	} else if (info->channels == 4 && is_video_with_alpha(desc)) {
		return copy_video_with_alpha(frame, texels);
	} else if (info->channels == 4) {
		copy_colors(frame, texels);
	} else {
		copy_planes(frame, texels);
	}
	return true;
}
