/* SPDX-License-Identifier: MIT */
/* Declares local sockets that carry packets and descriptors. On a system without SOCK_SEQPACKET,
 * packets are frames on a stream socket. */
#ifndef GY_PLATFORM_SOCKET_H
#define GY_PLATFORM_SOCKET_H

#include <geyser/geyser.h>

#include <sys/socket.h>
#include <sys/types.h>

#define GY_SOCKET_PACKET_MAX 1024

/* Create or accept a socket that is close-on-exec and non-blocking. Return -1 with errno after a
 * failure. */
int gy_socket_create(void);
int gy_socket_accept(int listener);

/* Creates both ends of a connection within this process. Returns 0, or -1 with errno. */
int gy_socket_pair(int ends[2]);

/* Connects the socket. If too many processes wait for the listener already, the call waits for its
 * turn until the deadline. Returns 0, or -1 with errno: EAGAIN if the deadline has passed, or the
 * system's error if there is no listener. */
int gy_socket_connect(
	int socket, const struct sockaddr *address, socklen_t size, uint64_t deadline);

/* Returns whether that error may also mean that too many processes wait for the listener. */
bool gy_socket_refuses_when_busy(void);

/* Returns whether the other end is gone, as far as can be known without reading. */
bool gy_socket_is_hung_up(int socket);

/* Sends size bytes as one packet, whole or not at all, and with it fd unless fd is -1. If wait is
 * false the call never blocks; else the socket's own mode decides. Returns 0, or -1 with errno. */
int gy_socket_send(int socket, const void *bytes, size_t size, int fd, bool wait);

struct gy_received {
	size_t fds;     /* how many came; all but the first are closed already */
	bool fds_lost;  /* this process had no room for all descriptors of the packet */
	bool too_large; /* the packet was larger than room */
};

/* Receives the next packet. Returns its size, 0 at the end of the connection, or -1 with errno:
 * EBADMSG for bytes that are no packet. *fd is the first descriptor that came with the packet, or
 * -1. The caller owns *fd, also after a failure. */
ssize_t gy_socket_receive(
	int socket, void *bytes, size_t room, int *fd, struct gy_received *received);

#endif
