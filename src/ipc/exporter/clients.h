/* SPDX-License-Identifier: MIT */
/*
 * The processes that are connected to this exporter, and how many connections each may have.
 *
 * A connection costs this process a descriptor. All connections together may have half of its soft
 * limit. One process may have no more connections than remain free for the others: a quarter of the
 * limit at most. An idle connection has no import and no subscription. It is closed when room is
 * needed, the oldest first, and after some seconds in any case.
 *
 * An accepted connection waits until the exporter answers its first question. The processes take
 * turns, so the many connections of one process don't delay the single one of another process. Call
 * all functions with the ipc's lock held.
 */
#ifndef GY_IPC_EXPORTER_CLIENTS_H
#define GY_IPC_EXPORTER_CLIENTS_H

#include "base/list.h"
#include "ipc/process.h"

/* A process that is connected. */
struct gy_client {
	pid_t pid;
	unsigned connections;
	struct gy_list idle; /* its idle connections, the oldest first */
	/* Its connections whose first question isn't answered yet, the oldest first. */
	struct gy_list waiting;
	struct gy_list turn; /* link in ipc->turns while a connection waits */
};

struct gy_connection;

/* Makes room for one more connection of that process: closes idle connections, then refuses
 * connections that wait, the oldest first. lowest: the lowest number that a new descriptor gets, or
 * -1 for a connection within this process. Errors: LIMIT. */
enum geyser_result gy_client_admit(struct gy_ipc *ipc, pid_t pid, int lowest);

/* Counts a connection of that process. NULL: out of memory. */
struct gy_client *gy_client_join(struct gy_ipc *ipc, pid_t pid);

/* Counts a connection no more; frees the client with its last connection. */
void gy_client_leave(struct gy_ipc *ipc, struct gy_client *client);

/* Appends an accepted connection to those that wait for a turn of their process. */
void gy_client_wait(struct gy_ipc *ipc, struct gy_connection *connection);

/* Removes the connection from those that wait. Does nothing if it doesn't wait. */
void gy_client_stop_waiting(struct gy_connection *connection);

/* Returns the connection whose turn it is, and removes it from those that wait. NULL: no connection
 * waits. The next turn goes to another process, if a connection of another process waits. */
struct gy_connection *gy_client_next(struct gy_ipc *ipc);

#endif
