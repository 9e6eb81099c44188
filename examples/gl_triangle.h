/*
 * The triangle of triangle.vert, in OpenGL ES.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GL_TRIANGLE_H
#define GL_TRIANGLE_H

#include <stdint.h>

/* Compiles the shaders, in the context that is current. */
void gl_triangle_init(void);
/* Draws frame `number` of a turn of 240 frames into a texture of that size. */
void gl_triangle_draw(uint32_t texture, uint32_t width, uint32_t height, uint64_t number);
void gl_triangle_finish(void);

#endif
