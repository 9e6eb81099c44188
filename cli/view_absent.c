/*
 * The window of geyser view, in a build without SDL 2 or OpenGL.
 *
 * SPDX-License-Identifier: MIT
 */
#include "view.h"

int view_in_window(const struct view_options *options, int signals)
{
	(void)signals;
	return failure("%s: this build of geyser has no window: install SDL 2 (libsdl2-dev on "
		       "Debian) and build again, or use --terminal",
		options->names[0]);
}
