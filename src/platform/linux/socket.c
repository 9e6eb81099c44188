/* SPDX-License-Identifier: MIT */
/* SOCK_SEQPACKET: a packet is a record. */
#include "platform/posix/posix.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>

int gy_socket_create(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int gy_socket_accept(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int gy_socket_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends);
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
int gy_socket_connect(int fd, const struct sockaddr *address, socklen_t size, uint64_t deadline)
{
	int failed = connect(fd, address, size);
	int flags, error;

	if (!failed || errno != EAGAIN)
		return failed;
	flags = fcntl(fd, F_GETFL);
	(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	do {
		set_send_timeout(fd, deadline);
		failed = connect(fd, address, size);
	} while (failed && errno == EINTR && gy_now() < deadline);
	error = errno;
	(void)fcntl(fd, F_SETFL, flags);
	errno = error == EINTR ? EAGAIN : error; /* the deadline passed as well */
	return failed;
}

bool gy_socket_refuses_when_busy(void)
{
	return false;
}

bool gy_socket_is_hung_up(int socket)
{
	struct pollfd alive = {.fd = socket, .events = POLLRDHUP};

	return poll(&alive, 1, 0) != 0;
}

int gy_socket_send(int socket, const void *bytes, size_t size, int fd, bool wait)
{
	struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};

	return gy_message_send(
		       socket, &part, 1, fd, wait ? MSG_NOSIGNAL : MSG_NOSIGNAL | MSG_DONTWAIT) < 0
		       ? -1
		       : 0;
}

ssize_t gy_socket_receive(
	int socket, void *bytes, size_t room, int *fd, struct gy_received *received)
{
	struct iovec part = {.iov_base = bytes, .iov_len = room};
	int flags = MSG_CMSG_CLOEXEC;
	ssize_t size = gy_message_receive(socket, &part, 1, fd, &flags, received);

	received->too_large = size >= 0 && (flags & MSG_TRUNC);
	return size;
}
