/* SPDX-License-Identifier: MIT */
#include "platform/linux/linux.h"
#include "platform/platform.h"

#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum geyser_result gy_peer_credentials(int socket, struct gy_credentials *out)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return gy_fail_errno("SO_PEERCRED");
	*out = (struct gy_credentials){.uid = credentials.uid, .pid = credentials.pid};
	return GEYSER_OK;
}

/* SO_PEERPIDFD (Linux 6.5) can't be mistaken; a pid may have been reused by the time it is opened.
 */
int gy_peer_watch(int socket, pid_t pid, bool *ended)
{
	int fd = -1;
	socklen_t size = sizeof(fd);

	*ended = false;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0)
		return fd;
	fd = pid > 0 ? pidfd_open(pid, 0) : -1;
	*ended = pid > 0 && fd < 0 && errno == ESRCH;
	return fd;
}

bool gy_peer_has_ended(int socket, pid_t pid)
{
	bool ended;
	struct pollfd end = {.fd = gy_peer_watch(socket, pid, &ended), .events = POLLIN};

	if (end.fd < 0)
		return ended;
	ended = poll(&end, 1, 0) > 0;
	(void)close(end.fd);
	return ended;
}
