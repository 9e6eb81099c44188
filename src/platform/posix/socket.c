/* SPDX-License-Identifier: MIT */
/*
 * Carries packets over a stream socket, for systems whose local sockets have no packets (XNU). Each
 * packet is sent as a frame of one fixed size:
 *
 *    | length of the packet, 4 bytes | packet | zeros up to GY_SOCKET_PACKET_MAX |
 *
 * One call sends a frame, whole or not at all. XNU's sosend doesn't split a message while the send
 * buffer has room for SO_SNDLOWAT bytes, and otherwise refuses it (EWOULDBLOCK). So a receiver that
 * finds a part of a frame knows that its peer breaks the protocol, and doesn't wait for the rest.
 */
#include "platform/posix/posix.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define LENGTH_SIZE 4
#define FRAME_SIZE (LENGTH_SIZE + GY_SOCKET_PACKET_MAX)

/* XNU's default is 8 KiB, which holds seven frames. */
#define BUFFER_SIZE (128 * 1024)

/* If the socket itself can be told not to raise SIGPIPE, the flag isn't needed. Not all kernels
 * know the flag. */
#ifdef SO_NOSIGPIPE
#define NO_SIGNAL 0
#else
#define NO_SIGNAL MSG_NOSIGNAL
#endif

/* Prepares a socket. An option that can't be set does no harm, except that the send buffer is full
 * sooner. */
static int prepare(int fd)
{
	const int low = FRAME_SIZE + CMSG_SPACE(sizeof(int)), size = BUFFER_SIZE;
#ifdef SO_NOSIGPIPE
	const int yes = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof(yes));
#endif
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDLOWAT, &low, sizeof(low));
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

int gy_socket_create(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd < 0 ? -1 : prepare(fd);
}

int gy_socket_accept(int listener)
{
	int fd = accept(listener, NULL, NULL);

	return fd < 0 ? -1 : prepare(fd);
}

int gy_socket_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return -1;
	(void)prepare(ends[0]);
	(void)prepare(ends[1]);
	return 0;
}

/* A process can't wait in XNU's kernel for its turn, so this function tries again each
 * millisecond. */
int gy_socket_connect(int fd, const struct sockaddr *address, socklen_t size, uint64_t deadline)
{
	const struct timespec moment = gy_timespec(GY_MILLISECOND);
	int failed;

	while ((failed = connect(fd, address, size)) && errno == EAGAIN && gy_now() < deadline)
		(void)nanosleep(&moment, NULL);
	return failed;
}

/* See XNU's uipc_usrreq.c, unp_connect. */
bool gy_socket_refuses_when_busy(void)
{
	return true;
}

bool gy_socket_is_hung_up(int socket)
{
	struct pollfd alive = {.fd = socket, .events = POLLIN};
	char byte;

	if (poll(&alive, 1, 0) == 0)
		return false;
	if (alive.revents & POLLHUP)
		return true; /* even if unread data is left */
	return !(alive.revents & POLLIN) || recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* The receiver can't use a part of a frame, and would take the following bytes for a frame. So
 * after a part was sent, the connection is shut down. */
int gy_socket_send(int socket, const void *bytes, size_t size, int fd, bool wait)
{
	static const uint8_t zeros[GY_SOCKET_PACKET_MAX];
	uint8_t length[LENGTH_SIZE];
	struct iovec parts[] = {
		{.iov_base = length, .iov_len = sizeof(length)},
		{.iov_base = (void *)bytes, .iov_len = size},
		{.iov_base = (void *)zeros, .iov_len = GY_SOCKET_PACKET_MAX - size},
	};
	ssize_t sent;

	gy_put_le(length, sizeof(length), size);
	sent = gy_message_send(socket, parts, 3, fd, wait ? NO_SIGNAL : NO_SIGNAL | MSG_DONTWAIT);
	if (sent < 0 || sent == FRAME_SIZE)
		return sent < 0 ? -1 : 0;
	(void)shutdown(socket, SHUT_RDWR);
	errno = EPIPE;
	return -1;
}

static ssize_t fail(int error)
{
	errno = error;
	return -1;
}

ssize_t gy_socket_receive(
	int socket, void *bytes, size_t room, int *fd, struct gy_received *received)
{
	uint8_t frame[FRAME_SIZE];
	struct iovec part = {.iov_base = frame, .iov_len = sizeof(frame)};
	int flags = 0;
	ssize_t size = gy_message_receive(socket, &part, 1, fd, &flags, received);
	uint64_t length;

	if (*fd >= 0)
		(void)fcntl(*fd, F_SETFD, FD_CLOEXEC);
	/* XNU reports in this way that this process has no room for a descriptor
	 * (unp_externalize). */
	received->fds_lost = received->fds_lost || (size < 0 && errno == EMSGSIZE);
	if (received->fds_lost)
		return 1;
	if (size <= 0)
		return size;
	length = gy_get_le(frame, LENGTH_SIZE);
	if (size < FRAME_SIZE || length == 0)
		return fail(EBADMSG);
	received->too_large = length > GY_SOCKET_PACKET_MAX || length > room;
	if (received->too_large)
		return 1;
	memcpy(bytes, frame + LENGTH_SIZE, length);
	return (ssize_t)length;
}
