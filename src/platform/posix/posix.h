/* SPDX-License-Identifier: MIT */
/* What several platforms do alike. */
#ifndef GY_PLATFORM_POSIX_POSIX_H
#define GY_PLATFORM_POSIX_POSIX_H

#include "platform/socket.h"

#include <sys/uio.h>

/* sendmsg with these parts and fd unless that is -1, again after a signal. */
ssize_t gy_message_send(int socket, struct iovec *parts, int count, int fd, int flags);

/* recvmsg; as gy_socket_receive for descriptors. *flags are what it was called with, then what it
 * said. */
ssize_t gy_message_receive(int socket, struct iovec *parts, int count, int *fd, int *flags,
	struct gy_received *received);

#endif
