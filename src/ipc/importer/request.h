/* SPDX-License-Identifier: MIT */
/* One question to an exporter, and its answer, on a connected socket. */
#ifndef GY_IPC_IMPORTER_REQUEST_H
#define GY_IPC_IMPORTER_REQUEST_H

#include "ipc/registry/registry.h"
#include "ipc/wire/wire.h"

/* Connects a socket to that exporter, which may be this process. Errors: as gy_registry_connect;
 * STALE also if the exporter has ended, and a child of it keeps its socket open. */
enum geyser_result gy_connect_once(
	const struct gy_registry *registry, uint64_t instance, uint64_t deadline, int *out);

/* hello: it is the first on this connection. Errors: DISCONNECTED, TIMEOUT (the exporter's buffer
 * is full). */
enum geyser_result gy_ask(
	int socket, bool hello, const char *application, const struct gy_message *question);

/* Awaits the answer with that sequence, until the deadline (TIMEOUT), or until stop_fd is readable
 * (BUSY; -1: none); the answer can then be awaited again. The caller owns *fd, or it is -1. If the
 * exporter refuses, the error has its words, and answer->type is GY_WIRE_ERROR. Errors: TIMEOUT,
 * BUSY, DISCONNECTED, PROTOCOL, LIMIT, STALE (as for gy_connect_once), and the exporter's. */
enum geyser_result gy_await(int socket, uint32_t sequence, uint64_t deadline, int stop_fd,
	struct gy_message *answer, int *fd);

/* Makes a peer's words safe for a terminal: control characters, misleading characters
 * (gy_is_misleading) and bytes that are no UTF-8 become '?'. */
void gy_make_printable(char *text);

#endif
