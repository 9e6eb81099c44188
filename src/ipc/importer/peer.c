/* SPDX-License-Identifier: MIT */
/* Connections to exporters: shared by imports, or one's own; and the exporter's death. */
#include "ipc/importer/peer.h"
#include "ipc/importer/connect.h"
#include "ipc/importer/request.h"
#include "ipc/surface/surface.h"
#include "ipc/wire/packet.h"

#include "base/error.h"
#include "platform/platform.h"
#include "platform/socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- peers ---- */

static void free_peer(struct gy_peer *peer)
{
	if (peer->pidfd >= 0)
		(void)close(peer->pidfd);
	if (peer->socket >= 0)
		(void)close(peer->socket);
	free(peer);
}

/* Without a look at the registry if the exporter is this process. */
static enum geyser_result connect_to(struct gy_peer *peer, uint64_t deadline, int stop_fd)
{
	enum geyser_result result = gy_server_connect(peer->ipc, peer->instance, &peer->socket);

	peer->pid = gy_process_id();
	peer->own = peer->socket >= 0;
	if (result != GEYSER_OK || peer->socket >= 0)
		return result;
	return gy_registries_connect(peer->instance, deadline, stop_fd, &peer->socket, &peer->pid);
}

enum geyser_result gy_peer_connect(
	struct gy_ipc *ipc, uint64_t instance, uint64_t deadline, int stop_fd, struct gy_peer **out)
{
	struct gy_peer *peer = calloc(1, sizeof(*peer));
	enum geyser_result result;

	if (!peer)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a connection");
	*peer = (struct gy_peer){
		.ipc = ipc,
		.instance = instance,
		.socket = -1,
		.pidfd = -1,
		.busy = true,
		.references = 1,
	};
	result = connect_to(peer, deadline, stop_fd);
	if (result != GEYSER_OK) {
		free_peer(peer);
		return result;
	}
	*out = peer;
	return GEYSER_OK;
}

struct gy_peer *gy_peer_reuse(struct gy_ipc *ipc, uint64_t instance)
{
	struct gy_peer *peer;

	(void)pthread_mutex_lock(&ipc->lock);
	for (peer = ipc->peers; peer; peer = peer->next)
		if (peer->instance == instance && !peer->busy && !peer->broken &&
			!atomic_load(&peer->dead))
			break;
	if (peer) {
		peer->busy = true;
		peer->references++;
	}
	(void)pthread_mutex_unlock(&ipc->lock);
	return peer;
}

/* With the lock held. Frees it if that was the last reference. */
static void drop_reference(struct gy_ipc *ipc, struct gy_peer *peer)
{
	if (--peer->references > 0)
		return;
	if (peer->link) {
		*peer->link = peer->next;
		if (peer->next)
			peer->next->link = peer->link;
	}
	gy_loop_remove(ipc, &peer->socket_source);
	gy_loop_remove(ipc, &peer->pid_source);
	free_peer(peer);
}

static void list_peer(struct gy_ipc *ipc, struct gy_peer *peer)
{
	peer->next = ipc->peers;
	peer->link = &ipc->peers;
	if (peer->next)
		peer->next->link = &peer->next;
	ipc->peers = peer;
}

void gy_peer_settle(struct gy_ipc *ipc, struct gy_peer *peer, bool keep, bool broken)
{
	(void)pthread_mutex_lock(&ipc->lock);
	peer->busy = false;
	peer->broken = peer->broken || broken;
	if (keep && !peer->link)
		list_peer(ipc, peer);
	if (!keep)
		drop_reference(ipc, peer);
	(void)pthread_mutex_unlock(&ipc->lock);
}

struct gy_peer *gy_peer_ref(struct gy_peer *peer)
{
	(void)pthread_mutex_lock(&peer->ipc->lock);
	peer->references++;
	(void)pthread_mutex_unlock(&peer->ipc->lock);
	return peer;
}

void gy_peer_release(struct gy_peer *peer, const struct gy_handle_fields *handle)
{
	struct gy_message message = {.type = GY_WIRE_RELEASE};
	struct gy_packet packet = {.size = 0};
	struct gy_ipc *ipc;

	if (!peer)
		return;
	ipc = peer->ipc;
	(void)pthread_mutex_lock(&ipc->lock);
	gy_ipc_leave_parents(ipc);
	/* The last one's release is the closing of the connection. */
	if (handle && peer->references > 1 && peer->socket >= 0) {
		message.object.kind = handle->kind;
		memcpy(message.object.token, handle->token, GY_TOKEN_SIZE);
		gy_packet_add(&packet, &message);
		if (gy_packet_try_send(peer->socket, &packet) != GEYSER_OK)
			peer->broken = true; /* the exporter's count is put right when it closes */
	}
	drop_reference(ipc, peer);
	(void)pthread_mutex_unlock(&ipc->lock);
}

/* ---- a connection of one's own ---- */

enum geyser_result gy_peer_open(
	struct gy_ipc *ipc, uint64_t instance, uint64_t deadline, int stop_fd, struct gy_peer **out)
{
	enum geyser_result result = gy_ipc_check_own(ipc);

	*out = NULL;
	if (result == GEYSER_OK)
		result = gy_peer_connect(ipc, instance, deadline, stop_fd, out);
	if (result != GEYSER_OK)
		return result;
	(void)pthread_mutex_lock(&ipc->lock);
	list_peer(ipc, *out); /* busy for good: no import uses it */
	(void)pthread_mutex_unlock(&ipc->lock);
	return GEYSER_OK;
}

/* This process's surfaces if it is the exporter of that instance, else NULL. */
static struct gy_surfaces *own_surfaces(struct gy_ipc *ipc, uint64_t instance)
{
	struct gy_surfaces *surfaces = NULL;

	(void)pthread_mutex_lock(&ipc->lock);
	if (ipc->registered && ipc->entry.instance == instance)
		surfaces = ipc->surfaces;
	(void)pthread_mutex_unlock(&ipc->lock);
	return surfaces;
}

static enum geyser_result collect(
	struct gy_peer *peer, uint64_t deadline, struct gy_message *answer, int *fd)
{
	if (*fd < 0)
		return gy_surface_collect(own_surfaces(peer->ipc, peer->instance), peer->instance,
			deadline, &answer->texture);
	(void)close(*fd);
	*fd = -1;
	answer->texture.native.object = NULL;
	return gy_fail(GEYSER_ERROR_PROTOCOL, "the exporter sent a descriptor with an IOSurface");
}

enum geyser_result gy_peer_send(
	struct gy_peer *peer, const char *application, struct gy_message *question)
{
	enum geyser_result result;

	question->sequence = ++peer->sequence;
	result = gy_ask(peer->socket, !peer->greeted, application, question);
	peer->greeted = true;
	/* One that hung up at once may have left the reason. */
	return result == GEYSER_ERROR_DISCONNECTED ? GEYSER_OK : result;
}

enum geyser_result gy_peer_await(
	struct gy_peer *peer, uint64_t deadline, int stop_fd, struct gy_message *answer, int *fd)
{
	enum geyser_result result =
		gy_await(peer->socket, peer->sequence, deadline, stop_fd, answer, fd);

	if (result == GEYSER_OK && gy_surface_is_in(answer))
		result = collect(peer, deadline, answer, fd);
	return result;
}

bool gy_peer_has_answer(const struct gy_peer *peer, uint64_t deadline, int stop_fd)
{
	struct pollfd fds[] = {
		{.fd = peer->socket, .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN},
	};

	return gy_poll(fds, 2, deadline) > 0 && fds[0].revents;
}

enum geyser_result gy_peer_ask(struct gy_peer *peer, const char *application,
	struct gy_message *question, uint64_t deadline, struct gy_message *answer, int *fd)
{
	enum geyser_result result = gy_peer_send(peer, application, question);

	*fd = -1;
	return result == GEYSER_OK ? gy_peer_await(peer, deadline, -1, answer, fd) : result;
}

/* ---- the end of a subscription ---- */

/* Closes the descriptors of a peer that nobody watches or asks any more. With the lock held. */
static void close_descriptors(struct gy_peer *peer)
{
	if (peer->socket >= 0)
		(void)close(peer->socket);
	if (peer->pidfd >= 0)
		(void)close(peer->pidfd);
	peer->socket = -1;
	peer->pidfd = -1;
}

/* Tells the exporter that the subscription is over. If the message can't be sent, it ends the
 * connection instead. With the lock held. */
static void unsubscribe(struct gy_peer *peer)
{
	const struct gy_message message = {.type = GY_WIRE_UNSUBSCRIBE};
	struct gy_packet packet = {.size = 0};

	gy_packet_add(&packet, &message);
	if (gy_packet_try_send(peer->socket, &packet) != GEYSER_OK)
		(void)shutdown(peer->socket, SHUT_RDWR);
}

void gy_peer_leave(struct gy_peer *peer)
{
	struct gy_ipc *ipc;

	if (!peer)
		return;
	ipc = peer->ipc;
	(void)pthread_mutex_lock(&ipc->lock);
	peer->bell = NULL;
	peer->sleeping = NULL;
	if (peer->references > 1 && atomic_load(&peer->dead))
		close_descriptors(peer);
	else if (peer->references > 1 && peer->socket >= 0)
		unsubscribe(peer);
	drop_reference(ipc, peer);
	(void)pthread_mutex_unlock(&ipc->lock);
}

bool gy_peer_is_own(const struct gy_peer *peer)
{
	return peer->own;
}

pid_t gy_peer_pid(const struct gy_peer *peer)
{
	return peer->pid;
}

/* ---- the exporter's death ---- */

_Atomic uint32_t *gy_peer_dead(struct gy_peer *peer)
{
	return &peer->dead;
}

void gy_peer_set_bell(
	struct gy_peer *peer, _Atomic uint32_t *bell, const _Atomic uint32_t *sleeping)
{
	(void)pthread_mutex_lock(&peer->ipc->lock);
	peer->bell = bell;
	peer->sleeping = sleeping;
	(void)pthread_mutex_unlock(&peer->ipc->lock);
}

/* One wake may come between a sleeper's last look and its sleep: hence again, until nobody sleeps.
 */
bool gy_peers_ring(struct gy_ipc *ipc)
{
	bool again = false;

	for (struct gy_peer *peer = ipc->ringing ? ipc->peers : NULL; peer; peer = peer->next) {
		if (!peer->bell || !atomic_load(&peer->dead) || !atomic_load(peer->sleeping))
			continue;
		gy_wake(peer->bell, true);
		again = true;
	}
	ipc->ringing = again;
	return again;
}

static void declare_dead(struct gy_ipc *ipc, struct gy_peer *peer)
{
	atomic_store(&peer->dead, 1);
	gy_wake(&peer->dead, false);
	ipc->ringing = true;
	gy_loop_remove(ipc, &peer->socket_source);
	gy_loop_remove(ipc, &peer->pid_source);
}

static void socket_ready(struct gy_ipc *ipc, struct gy_source *source, uint32_t events)
{
	struct gy_peer *peer =
		(struct gy_peer *)((char *)source - offsetof(struct gy_peer, socket_source));

	if (events & GY_HUNG_UP)
		declare_dead(ipc, peer);
}

static void process_ended(struct gy_ipc *ipc, struct gy_source *source, uint32_t events)
{
	(void)events;
	declare_dead(
		ipc, (struct gy_peer *)((char *)source - offsetof(struct gy_peer, pid_source)));
}

static enum geyser_result watch(struct gy_ipc *ipc, struct gy_peer *peer)
{
	enum geyser_result result = gy_loop_start(ipc);
	bool ended;

	if (result != GEYSER_OK)
		return result;
	peer->pidfd = gy_peer_watch(peer->socket, peer->pid, &ended);
	peer->pid_source = (struct gy_source){.fd = peer->pidfd, .ready = process_ended};
	peer->socket_source = (struct gy_source){.fd = peer->socket, .ready = socket_ready};
	result = gy_loop_add(ipc, &peer->socket_source, GY_HUNG_UP);
	if (result == GEYSER_OK && peer->pidfd >= 0)
		result = gy_loop_add(ipc, &peer->pid_source, GY_READABLE);
	if (result != GEYSER_OK)
		goto close_pidfd;
	/* Only if the connection still stands is the pid surely that of the exporter. */
	if (ended || gy_socket_is_hung_up(peer->socket))
		declare_dead(ipc, peer);
	peer->watched = true;
	return GEYSER_OK;

close_pidfd:
	gy_loop_remove(ipc, &peer->socket_source);
	if (peer->pidfd >= 0)
		(void)close(peer->pidfd);
	peer->pidfd = -1;
	return result;
}

enum geyser_result gy_peer_watch_death(struct gy_peer *peer)
{
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&peer->ipc->lock);
	if (!peer->watched)
		result = watch(peer->ipc, peer);
	(void)pthread_mutex_unlock(&peer->ipc->lock);
	return result;
}

void gy_importer_abandon(struct gy_ipc *ipc)
{
	for (struct gy_peer *peer = ipc->peers; peer; peer = peer->next) {
		close_descriptors(peer);
		peer->broken = true;
		/* the watches are the parent's: forgotten here, not removed from its poller */
		peer->socket_source.key = 0;
		peer->pid_source.key = 0;
	}
}
