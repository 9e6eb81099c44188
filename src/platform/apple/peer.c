/* SPDX-License-Identifier: MIT */
#include "platform/platform.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum geyser_result gy_peer_credentials(int socket, struct gy_credentials *out)
{
	pid_t pid = 0;
	socklen_t size = sizeof(pid);
	gid_t gid;

	*out = (struct gy_credentials){.pid = 0};
	if (getpeereid(socket, &out->uid, &gid) < 0)
		return gy_fail_errno("getpeereid");
	if (getsockopt(socket, SOL_LOCAL, LOCAL_PEERPID, &pid, &size) == 0)
		out->pid = pid;
	return GEYSER_OK;
}

/* A kqueue stays readable until an event in it is taken, and no code takes this event. */
int gy_peer_watch(int socket, pid_t pid, bool *ended)
{
	struct kevent change;
	int fd;

	(void)socket;
	*ended = false;
	fd = pid > 0 ? kqueue() : -1;
	if (fd < 0)
		return -1;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	EV_SET(&change, (uintptr_t)pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
	if (kevent(fd, &change, 1, NULL, 0, NULL) == 0)
		return fd;
	*ended = errno == ESRCH;
	(void)close(fd);
	return -1;
}

bool gy_peer_has_ended(int socket, pid_t pid)
{
	(void)socket;
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

/* iOS tells nothing about other processes. On macOS the answer isn't worth code of its own. */
bool gy_process_is_stopped(pid_t pid)
{
	(void)pid;
	return false;
}
