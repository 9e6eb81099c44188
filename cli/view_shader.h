/*
 * The shaders of geyser view's window.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_VIEW_SHADER_H
#define GEYSER_CLI_VIEW_SHADER_H

extern const char *const view_shader_version;
extern const char *const view_shader_triangle; /* a vertex shader: covers the whole target */
/* A fragment shader for pictures has these two parts, after the constants of view_program.c: the
 * first one reads a picture's numbers, the second one makes colours of them. */
extern const char *const view_shader_numbers;
extern const char *const view_shader_colours;
extern const char *const view_shader_text; /* draws a box of text */

#endif
