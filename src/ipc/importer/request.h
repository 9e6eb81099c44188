/* SPDX-License-Identifier: MIT */
/* Requests to an exporter, and its answers, on a connected socket. */
#ifndef GY_IPC_IMPORTER_REQUEST_H
#define GY_IPC_IMPORTER_REQUEST_H

#include "ipc/wire/wire.h"

#include <sys/types.h>

/* Sends a request. hello: it is the first on this connection. Errors: DISCONNECTED, TIMEOUT (the
 * exporter's buffer is full). */
enum geyser_result gy_request_send(
	int socket, bool hello, const char *application, const struct gy_message *request);

/* Awaits the answer with that sequence, until the deadline (TIMEOUT), or until stop_fd is readable
 * (BUSY; -1: none); the answer can then be awaited again. The caller owns *fd, or it is -1. If the
 * exporter refuses, the error has its words, and answer->type is GY_WIRE_ERROR. Errors: TIMEOUT,
 * BUSY, DISCONNECTED, PROTOCOL, LIMIT, STALE (as gy_request_check_peer), and the exporter's. */
enum geyser_result gy_request_await(int socket, uint32_t sequence, uint64_t deadline, int stop_fd,
	struct gy_message *answer, int *fd);

/* Checks whether the process that listened at the socket's other end still lives: pid, as
 * gy_registry_connect gave it. Its child may keep the socket open, and nobody answers. Errors:
 * STALE. */
enum geyser_result gy_request_check_peer(int socket, pid_t pid);

/* Makes a peer's words safe for a terminal: control characters, misleading characters
 * (gy_is_misleading) and bytes that are no UTF-8 become '?'. */
void gy_make_printable(char *text);

#endif
