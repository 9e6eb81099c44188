/* SPDX-License-Identifier: MIT */
/* Sends and receives descriptors together with bytes. */
#include "platform/posix/posix.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* This is more than the library ever accepts, so that surplus descriptors of a peer arrive, are
 * counted and closed. The kernel would drop those that don't fit. */
#define FDS_MAX 8

ssize_t gy_message_send(int socket, struct iovec *parts, int count, int fd, int flags)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.space = {0}};
	struct msghdr message = {.msg_iov = parts};
	ssize_t sent;

	message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
	if (fd >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	do
		sent = sendmsg(socket, &message, flags);
	while (sent < 0 && errno == EINTR);
	return sent;
}

/* Keeps the first descriptor of the message in *fd and closes any other. Returns how many came. */
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

ssize_t gy_message_receive(int socket, struct iovec *parts, int count, int *fd, int *flags,
	struct gy_received *received)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = parts,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	/* the kernel reports a peer's close with unread data before the peer's last packets */
	int resets = 0;
	ssize_t size = -1;

	message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
	*fd = -1;
	*received = (struct gy_received){.fds = 0};
	do
		size = recvmsg(socket, &message, *flags);
	while (size < 0 && errno == ECONNRESET && resets++ == 0);
	*flags = message.msg_flags;
	if (size < 0)
		return size;
	received->fds = take_fds(&message, fd);
	received->fds_lost = message.msg_flags & MSG_CTRUNC;
	return size;
}
