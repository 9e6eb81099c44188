/*
 * Reads frames from a file or pipe with raw texels, row by row straight into a mapping.
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
	const char *name;            /* the file's name in messages; borrowed */
	bool loop;                   /* begin again with the first frame at the end of the file */
	int signals;                 /* the descriptor of signals_open; borrowed */
	uint64_t limit_ns;           /* how long a wait for bytes may take; UINT64_MAX: no limit */
	uint64_t frames;             /* how many were read */
	const struct magic_use *use; /* NULL: the first bytes aren't checked; borrowed */
	unsigned char head[MAGIC_SIZE];
	/* how many bytes were read ahead, and how many of them were used */
	size_t head_size, head_taken;
};

enum source_result {
	SOURCE_FRAME,
	SOURCE_END,         /* the input ended, after at least one frame */
	SOURCE_INTERRUPTED, /* a signal ended the wait */
	SOURCE_FAILED,      /* a message was printed; also if the input ends within a frame */
};

/* Opens use->input. Returns false after a message if it can't be opened or looped, or if its first
 * bytes aren't raw texels. Tells if the size of the file isn't that of whole frames. */
bool source_open(const struct magic_use *use, bool loop, int signals, struct source *out);

/* Reads the next frame into a mapped texture, which has one layer and one mip level. */
enum source_result source_read(struct source *source, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping);
void source_close(struct source *source);

#endif
