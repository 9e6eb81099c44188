/* SPDX-License-Identifier: MIT */
/*
 * The processes that are connected to this exporter, and how many connections each may have.
 *
 * A connection costs this process a descriptor. All connections together may have half of its soft
 * limit. One process may have no more connections than remain free for the others: a quarter of the
 * limit at most. An idle connection has no import and no subscription. It is closed when room is
 * needed, the oldest first, and after some seconds in any case.
 *
 * A connection that has a request waits for a turn of its process. The exporter answers in rounds,
 * with at most one turn of each process in a round. So the many connections of one process, or its
 * many requests, don't delay the single request of another process. Guarded by the loop's lock.
 */
#ifndef GY_IPC_EXPORTER_CLIENTS_H
#define GY_IPC_EXPORTER_CLIENTS_H

#include "base/list.h"

#include <geyser/geyser.h>

#include <sys/types.h>

struct gy_clients {
	void *by_pid;         /* tsearch tree of gy_client */
	unsigned connections; /* of all clients */
	bool is_high;         /* the limit of descriptors is that of no small process */
	struct gy_list idle;  /* of gy_seat: connections that hold nothing, the oldest first */
	/* Of gy_client: those with connections that wait. The next one is the first of turns. Who
	 * has had a turn in this round is in later. */
	struct gy_list turns, later;
	uint64_t round;
};

/* A process that is connected. */
struct gy_client {
	pid_t pid;
	unsigned connections;
	struct gy_list idle; /* its idle connections, the oldest first */
	/* Its connections that wait, the next one first; and those of them whose first request
	 * isn't answered yet, the oldest first. */
	struct gy_list waiting, fresh;
	struct gy_list turn; /* link in the clients' turns, or in later, while a connection waits */
	uint64_t had_turn;   /* the last round in which it had a turn */
};

/* A connection, as its client counts it. Embedded in struct gy_session. */
struct gy_seat {
	struct gy_client *client;
	struct gy_list idle, idle_of_client; /* links in the lists of idle ones, or in none */
	struct gy_list waiting, fresh;       /* links in the client's lists, or in none */
	uint64_t idle_since;
};

void gy_clients_init(struct gy_clients *clients);

/* Returns how many connections one process may have now. lowest: the lowest number that a new
 * descriptor gets, or -1 for a connection within this process. */
long gy_clients_count_room(const struct gy_clients *clients, int lowest);

/* Whether that process may have one more connection. */
bool gy_clients_have_room(const struct gy_clients *clients, pid_t pid, long room);

/* Chooses a connection that the caller closes to make room for one of that process: an idle one, or
 * else one whose first request isn't answered yet. The result for the latter is LIMIT, and its peer
 * is to be told so. *victim is NULL if there is neither. Errors: LIMIT. */
enum geyser_result gy_clients_choose_victim(
	const struct gy_clients *clients, pid_t pid, struct gy_seat **victim);

/* Counts a connection of that process. False: out of memory. */
bool gy_clients_join(struct gy_clients *clients, pid_t pid, struct gy_seat *seat);

/* Counts the connection no more, and removes it from all lists. */
void gy_clients_leave(struct gy_clients *clients, struct gy_seat *seat);

/* Counts the connection as idle from now on. It must not be idle yet. */
void gy_seat_set_idle(struct gy_clients *clients, struct gy_seat *seat);

/* Counts it as idle no more. Does nothing if it isn't idle. */
void gy_seat_set_busy(struct gy_seat *seat);

/* Appends a connection to those that wait for a turn of their process. It must not wait yet. fresh:
 * its first request isn't answered yet. */
void gy_seat_wait(struct gy_clients *clients, struct gy_seat *seat, bool fresh);

/* Whether a connection of any process waits. */
bool gy_clients_wait(const struct gy_clients *clients);

/* Begins a round of turns. Those processes come first that had no turn in the round before. */
void gy_clients_begin_round(struct gy_clients *clients);

/* Returns the connection whose turn it is, and removes it from those that wait. NULL: all processes
 * whose connections wait have had their turn in this round. */
struct gy_seat *gy_clients_next(struct gy_clients *clients);

#endif
