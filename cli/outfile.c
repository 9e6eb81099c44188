/*
 * A file that is there whole or not at all.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "os.h"
#include "outfile.h"

static bool cannot_write(struct outfile *out, int error)
{
	out->failed = true;
	(void)failure("%s: can't be written (%s): expected a place that is writable and has room",
		out->name, strerror(error));
	return false;
}

/* Handles the result of an io function that returned anything but IO_DONE. */
static bool ended(struct outfile *out, enum io_result result)
{
	out->failed = true;
	out->interrupted = result == IO_INTERRUPTED;
	return out->interrupted ? false : cannot_write(out, result == IO_GONE ? EPIPE : errno);
}

/* Writes the directory of the path; "." if the path has none. */
static void directory_of(const char *path, char out[PATH_MAX])
{
	char *slash;

	(void)snprintf(out, PATH_MAX, "%s", path);
	slash = strrchr(out, '/');
	if (!slash)
		(void)snprintf(out, PATH_MAX, ".");
	else
		slash[slash == out] = '\0';
}

/* Picks a hidden name beside the file. It has random bits, so that no other process picks it. */
static bool pick_temporary(struct outfile *out)
{
	uint64_t noise;

	if (getentropy(&noise, sizeof(noise)) < 0)
		return false;
	directory_of(out->path, out->temporary);
	return (size_t)snprintf(out->temporary + strlen(out->temporary),
		       PATH_MAX - strlen(out->temporary), "/.geyser-%016llx",
		       (unsigned long long)noise) < PATH_MAX - strlen(out->temporary);
}

static int open_unnamed(struct outfile *out, mode_t mode)
{
	char directory[PATH_MAX];

	directory_of(out->path, directory);
	return os_open_unnamed(directory, mode);
}

/* Makes a temporary file with a name, for systems and file systems that have no unnamed files. */
static int open_named(struct outfile *out, mode_t mode)
{
	int fd;

	if (!pick_temporary(out))
		return -1;
	fd = open(out->temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
	if (fd < 0)
		out->temporary[0] = '\0';
	return fd;
}

/* Sets the path and the mode of the file. Sets direct if the path exists and isn't a regular
 * file. */
static bool find_place(const char *path, struct outfile *out, mode_t *mode)
{
	struct stat status;

	*mode = 0666;
	if (!realpath(path, out->path)) {
		if (errno != ENOENT ||
			(size_t)snprintf(out->path, PATH_MAX, "%s", path) >= PATH_MAX)
			return false;
		return true;
	}
	if (stat(out->path, &status) < 0 || faccessat(AT_FDCWD, out->path, W_OK, AT_EACCESS) < 0)
		return false;
	if (S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return false;
	}
	out->direct = !S_ISREG(status.st_mode);
	*mode = status.st_mode & 0777;
	return true;
}

/* Returns whether the file is a terminal, after a message if it is. */
static bool is_terminal(struct outfile *out)
{
	out->failed = io_is_terminal(out->fd);
	if (out->failed)
		(void)failure("%s is a terminal, which binary data makes unreadable: expected a "
			      "pipe or a file",
			out->name);
	return out->failed;
}

static bool open_direct(struct outfile *out)
{
	const enum io_result result = io_open_to_write(out->path, &out->fd);

	if (result != IO_DONE)
		return ended(out, result);
	return !is_terminal(out);
}

static bool open_file(struct outfile *out, mode_t mode)
{
	out->fd = open_unnamed(out, mode);
	if (out->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		out->fd = open_named(out, mode);
	return out->fd >= 0 || cannot_write(out, errno);
}

/* Sets the fields. Doesn't clear the buffer, since it is large. */
static void init(struct outfile *out, const char *name)
{
	out->fd = -1;
	out->name = name;
	out->path[0] = out->temporary[0] = '\0';
	out->direct = out->interrupted = out->failed = false;
	out->size = out->filled = 0;
}

bool outfile_open(const char *path, struct outfile *out)
{
	mode_t mode;

	init(out, path);
	if (strcmp(path, "-") == 0) {
		out->name = "stdout";
		out->fd = STDOUT_FILENO;
		out->direct = true;
		return !is_terminal(out);
	}
	if (!find_place(path, out, &mode))
		return cannot_write(out, errno);
	if (out->direct ? open_direct(out) : open_file(out, mode))
		return true;
	outfile_discard(out);
	return false;
}

bool outfile_check(const char *path)
{
	char directory[PATH_MAX];
	struct outfile out;
	mode_t mode;

	init(&out, path);
	if (strcmp(path, "-") == 0)
		return true;
	if (!find_place(path, &out, &mode))
		return cannot_write(&out, errno);
	directory_of(out.path, directory);
	if (!out.direct && faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) < 0)
		return cannot_write(&out, errno);
	return true;
}

/* ---- writing -------------------------------------------------------------------------------- */

static bool write_all(struct outfile *out, const void *data, size_t size)
{
	const enum io_result result = io_write(out->fd, data, size, IO_STOP);

	return result == IO_DONE || ended(out, result);
}

static bool flush(struct outfile *out)
{
	const size_t size = out->filled;

	out->filled = 0;
	return !size || write_all(out, out->buffer, size);
}

bool outfile_write(struct outfile *out, const void *data, size_t size)
{
	if (out->failed)
		return false;
	out->size += size;
	if (size > sizeof(out->buffer) - out->filled && !flush(out))
		return false;
	if (size >= sizeof(out->buffer))
		return write_all(out, data, size);
	(void)memcpy(out->buffer + out->filled, data, size);
	out->filled += size;
	return true;
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Gives the unnamed file its name. If a file of that name exists, the new one gets a temporary name
 * first, and is then renamed: a link can't replace a file. */
static bool give_name(struct outfile *out)
{
	if (os_name_file(out->fd, out->path) == 0)
		return true;
	if (errno != EEXIST || !pick_temporary(out))
		return false;
	if (os_name_file(out->fd, out->temporary) == 0)
		return true;
	out->temporary[0] = '\0';
	return false;
}

static bool put_in_place(struct outfile *out)
{
	if (out->direct)
		return true;
	if (!out->temporary[0] && !give_name(out))
		return cannot_write(out, errno);
	if (!out->temporary[0])
		return true;
	if (rename(out->temporary, out->path) < 0)
		return cannot_write(out, errno);
	out->temporary[0] = '\0';
	return true;
}

bool outfile_commit(struct outfile *out)
{
	const bool done = !out->failed && flush(out) && put_in_place(out);

	outfile_discard(out);
	return done;
}

void outfile_discard(struct outfile *out)
{
	if (out->temporary[0])
		(void)unlink(out->temporary);
	if (out->fd >= 0 && out->fd != STDOUT_FILENO)
		(void)close(out->fd);
	out->fd = -1;
	out->temporary[0] = '\0';
}
