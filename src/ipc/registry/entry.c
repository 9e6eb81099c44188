/* SPDX-License-Identifier: MIT */
#include "ipc/registry/entry.h"
#include "ipc/registry/address.h"
#include "ipc/registry/files.h"
#include "ipc/registry/place.h"
#include "ipc/registry/sweep.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/random.h"
#include "platform/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much of a sweep an export waits for: a small sweep ends within that. The thread "geyser-ipc"
 * does the rest of a large one. */
#define SWEEP_STEPS 3
#define SWEEP_TIME (5 * GY_MILLISECOND)

/* A process that looks whether we live may lock the new file for a moment before we do. We then
 * make another one, this often at most. */
#define ATTEMPTS 1000

static enum geyser_result lock_file(
	const struct gy_registry_entry *entry, const char *name, int *fd)
{
	struct stat status;

	*fd = openat(
		entry->registry.fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0 && errno == EEXIST)
		return GEYSER_ERROR_BUSY;
	if (*fd < 0)
		return gy_fail_errno("making %.300s/%s", entry->registry.path, name);
	if (flock(*fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return GEYSER_ERROR_BUSY;
		return gy_fail_errno("locking %.300s/%s", entry->registry.path, name);
	}
	/* a sweep may have removed it before it was locked */
	if (fstat(*fd, &status) < 0 || status.st_nlink == 0)
		return GEYSER_ERROR_BUSY;
	/* other processes of the user must be able to look, whatever the umask is */
	if ((status.st_mode & 0777) != 0600 && fchmod(*fd, 0600) < 0)
		return gy_fail_errno("making %.300s/%s readable", entry->registry.path, name);
	return GEYSER_OK;
}

static enum geyser_result lock_instance(struct gy_registry_entry *entry)
{
	char name[GY_INSTANCE_FILE_SIZE];
	int fd;

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		enum geyser_result result = gy_random(&entry->instance, sizeof(entry->instance));

		if (result != GEYSER_OK)
			return result;
		gy_instance_file(name, entry->instance, GY_LOCK_SUFFIX);
		result = lock_file(entry, name, &fd);
		if (result == GEYSER_OK) {
			gy_hold_take(fd, &entry->lock);
			return GEYSER_OK;
		}
		if (fd >= 0)
			(void)close(fd);
		if (result != GEYSER_ERROR_BUSY) {
			if (fd >= 0)
				(void)unlinkat(entry->registry.fd, name, 0);
			return result;
		}
	}
	return gy_fail(GEYSER_ERROR_BUSY, "locking %.300s/%s: other processes keep holding it",
		entry->registry.path, name);
}

/* Makes the socket and listens. If the path is too long, it makes no socket: this process needs no
 * address to reach itself, and others get the reason when they try. */
static enum geyser_result listen_instance(struct gy_registry_entry *entry)
{
	enum geyser_result result;
	struct sockaddr_un address;
	char name[GY_INSTANCE_FILE_SIZE];

	gy_instance_file(name, entry->instance, GY_SOCKET_SUFFIX);
	if (!gy_registry_address(&entry->registry, name, &address))
		return GEYSER_OK;
	entry->socket = gy_socket_create();
	if (entry->socket < 0)
		return gy_fail_errno("making a socket");
	if (bind(entry->socket, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		result = gy_fail_errno("binding %.300s/%s", entry->registry.path, name);
		goto close_socket;
	}
	if (fchmodat(entry->registry.fd, name, 0600, 0) == 0 &&
		listen(entry->socket, SOMAXCONN) == 0)
		return GEYSER_OK;
	result = gy_fail_errno("listening on %.300s/%s", entry->registry.path, name);
	(void)unlinkat(entry->registry.fd, name, 0);

close_socket:
	(void)close(entry->socket);
	entry->socket = -1;
	return result;
}

/* systemd-tmpfiles removes nothing below a directory that a process has locked, however old. */
static void keep_from_ageing(const struct gy_registry_entry *entry)
{
	(void)flock(entry->registry.fd, LOCK_SH | LOCK_NB);
}

/* Locks an instance again, after its registry or its lock file was removed. Errors: BUSY (the lock
 * file exists already), and as lock_file. */
static enum geyser_result lock_again(struct gy_registry_entry *entry)
{
	enum geyser_result result;
	char name[GY_INSTANCE_FILE_SIZE];
	int fd;

	gy_instance_file(name, entry->instance, GY_LOCK_SUFFIX);
	result = lock_file(entry, name, &fd);
	if (result != GEYSER_OK && fd >= 0) {
		(void)unlinkat(entry->registry.fd, name, 0); /* the next try would find the file */
		(void)close(fd);
	}
	if (result == GEYSER_ERROR_BUSY)
		return gy_fail(
			result, "%.300s/%s: another process holds it", entry->registry.path, name);
	if (result != GEYSER_OK)
		return result;
	gy_hold_take(fd, &entry->lock);
	/* no process listens on a socket that was left there */
	gy_instance_file(name, entry->instance, GY_SOCKET_SUFFIX);
	(void)unlinkat(entry->registry.fd, name, 0);
	return GEYSER_OK;
}

/* Makes the entry in the registry at entry->registry.path. again: keeps the instance that the entry
 * already has. After an error the entry holds nothing. */
static enum geyser_result register_in(struct gy_registry_entry *entry, bool again)
{
	enum geyser_result result = gy_registry_open_path(true, &entry->registry);

	if (result == GEYSER_OK)
		result = again ? lock_again(entry) : lock_instance(entry);
	if (result == GEYSER_OK)
		result = listen_instance(entry);
	if (result == GEYSER_OK)
		keep_from_ageing(entry);
	else
		gy_entry_release(entry);
	return result;
}

/* Makes the entry in the first place that this process can write. If there is none, the error is
 * that of the first place that was tried. */
static enum geyser_result register_somewhere(struct gy_registry_entry *entry, bool again)
{
	enum geyser_result first = GEYSER_OK, result;
	struct gy_kept_detail detail;
	size_t size = sizeof(entry->registry.path);

	for (unsigned i = 0; i < GY_RUNTIME_PLACES; i++) {
		if (gy_registry_find_place(i, entry->registry.path, size) != GEYSER_OK)
			continue;
		result = register_in(entry, again);
		if (result == GEYSER_OK)
			return GEYSER_OK;
		if (first == GEYSER_OK) {
			first = result;
			gy_detail_keep(&detail);
		}
		if (!gy_registry_is_passed_over(entry->registry.path, result))
			break;
	}
	if (first == GEYSER_OK)
		return gy_registry_fail_no_place();
	gy_detail_restore(&detail);
	return first;
}

enum geyser_result gy_entry_create(struct gy_registry_entry *out)
{
	enum geyser_result result;
	uint64_t deadline;

	*out = (struct gy_registry_entry){.registry.fd = -1, .lock = GY_NO_HOLD, .socket = -1};
	result = register_somewhere(out, false);
	if (result != GEYSER_OK)
		return result;
	out->sweep = gy_sweep_create(&out->registry);
	deadline = gy_now() + SWEEP_TIME;
	for (unsigned i = 0; i < SWEEP_STEPS && gy_entry_sweep(out, 0); i++)
		;
	(void)gy_entry_sweep(out, deadline);
	return GEYSER_OK;
}

bool gy_entry_sweep(struct gy_registry_entry *entry, uint64_t deadline)
{
	while (entry->sweep && gy_sweep_step(entry->sweep))
		if (gy_now() >= deadline)
			return true;
	gy_sweep_destroy(entry->sweep, false);
	entry->sweep = NULL;
	return false;
}

bool gy_entry_is_intact(const struct gy_registry_entry *entry)
{
	struct stat status;
	char name[GY_INSTANCE_FILE_SIZE];

	gy_instance_file(name, entry->instance, GY_LOCK_SUFFIX);
	return gy_registry_is_current(&entry->registry) &&
	       fstatat(entry->registry.fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

enum geyser_result gy_entry_renew(struct gy_registry_entry *entry)
{
	struct gy_registry_entry renewed = {
		.registry.fd = -1,
		.instance = entry->instance,
		.lock = GY_NO_HOLD,
		.socket = -1,
	};
	enum geyser_result result = register_somewhere(&renewed, true);

	if (result != GEYSER_OK)
		return result;
	gy_entry_abandon(entry);
	*entry = renewed;
	return GEYSER_OK;
}

void gy_entry_abandon(struct gy_registry_entry *entry)
{
	gy_sweep_destroy(entry->sweep, entry->lock.pid != getpid());
	entry->sweep = NULL;
	if (entry->socket >= 0)
		(void)close(entry->socket);
	entry->socket = -1;
	gy_hold_release(&entry->lock);
	gy_registry_close(&entry->registry);
}

void gy_entry_release(struct gy_registry_entry *entry)
{
	char name[GY_INSTANCE_FILE_SIZE];

	if (entry->socket >= 0) {
		gy_instance_file(name, entry->instance, GY_SOCKET_SUFFIX);
		(void)unlinkat(entry->registry.fd, name, 0);
	}
	if (entry->lock.pid) {
		gy_instance_file(name, entry->instance, GY_LOCK_SUFFIX);
		(void)unlinkat(entry->registry.fd, name, 0);
	}
	gy_entry_abandon(entry);
}

/* ---- ids ---- */

bool gy_entry_link(const struct gy_registry_entry *entry, const char *name)
{
	char target[GY_INSTANCE_FILE_SIZE];

	gy_instance_file(target, entry->instance, GY_SOCKET_SUFFIX);
	return symlinkat(target, entry->registry.fd, name) == 0;
}

void gy_entry_unlink(const struct gy_registry_entry *entry, const char *name)
{
	uint64_t instance;

	if (gy_registry_read_link(&entry->registry, name, &instance) && instance == entry->instance)
		(void)unlinkat(entry->registry.fd, name, 0);
}

void gy_entry_restore_id(const struct gy_registry_entry *entry, uint32_t id)
{
	char name[GY_INSTANCE_FILE_SIZE];

	gy_id_file(name, id);
	(void)gy_entry_link(entry, name);
}

enum geyser_result gy_entry_add_id(struct gy_registry_entry *entry, uint32_t *id)
{
	char name[GY_INSTANCE_FILE_SIZE];
	enum geyser_result result;

	for (;;) {
		result = gy_random(id, sizeof(*id));
		if (result != GEYSER_OK)
			return result;
		if (*id == 0)
			continue;
		gy_id_file(name, *id);
		if (gy_entry_link(entry, name))
			return GEYSER_OK;
		if (errno != EEXIST)
			return gy_fail_errno("making %.300s/%s", entry->registry.path, name);
	}
}

void gy_entry_remove_id(struct gy_registry_entry *entry, uint32_t id)
{
	char name[GY_INSTANCE_FILE_SIZE];

	gy_id_file(name, id);
	gy_entry_unlink(entry, name);
}
