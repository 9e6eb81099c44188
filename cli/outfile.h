/*
 * A file that is there whole or not at all.
 *
 * SPDX-License-Identifier: MIT
 *
 * The file is written in its own directory, without a name where the system and the file system can
 * do that, else under a temporary name. A failure leaves no half-written file, and leaves an older
 * file as it was.
 */
#ifndef GEYSER_CLI_OUTFILE_H
#define GEYSER_CLI_OUTFILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outfile {
	int fd;
	const char *name;         /* the file's name in messages; borrowed */
	char path[PATH_MAX];      /* where the file will be, with symbolic links followed */
	char temporary[PATH_MAX]; /* the temporary name; "" if the file has none */
	/* stdout, a pipe or a device: written to without a temporary file */
	bool direct;
	bool interrupted; /* a signal ended a wait for the reader; no message was printed */
	bool failed;      /* a message was printed, or `interrupted` is set */
	uint64_t size;    /* bytes written so far */
	size_t filled;    /* how many bytes of the buffer are filled */
	unsigned char buffer[1 << 16];
};

/* Opens the file; the path "-" is stdout. Waits until a named pipe has a reader. All functions
 * print what is wrong and return false. */
bool outfile_open(const char *path, struct outfile *out);

/* Checks whether outfile_open may succeed, without making a file. */
bool outfile_check(const char *path);

/* Appends these bytes. */
bool outfile_write(struct outfile *out, const void *data, size_t size);

/* Gives the file its name and closes it. After a failure the file is discarded. */
bool outfile_commit(struct outfile *out);
void outfile_discard(struct outfile *out);

#endif
