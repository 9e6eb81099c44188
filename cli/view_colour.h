/*
 * From a picture's numbers to those of an sRGB screen.
 *
 * SPDX-License-Identifier: MIT
 *
 * The shader of view_shader.c computes the same as view_colour_show.
 */
#ifndef GEYSER_CLI_VIEW_COLOUR_H
#define GEYSER_CLI_VIEW_COLOUR_H

#include "view.h"

/* Diffuse white of HDR pictures, in cd/m²: ITU-R BT.2408. */
#define VIEW_WHITE 203.0f

enum view_transfer {
	VIEW_ENCODED, /* as on an sRGB screen */
	VIEW_LINEAR,  /* 1 is white */
	VIEW_PQ,
	VIEW_HLG,
	VIEW_NUMBERS, /* no colours: 0 is black, 1 white */
};

/* What the numbers of a picture mean. */
struct view_meaning {
	enum view_transfer transfer;
	float scale;       /* the numbers are multiplied by this first: integers become 0 to 1 */
	bool wide;         /* the primaries aren't those of sRGB */
	float to_srgb[9];  /* from linear light of its primaries to sRGB's; row by row */
	float weights[3];  /* of luminance, for HLG */
	float peak;        /* the brightest light, in units of white */
	unsigned channels; /* 1: gray */
	bool alpha, premultiplied;
};

/* An -srgb format's numbers must have been decoded to light, and video's to colours. */
struct view_meaning view_meaning_of(
	enum geyser_format format, const struct geyser_frame_info *info);

/* Whether light is mapped to the range of the screen. */
bool view_maps_tone(const struct view_meaning *meaning, const struct view_look *look);

/* Writes the colour on the screen, blended over gray. */
void view_colour_show(const struct view_meaning *meaning, const struct view_look *look,
	const float number[4], uint8_t out[3]);

/* Gives the factors of red and blue in luma for the matrix of ITU-T H.273; BT.601's for others. */
void view_luma_weights(uint8_t matrix, double *red, double *blue);

#endif
