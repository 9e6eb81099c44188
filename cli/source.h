/*
 * Reads frames from a file or pipe with raw texels or y4m, row by row straight into a mapping.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_SOURCE_H
#define GEYSER_CLI_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <geyser/geyser.h>

#include "magic.h"
#include "y4m.h"

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
	bool begun; /* the line before a frame of y4m was read, and not yet the whole frame */
	bool is_y4m;
	struct y4m y4m;        /* what the first line of a y4m says */
	unsigned char *planes; /* a frame of y4m that has to be repacked; owned */
	bool ahead;            /* planes has the first frame, which was read before the stream */
	off_t start;           /* of the first frame in a file */
	bool is_file;          /* reading never waits */
};

enum source_result {
	SOURCE_FRAME,
	SOURCE_END,         /* the input ended, after at least one frame */
	SOURCE_INTERRUPTED, /* a signal ended the wait */
	SOURCE_FAILED,      /* a message was printed; also if the input ends within a frame */
};

/* Opens use->input. Returns false after a message if it can't be opened or looped, or if a file's
 * first bytes are neither raw texels nor y4m. Tells if the size of the file isn't that of whole
 * frames. use->width is 0 if the size isn't known: only y4m can then be read. */
bool source_open(const struct magic_use *use, bool loop, int signals, struct source *out);

/* Finds out whether the input is y4m, and fills in is_y4m and y4m. Waits for a pipe's first bytes,
 * and for the first frame of y4m: a first line alone must not make the caller allocate textures of
 * the size that it names. source_read does without if this call doesn't come before. Returns
 * SOURCE_FRAME, SOURCE_INTERRUPTED or SOURCE_FAILED; the last one also for y4m that isn't what use
 * says. */
enum source_result source_examine(struct source *source);

/* Reads the next frame into a mapped texture, which has one layer and one mip level. */
enum source_result source_read(struct source *source, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping);
void source_close(struct source *source);

#endif
