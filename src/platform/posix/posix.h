/* SPDX-License-Identifier: MIT */
/* What several platforms do alike. */
#ifndef GY_PLATFORM_POSIX_POSIX_H
#define GY_PLATFORM_POSIX_POSIX_H

#include "platform/platform.h"
#include "platform/socket.h"

#include <sys/uio.h>

/* sendmsg with these parts and fd unless that is -1, again after a signal. */
ssize_t gy_message_send(int socket, struct iovec *parts, int count, int fd, int flags);

/* recvmsg; as gy_socket_receive for descriptors. *flags are what it was called with, then what it
 * said. */
ssize_t gy_message_receive(int socket, struct iovec *parts, int count, int *fd, int *flags,
	struct gy_received *received);

/* Sleeps on the first word alone, for 50 ms at most, if all others are as expected. */
void gy_wait_slice(const struct gy_wait_word *words, unsigned count, uint64_t deadline,
	void (*wait_one)(const struct gy_wait_word *word, uint64_t deadline));

#endif
