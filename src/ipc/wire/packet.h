/* SPDX-License-Identifier: MIT */
/* Packets over a local socket, with at most one descriptor each. */
#ifndef GY_IPC_WIRE_PACKET_H
#define GY_IPC_WIRE_PACKET_H

#include "ipc/wire/wire.h"

/* Messages on their way out, or in. */
struct gy_packet {
	uint8_t bytes[GY_PACKET_MAX];
	size_t size;
};

/* Adds one message. The packet must have room for it: two messages always fit. */
void gy_packet_add(struct gy_packet *packet, const struct gy_message *message);

/* Takes the first message out of the packet. out->type is GY_WIRE_NONE if none is left. Errors:
 * PROTOCOL. */
enum geyser_result gy_packet_next(struct gy_packet *packet, struct gy_message *out);

/* Sends the whole packet, with fd unless that is -1. The caller keeps fd. Errors: DISCONNECTED,
 * TIMEOUT (the peer's buffer is full: at once on a non-blocking socket, else after the socket's own
 * time limit), LIMIT (too many descriptors are on their way), SYSTEM. */
enum geyser_result gy_packet_send(int socket, const struct gy_packet *packet, int fd);

/* Sends a packet without a descriptor, and without waiting: TIMEOUT if the peer's buffer is full.
 */
enum geyser_result gy_packet_try_send(int socket, const struct gy_packet *packet);

/* Receives a packet. The caller owns *fd; -1 means that none came. Errors: DISCONNECTED, TIMEOUT,
 * LIMIT (this process had no place for the descriptor), PROTOCOL (more than one descriptor; too
 * large a packet), SYSTEM, BUSY (a signal came first: the caller tries again). After an error no
 * descriptor is left open. */
enum geyser_result gy_packet_receive(int socket, struct gy_packet *packet, int *fd);

#endif
