/* SPDX-License-Identifier: MIT */
#include "ipc/client.h"
#include "ipc/connection.h"

#include "base/error.h"

#include <search.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* All connections together: half of the soft limit, and no more than this. */
#define CONNECTIONS_MAX 4096

/* Descriptors that no peer's connection takes, whatever else this process has open. */
#define SPARED 8

/* How many idle connections of others we look at, to find one to close. */
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

enum geyser_result gy_client_admit(struct gy_ipc *ipc, pid_t pid, int lowest)
{
	const struct gy_client *client = find(ipc, pid);
	long room = count_room(ipc, lowest);

	while ((client ? (long)client->connections : 0) >= room) {
		struct gy_connection *victim = choose_victim(ipc, client);

		if (!victim)
			return gy_fail(GEYSER_ERROR_LIMIT,
				"the exporter (pid %d) has %u connections, %u of them of process "
				"%d: its %ld descriptors (see \"ulimit -n\") allow no more",
				getpid(), ipc->connection_count, client ? client->connections : 0,
				pid, soft_limit());
		gy_connection_close(ipc, victim);
		client = find(ipc, pid); /* it may have gone with its last connection */
		room++;
	}
	return GEYSER_OK;
}
