/*
 * SDL 2, opened at run time: no other command needs it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_VIEW_SDL_H
#define GEYSER_CLI_VIEW_SDL_H

#include <stdbool.h>

#define SDL_MAIN_HANDLED
#include <SDL.h>

struct view_sdl {
	void *library;
#define VIEW_SDL(name) __typeof__(SDL_##name) *(name);
#include "view_sdl.def"
#undef VIEW_SDL
};

/* Opens SDL and its video. Prints what is wrong and returns false. */
bool view_sdl_open(struct view_sdl *out);
void view_sdl_close(struct view_sdl *sdl);

/* A window with an OpenGL context. */
struct view_pane {
	SDL_Window *window;
	SDL_GLContext context;
};

/* Opens a window of this size, or one that fits the screen in the same shape if `fit`. Prints what
 * is wrong and returns false. */
bool view_pane_open(const struct view_sdl *sdl, const char *title, unsigned width, unsigned height,
	bool fit, struct view_pane *out);
void view_pane_close(const struct view_sdl *sdl, struct view_pane *pane);

#endif
