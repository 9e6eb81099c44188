/*
 * A file that is there whole or not at all.
 *
 * SPDX-License-Identifier: MIT
 *
 * It is written without a name, where system and file system can, or under a temporary one, in
 * the directory it is to be in. A failure leaves no half file, and leaves an older one as it was.
 */
#ifndef GEYSER_CLI_OUTFILE_H
#define GEYSER_CLI_OUTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outfile {
	int fd;
	const char *name;         /* for messages; borrowed */
	char path[PATH_MAX];      /* where it is to be, symbolic links followed */
	char temporary[PATH_MAX]; /* "" while it has no name, or needs none */
	bool direct;              /* stdout, a pipe or a device: written as it is */
	bool interrupted;         /* a signal ended a wait for its reader: no message says so */
	bool failed;              /* after a message, or interrupted */
	uint64_t size;            /* bytes written so far */
	size_t filled;            /* of the buffer */
	unsigned char buffer[1 << 16];
};

/* path "-" is stdout. Waits until a named pipe has a reader. All print what is wrong and return
 * false. */
bool outfile_open(const char *path, struct outfile *out);

/* Whether outfile_open may succeed, as far as can be told without making a file. */
bool outfile_check(const char *path);

/* Adds these bytes. */
bool outfile_write(struct outfile *out, const void *data, size_t size);

/* Puts the file in its place and closes it. After a failure it is discarded already. */
bool outfile_commit(struct outfile *out);
void outfile_discard(struct outfile *out);

#endif
