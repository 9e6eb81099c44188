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
#include <stdio.h>

struct outfile {
	FILE *file;
	const char *name;         /* for messages; borrowed */
	char path[PATH_MAX];      /* where it is to be, symbolic links followed */
	char temporary[PATH_MAX]; /* "" while it has no name, or needs none */
	bool direct;              /* stdout, a pipe or a device: written as it is */
};

/* path "-" is stdout. All print what is wrong and return false. */
bool outfile_open(const char *path, struct outfile *out);

/* Puts the file in its place and closes it. After a failure it is discarded already. */
bool outfile_commit(struct outfile *out);
void outfile_discard(struct outfile *out);

#endif
