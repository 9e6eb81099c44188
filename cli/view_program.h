/*
 * The programs of OpenGL that draw pictures: one for each combination of what they must do.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_VIEW_PROGRAM_H
#define GEYSER_CLI_VIEW_PROGRAM_H

#include "view_gl.h"

/* What a program does: these become constants of its source, so that it does nothing else. */
struct view_variant {
	int kind;     /* of the numbers in plane 0: 0 float, 1 unsigned, 2 signed */
	int planes;   /* 0: colours; 2, 3: planes of video; 4: yuy2; 5: uyvy */
	int taps;     /* samples of the texture in each direction of a pixel */
	int channel;  /* 0 to 3: only this one; -1: all */
	int transfer; /* enum view_transfer */
	bool raw;     /* writes the bits of the numbers; the members below don't matter */
	bool blur;    /* between texels; else the nearest one */
	bool wide, tone, gray, blend, premultiplied;
	bool ranged; /* numbers from low to high become 0 to 1 */
	bool plain;  /* the numbers are those of the screen */
};

/* Returns the program, which is compiled the first time. Returns 0 if that fails; then the driver's
 * words are in `trouble`. */
GLuint view_program_of(
	struct view_gl *gl, const struct view_variant *variant, char *trouble, size_t size);

/* Compiles the program for text; the caller deletes it. */
GLuint view_program_of_text(struct view_gl *gl, char *trouble, size_t size);

void view_programs_finish(struct view_gl *gl);

#endif
