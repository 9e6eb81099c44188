/*
 * A small copy of a frame as it is meant to be seen, for terminals.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_VIEW_SMALL_H
#define GEYSER_CLI_VIEW_SMALL_H

#include <stdio.h>

#include "view_feed.h"

/* Zero is valid: there is no picture yet. */
struct view_small {
	uint32_t width, height;
	float *numbers;   /* four for each texel; owned */
	uint8_t *colours; /* three for each texel; owned */
	uint32_t room;    /* texels */
	float scale;      /* numbers times this are 0 to 1 */
	unsigned channels;
	char what[64]; /* "1280x720 rgba8unorm"; "" before the first picture */
};

/* Makes the copy: the frame fits in width and height, its pixels are square in half-blocks and in
 * sixels. Returns false if that failed; then the feed's `trouble` says why. */
bool view_small_make(struct view_small *small, struct view_feed *feed, const struct view_look *look,
	uint32_t width, uint32_t height);

/* Writes the smallest and the largest number of colours. Returns false if they are the same. */
bool view_small_range(const struct view_small *small, float *low, float *high);

/* Prints the picture: two texels in a character, and each line ends in `end`. */
void view_small_blocks(const struct view_small *small, const char *end, FILE *file);

/* Prints the picture in the 216 colours of a cube of 6, dithered. */
void view_small_sixels(const struct view_small *small, FILE *file);

void view_small_finish(struct view_small *small);

#endif
