/* SPDX-License-Identifier: MIT */
#include "ipc/registry/names.h"
#include "ipc/registry/files.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "stream-";

/* ---- names and files ---- */

enum geyser_result gy_name_check(const char *name)
{
	const unsigned char *at = (const unsigned char *)name;
	size_t length;
	uint32_t code;

	if (!name || !*name)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "stream name is %s: give it one",
			name ? "empty" : "NULL");
	if (strnlen(name, GEYSER_STREAM_NAME_MAX + 1) > GEYSER_STREAM_NAME_MAX)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"stream name (%.40s…): it may have %u bytes at most", name,
			GEYSER_STREAM_NAME_MAX);
	for (; *at; at += length) {
		length = gy_utf8_next(at, &code);
		if (length == 0 || *at < 0x20 || *at == 0x7f)
			return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
				"stream name has the byte 0x%02x at %td: it must be UTF-8 without "
				"control characters",
				*at, at - (const unsigned char *)name);
		if (gy_is_misleading(code))
			return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
				"stream name has the character U+%04" PRIX32 " at %td, which isn't "
				"seen or changes how others look: leave it out",
				code, at - (const unsigned char *)name);
	}
	return GEYSER_OK;
}

void gy_name_to_file(const char *name, char file[GY_FILE_NAME_SIZE])
{
	char *out = file + sizeof(prefix) - 1;

	memcpy(file, prefix, sizeof(prefix));
	for (; *name; name++) {
		if (*name == '/' || *name == '%')
			out += snprintf(out, 4, "%%%02X", (unsigned char)*name);
		else
			*out++ = *name;
	}
	*out = '\0';
}

bool gy_name_from_file(const char *file, char name[GEYSER_STREAM_NAME_MAX + 1])
{
	char again[GY_FILE_NAME_SIZE];
	size_t length = 0;
	unsigned byte;
	int used = 0;

	if (strncmp(file, prefix, sizeof(prefix) - 1) != 0 || strlen(file) >= sizeof(again))
		return false;
	for (const char *at = file + sizeof(prefix) - 1; *at; at++) {
		if (length == GEYSER_STREAM_NAME_MAX)
			return false;
		name[length] = *at;
		if (*at == '%') {
			// NOLINTNEXTLINE(cert-err34-c): two hexadecimal digits at most
			if (sscanf(at + 1, "%2x%n", &byte, &used) != 1 || used != 2)
				return false;
			name[length] = (char)byte;
			at += 2;
		}
		length++;
	}
	name[length] = '\0';
	/* Only what gy_name_to_file writes. */
	if (gy_name_check(name) != GEYSER_OK)
		return false;
	gy_name_to_file(name, again);
	return strcmp(again, file) == 0;
}

/* ---- links ---- */

enum geyser_result gy_registry_find_name(
	const struct gy_registry *registry, const char *name, uint64_t *instance)
{
	char file[GY_FILE_NAME_SIZE];

	gy_name_to_file(name, file);
	if (gy_registry_read_link(registry, file, instance))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "stream \"%s\": nobody publishes it", name);
}

/* Finds the first living exporter with a link of that name, but not in the registry except. If
 * there is none, *dead is an exporter that isn't known to live, if any. */
static enum geyser_result find_living(const struct gy_registries *list, const char *except,
	const char *name, uint64_t *instance, uint64_t *dead)
{
	for (unsigned i = 0; i < list->count; i++) {
		const struct gy_registry *registry = &list->all[i];
		enum geyser_result result;
		bool alive;

		if ((except && strcmp(registry->path, except) == 0) ||
			gy_registry_find_name(registry, name, instance) != GEYSER_OK)
			continue;
		result = gy_registry_is_alive(registry, *instance, &alive);
		if (result != GEYSER_OK || alive)
			return result;
		*dead = *instance;
	}
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "stream \"%s\": nobody publishes it", name);
}

enum geyser_result gy_registries_find_name(const char *name, uint64_t *instance)
{
	struct gy_registries list;
	enum geyser_result result = gy_registries_open(false, &list);
	uint64_t dead = 0;

	if (result != GEYSER_OK)
		return result;
	result = find_living(&list, NULL, name, instance, &dead);
	gy_registries_close(&list);
	if (result != GEYSER_ERROR_NOT_FOUND || dead == 0)
		return result;
	*instance = dead; /* a question to it will say that it is gone */
	return GEYSER_OK;
}

enum geyser_result gy_claim_find_elsewhere(
	const struct gy_claim *claim, const char *name, uint64_t *instance)
{
	struct gy_registries list;
	enum geyser_result result = gy_registries_open(false, &list);
	uint64_t dead;

	if (result != GEYSER_OK)
		return result;
	result = find_living(&list, claim->registry.path, name, instance, &dead);
	gy_registries_close(&list);
	/* our own may have two paths */
	return result == GEYSER_OK && *instance == claim->instance ? GEYSER_ERROR_NOT_FOUND
								   : result;
}

/* ---- locks ---- */

/* Returns the offset of the two bytes that stand for a name: its publisher locks the first, sweeps
 * lock the second. Two names share them with the probability of 2^-62 (FNV-1a). */
static uint64_t name_offset(const char *file)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *file; file++)
		hash = (hash ^ (unsigned char)*file) * UINT64_C(0x100000001b3);
	return hash >> 2 << 1;
}

uint64_t gy_name_lock_offset(const char *name)
{
	char file[GY_FILE_NAME_SIZE];

	gy_name_to_file(name, file);
	return name_offset(file);
}

#define SWEEPS(offset) ((offset) + 1)

/* Whether this file is the one that other processes lock: it may have been removed before we locked
 * it. */
static bool is_current(const struct gy_claim *claim, const struct stat *status)
{
	struct stat now;

	return fstatat(claim->registry.fd, NAMES, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_dev == status->st_dev && now.st_ino == status->st_ino;
}

/* Opens the file for writing, which an exclusive lock needs. */
static enum geyser_result open_names(const struct gy_claim *claim, int *fd, struct stat *status)
{
	const char *path = claim->registry.path;

	*fd = openat(claim->registry.fd, NAMES, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0)
		return gy_fail_errno("opening %.300s/" NAMES, path);
	if (fstat(*fd, status) == 0 && ((status->st_mode & 0777) == 0600 || fchmod(*fd, 0600) == 0))
		return GEYSER_OK;
	(void)close(*fd);
	*fd = -1;
	return gy_fail_errno("making %.300s/" NAMES, path);
}

static enum geyser_result lock_name(
	const struct gy_claim *claim, const char *file, int *fd, struct stat *status)
{
	enum geyser_result result = open_names(claim, fd, status);

	if (result != GEYSER_OK)
		return result;
	if (!gy_byte_lock(*fd, name_offset(file), true)) {
		if (errno == EAGAIN || errno == EACCES)
			result = gy_fail(GEYSER_ERROR_BUSY, "another process has this name");
		else
			result = gy_fail_errno("locking %.300s/" NAMES, claim->registry.path);
	} else if (!is_current(claim, status)) {
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
	const struct gy_claim *claim, const char *file, uint64_t *holder, bool *dead)
{
	enum geyser_result result;
	struct stat status;
	uint64_t instance;
	bool alive;

	*dead = false;
	if (!gy_registry_read_link(&claim->registry, file, &instance)) {
		if (fstatat(claim->registry.fd, file, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return GEYSER_OK; /* it has gone meanwhile */
		return gy_fail(GEYSER_ERROR_EXISTS,
			"%.300s/%s is no link to an exporter: remove it, or choose another name",
			claim->registry.path, file);
	}
	result = gy_registry_is_alive(&claim->registry, instance, &alive);
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
	const struct gy_claim *claim, const char *file, uint64_t *holder)
{
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		enum geyser_result result;
		bool dead;

		if (gy_claim_link(claim, file))
			return GEYSER_OK;
		if (errno != EEXIST)
			return gy_fail_errno("making %.300s/%s", claim->registry.path, file);
		result = judge_link(claim, file, holder, &dead);
		if (result != GEYSER_OK)
			return result;
		if (dead)
			(void)unlinkat(claim->registry.fd, file, 0);
	}
	return gy_fail(GEYSER_ERROR_BUSY, "%s comes and goes", file);
}

static bool is_ours(const struct gy_claim *claim, const char *file)
{
	uint64_t instance;

	return gy_registry_read_link(&claim->registry, file, &instance) &&
	       instance == claim->instance;
}

/* Makes the link, then looks for sweeps, then whether the link is still there: a sweep that has
 * ended before we looked may have removed it. */
static enum geyser_result list_name(
	const struct gy_claim *claim, const char *file, int fd, bool *guarded, uint64_t *holder)
{
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		enum geyser_result result = make_link(claim, file, holder);

		if (result != GEYSER_OK)
			return result;
		*guarded = gy_byte_is_locked(fd, SWEEPS(name_offset(file)));
		if (*guarded || is_ours(claim, file))
			return GEYSER_OK;
	}
	return gy_fail(GEYSER_ERROR_BUSY, "%s is removed again and again", file);
}

static enum geyser_result take_name(
	const struct gy_claim *claim, const char *file, struct gy_name_lock *lock, uint64_t *holder)
{
	struct stat status;
	int fd;
	enum geyser_result result = lock_name(claim, file, &fd, &status);
	bool guarded = false;

	if (result == GEYSER_ERROR_BUSY) {
		bool dead;

		/* the lock is most likely a publisher's: then *holder is the exporter to ask */
		return judge_link(claim, file, holder, &dead) == GEYSER_ERROR_EXISTS
			       ? GEYSER_ERROR_EXISTS
			       : gy_fail(GEYSER_ERROR_BUSY, "another process has this name");
	}
	if (result != GEYSER_OK)
		return result;
	result = list_name(claim, file, fd, &guarded, holder);
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

enum geyser_result gy_claim_add_name(
	const struct gy_claim *claim, const char *name, struct gy_name_lock *lock, uint64_t *holder)
{
	char file[GY_FILE_NAME_SIZE];
	enum geyser_result result;

	*holder = 0;
	*lock = (struct gy_name_lock){.hold = GY_NO_HOLD};
	gy_name_to_file(name, file);
	result = take_name(claim, file, lock, holder);
	if (result == GEYSER_ERROR_EXISTS && *holder)
		return gy_fail(result, "stream \"%s\" is published already", name);
	if (result == GEYSER_ERROR_BUSY)
		return gy_fail(result,
			"stream \"%s\" is being taken or given up by another process", name);
	return result;
}

void gy_claim_remove_name(const struct gy_claim *claim, const char *name, struct gy_name_lock *lock)
{
	char file[GY_FILE_NAME_SIZE];

	gy_name_to_file(name, file);
	if (lock->hold.pid)
		gy_claim_unlink(claim, file); /* first: once the lock is free, another may link */
	gy_claim_abandon_name(lock);
}

void gy_claim_abandon_name(struct gy_name_lock *lock)
{
	if (lock->hold.pid)
		gy_hold_release(&lock->hold);
	*lock = (struct gy_name_lock){.hold = GY_NO_HOLD};
}

void gy_claim_keep_name(const struct gy_claim *claim, const char *name, struct gy_name_lock *lock)
{
	char file[GY_FILE_NAME_SIZE];
	struct stat status;
	uint64_t holder;
	bool swept;
	int fd;

	gy_name_to_file(name, file);
	fd = openat(claim->registry.fd, NAMES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return;
	if (fd < 0 || fstat(fd, &status) < 0 || !lock->hold.pid ||
		lock->device != (uint64_t)status.st_dev || lock->inode != (uint64_t)status.st_ino) {
		if (fd >= 0)
			(void)close(fd);
		gy_claim_abandon_name(lock);
		(void)gy_claim_add_name(claim, name, lock, &holder);
		return;
	}
	swept = gy_byte_is_locked(fd, SWEEPS(name_offset(file)));
	(void)close(fd);
	/* make the link only if it is absent: no other process makes it while we hold the lock */
	if (gy_claim_link(claim, file) || errno == EEXIST)
		lock->guarded = swept;
}

/* ---- a sweep's part ---- */

/* Reads the link again under the lock: a publisher that has replaced it now sees the sweep. */
void gy_name_sweep(const struct gy_registry *registry, const char *file)
{
	int fd = openat(registry->fd, NAMES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t instance;

	if (fd < 0 && errno != ENOENT)
		return;
	if (fd >= 0 && !gy_byte_lock(fd, SWEEPS(name_offset(file)), false))
		goto close_names;
	if (gy_registry_read_link(registry, file, &instance) &&
		gy_registry_probe(registry, instance) == GY_LIFE_DEAD)
		(void)unlinkat(registry->fd, file, 0);
close_names:
	if (fd >= 0)
		(void)close(fd);
}
