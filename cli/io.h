/*
 * Reading and writing descriptors that may be non-blocking, and that may have to be waited for.
 *
 * SPDX-License-Identifier: MIT
 *
 * A descriptor may be non-blocking although this program didn't ask for it: another program that
 * shares the pipe made it so. Every wait here ends when SIGINT or SIGTERM comes, if signals_open
 * was called before; without it these signals end the process as usual.
 */
#ifndef GEYSER_CLI_IO_H
#define GEYSER_CLI_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum io_result {
	IO_DONE,
	IO_INTERRUPTED, /* a signal ended the wait */
	IO_GONE,        /* the reader of the output has gone */
	IO_FAILED,      /* errno says why */
};

/* What a signal does while a write has to wait. */
enum io_patience {
	IO_STOP,   /* the signal ends the write at once */
	IO_FINISH, /* the write may go on for GRACE_NS: for a few bytes that matter */
};

/* Opens a file, device or named pipe for reading. A pipe without a writer opens too; its first read
 * then waits. The caller owns the descriptor, which is close-on-exec. Returns -1 after a failure
 * and sets errno. */
int io_open_to_read(const char *path);

/* Opens a device, a named pipe or a file for writing. A missing file is made, an existing one
 * emptied. Waits until a named pipe has a reader. The caller owns the descriptor. */
enum io_result io_open_to_write(const char *path, int *out);

/* Reads 1 to size bytes. *length is 0 at the end of the file. */
enum io_result io_read(int fd, void *data, size_t size, size_t *length);

/* Reads size bytes, or fewer at the end. */
enum io_result io_read_all(int fd, void *data, size_t size, size_t *length);

/* Writes all bytes. */
enum io_result io_write(int fd, const void *data, size_t size, enum io_patience patience);

/* Whether the other end of this pipe, socket or terminal is closed, so that nobody can read our
 * output. Always false for a descriptor of another kind. */
bool io_reader_gone(int fd);

/* Whether the descriptor is a terminal. */
bool io_is_terminal(int fd);

#endif
