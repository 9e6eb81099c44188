/*
 * A copy of a texture in another format or size, in host memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_CONVERTED_H
#define GEYSER_CLI_CONVERTED_H

#include <stdbool.h>

#include <geyser/stream.h>

#include "common.h"

/* Zero is valid: nothing is converted yet. */
struct converted {
	/* The caller may set these: the size of copies, 0 for the texture's own; the filter, NONE
	 * for BOX. */
	struct size size;
	enum geyser_filter filter;
	struct geyser_manager *manager; /* owned */
	struct geyser_texture *texture; /* owned; the copy */
};

/* Returns the format in which a texture is written: the chosen one, or for a PNG of video the
 * colours that hold all of its bits, or the texture's own. */
enum geyser_format converted_format(
	enum geyser_format texture, enum geyser_format chosen, bool is_png);

/* Converts a texture. info is that of its frame, and becomes that of its copy: a copy in colours
 * has no matrix, and video of colours has limited range. NULL: there is no frame. The copy is
 * out->texture. It is made anew only if its shape isn't the one of the call before. Returns false
 * after a message, which begins with name. */
bool converted_make(struct geyser_texture *texture, enum geyser_format format,
	struct geyser_frame_info *info, const char *name, struct converted *out);

void converted_finish(struct converted *converted);

#endif
