/* SPDX-License-Identifier: MIT */
/* Declares functions that several operating systems share. */
#ifndef GY_PLATFORM_POSIX_POSIX_H
#define GY_PLATFORM_POSIX_POSIX_H

#include "platform/socket.h"

#include <sys/uio.h>

/* Calls sendmsg with these parts, and with fd unless fd is -1. Repeats the call after a signal. */
ssize_t gy_message_send(int socket, struct iovec *parts, int count, int fd, int flags);

/* Calls recvmsg. Treats descriptors as gy_socket_receive does. *flags holds the flags of the call,
 * and afterwards the flags of the received message. */
ssize_t gy_message_receive(int socket, struct iovec *parts, int count, int *fd, int *flags,
	struct gy_received *received);

#endif
