/* SPDX-License-Identifier: MIT */
#include "texels.h"

#include "internal.h"

#include <math.h>
#include <string.h>

static double from_half(uint16_t half)
{
	const int exponent = half >> 10 & 31;
	const double fraction = half & 0x3ff;
	double value;

	if (exponent == 31)
		value = fraction > 0 ? (double)NAN : (double)INFINITY;
	else if (exponent == 0)
		value = ldexp(fraction, -24);
	else
		value = ldexp(fraction + 1024, exponent - 25);
	return half & 0x8000 ? -value : value;
}

static double channel(const struct double_pixels *pixels, const uint8_t *texel, int index)
{
	uint16_t half;
	float number;

	switch (pixels->channel) {
	case DOUBLE_UNORM8:
		return texel[index] / 255.0;
	case DOUBLE_FLOAT16:
		memcpy(&half, texel + 2 * index, sizeof(half));
		return from_half(half);
	case DOUBLE_FLOAT32:
		memcpy(&number, texel + 4 * index, sizeof(number));
		return (double)number;
	default:
		double_die("the double can't read pixel format %u", pixels->format);
	}
}

void double_texel_read(const struct double_pixels *pixels, const void *texel, double color[4])
{
	color[0] = channel(pixels, texel, 0);
	color[1] = color[2] = color[0];
	color[3] = 1;
	if (pixels->channels == 2) {
		color[1] = channel(pixels, texel, 1);
		color[2] = 0;
	}
	for (int i = 1; pixels->channels == 4 && i < 4; i++)
		color[i] = channel(pixels, texel, i);
	if (pixels->blue_first) {
		const double blue = color[0];

		color[0] = color[2];
		color[2] = blue;
	}
}
