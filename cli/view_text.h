/*
 * Boxes of text over the pictures.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_VIEW_TEXT_H
#define GEYSER_CLI_VIEW_TEXT_H

#include "view_gl.h"

#define VIEW_TEXT_SIZE 1024u

/* A box of text. Zero is valid: nothing was drawn yet. */
struct view_box {
	char text[VIEW_TEXT_SIZE]; /* the text in the GL texture */
	unsigned dot;
	GLuint texture;
	int width, height; /* pixels */
};

/* Prepares a box of lines, in dots of this many pixels. Does nothing if the text is the same as
 * before. The text may have been written by other programs. */
void view_box_set(struct view_gl *gl, struct view_box *box, const char *text, unsigned dot);

/* Draws the box; x and y are its upper left corner. */
void view_box_draw(struct view_gl *gl, const struct view_box *box, int x, int y);
void view_box_finish(struct view_gl *gl, struct view_box *box);

#endif
