/*
 * A context that can less, or fails: by a get_proc_address that puts its own functions in between.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_OPENGL_HOOKS_H
#define TESTS_OPENGL_HOOKS_H

#include "gl.h"

struct hooks {
	const char *no_function;        /* this one isn't there */
	const char *no_extension;       /* nor this one */
	int major;                      /* of the version; 0: the true one */
	const uint8_t *device, *driver; /* UUIDs; NULL: the true ones */
	GLenum error;                   /* glGetError says so after this call */
	const char *error_after;
	bool lost; /* glGetError says that the context is lost, for good */
};

extern struct hooks hooks; /* what holds now; all zero: nothing is changed */

/* A geyser_gl that is made, and calls, through the hooks. */
enum geyser_result make_hooked(struct geyser_gl **out);

#endif
