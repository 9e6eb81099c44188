/* SPDX-License-Identifier: MIT */
/* One question to an exporter, and its answer, on a connected socket. */
#ifndef GY_IPC_QUESTION_H
#define GY_IPC_QUESTION_H

#include "ipc/registry.h"
#include "ipc/wire.h"

/* A connected socket to that exporter, which may be this process. Errors: as gy_registry_connect.
 */
enum geyser_result gy_connect_once(
	const struct gy_registry *registry, uint64_t instance, uint64_t deadline, int *out);

/* hello: it is the first on this connection. Errors: DISCONNECTED, TIMEOUT (the exporter's buffer
 * is full). */
enum geyser_result gy_ask(
	int socket, bool hello, const char *application, const struct gy_message *question);

/* The answer with that sequence, awaited until the deadline or until stop_fd, unless that is -1, is
 * readable (BUSY); after either it can be awaited again. *fd is the caller's or -1. What the
 * exporter refuses is an error in its own words, with answer->type GY_WIRE_ERROR. Errors: TIMEOUT,
 * DISCONNECTED, PROTOCOL, LIMIT, and the exporter's. */
enum geyser_result gy_await(int socket, uint32_t sequence, uint64_t deadline, int stop_fd,
	struct gy_message *answer, int *fd);

/* A peer's words go to a terminal: control characters, those that mislead (gy_is_misleading), and
 * bytes that are no UTF-8 become '?'. */
void gy_make_printable(char *text);

#endif
