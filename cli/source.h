/*
 * Where frames come from: a file or pipe with raw texels, row by row straight into a mapping.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_SOURCE_H
#define GEYSER_CLI_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <geyser/geyser.h>

#include "magic.h"

struct source {
	int fd;
	bool owned;
	const char *name;            /* for messages; borrowed */
	bool loop;                   /* at the end go on with the first frame */
	int signals;                 /* from signals_open; borrowed */
	uint64_t limit_ns;           /* how long bytes are waited for; UINT64_MAX: for ever */
	uint64_t frames;             /* read */
	const struct magic_use *use; /* NULL: the bytes aren't looked at; borrowed */
	unsigned char head[MAGIC_SIZE];
	size_t head_size, head_taken; /* bytes that were read ahead, and taken from there */
};

enum source_result {
	SOURCE_FRAME,
	SOURCE_END,         /* after at least one frame */
	SOURCE_INTERRUPTED, /* by a signal */
	SOURCE_FAILED,      /* after a message; also where it ends within a frame */
};

/* Opens use->input. A message and false if it can't be opened or looped, or if what it begins with
 * is no raw texels. Says so if it is a file of another size than that of whole frames. */
bool source_open(const struct magic_use *use, bool loop, int signals, struct source *out);

/* desc is the texture's, of one layer and one mip level. */
enum source_result source_read(struct source *source, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping);
void source_close(struct source *source);

#endif
