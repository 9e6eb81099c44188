/*
 * Conversion of texels between formats, on the CPU.
 *
 * SPDX-License-Identifier: MIT
 *
 * Every pair of colour formats can be converted. The result is exact: each channel of the source
 * stands for a real number, and the channel of the destination becomes the value that is nearest to
 * this number. All processors give the same bits. docs/conversion.md has examples.
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
 * The calling thread must round to nearest, as threads do by default.
 */
#ifndef GEYSER_CONVERT_H
#define GEYSER_CONVERT_H

#include "geyser.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Texels in memory. */
struct geyser_pixels {
	enum geyser_format format;
	uint32_t width, height; /* texels; 0 is fine: there is nothing to convert */
	/* One for each plane of the format. All formats of today have one plane. */
	struct {
		void *data;       /* the first texel; borrowed for the call; any alignment */
		size_t row_pitch; /* bytes from one row to the next, at least the bytes of a row */
	} planes[4];
};

/* Converts all texels of the source to the destination's format, and writes them to the
 * destination's data. The source's data is only read. Both must have the same size. Bytes between
 * the rows of the destination stay as they are.
 *
 * The call starts no thread and allocates no memory. It may run at the same time as other calls
 * that don't write its memory. Errors: INVALID_ARGUMENT (NULL, unknown format, different sizes, a
 * pitch below the bytes of a row; or the memory from the first to the last texel of the source
 * overlaps that of the destination), UNSUPPORTED (a depth format and another format). After an
 * error the destination is unchanged. */
GEYSER_API enum geyser_result geyser_convert_pixels(
	const struct geyser_pixels *source, const struct geyser_pixels *destination);

/* Converts a whole texture, with all its mip levels, layers and depth slices, by the same rules.
 * Both textures must have the same shape, and no memory in common. They may belong to different
 * managers and backends. The call maps both, so the rules of geyser_texture_map hold: the caller
 * orders access, and the texels of a GPU's texture are copied to host memory and back. There is no
 * conversion on the GPU yet: a texture that can't be mapped, as one in Metal's private storage, is
 * UNSUPPORTED.
 *
 * Errors: INVALID_ARGUMENT (NULL, the same texture twice), MISMATCH (different shapes, with the
 * numbers), UNSUPPORTED (a depth format and another format), and those of geyser_texture_map. */
GEYSER_API enum geyser_result geyser_texture_convert(
	struct geyser_texture *source, struct geyser_texture *destination);

#ifdef __cplusplus
}
#endif

#endif
