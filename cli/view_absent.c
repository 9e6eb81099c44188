/*
 * The window of geyser view, in a build without SDL 2 or OpenGL.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view.h"

#ifdef GEYSER_HAVE_OPENGL
#define REMEDY "install SDL 2 (libsdl2-dev on Debian) and build again, or use --terminal"
#else /* macOS */
#define REMEDY "use --terminal"
#endif

int view_in_window(const struct view_options *options, int signals)
{
	(void)signals;
	return failure("%s: this build of geyser has no window: " REMEDY, options->names[0]);
}
