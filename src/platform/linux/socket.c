/* SPDX-License-Identifier: MIT */
/* Implements packets with SOCK_SEQPACKET: each packet is one record. */
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

/* The kernel rounds a send timeout up to its clock ticks, which are up to 10 ms. So connect waits
 * in the kernel until 20 ms before the deadline. For the remaining time the code tries again each
 * millisecond. */
#define ROUGHLY (20 * GY_MILLISECOND)

static void set_send_timeout(int fd, uint64_t left)
{
	struct timeval time = {.tv_sec = 0};

	if (left != GY_NEVER) {
		time.tv_sec = (time_t)(left / GY_SECOND);
		time.tv_usec = (suseconds_t)(left % GY_SECOND / 1000);
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

/* Connects with a blocking call: the kernel makes the caller wait in its queue. */
static int connect_blocking(
	int fd, const struct sockaddr *address, socklen_t size, uint64_t timeout_ns)
{
	int flags = fcntl(fd, F_GETFL);
	int failed, error;

	(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	set_send_timeout(fd, timeout_ns);
	failed = connect(fd, address, size);
	error = errno;
	(void)fcntl(fd, F_SETFL, flags);
	errno = error;
	return failed;
}

/* First tries without blocking. Waits only if too many processes already wait for the listener. */
int gy_socket_connect(int fd, const struct sockaddr *address, socklen_t size, uint64_t deadline)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);
	int failed = connect(fd, address, size);

	while (failed && (errno == EAGAIN || errno == EINTR)) {
		uint64_t left = gy_time_left(deadline);

		errno = EAGAIN;
		if (left == 0)
			return failed;
		if (left > ROUGHLY) {
			failed = connect_blocking(
				fd, address, size, left == GY_NEVER ? GY_NEVER : left - ROUGHLY);
		} else {
			(void)nanosleep(&moment, NULL);
			failed = connect(fd, address, size);
		}
	}
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
