/*
 * How frames lie in the file of a lossless recording.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "media_store.h"
#include "raw.h"

/* ---- the choice ----------------------------------------------------------------------------- */

/* FFV1 has no RGBA and no interleaved chroma. A format with the same bits in another order stands
 * for those. Numbers of the same size have the same bits, whatever they mean. */
static const struct {
	enum geyser_format format, view, kept;
} rows[] = {
	{GEYSER_FORMAT_R8_UNORM, GEYSER_FORMAT_R8_UNORM, GEYSER_FORMAT_R8_UNORM},
	{GEYSER_FORMAT_R8_UNORM_SRGB, GEYSER_FORMAT_R8_UNORM, GEYSER_FORMAT_R8_UNORM},
	{GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_BGRA8_UNORM},
	{GEYSER_FORMAT_RGBA8_UNORM_SRGB, GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_BGRA8_UNORM},
	{GEYSER_FORMAT_BGRA8_UNORM, GEYSER_FORMAT_BGRA8_UNORM, GEYSER_FORMAT_BGRA8_UNORM},
	{GEYSER_FORMAT_BGRA8_UNORM_SRGB, GEYSER_FORMAT_BGRA8_UNORM, GEYSER_FORMAT_BGRA8_UNORM},
	{GEYSER_FORMAT_R16_UNORM, GEYSER_FORMAT_R16_UNORM, GEYSER_FORMAT_R16_UNORM},
	{GEYSER_FORMAT_R16_UINT, GEYSER_FORMAT_R16_UNORM, GEYSER_FORMAT_R16_UNORM},
	{GEYSER_FORMAT_R16_SINT, GEYSER_FORMAT_R16_UNORM, GEYSER_FORMAT_R16_UNORM},
	{GEYSER_FORMAT_NV12, GEYSER_FORMAT_NV12, GEYSER_FORMAT_I420},
	{GEYSER_FORMAT_NV16, GEYSER_FORMAT_NV16, GEYSER_FORMAT_I422},
	{GEYSER_FORMAT_YUY2, GEYSER_FORMAT_YUY2, GEYSER_FORMAT_I422},
	{GEYSER_FORMAT_UYVY, GEYSER_FORMAT_UYVY, GEYSER_FORMAT_I422},
	{GEYSER_FORMAT_I420, GEYSER_FORMAT_I420, GEYSER_FORMAT_I420},
	{GEYSER_FORMAT_I422, GEYSER_FORMAT_I422, GEYSER_FORMAT_I422},
	{GEYSER_FORMAT_I444, GEYSER_FORMAT_I444, GEYSER_FORMAT_I444},
};

static enum AVPixelFormat planar_format(const struct geyser_format_info *info)
{
	if (info->plane[1].height_divisor == 2)
		return AV_PIX_FMT_YUV420P16LE;
	return info->plane[1].width_divisor == 2 ? AV_PIX_FMT_YUV422P16LE : AV_PIX_FMT_YUV444P16LE;
}

static bool is_planar(const struct geyser_format_info *info)
{
	return info->planes == 2 && info->plane[0].format == GEYSER_FORMAT_R16_UNORM;
}

static bool is_colors(enum geyser_format format)
{
	return format == GEYSER_FORMAT_RGBA16_UNORM || format == GEYSER_FORMAT_RGBA16_UINT ||
	       format == GEYSER_FORMAT_RGBA16_SINT;
}

/* At an odd width the last block of these formats has a brightness outside of the picture, for
 * which planes have no place. */
static bool has_half_block(const struct geyser_format_info *info, uint32_t width)
{
	return width % info->block_width != 0;
}

/* FFV1 is kept from pictures of a few texels: libav's encoder refuses some of their sizes, and its
 * decoder gets others wrong. */
#define FFV1_LEAST 16u

/* libav refuses pictures of so many pixels, and counts a margin of 128 each way. */
#define PIXELS_MAX (UINT64_C(1) << 28)
#define MARGIN 128u
#define WIDE_BYTES 4u /* of two pixels of AV_PIX_FMT_YUYV422 */

/* Sets the file's pictures to rows of so many bytes. If these are too many pixels of one byte,
 * pixels of two bytes hold them: Matroska has none that are larger and not in planes. */
static void choose_rows(struct media_store *out, uint64_t row_bytes, uint32_t height)
{
	const bool wide = (row_bytes + MARGIN) * (height + MARGIN) >= PIXELS_MAX;

	out->pixel_format = wide ? AV_PIX_FMT_YUYV422 : AV_PIX_FMT_GRAY8;
	out->file_width =
		(uint32_t)(wide ? (row_bytes + WIDE_BYTES - 1) / WIDE_BYTES * 2 : row_bytes);
	out->file_height = height;
}

/* Sets that the frame's bytes are kept as they are. */
static void choose_bytes(struct media_store *out)
{
	struct geyser_plane_extent extent;
	const bool small = out->width < FFV1_LEAST || out->height < FFV1_LEAST;

	(void)geyser_format_get_plane_extent(out->format, 0, out->width, out->height, &extent);
	out->layout = MEDIA_BYTES;
	out->in_a_row = small;
	if (small)
		choose_rows(out, raw_size(out->format, out->width, out->height), 1);
	else
		choose_rows(out, extent.row_bytes, out->height);
	out->codec = AV_CODEC_ID_RAWVIDEO;
}

struct media_store media_store_choose(enum geyser_format format, uint32_t width, uint32_t height)
{
	const struct geyser_format_info *const info = geyser_format_get_info(format);
	struct media_store out = {
		.format = format,
		.width = width,
		.height = height,
		.file_width = width,
		.file_height = height,
		.codec = AV_CODEC_ID_FFV1,
	};

	if (width < FFV1_LEAST || height < FFV1_LEAST) {
		choose_bytes(&out);
		return out;
	}
	if (is_planar(info)) {
		out.layout = MEDIA_PLANAR;
		out.pixel_format = planar_format(info);
		return out;
	}
	/* what FFV1 takes as rgba64 comes back in planes */
	if (is_colors(format)) {
		out.layout = MEDIA_COLORS;
		out.pixel_format = AV_PIX_FMT_GBRAP16LE;
		return out;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].format == format && !has_half_block(info, width)) {
			out.view = rows[i].view;
			out.kept = rows[i].kept;
			out.pixel_format = media_pixel_format(out.kept);
			return out;
		}
	}
	choose_bytes(&out);
	return out;
}

bool media_store_is_same(const struct media_store *a, const struct media_store *b)
{
	return a->format == b->format && a->width == b->width && a->height == b->height;
}

/* ---- texels --------------------------------------------------------------------------------- */

/* One plane of texels beside the same plane of a frame. */
struct plane {
	unsigned char *texels, *file;
	size_t texels_pitch, file_pitch;
	struct geyser_plane_extent extent;
};

static struct plane plane_of(
	const struct geyser_pixels *texels, const AVFrame *frame, uint32_t index)
{
	struct plane out = {
		.texels = texels->planes[index].data,
		.file = frame->data[index],
		.texels_pitch = texels->planes[index].row_pitch,
		.file_pitch = (size_t)frame->linesize[index],
	};

	(void)geyser_format_get_plane_extent(
		texels->format, index, texels->width, texels->height, &out.extent);
	return out;
}

static void copy_rows(const struct plane *plane, bool to_file)
{
	for (uint32_t y = 0; y < plane->extent.height; y++) {
		unsigned char *const texels = plane->texels + y * plane->texels_pitch;
		unsigned char *const file = plane->file + y * plane->file_pitch;

		(void)memcpy(to_file ? file : texels, to_file ? texels : file,
			(size_t)plane->extent.row_bytes);
	}
}

/* Copies all planes, row by row, from or to one row of the file. */
static void copy_to_row(const struct geyser_pixels *texels, const AVFrame *frame, bool to_file)
{
	unsigned char *file = frame->data[0];

	for (uint32_t i = 0; i < geyser_format_get_info(texels->format)->planes; i++) {
		struct plane plane = plane_of(texels, frame, i);

		plane.file = file;
		plane.file_pitch = (size_t)plane.extent.row_bytes;
		copy_rows(&plane, to_file);
		file += plane.extent.size;
	}
}

/* Where words lie: `step` words apart on the side of the texels, next to each other in the file. */
struct words {
	unsigned char *texels, *file;
	size_t texels_pitch, file_pitch;
	uint32_t width, height, step;
};

/* Rows of words begin at even addresses, in textures and in frames. */
static void move_words(const struct words *words, bool to_file)
{
	for (uint32_t y = 0; y < words->height; y++) {
		uint16_t *const texels = (void *)(words->texels + y * words->texels_pitch);
		uint16_t *const file = (void *)(words->file + y * words->file_pitch);

		for (size_t x = 0; x < words->width; x++) {
			if (to_file)
				file[x] = texels[x * words->step];
			else
				texels[x * words->step] = file[x];
		}
	}
}

/* Moves one channel of a plane of texels from or to a plane of the file. */
static void move_channel(const struct plane *plane, uint32_t channel, uint32_t channels,
	const AVFrame *frame, unsigned file_plane, bool to_file)
{
	const struct words words = {
		.texels = plane->texels + channel * sizeof(uint16_t),
		.file = frame->data[file_plane],
		.texels_pitch = plane->texels_pitch,
		.file_pitch = (size_t)frame->linesize[file_plane],
		.width = plane->extent.width,
		.height = plane->extent.height,
		.step = channels,
	};

	move_words(&words, to_file);
}

static void move_chroma(const struct geyser_pixels *texels, const AVFrame *frame, bool to_file)
{
	const struct plane chroma = plane_of(texels, frame, 1);

	for (unsigned channel = 0; channel < 2; channel++)
		move_channel(&chroma, channel, 2, frame, channel + 1, to_file);
}

static void move_colors(const struct plane *plane, const AVFrame *frame, bool to_file)
{
	static const unsigned file_planes[] = {2, 0, 1, 3};

	for (unsigned channel = 0; channel < 4; channel++)
		move_channel(plane, channel, 4, frame, file_planes[channel], to_file);
}

/* Clears the last two pixels of each row, of which the texels may not fill all bytes. */
static void clear_row_ends(const AVFrame *frame)
{
	const size_t last = (size_t)frame->width * 2 - WIDE_BYTES;

	for (size_t y = 0; y < (size_t)frame->height; y++)
		(void)memset(frame->data[0] + y * (size_t)frame->linesize[0] + last, 0, WIDE_BYTES);
}

static bool move(const struct media_store *store, const struct geyser_pixels *texels,
	const AVFrame *frame, bool to_file)
{
	const struct plane first = plane_of(texels, frame, 0);

	if (store->layout == MEDIA_FORMAT) {
		const struct geyser_pixels kept = media_pixels(frame, store->kept);
		struct geyser_pixels view = *texels;

		view.format = store->view;
		return geyser_convert_pixels(
			       to_file ? &view : &kept, to_file ? &kept : &view, NULL) == GEYSER_OK;
	}
	if (store->layout == MEDIA_COLORS) {
		move_colors(&first, frame, to_file);
		return true;
	}
	if (store->in_a_row) {
		copy_to_row(texels, frame, to_file);
		return true;
	}
	copy_rows(&first, to_file);
	if (store->layout == MEDIA_PLANAR)
		move_chroma(texels, frame, to_file);
	return true;
}

bool media_store_pack(
	const struct media_store *store, const struct geyser_pixels *texels, AVFrame *frame)
{
	if (store->pixel_format == AV_PIX_FMT_YUYV422)
		clear_row_ends(frame);
	return move(store, texels, frame, true);
}

bool media_store_unpack(
	const struct media_store *store, const AVFrame *frame, const struct geyser_pixels *texels)
{
	return move(store, texels, frame, false);
}
