/*
 * What the numbers of texels mean, as words: "bt709,limited".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_COLOUR_H
#define GEYSER_CLI_COLOUR_H

#include <stddef.h>
#include <stdint.h>

#include <geyser/stream.h>

/* What a frame says of its colour, each plus 1; 0: not chosen. */
struct colour_choice {
	uint8_t primaries, transfer, matrix, siting, range;
};

/* Returns a word that parse_colour takes; NULL after the last one. */
const char *colour_word(size_t index);

/* Reads words with commas between them. Prints what is wrong and returns the exit status, or
 * STATUS_OK. */
int parse_colour(const char *command, const char *text, struct colour_choice *out);

/* Writes what was chosen over the frame's colour. */
void choose_colour(const struct colour_choice *choice, struct geyser_frame_info *info);

#endif
