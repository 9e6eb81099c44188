/*
 * A context that lacks functions, or fails. Its get_proc_address returns functions of the test,
 * which stand between geyser and GL.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_OPENGL_HOOKS_H
#define TESTS_OPENGL_HOOKS_H

#include "gl.h"

struct hooks {
	const char *no_function;        /* the missing function */
	const char *no_extension;       /* the missing extension */
	int major;                      /* the major version; 0: the true one */
	const uint8_t *device, *driver; /* UUIDs; NULL: the true ones */
	GLenum error;                   /* glGetError returns it after the call error_after */
	const char *error_after;
	unsigned error_skips; /* so many of these calls have no error */
	bool lost;            /* glGetError always returns GL_CONTEXT_LOST */
	const char *renderer; /* GL_RENDERER; NULL: the true one */
	/* the calls of glTexStorageMem2DEXT that came before */
	struct hooked_storage {
		GLenum format;
		GLsizei width, height;
		GLuint memory;
		GLuint64 offset;
	} storages[8];
	unsigned storage_count;
};

extern struct hooks hooks; /* all zero: nothing is changed */

/* Makes a geyser_gl that calls GL through the hooks, even while it is made. */
enum geyser_result make_hooked(struct geyser_gl **out);

#endif
