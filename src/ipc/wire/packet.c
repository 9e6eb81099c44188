/* SPDX-License-Identifier: MIT */
#include "ipc/wire/packet.h"

#include "base/error.h"
#include "platform/socket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

_Static_assert(GY_PACKET_MAX == GY_SOCKET_PACKET_MAX, "a packet fits");

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
	case ETOOMANYREFS:
		return gy_fail(GEYSER_ERROR_LIMIT,
			"%s: too many of this user's descriptors are on their way to processes "
			"that don't take them (see \"ulimit -n\")",
			what);
	case EBADMSG:
		return gy_fail(GEYSER_ERROR_PROTOCOL, "the peer sent bytes that are no packet");
	default:
		return gy_fail_errno("%s", what);
	}
}

enum geyser_result gy_packet_send(int socket, const struct gy_packet *packet, int fd)
{
	if (gy_socket_send(socket, packet->bytes, packet->size, fd, true) < 0)
		return socket_failure("sendmsg");
	return GEYSER_OK;
}

enum geyser_result gy_packet_try_send(int socket, const struct gy_packet *packet)
{
	if (gy_socket_send(socket, packet->bytes, packet->size, -1, false) < 0)
		return socket_failure("sendmsg");
	return GEYSER_OK;
}

/* Returns the error for a packet whose descriptor didn't arrive. */
static enum geyser_result fds_refused(int socket)
{
	int free_fd = fcntl(socket, F_DUPFD_CLOEXEC, 0);

	if (free_fd < 0)
		return gy_fail(GEYSER_ERROR_LIMIT,
			"a descriptor was lost on the way: this process has no free one (see "
			"\"ulimit -n\")");
	(void)close(free_fd);
	return gy_fail(GEYSER_ERROR_LIMIT,
		"a descriptor was lost on the way: this process had no free one at that moment, or "
		"a security policy forbids to receive it");
}

/* A peer that sends too many descriptors is at fault, even if they filled this process's table. */
static enum geyser_result check_received(
	int socket, ssize_t size, const struct gy_received *received)
{
	if (size < 0)
		return socket_failure("recvmsg");
	if (size == 0)
		return gy_fail(GEYSER_ERROR_DISCONNECTED, "the peer closed the connection");
	if (received->fds > 1 || (received->fds == 1 && received->fds_lost))
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"the peer sent %s%zu descriptors: one at most is allowed",
			received->fds_lost ? "more than " : "", received->fds);
	if (received->fds_lost)
		return fds_refused(socket);
	if (received->too_large)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"the peer sent a packet of more than %d bytes", GY_PACKET_MAX);
	return GEYSER_OK;
}

enum geyser_result gy_packet_receive(int socket, struct gy_packet *packet, int *fd)
{
	struct gy_received received;
	enum geyser_result result;
	ssize_t size;

	packet->size = 0;
	size = gy_socket_receive(socket, packet->bytes, sizeof(packet->bytes), fd, &received);
	result = check_received(socket, size, &received);
	if (result == GEYSER_OK) {
		packet->size = (size_t)size;
		return GEYSER_OK;
	}
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return result;
}
