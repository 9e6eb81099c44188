/* SPDX-License-Identifier: MIT */
/* Sockets as a peer has them that keeps to no rules but the kernel's. */
#ifndef GEYSER_TESTS_SOCKETS_H
#define GEYSER_TESTS_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

/* Of the kind that the library speaks through, CLOEXEC; they block. */
int test_socket(void);
void test_socket_pair(int fds[2]);

/* These bytes as one packet, however the platform keeps packets apart: more than GY_PACKET_MAX too,
 * and none. False if the other end is gone. */
bool test_send(int socket, const void *bytes, size_t size, const int *fds, size_t count);

/* These bytes as they are. */
bool test_send_raw(int socket, const void *bytes, size_t size, const int *fds, size_t count);

#endif
