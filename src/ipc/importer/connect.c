/* SPDX-License-Identifier: MIT */
#include "ipc/importer/connect.h"
#include "ipc/registry/address.h"
#include "ipc/registry/files.h"
#include "ipc/registry/life.h"
#include "ipc/registry/place.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/descriptor.h"
#include "platform/platform.h"
#include "platform/socket.h"

#include <errno.h>
#include <unistd.h>

/* How soon a connect that waits for its turn notices stop_fd. */
#define SLICE (5 * GY_MILLISECOND)

static enum geyser_result connect_failure(uint64_t instance)
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		return gy_fail(GEYSER_ERROR_STALE,
			"exporter %016" PRIx64 " is gone: get a new handle from a running one",
			instance);
	case EAGAIN:
		return gy_fail(GEYSER_ERROR_TIMEOUT,
			"exporter %016" PRIx64 " doesn't accept connections: is it stopped?",
			instance);
	case ECANCELED:
		return gy_fail(GEYSER_ERROR_BUSY,
			"connecting to exporter %016" PRIx64 " was cancelled", instance);
	default:
		return gy_fail_errno("connecting to exporter %016" PRIx64, instance);
	}
}

/* Whether a refusal may mean no more than a full queue: the exporter lives. */
static bool is_busy(const struct gy_registry *registry, uint64_t instance)
{
	struct gy_registry opened = *registry;
	enum gy_life life;

	if (!gy_socket_refuses_when_busy())
		return false;
	if (registry->fd < 0 && gy_registry_open_path(false, &opened) != GEYSER_OK)
		return false;
	life = gy_registry_probe(&opened, instance);
	if (registry->fd < 0)
		gy_registry_close(&opened);
	return life == GY_LIFE_ALIVE;
}

/* Connects, and waits for the exporter to accept. Only time ends the kernel's wait, so with a
 * stop_fd this waits in slices. */
static int connect_in_slices(
	int fd, const struct sockaddr_un *address, uint64_t deadline, int stop_fd)
{
	const struct sockaddr *generic = (const struct sockaddr *)address;
	struct pollfd stop = {.fd = stop_fd, .events = POLLIN};
	int failed;

	for (;;) {
		uint64_t slice = stop_fd < 0 ? GY_NEVER : gy_deadline(SLICE);

		failed = gy_socket_connect(
			fd, generic, sizeof(*address), gy_earlier(slice, deadline));
		if (!failed || errno != EAGAIN || gy_now() >= deadline)
			return failed;
		if (gy_poll(&stop, 1, 0) > 0) {
			errno = ECANCELED;
			return failed;
		}
	}
}

static int connect_within(int fd, const struct sockaddr_un *address,
	const struct gy_registry *registry, uint64_t instance, uint64_t deadline, int stop_fd)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);

	for (;;) {
		int failed = connect_in_slices(fd, address, deadline, stop_fd);

		if (!failed || errno != ECONNREFUSED)
			return failed;
		if (!is_busy(registry, instance)) {
			errno = ECONNREFUSED;
			return failed;
		}
		if (gy_now() >= deadline) {
			errno = EAGAIN;
			return failed;
		}
		(void)nanosleep(&moment, NULL);
	}
}

static enum geyser_result connect_socket(int socket, const struct gy_registry *registry,
	uint64_t instance, uint64_t deadline, int stop_fd, pid_t *pid)
{
	struct gy_credentials peer;
	struct sockaddr_un address;
	enum geyser_result result;
	char name[GY_INSTANCE_FILE_SIZE];

	gy_instance_file(name, instance, GY_SOCKET_SUFFIX);
	if (!gy_registry_address(registry, name, &address))
		return gy_registry_fail_no_address(registry->path);
	if (connect_within(socket, &address, registry, instance, deadline, stop_fd))
		return connect_failure(instance);
	result = gy_peer_credentials(socket, &peer);
	if (result != GEYSER_OK)
		return result;
	if (peer.uid != registry->uid)
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"exporter %016" PRIx64 " runs as uid %u: this process runs as uid %u",
			instance, peer.uid, registry->uid);
	*pid = peer.pid;
	return GEYSER_OK;
}

/* Connects in the registry of one place. Opens the registry only if its path is too long for an
 * address. */
static enum geyser_result connect_at(int socket, struct gy_registry *registry, bool first,
	uint64_t instance, uint64_t deadline, int stop_fd, pid_t *pid)
{
	enum geyser_result result = gy_registry_look(registry);

	if (result == GEYSER_OK)
		result = connect_socket(socket, registry, instance, deadline, stop_fd, pid);
	else if (!first && result != GEYSER_ERROR_LIMIT)
		result = GEYSER_ERROR_NOT_FOUND; /* skipped, as by gy_registries_open */
	gy_registry_close(registry);
	return result;
}

/* Each import connects, so each system call costs time. This checks whether the process may use a
 * place only if it doesn't reach the exporter there. A socket that could not connect at one place
 * can still connect at the next. */
enum geyser_result gy_registries_connect_socket(
	int socket, uint64_t instance, uint64_t deadline, int stop_fd, pid_t *pid)
{
	struct gy_registry registry;
	bool first = true;

	for (unsigned i = 0; i < GY_RUNTIME_PLACES; i++) {
		char path[sizeof(registry.path)];
		enum geyser_result result;

		if (gy_registry_find_path(i, registry.path, sizeof(registry.path)) != GEYSER_OK)
			continue;
		result = connect_at(socket, &registry, first, instance, deadline, stop_fd, pid);
		if (result == GEYSER_OK)
			return result;
		if (gy_registry_find_place(i, path, sizeof(path)) != GEYSER_OK)
			continue;
		if (result != GEYSER_ERROR_STALE && result != GEYSER_ERROR_NOT_FOUND)
			return result;
		first = false;
	}
	errno = ENOENT;
	return connect_failure(instance);
}

enum geyser_result gy_registry_connect(const struct gy_registry *registry, uint64_t instance,
	uint64_t deadline, int *out, pid_t *pid)
{
	enum geyser_result result;

	*out = gy_socket_create();
	if (*out < 0)
		return gy_fail_errno("making a socket");
	result = registry ? connect_socket(*out, registry, instance, deadline, -1, pid)
			  : gy_registries_connect_socket(*out, instance, deadline, -1, pid);
	if (result == GEYSER_OK)
		return GEYSER_OK;
	(void)close(*out);
	*out = -1;
	return result;
}
