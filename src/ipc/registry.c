/* SPDX-License-Identifier: MIT */
#include "ipc/registry_files.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/system.h"
#include "ipc/random.h"
#include "platform/platform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- the directory ---- */

#define FOLDER "/geyser"

/* The path, and *parent of its bytes are the directory that must be there. */
static enum geyser_result compose_path(char *path, size_t size, size_t *parent, const char **name)
{
	*parent = gy_runtime_directory(path, size, name);
	if (*parent == 0)
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"XDG_RUNTIME_DIR is not set: set it to a directory that only you can "
			"write, for example \"export XDG_RUNTIME_DIR=$(mktemp -d)\"");
	if (path[0] != '/')
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"%s (%.200s): set it to an absolute path", *name, path);
	if (*parent + sizeof(FOLDER) > size)
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"%s (%.200s…): the path has %zu bytes, at most %zu fit", *name, path,
			*parent, size - sizeof(FOLDER));
	memcpy(path + *parent, FOLDER, sizeof(FOLDER));
	return GEYSER_OK;
}

static enum geyser_result registry_path(char *path, size_t size)
{
	char text[GY_ERROR_TEXT_SIZE];
	struct stat status;
	const char *name;
	size_t parent;
	enum geyser_result result = compose_path(path, size, &parent, &name);

	if (result != GEYSER_OK)
		return result;
	path[parent] = '\0';
	if (stat(path, &status) < 0)
		result = gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR, "%s (%.200s): %s", name, path,
			gy_error_text(errno, text));
	else if (!S_ISDIR(status.st_mode))
		result = gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR, "%s (%.200s): it is not a directory",
			name, path);
	path[parent] = FOLDER[0];
	return result;
}

/* Linux alone reaches any directory. */
static bool is_too_long(const char *path)
{
	char alias[64];

	return strlen(path) > ADDRESS_PATH_MAX && !gy_directory_alias(-1, alias, sizeof(alias));
}

static enum geyser_result check_directory(const char *path, const struct stat *status)
{
	if (!S_ISDIR(status->st_mode))
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"registry (%.300s) is no directory: remove it", path);
	if (status->st_uid != geteuid())
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"registry (%.300s) belongs to uid %u: it must belong to uid %u", path,
			status->st_uid, geteuid());
	if ((status->st_mode & 0777) != 0700)
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"registry (%.300s) has mode %04o: it must be 0700, so that nobody else "
			"reaches what is shared; run \"chmod 0700\" on it",
			path, status->st_mode & 0777);
	return GEYSER_OK;
}

enum geyser_result geyser_registry_directory(char *text, size_t size)
{
	enum geyser_result result;
	struct stat status;
	char path[PATH_MAX];
	size_t length;

	if (!text || size == 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "text is NULL or has no room");
	text[0] = '\0';
	result = registry_path(path, sizeof(path));
	if (result != GEYSER_OK)
		return result;
	length = strlen(path);
	if (length >= size)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"text (%zu bytes): the registry's path takes %zu", size, length + 1);
	memcpy(text, path, length + 1);
	if (lstat(path, &status) == 0)
		result = check_directory(path, &status);
	return result == GEYSER_OK && is_too_long(path) ? no_address(path) : result;
}

enum geyser_result gy_registry_open(bool create, struct gy_registry *out)
{
	enum geyser_result result = registry_path(out->path, sizeof(out->path));
	struct stat status;

	out->fd = -1;
	if (result != GEYSER_OK)
		return result;
	if (create && mkdir(out->path, 0700) < 0 && errno != EEXIST)
		return gy_fail_errno("making the registry (%.300s)", out->path);
	out->fd = open(out->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out->fd < 0 && errno == ENOENT)
		return gy_fail(GEYSER_ERROR_NOT_FOUND, "nothing is exported: there is no %.300s",
			out->path);
	if (out->fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"registry (%.300s) is no directory: remove it", out->path);
	if (out->fd < 0)
		return gy_fail_errno("opening the registry (%.300s)", out->path);
	if (fstat(out->fd, &status) < 0)
		result = gy_fail_errno("registry (%.300s)", out->path);
	else
		result = check_directory(out->path, &status);
	out->uid = status.st_uid;
	if (result != GEYSER_OK)
		gy_registry_close(out);
	return result;
}

enum geyser_result gy_registry_find(struct gy_registry *out)
{
	const char *name;
	size_t parent;
	enum geyser_result result = compose_path(out->path, sizeof(out->path), &parent, &name);
	struct stat status;

	out->fd = -1;
	if (result != GEYSER_OK)
		return result;
	if (strlen(out->path) >= ADDRESS_PATH_MAX || lstat(out->path, &status) < 0)
		return gy_registry_open(false, out);
	out->uid = status.st_uid;
	return check_directory(out->path, &status);
}

void gy_registry_close(struct gy_registry *registry)
{
	if (registry->fd >= 0)
		(void)close(registry->fd);
	registry->fd = -1;
}

/* ---- who lives ---- */

/* Exactly what instance_name writes: strtoull takes signs, spaces and capitals too. */
bool gy_registry_read_name(const char *name, const char *suffix, uint64_t *instance)
{
	if (strspn(name, "0123456789abcdef") != 16 || strcmp(name + 16, suffix) != 0)
		return false;
	*instance = strtoull(name, NULL, 16);
	return true;
}

/* An id's link points at "INSTANCE.sock". */
bool gy_registry_read_link(const struct gy_registry *registry, const char *name, uint64_t *instance)
{
	char target[NAME_SIZE];
	ssize_t length = readlinkat(registry->fd, name, target, sizeof(target) - 1);

	if (length < 0)
		return false;
	target[length] = '\0';
	return gy_registry_read_name(target, SOCKET, instance);
}

/* Opened for reading: the closing of one open for writing tells watchers that its exporter is gone
 * (stream/arrival.c). Locked in a shared way: whoever looks at the same moment sees no life. */
static enum gy_life probe(const struct gy_registry *registry, uint64_t instance, int *fd)
{
	char name[NAME_SIZE];

	instance_name(name, instance, LOCK);
	*fd = openat(registry->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (*fd >= 0 && flock(*fd, LOCK_SH | LOCK_NB) == 0)
		return GY_LIFE_DEAD;
	if (*fd >= 0) {
		(void)close(*fd);
		*fd = -1;
		return GY_LIFE_ALIVE;
	}
	if (errno == ENOENT)
		return GY_LIFE_GONE;
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? GY_LIFE_UNKNOWN
								     : GY_LIFE_ALIVE;
}

enum gy_life gy_registry_probe(const struct gy_registry *registry, uint64_t instance)
{
	int fd;
	enum gy_life life = probe(registry, instance, &fd);

	if (fd >= 0)
		(void)close(fd);
	return life;
}

int gy_registry_hold_dead(const struct gy_registry *registry, uint64_t instance)
{
	int fd;

	(void)probe(registry, instance, &fd);
	return fd;
}

enum geyser_result gy_registry_is_alive(
	const struct gy_registry *registry, uint64_t instance, bool *alive)
{
	enum gy_life life = gy_registry_probe(registry, instance);

	*alive = life == GY_LIFE_ALIVE;
	if (life != GY_LIFE_UNKNOWN)
		return GEYSER_OK;
	return gy_fail_errno("looking whether exporter %016" PRIx64 " lives", instance);
}

enum geyser_result gy_registry_each(
	const struct gy_registry *registry, gy_registry_visitor *visit, void *data)
{
	int fd = openat(registry->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	enum geyser_result result = GEYSER_OK;
	struct dirent *entry;

	if (!directory) {
		result = gy_fail_errno("reading the registry (%.300s)", registry->path);
		if (fd >= 0)
			(void)close(fd);
		return result;
	}
	while ((entry = readdir(directory)))
		visit(registry, entry->d_name, data);
	(void)closedir(directory);
	return result;
}

/* ---- ids ---- */

enum geyser_result gy_registry_find_id(
	const struct gy_registry *registry, uint32_t id, uint64_t *instance)
{
	char name[NAME_SIZE];

	id_name(name, id);
	if (gy_registry_read_link(registry, name, instance))
		return GEYSER_OK;
	return gy_fail(
		GEYSER_ERROR_NOT_FOUND, "id 0x%08" PRIx32 ": nothing is exported under it", id);
}
