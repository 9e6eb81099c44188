/*
 * Contexts of OpenGL ES without a window, by EGL.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GL_CONTEXT_H
#define GL_CONTEXT_H

#include <stdbool.h>

/* Makes a context on EGL's device of that index current, and knows it until gl_context_close. False
 * if there are no more devices. Where EGL can't name devices the default display is the only one.
 */
bool gl_context_open(unsigned index);
void gl_context_close(void);

#endif
