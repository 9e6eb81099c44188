/* SPDX-License-Identifier: MIT */
/* An exporter's place in the registry, and the ids that it gives out. */
#include "ipc/registry_files.h"

#include "base/error.h"
#include "ipc/random.h"
#include "platform/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A lock file of our own. A sweep may take it between its making and its locking: then another is
 * made. */
static enum geyser_result lock_instance(struct gy_claim *claim)
{
	char name[NAME_SIZE];
	struct stat status;

	for (;;) {
		enum geyser_result result = gy_random(&claim->instance, sizeof(claim->instance));

		if (result != GEYSER_OK)
			return result;
		instance_name(name, claim->instance, LOCK);
		claim->lock = openat(claim->registry.fd, name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (claim->lock < 0 && errno == EEXIST)
			continue;
		if (claim->lock < 0)
			return gy_fail_errno("making %.300s/%s", claim->registry.path, name);
		if (flock(claim->lock, LOCK_EX | LOCK_NB) == 0) {
			if (fstat(claim->lock, &status) == 0 && status.st_nlink > 0)
				return GEYSER_OK;
		} else if (errno != EWOULDBLOCK) { /* not a sweep: a file system without locks */
			return gy_fail_errno("locking %.300s/%s", claim->registry.path, name);
		}
		(void)close(claim->lock);
	}
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

enum geyser_result gy_registry_claim(struct gy_claim *out)
{
	enum geyser_result result = gy_registry_open(true, &out->registry);

	out->lock = -1;
	out->socket = -1;
	if (result != GEYSER_OK)
		return result;
	gy_registry_sweep(&out->registry);
	result = lock_instance(out);
	if (result == GEYSER_OK)
		result = listen_instance(out);
	if (result != GEYSER_OK)
		gy_claim_release(out);
	return result;
}

void gy_claim_abandon(struct gy_claim *claim)
{
	if (claim->socket >= 0)
		(void)close(claim->socket);
	if (claim->lock >= 0)
		(void)close(claim->lock);
	claim->socket = -1;
	claim->lock = -1;
	gy_registry_close(&claim->registry);
}

void gy_claim_release(struct gy_claim *claim)
{
	char name[NAME_SIZE];

	if (claim->socket >= 0) {
		instance_name(name, claim->instance, SOCKET);
		(void)unlinkat(claim->registry.fd, name, 0);
	}
	if (claim->lock >= 0) {
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
	(void)unlinkat(claim->registry.fd, name, 0);
}
