/* SPDX-License-Identifier: MIT */
/*
 * The processes that are connected to this exporter, and how many connections each may have.
 *
 * A connection costs this process a descriptor. All connections together may have half of its soft
 * limit. One process may have no more connections than remain free for the others: a quarter of the
 * limit at most. An idle connection has no import and no subscription. It is closed when room is
 * needed, the oldest first, and after some seconds in any case.
 *
 * A connection that was accepted waits until its first question is answered. The processes take
 * turns: one process's many connections don't delay another process's single one. Call all
 * functions with the ipc's lock held.
 */
#ifndef GY_IPC_CLIENT_H
#define GY_IPC_CLIENT_H

#include "base/list.h"
#include "ipc/process.h"

/* A process that is connected. */
struct gy_client {
	pid_t pid;
	unsigned connections;
	struct gy_list idle;    /* of these, the oldest first */
	struct gy_list waiting; /* of these, those whose first question is not answered yet */
	struct gy_list turn;    /* link in ipc->turns while a connection waits */
};

struct gy_connection;

/* Makes room for one more connection of that process: closes idle ones, then refuses those that
 * have waited longest. lowest: the lowest number that a new descriptor gets, or -1 for
 * a connection within this process. Errors: LIMIT. */
enum geyser_result gy_client_admit(struct gy_ipc *ipc, pid_t pid, int lowest);

/* Counts a connection of that process. NULL: out of memory. */
struct gy_client *gy_client_join(struct gy_ipc *ipc, pid_t pid);

/* Counts a connection no more; frees the client with its last connection. */
void gy_client_leave(struct gy_ipc *ipc, struct gy_client *client);

/* Lets an accepted connection wait for its process's turn. */
void gy_client_wait(struct gy_ipc *ipc, struct gy_connection *connection);

/* Takes the connection out of the turns, if it waits. */
void gy_client_stop_waiting(struct gy_connection *connection);

/* Returns the connection whose turn it is, which waits no longer; NULL: none waits. The next turn
 * is another process's, if a connection of another one waits. */
struct gy_connection *gy_client_next(struct gy_ipc *ipc);

#endif
