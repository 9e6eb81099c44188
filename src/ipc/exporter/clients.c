/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/clients.h"
#include "ipc/exporter/session.h"

#include "base/error.h"

#include <search.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* All connections together: half of the soft limit, and no more than this. */
#define CONNECTIONS_MAX 4096

/* Descriptors that no peer's connection takes, whatever else this process has open. */
#define SPARED 8

/* How many idle connections of other processes we look at to find one to close. As many processes
 * with waiting connections we look at to find one that gives a connection up. */
#define TRIES 64

static int compare_pids(const void *a, const void *b)
{
	const struct gy_client *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct gy_client *find(struct gy_ipc *ipc, pid_t pid)
{
	struct gy_client wanted = {.pid = pid}, *const * found;

	found = tfind(&wanted, &ipc->clients, compare_pids);
	return found ? *found : NULL;
}

struct gy_client *gy_client_join(struct gy_ipc *ipc, pid_t pid)
{
	struct gy_client *client = find(ipc, pid);

	if (!client) {
		client = calloc(1, sizeof(*client));
		if (!client)
			return NULL;
		client->pid = pid;
		gy_list_init(&client->idle);
		gy_list_init(&client->waiting);
		gy_list_init(&client->turn);
		if (!tsearch(client, &ipc->clients, compare_pids)) {
			free(client);
			return NULL;
		}
	}
	client->connections++;
	return client;
}

void gy_client_leave(struct gy_ipc *ipc, struct gy_client *client)
{
	if (--client->connections > 0)
		return;
	(void)tdelete(client, &ipc->clients, compare_pids);
	free(client);
}

/* ---- room ---- */

static long soft_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 2L * CONNECTIONS_MAX)
		return 2L * CONNECTIONS_MAX;
	return (long)limit.rlim_cur;
}

/* Returns how many more connections there can be. All descriptors below the lowest free one are in
 * use. */
static long count_room(const struct gy_ipc *ipc, int lowest)
{
	long limit = soft_limit();
	long connections = limit / 2 - (long)ipc->connection_count;
	long descriptors = limit - SPARED - lowest;

	return lowest >= 0 && descriptors < connections ? descriptors : connections;
}

/* Chooses an idle connection to close: the client's own oldest one, else one of a process that has
 * more connections than this client. NULL if there is none. */
static struct gy_connection *choose_victim(struct gy_ipc *ipc, const struct gy_client *client)
{
	struct gy_list *link = ipc->idle.next;

	if (client && !gy_list_is_empty(&client->idle))
		return GY_LIST_OWNER(client->idle.next, struct gy_connection, idle_of_client);
	for (int i = 0; i < TRIES && link != &ipc->idle; i++, link = link->next) {
		struct gy_connection *it = GY_LIST_OWNER(link, struct gy_connection, idle);

		if (it->client->connections > (client ? client->connections : 0))
			return it;
	}
	return NULL;
}

static enum geyser_result fail_full(
	const struct gy_ipc *ipc, const struct gy_client *client, pid_t pid)
{
	return gy_fail(GEYSER_ERROR_LIMIT,
		"the exporter (pid %d) has %u connections, %u of them of process "
		"%d: its %ld descriptors (see \"ulimit -n\") allow no more",
		getpid(), ipc->connection_count, client ? client->connections : 0, pid,
		soft_limit());
}

/* Chooses the process that gives up a waiting connection: this client, else a process that has more
 * connections than this client. NULL if there is none. */
static const struct gy_client *choose_waiting(
	const struct gy_ipc *ipc, const struct gy_client *client)
{
	const struct gy_list *link = ipc->turns.next;

	if (client && !gy_list_is_empty(&client->waiting))
		return client;
	for (int i = 0; i < TRIES && link != &ipc->turns; i++, link = link->next) {
		const struct gy_client *it = GY_LIST_OWNER(link, struct gy_client, turn);

		if (it->connections > (client ? client->connections : 0))
			return it;
	}
	return NULL;
}

/* Chooses a connection whose first question isn't answered yet, and tells its peer why the exporter
 * refuses it. The caller closes the connection. NULL if there is none. */
static struct gy_connection *refuse_waiting(
	const struct gy_ipc *ipc, const struct gy_client *client)
{
	const struct gy_client *chosen = choose_waiting(ipc, client);
	struct gy_connection *oldest;

	if (!chosen)
		return NULL;
	oldest = GY_LIST_OWNER(chosen->waiting.next, struct gy_connection, waiting);
	gy_connection_refuse(oldest->source.fd, fail_full(ipc, chosen, chosen->pid));
	return oldest;
}

enum geyser_result gy_client_admit(struct gy_ipc *ipc, pid_t pid, int lowest)
{
	const struct gy_client *client = find(ipc, pid);
	long room = count_room(ipc, lowest);

	while ((client ? (long)client->connections : 0) >= room) {
		struct gy_connection *victim = choose_victim(ipc, client);

		if (!victim)
			victim = refuse_waiting(ipc, client);
		if (!victim)
			return fail_full(ipc, client, pid);
		gy_connection_close(ipc, victim);
		client = find(ipc, pid); /* it may have gone with its last connection */
		room++;
	}
	return GEYSER_OK;
}

/* ---- turns ---- */

void gy_client_wait(struct gy_ipc *ipc, struct gy_connection *connection)
{
	struct gy_client *client = connection->client;

	if (gy_list_is_empty(&client->waiting))
		gy_list_append(&ipc->turns, &client->turn);
	gy_list_append(&client->waiting, &connection->waiting);
}

void gy_client_stop_waiting(struct gy_connection *connection)
{
	gy_list_remove(&connection->waiting);
	if (gy_list_is_empty(&connection->client->waiting))
		gy_list_remove(&connection->client->turn);
}

struct gy_connection *gy_client_next(struct gy_ipc *ipc)
{
	struct gy_connection *connection;
	struct gy_client *client;

	if (gy_list_is_empty(&ipc->turns))
		return NULL;
	client = GY_LIST_OWNER(ipc->turns.next, struct gy_client, turn);
	connection = GY_LIST_OWNER(client->waiting.next, struct gy_connection, waiting);
	gy_list_remove(&client->turn);
	gy_list_remove(&connection->waiting);
	if (!gy_list_is_empty(&client->waiting))
		gy_list_append(&ipc->turns, &client->turn);
	return connection;
}
