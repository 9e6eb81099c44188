/*
 * Reading and writing descriptors that may have to be waited for.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "io.h"
#include "os.h"

/* How long a write with IO_FINISH may go on after a signal. */
#define GRACE_NS (NANOSECONDS / 2)

/* No descriptor becomes readable when a named pipe gets a reader, so the program tries again after
 * this time. */
#define RETRY_NS (NANOSECONDS / 50)

/* ---- opening -------------------------------------------------------------------------------- */

int io_open_to_read(const char *path)
{
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static bool is_pipe(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

enum io_result io_open_to_write(const char *path, int *out)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC;

	for (;;) {
		struct pollfd signals = {.fd = signals_fd(), .events = POLLIN};

		*out = open(path, flags, 0666);
		if (*out >= 0)
			return IO_DONE;
		if (errno != EINTR && (errno != ENXIO || !is_pipe(path)))
			return IO_FAILED;
		/* Without a descriptor for signals os_poll only waits for RETRY_NS. */
		if (os_poll(&signals, 1, RETRY_NS) > 0 && signals_noticed(&signals))
			return IO_INTERRUPTED;
	}
}

/* ---- waiting -------------------------------------------------------------------------------- */

/* Waits for the descriptor or a signal; fds then says which of them is ready. */
static enum io_result await(struct pollfd fds[2], uint64_t limit_ns)
{
	int count;

	do
		count = os_poll(fds, 2, limit_ns);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return IO_FAILED;
	return count ? IO_DONE : IO_INTERRUPTED;
}

static enum io_result await_input(int fd)
{
	struct pollfd fds[2] = {
		{.fd = signals_fd(), .events = POLLIN},
		{.fd = fd, .events = POLLIN},
	};
	const enum io_result result = await(fds, UINT64_MAX);

	return result == IO_DONE && signals_noticed(&fds[0]) ? IO_INTERRUPTED : result;
}

static enum io_result await_room(int fd, enum io_patience patience)
{
	struct pollfd fds[2] = {
		{.fd = signals_fd(), .events = POLLIN},
		{.fd = fd, .events = POLLOUT},
	};
	const enum io_result result = await(fds, UINT64_MAX);

	if (result != IO_DONE || !signals_noticed(&fds[0]))
		return result;
	if (patience == IO_STOP)
		return IO_INTERRUPTED;
	if (fds[1].revents)
		return IO_DONE;
	fds[0].fd = -1;
	return await(fds, GRACE_NS);
}

/* ---- reading -------------------------------------------------------------------------------- */

enum io_result io_read(int fd, void *data, size_t size, size_t *length)
{
	*length = 0;
	for (;;) {
		const enum io_result result = await_input(fd);
		ssize_t count;

		if (result != IO_DONE)
			return result;
		count = read(fd, data, size);
		if (count >= 0) {
			*length = (size_t)count;
			return IO_DONE;
		}
		if (errno != EINTR && errno != EAGAIN)
			return IO_FAILED;
	}
}

enum io_result io_read_all(int fd, void *data, size_t size, size_t *length)
{
	*length = 0;
	while (*length < size) {
		size_t part;
		const enum io_result result =
			io_read(fd, (unsigned char *)data + *length, size - *length, &part);

		if (result != IO_DONE || !part)
			return result;
		*length += part;
	}
	return IO_DONE;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Whether a write may have to wait, which is so for a pipe, a socket and a terminal. */
static bool has_to_wait(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return false;
	return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || io_is_terminal(fd);
}

/* Returns how many bytes may be written at once. A blocking pipe that has room takes PIPE_BUF bytes
 * without waiting; a non-blocking descriptor takes as many as it can. */
static size_t largest_part(int fd, bool waits)
{
	const int flags = waits ? fcntl(fd, F_GETFL) : 0;

	return waits && flags >= 0 && !(flags & O_NONBLOCK) ? PIPE_BUF : SSIZE_MAX;
}

static enum io_result write_part(int fd, const unsigned char *data, size_t size, size_t *done)
{
	const ssize_t count = write(fd, data, size);

	*done = 0;
	if (count > 0)
		*done = (size_t)count;
	else if (count == 0)
		errno = ENOSPC;
	else if (errno == EINTR || errno == EAGAIN)
		return IO_DONE;
	else if (errno == EPIPE || errno == ECONNRESET)
		return IO_GONE;
	return count > 0 ? IO_DONE : IO_FAILED;
}

enum io_result io_write(int fd, const void *data, size_t size, enum io_patience patience)
{
	const bool waits = has_to_wait(fd);
	const size_t most = largest_part(fd, waits);
	const unsigned char *at = data;

	while (size) {
		const size_t part = size < most ? size : most;
		enum io_result result = waits ? await_room(fd, patience) : IO_DONE;
		size_t done = 0;

		if (result == IO_DONE)
			result = write_part(fd, at, part, &done);
		if (result != IO_DONE)
			return result;
		at += done;
		size -= done;
	}
	return IO_DONE;
}

bool io_reader_gone(int fd)
{
	struct pollfd poll_errors = {.fd = fd};

	return poll(&poll_errors, 1, 0) > 0 && (poll_errors.revents & (POLLERR | POLLHUP)) != 0;
}

bool io_is_terminal(int fd)
{
	return isatty(fd) == 1;
}
