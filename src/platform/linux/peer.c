#include "platform/linux/linux.h"
#include "platform/platform.h"

#include "base/error.h"

#include <sys/pidfd.h>
#include <sys/socket.h>

enum geyser_result gy_peer_credentials(int socket, struct gy_credentials *out)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return gy_fail_errno("SO_PEERCRED");
	*out = (struct gy_credentials){.uid = credentials.uid, .pid = credentials.pid};
	return GEYSER_OK;
}

int gy_peer_watch(int socket, pid_t pid)
{
	int fd = -1;
	socklen_t size = sizeof(fd);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0)
		return fd;
	return pid > 0 ? pidfd_open(pid, 0) : -1;
}
