/* SPDX-License-Identifier: MIT */
#include "pixels.h"

#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct double_pixels table[] = {
	{10, 1, 1, DOUBLE_UNORM8, false, DOUBLE_YES},
	{11, 1, 1, DOUBLE_SRGB8, false, DOUBLE_PROBE_NO},
	{13, 1, 1, DOUBLE_OTHER, false, DOUBLE_YES},
	{20, 2, 1, DOUBLE_OTHER, false, DOUBLE_PROBE_YES},
	{23, 2, 1, DOUBLE_OTHER, false, DOUBLE_PROBE_YES},
	{24, 2, 1, DOUBLE_OTHER, false, DOUBLE_PROBE_YES},
	{25, 2, 1, DOUBLE_FLOAT16, false, DOUBLE_YES},
	{30, 2, 2, DOUBLE_UNORM8, false, DOUBLE_YES},
	{31, 2, 2, DOUBLE_SRGB8, false, DOUBLE_PROBE_NO},
	{53, 4, 1, DOUBLE_OTHER, false, DOUBLE_PROBE_NO},
	{54, 4, 1, DOUBLE_OTHER, false, DOUBLE_PROBE_NO},
	{55, 4, 1, DOUBLE_FLOAT32, false, DOUBLE_YES},
	{60, 4, 2, DOUBLE_OTHER, false, DOUBLE_PROBE_YES},
	{63, 4, 2, DOUBLE_OTHER, false, DOUBLE_PROBE_YES},
	{64, 4, 2, DOUBLE_OTHER, false, DOUBLE_PROBE_YES},
	{65, 4, 2, DOUBLE_FLOAT16, false, DOUBLE_YES},
	{70, 4, 4, DOUBLE_UNORM8, false, DOUBLE_YES},
	{71, 4, 4, DOUBLE_SRGB8, false, DOUBLE_YES},
	{80, 4, 4, DOUBLE_UNORM8, true, DOUBLE_YES},
	{81, 4, 4, DOUBLE_SRGB8, true, DOUBLE_YES},
	{90, 4, 4, DOUBLE_UNORM10_2, false, DOUBLE_PROBE_YES},
	{92, 4, 3, DOUBLE_OTHER, false, DOUBLE_PROBE_NO},
	{94, 4, 4, DOUBLE_UNORM10_2, true, DOUBLE_YES},
	{103, 8, 2, DOUBLE_OTHER, false, DOUBLE_PROBE_NO},
	{104, 8, 2, DOUBLE_OTHER, false, DOUBLE_PROBE_NO},
	{105, 8, 2, DOUBLE_FLOAT32, false, DOUBLE_PROBE_YES},
	{110, 8, 4, DOUBLE_OTHER, false, DOUBLE_PROBE_YES},
	{113, 8, 4, DOUBLE_OTHER, false, DOUBLE_PROBE_YES},
	{114, 8, 4, DOUBLE_OTHER, false, DOUBLE_PROBE_YES},
	{115, 8, 4, DOUBLE_FLOAT16, false, DOUBLE_YES},
	{123, 16, 4, DOUBLE_OTHER, false, DOUBLE_PROBE_NO},
	{124, 16, 4, DOUBLE_OTHER, false, DOUBLE_PROBE_NO},
	{125, 16, 4, DOUBLE_FLOAT32, false, DOUBLE_PROBE_YES},
	{130, 8, 4, DOUBLE_COMPRESSED, false, DOUBLE_REFUSED},
	{250, 2, 1, DOUBLE_DEPTH, false, DOUBLE_REFUSED},
	{252, 4, 1, DOUBLE_DEPTH, false, DOUBLE_REFUSED},
	{253, 1, 1, DOUBLE_DEPTH, false, DOUBLE_REFUSED},
	{255, 4, 2, DOUBLE_DEPTH, false, DOUBLE_REFUSED},
	{260, 8, 2, DOUBLE_DEPTH, false, DOUBLE_REFUSED},
};

const struct double_pixels *double_pixels_of(unsigned long format)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].format == format)
			return &table[i];
	}
	double_die("the double has no pixel format %lu", format);
}

bool double_pixels_on_surface(const struct double_pixels *pixels)
{
	const char *probe = getenv("GEYSER_DOUBLE_PROBE");

	switch (pixels->surface) {
	case DOUBLE_YES:
		return true;
	case DOUBLE_PROBE_YES:
		return !probe || strcmp(probe, "none") != 0;
	case DOUBLE_PROBE_NO:
		return probe && strcmp(probe, "all") == 0;
	case DOUBLE_REFUSED:
		break;
	}
	double_die(
		"a surface can't have the depth, stencil or compressed format %u", pixels->format);
}

static double clamp(double value)
{
	return value < 0 ? 0 : value > 1 ? 1 : value;
}

static double to_srgb(double linear)
{
	double value = clamp(linear);

	return value <= 0.0031308 ? value * 12.92 : 1.055 * pow(value, 1 / 2.4) - 0.055;
}

static uint16_t to_half(double value)
{
	float number = (float)value;
	uint32_t bits, sign, fraction;
	int exponent;

	memcpy(&bits, &number, sizeof(bits));
	sign = bits >> 16 & 0x8000;
	exponent = (int)(bits >> 23 & 0xff) - 112;
	fraction = bits & 0x7fffff;
	if (exponent <= 0) /* a value below the smallest normal number becomes 0 */
		return (uint16_t)sign;
	if (exponent >= 31)
		return (uint16_t)(sign | 0x7c00);
	bits = sign | (uint32_t)exponent << 10 | fraction >> 13;
	return (uint16_t)(bits + (fraction >> 12 & 1)); /* a half is rounded away from zero */
}

static void clear_channel(
	const struct double_pixels *pixels, int channel, double value, void *texel)
{
	float number = (float)value;
	uint16_t half;

	switch (pixels->channel) {
	case DOUBLE_SRGB8:
		if (channel < 3)
			value = to_srgb(value);
		/* fall through */
	case DOUBLE_UNORM8:
		((uint8_t *)texel)[channel] = (uint8_t)lround(clamp(value) * 255);
		return;
	case DOUBLE_FLOAT16:
		half = to_half(value);
		memcpy((uint8_t *)texel + 2 * channel, &half, sizeof(half));
		return;
	case DOUBLE_FLOAT32:
		memcpy((uint8_t *)texel + 4 * channel, &number, sizeof(number));
		return;
	default:
		double_die("the double can't clear pixel format %u", pixels->format);
	}
}

void double_pixels_clear(const struct double_pixels *pixels, const double color[4], void *texel)
{
	double ordered[4];

	memcpy(ordered, color, sizeof(ordered));
	if (pixels->blue_first) {
		ordered[0] = color[2];
		ordered[2] = color[0];
	}
	if (pixels->channel == DOUBLE_UNORM10_2) {
		uint32_t word = (uint32_t)lround(clamp(ordered[3]) * 3) << 30;

		for (int i = 0; i < 3; i++)
			word |= (uint32_t)lround(clamp(ordered[i]) * 1023) << (10 * i);
		memcpy(texel, &word, sizeof(word));
		return;
	}
	for (int i = 0; i < pixels->channels; i++)
		clear_channel(pixels, i, ordered[i], texel);
}
