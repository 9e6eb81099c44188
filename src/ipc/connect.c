/* SPDX-License-Identifier: MIT */
/* Reaching an exporter by its instance. */
#include "ipc/registry_files.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static enum geyser_result connect_failure(uint64_t instance)
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		return gy_fail(GEYSER_ERROR_STALE,
			"exporter %016" PRIx64 " is gone: get a new handle from a running one",
			instance);
	case EAGAIN:
	case EINTR: /* the deadline passed as well */
		return gy_fail(GEYSER_ERROR_TIMEOUT,
			"exporter %016" PRIx64 " doesn't accept connections: is it stopped?",
			instance);
	default:
		return gy_fail_errno("connecting to exporter %016" PRIx64, instance);
	}
}

static void set_send_timeout(int fd, uint64_t deadline)
{
	uint64_t now = gy_now(), left = deadline > now ? deadline - now : 1000;
	struct timeval time = {
		.tv_sec = (time_t)(left / GY_SECOND),
		.tv_usec = (suseconds_t)(left % GY_SECOND / 1000),
	};

	if (deadline != GY_NEVER)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

/* The socket doesn't block; only if too many wait already for the exporter does this wait its turn.
 */
static int connect_within(int fd, const struct sockaddr_un *address, uint64_t deadline)
{
	const struct sockaddr *generic = (const struct sockaddr *)address;
	int failed = connect(fd, generic, sizeof(*address));
	int flags, error;

	if (!failed || errno != EAGAIN)
		return failed;
	flags = fcntl(fd, F_GETFL);
	(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	do {
		set_send_timeout(fd, deadline);
		failed = connect(fd, generic, sizeof(*address));
	} while (failed && errno == EINTR && gy_now() < deadline);
	error = errno;
	(void)fcntl(fd, F_SETFL, flags);
	errno = error;
	return failed;
}

enum geyser_result gy_registry_connect(const struct gy_registry *registry, uint64_t instance,
	uint64_t deadline, int *out, pid_t *pid)
{
	struct gy_credentials peer;
	struct sockaddr_un address;
	enum geyser_result result;
	char name[NAME_SIZE];

	*out = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*out < 0)
		return gy_fail_errno("making a socket");
	instance_name(name, instance, SOCKET);
	socket_address(registry, name, &address);
	if (connect_within(*out, &address, deadline)) {
		result = connect_failure(instance);
		goto close_socket;
	}
	result = gy_peer_credentials(*out, &peer);
	if (result != GEYSER_OK)
		goto close_socket;
	if (peer.uid != registry->uid) {
		result = gy_fail(GEYSER_ERROR_PERMISSION,
			"exporter %016" PRIx64 " runs as uid %u: this process runs as uid %u",
			instance, peer.uid, registry->uid);
		goto close_socket;
	}
	*pid = peer.pid;
	return GEYSER_OK;

close_socket:
	(void)close(*out);
	*out = -1;
	return result;
}
