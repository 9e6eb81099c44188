/*
 * Conversion of texels between formats.
 *
 * SPDX-License-Identifier: MIT
 *
 * Every pair of formats of colours and video can be converted. docs/conversion.md has examples.
 *
 * Between colour formats the result is exact: each channel of the source stands for a real number,
 * and the channel of the destination becomes the value that is nearest to this number. All
 * processors give the same bits. The rules for video come after those for colours.
 *
 * Unorm: a channel of n bits with the value v stands for v / (2^n - 1). A number is clamped to 0 to
 * 1 and rounded to the nearest value. Only 0.5 lies in the middle of two values; it is rounded up.
 * A NaN becomes 0.
 *
 * Unorm-srgb: red, green and blue are decoded and encoded by sRGB's transfer function (IEC
 * 61966-2-1), and alpha is plain unorm. A conversion from rgba8unorm to rgba8unorm-srgb therefore
 * changes bytes, as a blit on a GPU does. To keep the bytes, name the same format on both sides.
 *
 * Float, IEEE 754 with 16 or 32 bits: a number is rounded to the nearest value, with ties to even.
 * Denormal numbers, infinities and the sign of zero are kept. A number of 65520 or more becomes
 * infinite in 16 bits. A NaN stays a NaN. It keeps its sign and the upper bits of its payload, and
 * becomes quiet.
 *
 * Ufloat, the channels of rg11b10ufloat: they have no sign, 5 bits of exponent, and 6 or 5 bits of
 * fraction. A number is rounded to the nearest value, with ties to even. A finite number beyond the
 * largest value (65024 in 11 bits, 64512 in 10 bits) becomes the largest value. A negative number
 * and minus infinity become 0. Infinity stays infinity. A NaN stays a NaN, as for floats, without
 * its sign.
 *
 * Uint and sint: an integer stands for itself. So 1 is full intensity in unorm, and 65535 is
 * 65535.0 in a float. A number is rounded to the nearest integer, with ties to even, and clamped to
 * the smallest and the largest integer of the format. A NaN becomes 0.
 *
 * A channel that the source lacks becomes 0, or 1 if it is alpha. A channel that the destination
 * lacks is dropped. If both formats are the same, the bytes are copied. Depth formats can be
 * copied, and can't be converted.
 *
 * Video, the formats of GEYSER_FORMAT_TYPE_YUV: red, green and blue follow from luma and chroma by
 * ITU-T H.273's equations for the matrix and the range of the colour in the options. A matrix
 * of 2, unspecified, is BT.601 at every size, as in ffmpeg's scaler. Without a colour the range is
 * limited as well. The results are the encoded numbers R'G'B'. No transfer function is applied, so
 * the bytes of an -srgb format are those of the format without it. In the other direction, numbers
 * are clamped to 0 to 1 first, a NaN becomes 0, and alpha is dropped.
 *
 * The siting in the options says where a chroma sample lies; unspecified is GEYSER_SITING_LEFT, as
 * in MPEG-2, H.264 and H.265. Chroma between samples is interpolated linearly, and stays the same
 * beyond the outer samples. To make fewer chroma samples, the columns or rows around one on which
 * the sample lies are weighted 1/4, 1/2, 1/4, and the two around a sample that lies between them
 * 1/2, 1/2. Each number is rounded to the nearest of the destination once, after a calculation with
 * 32-bit floats. Between unorm of 8 bits a channel and video with 8 bits and two columns a chroma
 * sample, the calculation has integers instead. Each number is within 1 of the exact result.
 *
 * A picture is cropped first, then turned, then scaled. The source's part has the edges of a
 * picture of its own. The upright part and the destination cover the same area: the middle of the
 * destination's texel i lies (i + 1/2) * s texels from the start of the part, where s is the part's
 * extent divided by the destination's, and the middle of the part's texel j lies j + 1/2 from
 * there. The filter takes the samples around this place; beyond the outer samples, the outer ones
 * stand for the others. It weights the numbers that channels stand for: those of an -srgb format
 * are light, as in a GPU's sampler, and those of other formats are as they are encoded. Sums have
 * double precision. They become 32-bit floats, which are converted by the rules above; so integers
 * of more than 24 bits are rounded to floats. With the nearest filter, texels stay as they are.
 *
 * Each component of video is scaled on its own, from its samples to those of the destination, or
 * to the texels if the destination has colours. The siting says where the samples lie, on both
 * sides. Chroma that becomes colours is interpolated with the nearest filter as well: at the
 * nearest texel. Colours that become video are scaled as they are encoded, and then converted by
 * the rules for one size. A part with the destination's size that isn't turned, and begins at a
 * sample of each component, follows these rules for one size alone.
 *
 * Between two formats of video the matrix doesn't matter. Where both have the same bits a sample
 * and the same chroma, all samples stay the same. In limited range, more bits keep every number.
 *
 * The calling thread must round to nearest, as threads do by default.
 */
#ifndef GEYSER_CONVERT_H
#define GEYSER_CONVERT_H

#include "stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Texels in memory. */
struct geyser_pixels {
	enum geyser_format format;
	uint32_t width, height; /* texels; 0 is fine: there is nothing to convert */
	/* One for each plane of the format. The size of each is geyser_format_get_plane_extent's.
	 */
	struct {
		void *data;       /* the first texel; borrowed for the call; any alignment */
		size_t row_pitch; /* bytes from one row to the next, at least the bytes of a row */
	} planes[GEYSER_FORMAT_PLANES_MAX];
};

/* How to convert. */
struct geyser_convert_options {
	/* What the numbers of a format of video mean, on the side that has one: its matrix and
	 * range are used. If both sides are video, it is the colour of both. Conversions between
	 * colour formats ignore it. The colour of a frame in a colour format isn't that of the
	 * video which it becomes: its range is full. It is borrowed for the call; NULL: not known.
	 */
	const struct geyser_color *color;
	enum geyser_siting siting; /* of video's chroma; 0: not known */
	/* The part of the source to convert. A width of 0 means all of it. */
	struct geyser_rect crop;
	/* How the source's part is turned: the destination becomes upright. With a quarter turn,
	 * its width comes from the source's height. */
	enum geyser_orientation orientation;
	enum geyser_filter filter;
};

/* Converts all texels of the source to the destination's format, and writes them to the
 * destination's data. The source's data is only read. Without a filter, the destination must have
 * the size of the source's part after its turn. Bytes between the rows of the destination stay as
 * they are. The planes of the destination must not overlap each other.
 *
 * The options may be NULL, which is the same as 0 in all members.
 *
 * The call starts no thread and allocates no memory. It may run at the same time as other calls
 * that don't write its memory. Errors: INVALID_ARGUMENT (NULL, unknown format or option,
 * different sizes without a filter, a crop that reaches out of the source, a source without texels,
 * an extent of more than GEYSER_MAX_DIMENSION where a picture is cropped, turned or scaled, a
 * pitch below the bytes of a row; or the memory from the first to the last texel of the source
 * overlaps that of the destination), UNSUPPORTED (a depth format and another
 * format, or a depth format and a filter other than the nearest; a matrix that isn't 1, 2, 4, 5, 6,
 * 7 or 9). After an error the destination is unchanged. */
GEYSER_API enum geyser_result geyser_convert_pixels(const struct geyser_pixels *source,
	const struct geyser_pixels *destination, const struct geyser_convert_options *options);

/* Converts a whole texture, with all its mip levels, layers and depth slices, by the same rules.
 * Both textures must have no memory in common, and the same shape. With a crop, an orientation or a
 * filter, width and height may differ as those of geyser_convert_pixels; each layer and depth slice
 * is cropped, turned and scaled then. The textures may belong to different managers and backends.
 * As with geyser_texture_map, the caller orders access: other work on both textures must be done
 * before the call. The call returns when the conversion is done.
 *
 * The GPU converts if both textures belong to one Vulkan manager, unless its device is a driver on
 * the CPU, both textures lie in host memory, or the picture is cropped, turned or scaled. Between
 * colour formats its results have the same bits as the CPU's. From and to video, numbers may differ
 * by 1 from the CPU's, and floats in the last places. The first conversion between two formats is
 * tried on the device, and compared. That takes some milliseconds. Where a result differs, and in
 * all other cases, the call maps both textures and converts on the CPU. The texels of a GPU's
 * texture are then copied to host memory and back, and a texture that can't be mapped, as one in
 * Metal's private storage, is UNSUPPORTED.
 *
 * Errors: INVALID_ARGUMENT (NULL, the same texture twice), MISMATCH (different shapes, with the
 * numbers), UNSUPPORTED (a depth format and another format or filter; the matrix;
 * several mip levels that would be cropped, turned or scaled), and those of geyser_texture_map. */
GEYSER_API enum geyser_result geyser_texture_convert(struct geyser_texture *source,
	struct geyser_texture *destination, const struct geyser_convert_options *options);

#ifdef __cplusplus
}
#endif

#endif
