/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/clients.h"

#include "base/clock.h"
#include "base/error.h"

#include <search.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* The most connections of all processes together, where half of the soft limit is more. */
#define CONNECTIONS_MAX 4096

/* The last free descriptors of this process, which no peer's connection takes. */
#define SPARED 8

/* While there are fewer connections than FEW, and the next descriptor is below LOW, there is room
 * under any limit of at least LOW + SPARED. The limit isn't read then, if it was that high when the
 * exporter was made: the system call costs a thirtieth of an import that connects. */
#define FEW 8
#define LOW 32

/* The most idle connections that a search for one to close looks at. Also the most processes that a
 * search for a waiting connection to close looks at. A limit keeps an accept short. */
#define TRIES 64

static int compare_pids(const void *a, const void *b)
{
	const struct gy_client *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct gy_client *find(const struct gy_clients *clients, pid_t pid)
{
	struct gy_client wanted = {.pid = pid}, *const * found;

	found = tfind(&wanted, &clients->by_pid, compare_pids);
	return found ? *found : NULL;
}

/* Returns a new client, or NULL: out of memory. */
static struct gy_client *add(struct gy_clients *clients, pid_t pid)
{
	struct gy_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->pid = pid;
	gy_list_init(&client->idle);
	gy_list_init(&client->waiting);
	gy_list_init(&client->fresh);
	gy_list_init(&client->turn);
	if (tsearch(client, &clients->by_pid, compare_pids))
		return client;
	free(client);
	return NULL;
}

static long soft_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 2L * CONNECTIONS_MAX)
		return 2L * CONNECTIONS_MAX;
	return (long)limit.rlim_cur;
}

void gy_clients_init(struct gy_clients *clients)
{
	*clients = (struct gy_clients){.is_high = soft_limit() >= LOW + SPARED};
	gy_list_init(&clients->idle);
	gy_list_init(&clients->turns);
	gy_list_init(&clients->later);
}

bool gy_clients_join(struct gy_clients *clients, pid_t pid, struct gy_seat *seat)
{
	struct gy_client *client = find(clients, pid);

	if (!client)
		client = add(clients, pid);
	if (!client)
		return false;
	client->connections++;
	clients->connections++;
	seat->client = client;
	gy_list_init(&seat->idle);
	gy_list_init(&seat->idle_of_client);
	gy_list_init(&seat->waiting);
	gy_list_init(&seat->fresh);
	return true;
}

static void stop_waiting(struct gy_seat *seat)
{
	gy_list_remove(&seat->waiting);
	gy_list_remove(&seat->fresh);
	if (gy_list_is_empty(&seat->client->waiting))
		gy_list_remove(&seat->client->turn);
}

/* Frees the client with its last connection. */
void gy_clients_leave(struct gy_clients *clients, struct gy_seat *seat)
{
	struct gy_client *client = seat->client;

	gy_seat_set_busy(seat);
	stop_waiting(seat);
	clients->connections--;
	if (--client->connections > 0)
		return;
	(void)tdelete(client, &clients->by_pid, compare_pids);
	free(client);
}

/* ---- idle or not ---- */

void gy_seat_set_idle(struct gy_clients *clients, struct gy_seat *seat)
{
	seat->idle_since = gy_now();
	gy_list_append(&clients->idle, &seat->idle);
	gy_list_append(&seat->client->idle, &seat->idle_of_client);
}

void gy_seat_set_busy(struct gy_seat *seat)
{
	gy_list_remove(&seat->idle);
	gy_list_remove(&seat->idle_of_client);
}

/* ---- room ---- */

/* All descriptors below the lowest free one are in use. */
long gy_clients_count_room(const struct gy_clients *clients, int lowest)
{
	long limit, connections, descriptors;

	if (clients->is_high && clients->connections < FEW && lowest < LOW)
		return FEW;
	limit = soft_limit();
	connections = limit / 2 - (long)clients->connections;
	descriptors = limit - SPARED - lowest;

	return lowest >= 0 && descriptors < connections ? descriptors : connections;
}

bool gy_clients_have_room(const struct gy_clients *clients, pid_t pid, long room)
{
	const struct gy_client *client = find(clients, pid);

	return (client ? (long)client->connections : 0) < room;
}

static enum geyser_result fail_full(
	const struct gy_clients *clients, const struct gy_client *client, pid_t pid)
{
	return gy_fail(GEYSER_ERROR_LIMIT,
		"the exporter (pid %d) has %u connections, %u of them of process "
		"%d: its %ld descriptors (see \"ulimit -n\") allow no more",
		getpid(), clients->connections, client ? client->connections : 0, pid,
		soft_limit());
}

/* Chooses an idle connection: the client's own oldest one, else one of a process that has more
 * connections than this client. NULL if there is none. */
static struct gy_seat *choose_idle(const struct gy_clients *clients, const struct gy_client *client)
{
	const struct gy_list *link = clients->idle.next;

	if (client && !gy_list_is_empty(&client->idle))
		return GY_LIST_OWNER(client->idle.next, struct gy_seat, idle_of_client);
	for (int i = 0; i < TRIES && link != &clients->idle; i++, link = link->next) {
		struct gy_seat *it = GY_LIST_OWNER(link, struct gy_seat, idle);

		if (it->client->connections > (client ? client->connections : 0))
			return it;
	}
	return NULL;
}

/* Returns a process in the list that has fresh connections, and more connections than this client.
 * NULL if there is none. */
static const struct gy_client *choose_among(
	const struct gy_list *turns, const struct gy_client *client)
{
	const struct gy_list *link = turns->next;

	for (int i = 0; i < TRIES && link != turns; i++, link = link->next) {
		const struct gy_client *it = GY_LIST_OWNER(link, struct gy_client, turn);

		if (!gy_list_is_empty(&it->fresh) &&
			it->connections > (client ? client->connections : 0))
			return it;
	}
	return NULL;
}

/* Chooses the process that gives up a fresh connection: this client, else a process that has more
 * connections than this client. NULL if there is none. */
static const struct gy_client *choose_fresh(
	const struct gy_clients *clients, const struct gy_client *client)
{
	const struct gy_client *chosen;

	if (client && !gy_list_is_empty(&client->fresh))
		return client;
	chosen = choose_among(&clients->turns, client);
	return chosen ? chosen : choose_among(&clients->later, client);
}

enum geyser_result gy_clients_choose_victim(
	const struct gy_clients *clients, pid_t pid, struct gy_seat **victim)
{
	const struct gy_client *client = find(clients, pid), *chosen;

	*victim = choose_idle(clients, client);
	if (*victim)
		return GEYSER_OK;
	chosen = choose_fresh(clients, client);
	if (!chosen)
		return fail_full(clients, client, pid);
	*victim = GY_LIST_OWNER(chosen->fresh.next, struct gy_seat, fresh);
	return fail_full(clients, chosen, chosen->pid);
}

/* ---- turns ---- */

static void append_turn(struct gy_clients *clients, struct gy_client *client)
{
	const bool had_turn = client->had_turn == clients->round;

	gy_list_append(had_turn ? &clients->later : &clients->turns, &client->turn);
}

void gy_seat_wait(struct gy_clients *clients, struct gy_seat *seat, bool fresh)
{
	struct gy_client *client = seat->client;

	if (gy_list_is_empty(&client->waiting))
		append_turn(clients, client);
	gy_list_append(&client->waiting, &seat->waiting);
	if (fresh)
		gy_list_append(&client->fresh, &seat->fresh);
}

bool gy_clients_wait(const struct gy_clients *clients)
{
	return !gy_list_is_empty(&clients->turns) || !gy_list_is_empty(&clients->later);
}

void gy_clients_begin_round(struct gy_clients *clients)
{
	clients->round++;
	while (!gy_list_is_empty(&clients->later)) {
		struct gy_list *link = clients->later.next;

		gy_list_remove(link);
		gy_list_append(&clients->turns, link);
	}
}

struct gy_seat *gy_clients_next(struct gy_clients *clients)
{
	struct gy_client *client;
	struct gy_seat *seat;

	if (gy_list_is_empty(&clients->turns))
		return NULL;
	client = GY_LIST_OWNER(clients->turns.next, struct gy_client, turn);
	seat = GY_LIST_OWNER(client->waiting.next, struct gy_seat, waiting);
	gy_list_remove(&client->turn);
	gy_list_remove(&seat->waiting);
	gy_list_remove(&seat->fresh);
	client->had_turn = clients->round;
	if (!gy_list_is_empty(&client->waiting))
		append_turn(clients, client);
	return seat;
}
