/*
 * Text in pictures.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_TEXT_H
#define GEYSER_CLI_TEXT_H

#include "canvas.h"

/* Of a character, in dots; the column and row between two are in it. */
#define TEXT_ADVANCE 6u
#define TEXT_HEIGHT 7u

/* Draws ASCII; dot is the size of a dot in texels. What isn't on the canvas is left out. */
void text_draw(const struct canvas *canvas, uint32_t x, uint32_t y, uint32_t dot,
	struct colour colour, const char *text);

/* In texels. */
uint32_t text_length(const char *text, uint32_t dot);

#endif
