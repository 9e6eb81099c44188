/* SPDX-License-Identifier: MIT */
/* Local sockets that keep packets apart, with descriptors. Where the system has no SOCK_SEQPACKET,
 * a stream carries them in frames. */
#ifndef GY_PLATFORM_SOCKET_H
#define GY_PLATFORM_SOCKET_H

#include <geyser/geyser.h>

#include <sys/socket.h>
#include <sys/types.h>

#define GY_SOCKET_PACKET_MAX 1024

/* CLOEXEC, non-blocking; -1 with errno. */
int gy_socket_create(void);
int gy_socket_accept(int listener);

/* Both ends of a connection within this process. 0, or -1 with errno. */
int gy_socket_pair(int ends[2]);

/* Waits its turn if too many wait for the listener already. 0, or -1 with errno: EAGAIN if the
 * deadline passed; what the system says of a listener that isn't there. */
int gy_socket_connect(
	int socket, const struct sockaddr *address, socklen_t size, uint64_t deadline);

/* Whether such a refusal may also mean that too many wait for the listener. */
bool gy_socket_refuses_when_busy(void);

/* Whether the other end is gone, as far as is known without reading. */
bool gy_socket_is_hung_up(int socket);

/* size bytes as one packet, whole or not at all, with fd unless that is -1. wait: as the socket
 * does, else never. 0, or -1 with errno. */
int gy_socket_send(int socket, const void *bytes, size_t size, int fd, bool wait);

struct gy_received {
	size_t fds;     /* that came: all but the first are closed already */
	bool fds_lost;  /* this process had no room for all */
	bool too_large; /* a packet of more than there was room for */
};

/* The next packet: its size, 0 at the end; -1 with errno, EBADMSG for what is no packet. *fd is the
 * first descriptor that came with it, or -1: also after a failure it may be one, which is the
 * caller's. */
ssize_t gy_socket_receive(
	int socket, void *bytes, size_t room, int *fd, struct gy_received *received);

#endif
