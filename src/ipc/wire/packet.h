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

/* Takes the next message off the front; type GY_WIRE_NONE when there are no more. Errors: PROTOCOL.
 */
enum geyser_result gy_packet_next(struct gy_packet *packet, struct gy_message *out);

/* Sends the whole packet, with fd unless that is -1. Errors: DISCONNECTED, TIMEOUT (would block, or
 * the socket's own time limit ran out), SYSTEM. */
enum geyser_result gy_packet_send(int socket, const struct gy_packet *packet, int fd);

/* Sends a packet without a descriptor, and without waiting: TIMEOUT if the peer's buffer is full.
 */
enum geyser_result gy_packet_try_send(int socket, const struct gy_packet *packet);

/* Receives a packet. The caller owns *fd, or it is -1. More than one descriptor, or one that didn't
 * fit into this process's table, is closed and refused. Errors: DISCONNECTED, TIMEOUT, LIMIT,
 * PROTOCOL, SYSTEM, BUSY (a signal came first: the caller tries again). */
enum geyser_result gy_packet_receive(int socket, struct gy_packet *packet, int *fd);

#endif
