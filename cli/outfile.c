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

static bool cannot_write(const struct outfile *out, int error)
{
	(void)failure("%s: can't be written (%s): a place that is writable and has room", out->name,
		strerror(error));
	return false;
}

/* The directory of the path, in place; "." if it names none. */
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

/* A hidden name beside the file that nobody else picks. */
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

/* For systems and file systems that have no unnamed ones. */
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

/* Sets the path, and the mode that the file gets; direct if there is something that isn't a regular
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

bool outfile_open(const char *path, struct outfile *out)
{
	mode_t mode;
	int fd;

	*out = (struct outfile){.name = path};
	if (strcmp(path, "-") == 0) {
		*out = (struct outfile){.name = "stdout", .file = stdout, .direct = true};
		return true;
	}
	if (!find_place(path, out, &mode))
		return cannot_write(out, errno);
	if (out->direct) {
		fd = open(out->path, O_WRONLY | O_CLOEXEC);
	} else {
		fd = open_unnamed(out, mode);
		if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
			fd = open_named(out, mode);
	}
	if (fd >= 0)
		out->file = fdopen(fd, "wb");
	if (out->file)
		return true;
	(void)cannot_write(out, errno);
	if (fd >= 0)
		(void)close(fd);
	outfile_discard(out);
	return false;
}

/* Gives the unnamed file its name: at once where there is none yet, else beside it first, since a
 * link replaces nothing. */
static bool give_name(struct outfile *out)
{
	const int fd = fileno(out->file);

	if (os_name_file(fd, out->path) == 0)
		return true;
	if (errno != EEXIST || !pick_temporary(out))
		return false;
	if (os_name_file(fd, out->temporary) == 0)
		return true;
	out->temporary[0] = '\0';
	return false;
}

static bool put_in_place(struct outfile *out)
{
	if (fflush(out->file) || ferror(out->file))
		return false;
	if (out->direct)
		return true;
	if (!out->temporary[0] && !give_name(out))
		return false;
	if (!out->temporary[0])
		return true;
	if (rename(out->temporary, out->path) < 0)
		return false;
	out->temporary[0] = '\0';
	return true;
}

bool outfile_commit(struct outfile *out)
{
	errno = 0;
	if (!put_in_place(out)) {
		(void)cannot_write(out, errno);
		outfile_discard(out);
		return false;
	}
	outfile_discard(out);
	return true;
}

void outfile_discard(struct outfile *out)
{
	if (out->temporary[0])
		(void)unlink(out->temporary);
	if (out->file && out->file != stdout)
		(void)fclose(out->file);
	*out = (struct outfile){0};
}
