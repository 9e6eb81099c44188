/*
 * Drawing pictures and text by OpenGL.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_VIEW_GL_H
#define GEYSER_CLI_VIEW_GL_H

#define GL_GLEXT_PROTOTYPES
#include <SDL_opengl.h>

#include <geyser/opengl.h>

#include "view_colour.h"
#include "view_place.h"

#define VIEW_READ_MAX 64u /* texels a side that view_gl_read reads at most */

struct view_gl {
#define VIEW_GL(name) __typeof__(gl##name) *(name);
#include "view_gl.def"
#undef VIEW_GL
	struct geyser_gl *geyser;
	struct view_program *programs; /* owned; view_program.c */
	GLuint text_program, vertices, linear, nearest;
	GLuint read_texture, read_frame;
	int width, height; /* of the target */
};

/* Prepares drawing in the current context. Prints what is wrong and returns false. */
bool view_gl_init(struct view_gl *gl, void *(*get_proc_address)(const char *name));
void view_gl_finish(struct view_gl *gl);

/* A picture: a frame whose planes GL has. */
struct view_picture {
	const struct geyser_gl_texture_info *planes;
	const struct geyser_texture_desc *desc;
	const struct geyser_frame_info *info;
};

/* Draws a picture in its tile. Returns false if the shaders can't be compiled; then the driver's
 * words are in `trouble`. */
bool view_gl_draw(struct view_gl *gl, const struct view_picture *picture,
	const struct view_look *look, const struct view_place *place, char *trouble, size_t size);

/* A rectangle of the upright picture to be read as numbers, at columns times rows places. */
struct view_sample {
	uint32_t x, y, width, height;
	uint32_t columns, rows;
};

/* Reads numbers as they lie in the texture, except that unorm is 0 to 1. Integers keep their bits.
 * Four for each place, row by row. */
bool view_gl_read(struct view_gl *gl, const struct view_picture *picture,
	const struct view_sample *sample, uint32_t *out);

/* Starts a target of this size: the window (framebuffer 0) or another one. */
void view_gl_begin(struct view_gl *gl, GLuint frame, int width, int height);

#endif
