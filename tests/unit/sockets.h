/* SPDX-License-Identifier: MIT */
/* Sockets for the part of a malicious peer: only the kernel limits what it sends. */
#ifndef GEYSER_TESTS_SOCKETS_H
#define GEYSER_TESTS_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

/* Return sockets of the kind that the library uses: blocking and close-on-exec. */
int test_socket(void);
void test_socket_pair(int fds[2]);

/* Sends the bytes as one packet, as the platform separates packets. The size may be 0, or more than
 * GY_PACKET_MAX. Returns false if the other end is gone. */
bool test_send(int socket, const void *bytes, size_t size, const int *fds, size_t count);

/* Sends the bytes without anything that separates packets. */
bool test_send_raw(int socket, const void *bytes, size_t size, const int *fds, size_t count);

#endif
