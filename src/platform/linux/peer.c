/* SPDX-License-Identifier: MIT */
#include "platform/linux/linux.h"
#include "platform/platform.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
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

/* SO_PEERPIDFD (Linux 6.5) always finds the right process. A pid may belong to another process by
 * the time it is opened. */
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

/* Reads /proc/PID/stat: "PID (NAME) STATE …". NAME may contain any character: see
 * proc_pid_stat(5). */
bool gy_process_is_stopped(pid_t pid)
{
	char path[32], text[128];
	const char *end;
	ssize_t length;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	text[length > 0 ? length : 0] = '\0';
	end = strrchr(text, ')');
	return end && end[1] == ' ' && (end[2] == 'T' || end[2] == 't');
}
