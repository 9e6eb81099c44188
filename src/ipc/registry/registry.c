/* SPDX-License-Identifier: MIT */
#include "ipc/registry/registry.h"
#include "ipc/registry/files.h"
#include "ipc/registry/place.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/platform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the directory ---- */

enum geyser_result gy_registry_check_directory(const char *path, const struct stat *status)
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

/* Another process may be making the directory right now, under an umask that takes our own rights
 * away for a moment. */
static enum geyser_result check_opened(const struct gy_registry *registry, struct stat *status)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);

	for (unsigned i = 0;; i++) {
		if (fstat(registry->fd, status) < 0)
			return gy_fail_errno("registry (%.300s)", registry->path);
		if ((status->st_mode & 0777) != 0 || status->st_uid != geteuid() || i == 20)
			return gy_registry_check_directory(registry->path, status);
		(void)nanosleep(&moment, NULL);
	}
}

enum geyser_result gy_registry_open_path(bool create, struct gy_registry *out)
{
	enum geyser_result result;
	struct stat status;

	out->fd = -1;
	if (create && !gy_directory_make(out->path) && errno != EEXIST)
		return gy_fail_errno("making the registry (%.300s)", out->path);
	out->fd = open(out->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out->fd < 0 && errno == ENOENT)
		return gy_fail(GEYSER_ERROR_NOT_FOUND, "nothing is exported: there is no %.300s",
			out->path);
	if (out->fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"registry (%.300s) is no directory: remove it", out->path);
	if (out->fd < 0 && errno == EACCES && lstat(out->path, &status) == 0)
		result = gy_registry_check_directory(out->path, &status);
	else if (out->fd < 0)
		return gy_fail_errno("opening the registry (%.300s)", out->path);
	else
		result = check_opened(out, &status);
	out->uid = status.st_uid;
	if (result == GEYSER_OK && out->fd < 0)
		result = gy_fail(
			GEYSER_ERROR_PERMISSION, "registry (%.300s) can't be opened", out->path);
	if (result != GEYSER_OK)
		gy_registry_close(out);
	return result;
}

enum geyser_result gy_registry_look(struct gy_registry *registry)
{
	struct stat status;

	registry->fd = -1;
	if (strlen(registry->path) >= GY_ADDRESS_PATH_MAX || lstat(registry->path, &status) < 0)
		return gy_registry_open_path(false, registry);
	registry->uid = status.st_uid;
	return gy_registry_check_directory(registry->path, &status);
}

void gy_registry_close(struct gy_registry *registry)
{
	if (registry->fd >= 0)
		(void)close(registry->fd);
	registry->fd = -1;
}

bool gy_registry_is_current(const struct gy_registry *registry)
{
	struct stat opened, there;

	return fstat(registry->fd, &opened) == 0 && lstat(registry->path, &there) == 0 &&
	       opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

/* ---- all places ---- */

bool gy_registry_is_read_only(const char *path)
{
	const char *slash = strrchr(path, '/');
	char parent[4096];

	if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0)
		return false;
	if (errno != ENOENT || !slash)
		return errno == EROFS;
	(void)snprintf(parent, sizeof(parent), "%.*s/", (int)(slash - path), path);
	return faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) < 0 &&
	       (errno == EROFS || errno == EACCES);
}

bool gy_registry_is_passed_over(const char *path, enum geyser_result result)
{
	return result != GEYSER_OK &&
	       (result == GEYSER_ERROR_OUT_OF_MEMORY || gy_registry_is_read_only(path));
}

/* Whether the list has this directory already. One directory may have two paths. */
static bool is_listed(const struct gy_registries *list, const struct gy_registry *registry)
{
	struct stat one, other;

	if (fstat(registry->fd, &one) < 0)
		return false;
	for (unsigned i = 0; i < list->count; i++)
		if (fstat(list->all[i].fd, &other) == 0 && one.st_dev == other.st_dev &&
			one.st_ino == other.st_ino)
			return true;
	return false;
}

static bool is_shortage(enum geyser_result result)
{
	return result == GEYSER_ERROR_LIMIT || result == GEYSER_ERROR_OUT_OF_MEMORY;
}

/* Opens the registry. create: makes it first; where it can't be made, an existing one will do. */
static enum geyser_result open_or_make(bool create, struct gy_registry *registry)
{
	enum geyser_result result = gy_registry_open_path(create, registry);

	return create && gy_registry_is_passed_over(registry->path, result)
		       ? gy_registry_open_path(false, registry)
		       : result;
}

/* Opens the registries. The first place must have the right owner and mode, as this process
 * registers there. Any user can take the name of our folder in /tmp: as a later place it is
 * skipped. */
enum geyser_result gy_registries_open(bool create, struct gy_registries *out)
{
	enum geyser_result result;

	out->count = 0;
	out->usable = 0;
	for (unsigned i = 0; i < GY_RUNTIME_PLACES; i++) {
		struct gy_registry *registry = &out->all[out->count];
		bool first = out->usable == 0;

		if (gy_registry_find_place(i, registry->path, sizeof(registry->path)) != GEYSER_OK)
			continue;
		out->usable++;
		result = open_or_make(create, registry);
		if (result == GEYSER_OK && is_listed(out, registry))
			gy_registry_close(registry);
		else if (result == GEYSER_OK)
			out->count++;
		else if (is_shortage(result) || (first && result != GEYSER_ERROR_NOT_FOUND)) {
			gy_registries_close(out);
			return result;
		}
	}
	if (out->count > 0)
		return GEYSER_OK;
	if (out->usable == 0)
		return gy_registry_fail_no_place();
	return gy_fail(GEYSER_ERROR_NOT_FOUND,
		"nothing is exported: there is no registry, \"geyser info\" says where one may be");
}

void gy_registries_close(struct gy_registries *list)
{
	while (list->count > 0)
		gy_registry_close(&list->all[--list->count]);
}

bool gy_registries_are_current(const struct gy_registries *list)
{
	char path[4096];
	unsigned usable = 0;

	for (unsigned i = 0; i < list->count; i++)
		if (!gy_registry_is_current(&list->all[i]))
			return false;
	for (unsigned i = 0; i < GY_RUNTIME_PLACES; i++)
		usable += gy_registry_find_place(i, path, sizeof(path)) == GEYSER_OK;
	return usable == list->usable;
}

/* ---- what is in it ---- */

/* An id's link points at "INSTANCE.sock". */
bool gy_registry_read_link(const struct gy_registry *registry, const char *name, uint64_t *instance)
{
	char target[GY_INSTANCE_FILE_SIZE];
	ssize_t length = readlinkat(registry->fd, name, target, sizeof(target) - 1);

	if (length < 0)
		return false;
	target[length] = '\0';
	return gy_registry_read_name(target, GY_SOCKET_SUFFIX, instance);
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
	char name[GY_INSTANCE_FILE_SIZE];

	gy_id_file(name, id);
	if (gy_registry_read_link(registry, name, instance))
		return GEYSER_OK;
	return gy_fail(
		GEYSER_ERROR_NOT_FOUND, "id 0x%08" PRIx32 ": nothing is exported under it", id);
}

enum geyser_result gy_registries_find_id(uint32_t id, uint64_t *instance)
{
	struct gy_registries list;
	enum geyser_result result = gy_registries_open(false, &list);

	if (result != GEYSER_OK)
		return result;
	result = GEYSER_ERROR_NOT_FOUND;
	for (unsigned i = 0; i < list.count && result != GEYSER_OK; i++)
		result = gy_registry_find_id(&list.all[i], id, instance);
	gy_registries_close(&list);
	return result;
}
