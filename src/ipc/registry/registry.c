/* SPDX-License-Identifier: MIT */
#include "ipc/registry/files.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/system.h"
#include "platform/platform.h"
#include "platform/random.h"

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

/* ---- places ---- */

/* Fills in the place of that index. $GEYSER_RUNTIME_DIR is the only place if it is set. */
static bool get_place(unsigned index, struct gy_runtime_place *out)
{
	const char *only = getenv("GEYSER_RUNTIME_DIR");

	if (!only || !*only)
		return gy_runtime_place(index, out);
	*out = (struct gy_runtime_place){.name = "GEYSER_RUNTIME_DIR", .folder = "geyser"};
	(void)snprintf(out->parent, sizeof(out->parent), "%s", only);
	return index == 0;
}

/* Writes the registry's path at a place; "" if the place has none. */
static enum geyser_result compose_path(
	const struct gy_runtime_place *place, char *path, size_t size)
{
	int length;

	path[0] = '\0';
	if (!place->parent[0])
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR, "%s is not set", place->name);
	if (place->parent[0] != '/')
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"%s (%.100s) is no absolute path: give the path from / on", place->name,
			place->parent);
	length = snprintf(path, size, "%s/%s", place->parent, place->folder);
	if (length > 0 && (size_t)length < size)
		return GEYSER_OK;
	path[0] = '\0';
	return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
		"%s (%.100s…): its path has %zu bytes or more, and at most %zu fit", place->name,
		place->parent, strlen(place->parent), size - sizeof(place->folder) - 1);
}

/* Whether this process may use the place. With sudo root has a user's XDG_RUNTIME_DIR: a folder of
 * root's there would lock the user out. */
static enum geyser_result check_parent(const struct gy_runtime_place *place)
{
	char text[GY_ERROR_TEXT_SIZE];
	struct stat status;

	if (stat(place->parent, &status) < 0) {
		const int error = errno;

		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR, "%s (%.100s): %s: %s", place->name,
			place->parent, gy_error_text(error, text),
			error == ENOENT ? "make it, or name one that exists"
					: "name a directory of your own");
	}
	if (!S_ISDIR(status.st_mode))
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"%s (%.100s) is not a directory: name a directory of your own", place->name,
			place->parent);
	if (!place->shared && status.st_uid != geteuid())
		return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
			"%s (%.100s) belongs to uid %u, and this process runs as uid %u: name a "
			"directory of your own",
			place->name, place->parent, status.st_uid, geteuid());
	return GEYSER_OK;
}

static enum geyser_result find_path(
	unsigned index, struct gy_runtime_place *place, char *path, size_t size)
{
	path[0] = '\0';
	if (!get_place(index, place))
		return gy_fail(GEYSER_ERROR_NOT_FOUND, "place %u: there are fewer", index);
	return compose_path(place, path, size);
}

enum geyser_result gy_registry_find_path(unsigned index, char *path, size_t size)
{
	struct gy_runtime_place place;

	return find_path(index, &place, path, size);
}

enum geyser_result gy_registry_find_place(unsigned index, char *path, size_t size)
{
	struct gy_runtime_place place;
	enum geyser_result result = find_path(index, &place, path, size);

	if (result == GEYSER_OK)
		result = check_parent(&place);
	return result;
}

enum geyser_result gy_registry_no_place(void)
{
	char path[4096], reasons[400] = "";
	enum geyser_result result;
	size_t length = 0;

	for (unsigned i = 0; i < GY_RUNTIME_PLACES; i++) {
		result = gy_registry_find_place(i, path, sizeof(path));
		if (result != GEYSER_ERROR_NO_RUNTIME_DIR || length >= sizeof(reasons))
			continue;
		length += (size_t)snprintf(reasons + length, sizeof(reasons) - length, "%s%s",
			length ? "; " : "", geyser_error_detail());
	}
	/* The reason of the only place says what to do about it. */
	return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR, "no directory for the registry: %s%s", reasons,
		gy_registry_find_place(1, path, sizeof(path)) == GEYSER_ERROR_NOT_FOUND
			? ""
			: ": set XDG_RUNTIME_DIR to a directory of your own");
}

/* ---- the directory ---- */

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

/* Another process may be making the directory right now, under an umask that takes our own rights
 * away for a moment. */
static enum geyser_result check_opened(const struct gy_registry *registry, struct stat *status)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);

	for (unsigned i = 0;; i++) {
		if (fstat(registry->fd, status) < 0)
			return gy_fail_errno("registry (%.300s)", registry->path);
		if ((status->st_mode & 0777) != 0 || status->st_uid != geteuid() || i == 20)
			return check_directory(registry->path, status);
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
		result = check_directory(out->path, &status);
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
	if (strlen(registry->path) >= ADDRESS_PATH_MAX || lstat(registry->path, &status) < 0)
		return gy_registry_open_path(false, registry);
	registry->uid = status.st_uid;
	return check_directory(registry->path, &status);
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

/* Whether this process can't make files in the registry because the file system is read-only, or
 * can't make the missing registry in its parent: errno says why. False for a registry with a wrong
 * owner or mode, which is another error. */
static bool is_read_only(const char *path)
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
	return result != GEYSER_OK && (result == GEYSER_ERROR_OUT_OF_MEMORY || is_read_only(path));
}

/* Whether the list has this directory already: one directory may have two paths. */
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
 * registers there. Any user can take the name of our folder in /tmp: as a later place it is left
 * out. */
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
		return gy_registry_no_place();
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

/* ---- its name ---- */

static enum geyser_result copy_path(const char *path, char *text, size_t size)
{
	size_t length = strlen(path);

	if (length >= size)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"text (%zu bytes): the registry's path takes %zu", size, length + 1);
	memcpy(text, path, length + 1);
	return GEYSER_OK;
}

static enum geyser_result check_text(char *text, size_t size)
{
	if (!text || size == 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "text is NULL or has no room");
	text[0] = '\0';
	return GEYSER_OK;
}

/* Fails because of is_read_only, which has set errno. */
static enum geyser_result read_only(const char *path)
{
	char text[GY_ERROR_TEXT_SIZE];

	return gy_fail(GEYSER_ERROR_NO_RUNTIME_DIR,
		"registry (%.300s) can't be written (%s): this process only looks there", path,
		gy_error_text(errno, text));
}

/* Describes the registry at a place whose parent is usable. */
static enum geyser_result describe_place(const char *path, char *text, size_t size)
{
	enum geyser_result result = copy_path(path, text, size);
	struct stat status;

	if (result == GEYSER_OK && lstat(path, &status) == 0)
		result = check_directory(path, &status);
	if (result == GEYSER_OK && is_read_only(path))
		return read_only(path);
	return result == GEYSER_OK && is_too_long(path) ? no_address(path) : result;
}

enum geyser_result geyser_registry_directory(char *text, size_t size)
{
	enum geyser_result result = check_text(text, size);
	char path[PATH_MAX], first[PATH_MAX] = "";

	if (result != GEYSER_OK)
		return result;
	for (unsigned i = 0; i < GY_RUNTIME_PLACES; i++) {
		if (gy_registry_find_place(i, path, sizeof(path)) != GEYSER_OK)
			continue;
		if (!is_read_only(path))
			return describe_place(path, text, size);
		if (!first[0])
			strcpy(first, path);
	}
	return first[0] ? describe_place(first, text, size) : gy_registry_no_place();
}

enum geyser_result geyser_registry_place(uint32_t index, char *text, size_t size)
{
	enum geyser_result result = check_text(text, size), copied;
	char path[PATH_MAX];

	if (result != GEYSER_OK)
		return result;
	result = gy_registry_find_place(index, path, sizeof(path));
	if (result == GEYSER_OK)
		return describe_place(path, text, size);
	if (result == GEYSER_ERROR_NOT_FOUND || !path[0])
		return result;
	copied = copy_path(path, text, size);
	if (copied != GEYSER_OK)
		return copied;
	return gy_registry_find_place(index, path, sizeof(path)); /* for its words */
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

/* Looks whether an exporter lives. Opens the lock file for reading: closing one that was open for
 * writing tells watchers that its exporter is gone (stream/arrival.c). Takes a shared lock, which
 * other processes don't take for life. */
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
