/* SPDX-License-Identifier: MIT */
/* An exporter's place in the registry, and the ids that it gives out. */
#include "ipc/registry/files.h"

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

static enum geyser_result lock_file(const struct gy_claim *claim, const char *name, int *fd)
{
	struct stat status;

	*fd = openat(
		claim->registry.fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0 && errno == EEXIST)
		return GEYSER_ERROR_BUSY;
	if (*fd < 0)
		return gy_fail_errno("making %.300s/%s", claim->registry.path, name);
	if (flock(*fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return GEYSER_ERROR_BUSY;
		return gy_fail_errno("locking %.300s/%s", claim->registry.path, name);
	}
	/* a sweep may have removed it before it was locked */
	if (fstat(*fd, &status) < 0 || status.st_nlink == 0)
		return GEYSER_ERROR_BUSY;
	/* whatever the umask is, others must be able to look */
	if ((status.st_mode & 0777) != 0600 && fchmod(*fd, 0600) < 0)
		return gy_fail_errno("making %.300s/%s readable", claim->registry.path, name);
	return GEYSER_OK;
}

static enum geyser_result lock_instance(struct gy_claim *claim)
{
	char name[NAME_SIZE];
	int fd;

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		enum geyser_result result = gy_random(&claim->instance, sizeof(claim->instance));

		if (result != GEYSER_OK)
			return result;
		instance_name(name, claim->instance, LOCK);
		result = lock_file(claim, name, &fd);
		if (result == GEYSER_OK) {
			gy_hold_take(fd, &claim->lock);
			return GEYSER_OK;
		}
		if (fd >= 0)
			(void)close(fd);
		if (result != GEYSER_ERROR_BUSY) {
			if (fd >= 0)
				(void)unlinkat(claim->registry.fd, name, 0);
			return result;
		}
	}
	return gy_fail(GEYSER_ERROR_BUSY, "locking %.300s/%s: other processes keep holding it",
		claim->registry.path, name);
}

/* Where the path is too long nobody listens: this process needs no address to reach itself, and
 * others are told why they can't when they try. */
static enum geyser_result listen_instance(struct gy_claim *claim)
{
	enum geyser_result result;
	struct sockaddr_un address;
	char name[NAME_SIZE];

	instance_name(name, claim->instance, SOCKET);
	if (!compose_address(&claim->registry, name, &address))
		return GEYSER_OK;
	claim->socket = gy_socket_create();
	if (claim->socket < 0)
		return gy_fail_errno("making a socket");
	if (bind(claim->socket, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		result = gy_fail_errno("binding %.300s/%s", claim->registry.path, name);
		goto close_socket;
	}
	if (fchmodat(claim->registry.fd, name, 0600, 0) == 0 &&
		listen(claim->socket, SOMAXCONN) == 0)
		return GEYSER_OK;
	result = gy_fail_errno("listening on %.300s/%s", claim->registry.path, name);
	(void)unlinkat(claim->registry.fd, name, 0);

close_socket:
	(void)close(claim->socket);
	claim->socket = -1;
	return result;
}

/* systemd-tmpfiles removes nothing below a directory that a process has locked, however old. */
static void keep_from_ageing(const struct gy_claim *claim)
{
	(void)flock(claim->registry.fd, LOCK_SH | LOCK_NB);
}

/* Locks an instance that was locked before, when its registry was another directory or still had
 * its lock file. Errors: BUSY (the lock file exists already), and as lock_file. */
static enum geyser_result lock_again(struct gy_claim *claim)
{
	enum geyser_result result;
	char name[NAME_SIZE];
	int fd;

	instance_name(name, claim->instance, LOCK);
	result = lock_file(claim, name, &fd);
	if (result != GEYSER_OK && fd >= 0) {
		(void)unlinkat(claim->registry.fd, name, 0); /* or the next try would find it */
		(void)close(fd);
	}
	if (result == GEYSER_ERROR_BUSY)
		return gy_fail(
			result, "%.300s/%s: another process has it", claim->registry.path, name);
	if (result != GEYSER_OK)
		return result;
	gy_hold_take(fd, &claim->lock);
	/* no process listens on a socket that was left there */
	instance_name(name, claim->instance, SOCKET);
	(void)unlinkat(claim->registry.fd, name, 0);
	return GEYSER_OK;
}

/* Claims in the registry at claim->registry.path. again: the instance that the claim already has,
 * else a new one. After an error the claim holds nothing. */
static enum geyser_result claim_in(struct gy_claim *claim, bool again)
{
	enum geyser_result result = gy_registry_open_path(true, &claim->registry);

	if (result == GEYSER_OK)
		result = again ? lock_again(claim) : lock_instance(claim);
	if (result == GEYSER_OK)
		result = listen_instance(claim);
	if (result == GEYSER_OK)
		keep_from_ageing(claim);
	else
		gy_claim_release(claim);
	return result;
}

/* Claims in the first place that this process can write. If there is none, the error is that of the
 * first place that was tried. */
static enum geyser_result claim_somewhere(struct gy_claim *claim, bool again)
{
	enum geyser_result first = GEYSER_OK, result;
	struct gy_kept_detail detail;
	size_t size = sizeof(claim->registry.path);

	for (unsigned i = 0; i < GY_RUNTIME_PLACES; i++) {
		if (gy_registry_find_place(i, claim->registry.path, size) != GEYSER_OK)
			continue;
		result = claim_in(claim, again);
		if (result == GEYSER_OK)
			return GEYSER_OK;
		if (first == GEYSER_OK) {
			first = result;
			gy_detail_keep(&detail);
		}
		if (!gy_registry_is_passed_over(claim->registry.path, result))
			break;
	}
	if (first == GEYSER_OK)
		return gy_registry_no_place();
	gy_detail_restore(&detail);
	return first;
}

enum geyser_result gy_registry_claim(struct gy_claim *out)
{
	enum geyser_result result;
	uint64_t deadline;

	*out = (struct gy_claim){.registry.fd = -1, .lock = GY_NO_HOLD, .socket = -1};
	result = claim_somewhere(out, false);
	if (result != GEYSER_OK)
		return result;
	out->sweep = gy_sweep_create(&out->registry);
	deadline = gy_now() + SWEEP_TIME;
	for (unsigned i = 0; i < SWEEP_STEPS && gy_claim_sweep(out, 0); i++)
		;
	(void)gy_claim_sweep(out, deadline);
	return GEYSER_OK;
}

bool gy_claim_sweep(struct gy_claim *claim, uint64_t deadline)
{
	while (claim->sweep && gy_sweep_step(claim->sweep))
		if (gy_now() >= deadline)
			return true;
	gy_sweep_destroy(claim->sweep, false);
	claim->sweep = NULL;
	return false;
}

bool gy_claim_is_intact(const struct gy_claim *claim)
{
	struct stat status;
	char name[NAME_SIZE];

	instance_name(name, claim->instance, LOCK);
	return gy_registry_is_current(&claim->registry) &&
	       fstatat(claim->registry.fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

enum geyser_result gy_claim_renew(struct gy_claim *claim)
{
	struct gy_claim renewed = {
		.registry.fd = -1,
		.instance = claim->instance,
		.lock = GY_NO_HOLD,
		.socket = -1,
	};
	enum geyser_result result = claim_somewhere(&renewed, true);

	if (result != GEYSER_OK)
		return result;
	gy_claim_abandon(claim);
	*claim = renewed;
	return GEYSER_OK;
}

void gy_claim_abandon(struct gy_claim *claim)
{
	gy_sweep_destroy(claim->sweep, claim->lock.pid != getpid());
	claim->sweep = NULL;
	if (claim->socket >= 0)
		(void)close(claim->socket);
	claim->socket = -1;
	gy_hold_release(&claim->lock);
	gy_registry_close(&claim->registry);
}

void gy_claim_release(struct gy_claim *claim)
{
	char name[NAME_SIZE];

	if (claim->socket >= 0) {
		instance_name(name, claim->instance, SOCKET);
		(void)unlinkat(claim->registry.fd, name, 0);
	}
	if (claim->lock.pid) {
		instance_name(name, claim->instance, LOCK);
		(void)unlinkat(claim->registry.fd, name, 0);
	}
	gy_claim_abandon(claim);
}

/* ---- ids ---- */

bool gy_claim_link(const struct gy_claim *claim, const char *name)
{
	char target[NAME_SIZE];

	instance_name(target, claim->instance, SOCKET);
	return symlinkat(target, claim->registry.fd, name) == 0;
}

void gy_claim_unlink(const struct gy_claim *claim, const char *name)
{
	uint64_t instance;

	if (gy_registry_read_link(&claim->registry, name, &instance) && instance == claim->instance)
		(void)unlinkat(claim->registry.fd, name, 0);
}

void gy_claim_restore_id(const struct gy_claim *claim, uint32_t id)
{
	char name[NAME_SIZE];

	id_name(name, id);
	(void)gy_claim_link(claim, name);
}

enum geyser_result gy_claim_add_id(struct gy_claim *claim, uint32_t *id)
{
	char name[NAME_SIZE];
	enum geyser_result result;

	for (;;) {
		result = gy_random(id, sizeof(*id));
		if (result != GEYSER_OK)
			return result;
		if (*id == 0)
			continue;
		id_name(name, *id);
		if (gy_claim_link(claim, name))
			return GEYSER_OK;
		if (errno != EEXIST)
			return gy_fail_errno("making %.300s/%s", claim->registry.path, name);
	}
}

void gy_claim_remove_id(struct gy_claim *claim, uint32_t id)
{
	char name[NAME_SIZE];

	id_name(name, id);
	gy_claim_unlink(claim, name);
}
