/* SPDX-License-Identifier: MIT */
#include "ipc/packet.h"

#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than we ever take, so that a peer's surplus is seen and closed rather than cut off unseen.
 */
#define FDS_MAX 8

void gy_packet_add(struct gy_packet *packet, const struct gy_message *message)
{
	size_t added = gy_wire_encode(
		message, packet->bytes + packet->size, sizeof(packet->bytes) - packet->size);

	assert(added > 0);
	packet->size += added;
}

enum geyser_result gy_packet_next(struct gy_packet *packet, struct gy_message *out)
{
	out->type = GY_WIRE_NONE;
	while (packet->size > 0) {
		size_t used;
		enum geyser_result result = gy_wire_decode(packet->bytes, packet->size, &used, out);

		if (result != GEYSER_OK)
			return result;
		packet->size -= used;
		memmove(packet->bytes, packet->bytes + used, packet->size);
		if (out->type != GY_WIRE_NONE)
			return GEYSER_OK;
	}
	return GEYSER_OK;
}

static enum geyser_result socket_failure(const char *what)
{
	switch (errno) {
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return gy_fail(GEYSER_ERROR_DISCONNECTED, "the peer closed the connection");
	case EAGAIN:
		return gy_fail(GEYSER_ERROR_TIMEOUT, "the peer doesn't answer: is it stopped?");
	case EINTR:
		return gy_fail(GEYSER_ERROR_BUSY, "interrupted by a signal: try again");
	default:
		return gy_fail_errno("%s", what);
	}
}

static enum geyser_result send_packet(int socket, const struct gy_packet *packet, int fd, int flags)
{
	struct iovec bytes = {.iov_base = (void *)packet->bytes, .iov_len = packet->size};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.space = {0}};
	struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
	ssize_t sent;

	if (fd >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | flags);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? socket_failure("sendmsg") : GEYSER_OK;
}

enum geyser_result gy_packet_send(int socket, const struct gy_packet *packet, int fd)
{
	return send_packet(socket, packet, fd, 0);
}

enum geyser_result gy_packet_try_send(int socket, const struct gy_packet *packet)
{
	return send_packet(socket, packet, -1, MSG_DONTWAIT);
}

/* Keeps the first descriptor of the message in *fd and closes any other; returns how many came. */
static size_t take_fds(struct msghdr *message, int *fd)
{
	size_t count = 0;

	for (struct cmsghdr *it = CMSG_FIRSTHDR(message); it; it = CMSG_NXTHDR(message, it)) {
		size_t bytes = it->cmsg_len - CMSG_LEN(0);

		if (it->cmsg_level != SOL_SOCKET || it->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int), count++) {
			int got;

			memcpy(&got, CMSG_DATA(it) + at, sizeof(got));
			if (count == 0)
				*fd = got;
			else
				(void)close(got);
		}
	}
	return count;
}

static enum geyser_result check_received(ssize_t size, int flags, size_t fds)
{
	if (size == 0)
		return gy_fail(GEYSER_ERROR_DISCONNECTED, "the peer closed the connection");
	if (flags & MSG_CTRUNC)
		return gy_fail(GEYSER_ERROR_LIMIT,
			"a descriptor was lost on the way: this process has no free one (see "
			"\"ulimit -n\")");
	if (flags & MSG_TRUNC)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"the peer sent a packet of more than %d bytes", GY_PACKET_MAX);
	if (fds > 1)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"the peer sent %zu descriptors: one at most is allowed", fds);
	return GEYSER_OK;
}

enum geyser_result gy_packet_receive(int socket, struct gy_packet *packet, int *fd)
{
	struct iovec bytes = {.iov_base = packet->bytes, .iov_len = sizeof(packet->bytes)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	enum geyser_result result;
	int resets = 0; /* a peer that closes without reading us is told before what it sent last */
	ssize_t size = -1;

	*fd = -1;
	packet->size = 0;
	do
		size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == ECONNRESET && resets++ == 0);
	if (size < 0)
		return socket_failure("recvmsg");
	result = check_received(size, message.msg_flags, take_fds(&message, fd));
	if (result == GEYSER_OK) {
		packet->size = (size_t)size;
		return GEYSER_OK;
	}
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return result;
}
