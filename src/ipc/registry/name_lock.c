/* SPDX-License-Identifier: MIT */
#include "ipc/registry/name_lock.h"
#include "ipc/registry/files.h"
#include "ipc/registry/life.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether this file is the one that other processes lock: it may have been removed before we locked
 * it. */
static bool is_current(const struct gy_registry_entry *entry, const struct stat *status)
{
	struct stat now;

	return fstatat(entry->registry.fd, GY_NAMES_FILE, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_dev == status->st_dev && now.st_ino == status->st_ino;
}

/* Opens the file for writing, which an exclusive lock needs. */
static enum geyser_result open_names(
	const struct gy_registry_entry *entry, int *fd, struct stat *status)
{
	const char *path = entry->registry.path;

	*fd = gy_names_open(&entry->registry, O_RDWR | O_CREAT, status);
	if (*fd < 0 && errno == EINVAL)
		return gy_fail(GEYSER_ERROR_SYSTEM,
			"%.300s/" GY_NAMES_FILE " is no regular file: remove it", path);
	if (*fd < 0)
		return gy_fail_errno("opening %.300s/" GY_NAMES_FILE, path);
	if ((status->st_mode & 0777) == 0600 || fchmod(*fd, 0600) == 0)
		return GEYSER_OK;
	(void)close(*fd);
	*fd = -1;
	return gy_fail_errno("making %.300s/" GY_NAMES_FILE, path);
}

static enum geyser_result lock_name(
	const struct gy_registry_entry *entry, const char *file, int *fd, struct stat *status)
{
	enum geyser_result result = open_names(entry, fd, status);

	if (result != GEYSER_OK)
		return result;
	if (!gy_byte_lock(*fd, gy_name_file_lock_offset(file), true)) {
		if (errno == EAGAIN || errno == EACCES)
			result = gy_fail(GEYSER_ERROR_BUSY, "another process has this name");
		else
			result = gy_fail_errno(
				"locking %.300s/" GY_NAMES_FILE, entry->registry.path);
	} else if (!is_current(entry, status)) {
		result = gy_fail(GEYSER_ERROR_BUSY, "the registry is being removed");
	} else {
		return GEYSER_OK;
	}
	(void)close(*fd);
	*fd = -1;
	return result;
}

/* ---- taking a name ---- */

/* How often another process may change the link between our look and our change. */
#define ATTEMPTS 100

/* Finds which exporter the existing link belongs to. Errors: EXISTS (that exporter lives),
 * LIMIT. */
static enum geyser_result judge_link(
	const struct gy_registry_entry *entry, const char *file, uint64_t *holder, bool *dead)
{
	enum geyser_result result;
	struct stat status;
	uint64_t instance;
	bool alive;

	*dead = false;
	if (!gy_registry_read_link(&entry->registry, file, &instance)) {
		if (fstatat(entry->registry.fd, file, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return GEYSER_OK; /* the link has gone meanwhile */
		return gy_fail(GEYSER_ERROR_EXISTS,
			"%.300s/%s is no link to an exporter: remove it, or choose another name",
			entry->registry.path, file);
	}
	result = gy_registry_is_alive(&entry->registry, instance, &alive);
	if (result != GEYSER_OK)
		return result;
	*dead = !alive;
	if (*dead)
		return GEYSER_OK;
	*holder = instance;
	return gy_fail(GEYSER_ERROR_EXISTS, "%s is published already", file);
}

/* Makes the link, in place of a dead exporter's if there is one. The caller holds the name's lock,
 * so no other process replaces the link meanwhile. */
static enum geyser_result make_link(
	const struct gy_registry_entry *entry, const char *file, uint64_t *holder)
{
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		enum geyser_result result;
		bool dead;

		if (gy_entry_link(entry, file))
			return GEYSER_OK;
		if (errno != EEXIST)
			return gy_fail_errno("making %.300s/%s", entry->registry.path, file);
		result = judge_link(entry, file, holder, &dead);
		if (result != GEYSER_OK)
			return result;
		if (dead)
			(void)unlinkat(entry->registry.fd, file, 0);
	}
	return gy_fail(GEYSER_ERROR_BUSY, "other processes make and remove %s all the time", file);
}

static bool is_ours(const struct gy_registry_entry *entry, const char *file)
{
	uint64_t instance;

	return gy_registry_read_link(&entry->registry, file, &instance) &&
	       instance == entry->instance;
}

/* Makes the link, then looks for sweeps, then whether the link is still there: a sweep that has
 * ended before we looked may have removed it. */
static enum geyser_result list_name(const struct gy_registry_entry *entry, const char *file, int fd,
	bool *guarded, uint64_t *holder)
{
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		enum geyser_result result = make_link(entry, file, holder);

		if (result != GEYSER_OK)
			return result;
		*guarded = gy_byte_is_locked(fd, GY_NAME_SWEEPS(gy_name_file_lock_offset(file)));
		if (*guarded || is_ours(entry, file))
			return GEYSER_OK;
	}
	return gy_fail(GEYSER_ERROR_BUSY, "%s is removed again and again: try again", file);
}

static enum geyser_result take_name(const struct gy_registry_entry *entry, const char *file,
	struct gy_name_lock *lock, uint64_t *holder)
{
	struct stat status;
	int fd;
	enum geyser_result result = lock_name(entry, file, &fd, &status);
	bool guarded = false;

	if (result == GEYSER_ERROR_BUSY) {
		bool dead;

		/* the lock is most likely a publisher's: then *holder is the exporter to ask */
		return judge_link(entry, file, holder, &dead) == GEYSER_ERROR_EXISTS
			       ? GEYSER_ERROR_EXISTS
			       : gy_fail(GEYSER_ERROR_BUSY, "another process has this name");
	}
	if (result != GEYSER_OK)
		return result;
	result = list_name(entry, file, fd, &guarded, holder);
	if (result != GEYSER_OK) {
		(void)close(fd);
		return result;
	}
	*lock = (struct gy_name_lock){
		.device = (uint64_t)status.st_dev,
		.inode = (uint64_t)status.st_ino,
		.guarded = guarded,
	};
	gy_hold_take(fd, &lock->hold);
	return GEYSER_OK;
}

enum geyser_result gy_entry_add_name(const struct gy_registry_entry *entry, const char *name,
	struct gy_name_lock *lock, uint64_t *holder)
{
	char file[GY_FILE_NAME_SIZE];
	enum geyser_result result;

	*holder = 0;
	*lock = (struct gy_name_lock){.hold = GY_NO_HOLD};
	gy_name_to_file(name, file);
	result = take_name(entry, file, lock, holder);
	if (result == GEYSER_ERROR_EXISTS && *holder)
		return gy_fail(result, "stream \"%s\" is published already", name);
	if (result == GEYSER_ERROR_BUSY)
		return gy_fail(result,
			"stream \"%s\" is being taken or given up by another process", name);
	return result;
}

void gy_entry_remove_name(
	const struct gy_registry_entry *entry, const char *name, struct gy_name_lock *lock)
{
	char file[GY_FILE_NAME_SIZE];

	gy_name_to_file(name, file);
	/* before the lock is free: another process may make the link then */
	if (lock->hold.pid)
		gy_entry_unlink(entry, file);
	gy_entry_abandon_name(lock);
}

void gy_entry_abandon_name(struct gy_name_lock *lock)
{
	if (lock->hold.pid)
		gy_hold_release(&lock->hold);
	*lock = (struct gy_name_lock){.hold = GY_NO_HOLD};
}

void gy_entry_keep_name(
	const struct gy_registry_entry *entry, const char *name, struct gy_name_lock *lock)
{
	char file[GY_FILE_NAME_SIZE];
	struct stat status;
	uint64_t holder;
	bool swept;
	int fd;

	gy_name_to_file(name, file);
	fd = gy_names_open(&entry->registry, O_RDONLY, &status);
	if (fd < 0 && errno != ENOENT)
		return;
	if (fd < 0 || !lock->hold.pid || lock->device != (uint64_t)status.st_dev ||
		lock->inode != (uint64_t)status.st_ino) {
		if (fd >= 0)
			(void)close(fd);
		gy_entry_abandon_name(lock);
		(void)gy_entry_add_name(entry, name, lock, &holder);
		return;
	}
	swept = gy_byte_is_locked(fd, GY_NAME_SWEEPS(gy_name_file_lock_offset(file)));
	(void)close(fd);
	/* make the link only if it is absent: no other process makes it while we hold the lock */
	if (gy_entry_link(entry, file) || errno == EEXIST)
		lock->guarded = swept;
}

enum geyser_result gy_entry_find_elsewhere(
	const struct gy_registry_entry *entry, const char *name, uint64_t *instance)
{
	enum geyser_result result =
		gy_registries_find_name_elsewhere(entry->registry.path, name, instance);

	/* our own registry may have two paths */
	return result == GEYSER_OK && *instance == entry->instance ? GEYSER_ERROR_NOT_FOUND
								   : result;
}
