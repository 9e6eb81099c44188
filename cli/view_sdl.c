/*
 * SDL 2, opened at run time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view_sdl.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

#define LIBRARY "libSDL2-2.0.so.0"

/* ---- the library ----------------------------------------------------------------------------- */

/* Finds the functions. Returns the name of one that is missing, or NULL. */
static const char *find_functions(struct view_sdl *out)
{
	const struct {
		const char *name;
		void *at;
	} functions[] = {
#define VIEW_SDL(name) {"SDL_" #name, &out->name},
#include "view_sdl.def"
#undef VIEW_SDL
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *const symbol = dlsym(out->library, functions[i].name);

		if (!symbol)
			return functions[i].name;
		(void)memcpy(functions[i].at, &symbol, sizeof(symbol));
	}
	return NULL;
}

/* Whether SDL has chosen a driver that shows nothing, as the last that is left. The user may have
 * chosen it, too. */
static bool is_unseen(const struct view_sdl *sdl)
{
	const char *const driver = sdl->GetCurrentVideoDriver();

	return !getenv("SDL_VIDEODRIVER") && !getenv("SDL_VIDEO_DRIVER") && driver &&
	       (strcmp(driver, "offscreen") == 0 || strcmp(driver, "dummy") == 0);
}

bool view_sdl_open(struct view_sdl *out)
{
	const char *missing;

	*out = (struct view_sdl){.library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL)};
	if (!out->library) {
		(void)failure("%s isn't there, so there can be no window: install SDL 2 "
			      "(libsdl2-2.0-0 on Debian), or use --terminal",
			LIBRARY);
		return false;
	}
	missing = find_functions(out);
	if (missing) {
		(void)failure("%s is too old (it has no %s): install SDL 2.0.16 or later, or use "
			      "--terminal",
			LIBRARY, missing);
		(void)dlclose(out->library);
		return false;
	}
	/* this program has its own way to end at a signal */
	(void)out->SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	/* a screen saver may begin as usual: most streams are no films */
	(void)out->SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
	/* EGL imports dma-bufs, which GLX can't */
	(void)out->SetHint(SDL_HINT_VIDEO_X11_FORCE_EGL, "1");
	if (out->Init(SDL_INIT_VIDEO) < 0)
		(void)failure("no window can be opened (%s): run this where there is a display, or "
			      "use --terminal",
			out->GetError());
	else if (is_unseen(out))
		(void)failure("no window can be seen (no display: SDL would draw by its driver "
			      "%s): run this where there is a display, or use --terminal",
			out->GetCurrentVideoDriver());
	else
		return true;
	view_sdl_close(out);
	return false;
}

void view_sdl_close(struct view_sdl *sdl)
{
	sdl->Quit();
	/* The library stays: drivers that it has loaded have threads and exit handlers. */
}

/* ---- the window ------------------------------------------------------------------------------ */

/* Makes the size fit in nine tenths of the screen. */
static void shrink(const struct view_sdl *sdl, unsigned *width, unsigned *height)
{
	SDL_Rect screen;
	double factor = 1;

	if (sdl->GetDisplayUsableBounds(0, &screen) || screen.w <= 0 || screen.h <= 0)
		return;
	if (*width > screen.w * 0.9)
		factor = screen.w * 0.9 / *width;
	if (*height * factor > screen.h * 0.9)
		factor = screen.h * 0.9 / *height;
	*width = (unsigned)(*width * factor);
	*height = (unsigned)(*height * factor);
}

static bool open_window(const struct view_sdl *sdl, const char *title, unsigned width,
	unsigned height, struct view_pane *out)
{
	(void)sdl->GL_SetAttribute(SDL_GL_CONTEXT_MAJOR_VERSION, 3);
	(void)sdl->GL_SetAttribute(SDL_GL_CONTEXT_MINOR_VERSION, 3);
	(void)sdl->GL_SetAttribute(SDL_GL_CONTEXT_PROFILE_MASK, SDL_GL_CONTEXT_PROFILE_CORE);
	out->window = sdl->CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
		(int)width, (int)height,
		SDL_WINDOW_OPENGL | SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
	if (!out->window)
		return false;
	out->context = sdl->GL_CreateContext(out->window);
	return out->context != NULL;
}

bool view_pane_open(const struct view_sdl *sdl, const char *title, unsigned width, unsigned height,
	bool fit, struct view_pane *out)
{
	*out = (struct view_pane){.window = NULL};
	if (fit)
		shrink(sdl, &width, &height);
	if (!open_window(sdl, title, width ? width : 1, height ? height : 1, out)) {
		(void)failure("no window with OpenGL 3.3 can be opened (%s): expected a display "
			      "with such a driver, or --terminal",
			sdl->GetError());
		view_pane_close(sdl, out);
		return false;
	}
	/* Wait for the screen: a picture isn't torn, and no more are drawn than can be seen. */
	(void)sdl->GL_SetSwapInterval(1);
	return true;
}

void view_pane_close(const struct view_sdl *sdl, struct view_pane *pane)
{
	if (pane->context)
		sdl->GL_DeleteContext(pane->context);
	if (pane->window)
		sdl->DestroyWindow(pane->window);
	*pane = (struct view_pane){.window = NULL};
}
