/* SPDX-License-Identifier: MIT */
/* An importer's connection, seen from the exporter: what it has asked for, and what it has. On the
 * thread. */
#ifndef GY_IPC_EXPORTER_SESSION_H
#define GY_IPC_EXPORTER_SESSION_H

#include "ipc/exporter/clients.h"

/* How long an idle connection stays: one without import, subscription and question. */
#define GY_IDLE_WITHIN (5 * GY_SECOND)

struct gy_connection {
	struct gy_connection *next, **link;
	struct gy_source source;
	bool greeted;
	struct gy_list idle, idle_of_client; /* links in ipc->idle and client->idle, or in none */
	struct gy_list waiting;              /* link in client->waiting, or in none */
	uint64_t idle_since;
	void *imports; /* tsearch tree of import_count by token */
	char application[GY_APPLICATION_MAX + 1];
	struct gy_client *client;
	struct gy_published_stream *stream; /* NULL: hasn't subscribed */
	void *subscription;
};

/* Makes the connection of an accepted peer. The thread doesn't watch it yet (gy_loop_add), and it
 * doesn't count as idle yet (gy_connection_set_idle). On success the connection owns the fd, on
 * failure the caller still does. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_connection_create(
	struct gy_ipc *ipc, int fd, pid_t pid, struct gy_connection **out);

/* Counts the connection as idle from now on, until it has an import or a subscription. It must not
 * be among the idle ones yet. */
void gy_connection_set_idle(struct gy_ipc *ipc, struct gy_connection *connection);

/* Ends the peer's subscription, gives back what it has imported, closes the fd and frees the
 * connection. */
void gy_connection_close(struct gy_ipc *ipc, struct gy_connection *connection);

/* Reads and answers what is there now; false: it is to be closed. */
bool gy_connection_receive(struct gy_ipc *ipc, struct gy_connection *connection);

/* Tells a peer why, with this thread's last error, before it is hung up on. */
void gy_connection_refuse(int fd, enum geyser_result result);

#endif
