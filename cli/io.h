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
	IO_INTERRUPTED, /* by a signal */
	IO_GONE,        /* writing: the reader has gone */
	IO_FAILED,      /* errno says why */
};

/* What a signal does while a write has to wait. */
enum io_patience {
	IO_STOP,   /* the write ends at once */
	IO_FINISH, /* for a few bytes that matter: the write gets GRACE_NS more */
};

/* Opens a file, device or named pipe for reading. A pipe that nobody has open for writing opens
 * too: its first read waits. The caller owns the descriptor, which is close-on-exec; -1: see
 * errno. */
int io_open_to_read(const char *path);

/* Opens a device or named pipe, or a file which is made if there is none, and emptied. Waits until
 * a named pipe has a reader. The caller owns the descriptor. */
enum io_result io_open_to_write(const char *path, int *out);

/* Waits until the descriptor can be read. */
enum io_result io_await_input(int fd);

/* Reads up to size bytes, at least one; *length is 0 at the end. */
enum io_result io_read(int fd, void *data, size_t size, size_t *length);

/* Reads size bytes, or fewer at the end. */
enum io_result io_read_all(int fd, void *data, size_t size, size_t *length);

/* Writes all of it. */
enum io_result io_write(int fd, const void *data, size_t size, enum io_patience patience);

/* Whether the other end of this pipe, socket or terminal is closed, so that nobody can read our
 * output. Always false for a descriptor of another kind. */
bool io_reader_gone(int fd);

/* Whether it is a terminal. */
bool io_is_terminal(int fd);

#endif
