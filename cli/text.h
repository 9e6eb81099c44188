/*
 * Text in pictures.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_TEXT_H
#define GEYSER_CLI_TEXT_H

#include "canvas.h"

/* The size of a character in dots, with the empty column and row between two characters. */
#define TEXT_ADVANCE 6u
#define TEXT_HEIGHT 7u

/* Draws ASCII text; dot is the size of a dot in texels. Dots outside the canvas are clipped. */
void text_draw(const struct canvas *canvas, uint32_t x, uint32_t y, uint32_t dot,
	struct colour colour, const char *text);

/* Returns the text's width in texels. */
uint32_t text_length(const char *text, uint32_t dot);

#endif
