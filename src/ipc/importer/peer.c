/* SPDX-License-Identifier: MIT */
#include "ipc/importer/peer.h"
#include "ipc/exporter/exporter.h"
#include "ipc/importer/connect.h"
#include "ipc/importer/request.h"
#include "ipc/registry/life.h"
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

static void free_peer(struct gy_peer *peer)
{
	/* a child that was made by clone may hold the socket, too */
	if (peer->socket >= 0)
		(void)shutdown(peer->socket, SHUT_RDWR);
	close_descriptors(peer);
	free(peer);
}

/* Drops a reference, and frees the peer with the last one. With the lock held. */
static void drop_reference(struct gy_peer *peer)
{
	struct gy_loop *loop = peer->importer->loop;

	if (--peer->references > 0)
		return;
	*peer->link = peer->next;
	if (peer->next)
		peer->next->link = peer->link;
	gy_loop_remove(loop, &peer->socket_source);
	gy_loop_remove(loop, &peer->pid_source);
	free_peer(peer);
}

/* From now on a forked child closes the peer's descriptors. With the lock held. */
static void list_peer(struct gy_importer *importer, struct gy_peer *peer)
{
	peer->next = importer->peers;
	peer->link = &importer->peers;
	if (peer->next)
		peer->next->link = &peer->next;
	importer->peers = peer;
}

/* Makes the peer's socket. The lock keeps a fork from coming before the peer has the socket. */
static enum geyser_result make_socket(struct gy_peer *peer)
{
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&peer->importer->loop->lock);
	peer->socket = gy_socket_create();
	if (peer->socket < 0)
		result = gy_fail_errno("making a socket");
	(void)pthread_mutex_unlock(&peer->importer->loop->lock);
	return result;
}

/* Connects the listed peer. Doesn't look at the registry if the exporter is this process. */
static enum geyser_result connect_to(struct gy_peer *peer, uint64_t deadline, int stop_fd)
{
	enum geyser_result result =
		gy_exporter_connect(peer->importer->exporter, peer->instance, &peer->socket);

	peer->pid = gy_process_id();
	peer->own = peer->socket >= 0;
	if (result == GEYSER_OK && !peer->own)
		result = make_socket(peer);
	if (result == GEYSER_OK && !peer->own)
		result = gy_registries_connect_socket(
			peer->socket, peer->instance, deadline, stop_fd, &peer->pid);
	return result;
}

enum geyser_result gy_peer_connect(struct gy_importer *importer, uint64_t instance,
	uint64_t deadline, int stop_fd, struct gy_peer **out)
{
	struct gy_peer *peer = calloc(1, sizeof(*peer));
	enum geyser_result result;

	if (!peer)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a connection");
	*peer = (struct gy_peer){
		.importer = importer,
		.instance = instance,
		.socket = -1,
		.pidfd = -1,
		.busy = true,
		.references = 1,
	};
	(void)pthread_mutex_lock(&importer->loop->lock);
	list_peer(importer, peer);
	(void)pthread_mutex_unlock(&importer->loop->lock);
	result = connect_to(peer, deadline, stop_fd);
	if (result != GEYSER_OK) {
		gy_peer_settle(peer, false, true);
		return result;
	}
	*out = peer;
	return GEYSER_OK;
}

struct gy_peer *gy_peer_reuse(struct gy_importer *importer, uint64_t instance)
{
	struct gy_peer *peer;

	(void)pthread_mutex_lock(&importer->loop->lock);
	for (peer = importer->peers; peer; peer = peer->next)
		if (peer->instance == instance && !peer->busy && !peer->broken &&
			!atomic_load(&peer->dead))
			break;
	if (peer) {
		peer->busy = true;
		peer->references++;
	}
	(void)pthread_mutex_unlock(&importer->loop->lock);
	return peer;
}

void gy_peer_settle(struct gy_peer *peer, bool keep, bool broken)
{
	struct gy_importer *importer = peer->importer;

	(void)pthread_mutex_lock(&importer->loop->lock);
	peer->busy = false;
	peer->broken = peer->broken || broken;
	if (!keep)
		drop_reference(peer);
	(void)pthread_mutex_unlock(&importer->loop->lock);
}

struct gy_peer *gy_peer_ref(struct gy_peer *peer)
{
	(void)pthread_mutex_lock(&peer->importer->loop->lock);
	peer->references++;
	(void)pthread_mutex_unlock(&peer->importer->loop->lock);
	return peer;
}

void gy_peer_release(struct gy_peer *peer, const struct gy_handle_fields *handle)
{
	struct gy_message message = {.type = GY_WIRE_RELEASE};
	struct gy_packet packet = {.size = 0};
	struct gy_importer *importer;

	if (!peer)
		return;
	importer = peer->importer;
	(void)pthread_mutex_lock(&importer->loop->lock);
	gy_loop_leave_parents(importer->loop);
	/* The last import is released by closing the connection. */
	if (handle && peer->references > 1 && peer->socket >= 0) {
		message.object.kind = handle->kind;
		memcpy(message.object.token, handle->token, GY_TOKEN_SIZE);
		gy_packet_add(&packet, &message);
		/* otherwise the exporter corrects its count when the connection closes */
		if (gy_packet_try_send(peer->socket, &packet) != GEYSER_OK)
			peer->broken = true;
	}
	drop_reference(peer);
	(void)pthread_mutex_unlock(&importer->loop->lock);
}

/* ---- a connection of one's own ---- */

enum geyser_result gy_peer_open(struct gy_importer *importer, uint64_t instance, uint64_t deadline,
	int stop_fd, struct gy_peer **out)
{
	enum geyser_result result = gy_loop_check_own(importer->loop);

	*out = NULL;
	if (result == GEYSER_OK) /* busy for good: no import uses it */
		result = gy_peer_connect(importer, instance, deadline, stop_fd, out);
	return result;
}

/* Tells why launchd doesn't know the exporter's Mach service. Names of one login session are
 * unknown in another, while both use the same registry. */
static enum geyser_result fail_without_service(const struct gy_peer *peer)
{
	bool alive;
	enum geyser_result result = gy_registries_is_alive(peer->instance, &alive);

	if (result != GEYSER_OK)
		return result;
	if (!alive || gy_request_check_peer(peer->socket, peer->pid) != GEYSER_OK)
		return gy_fail(GEYSER_ERROR_DISCONNECTED, "the exporter has ended");
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the exporter (pid %d) lives, but this process can't see its Mach service: one of "
		"the two runs in the user's GUI session, and the other one under ssh or as a "
		"daemon of launchd, or GEYSER_APP_GROUP differs; start both in the same session "
		"and with the same group, or send the IOSurface's Mach port or XPC object "
		"yourself (geyser/metal.h)",
		(int)peer->pid);
}

static enum geyser_result collect(
	struct gy_peer *peer, uint64_t deadline, struct gy_message *answer, int *fd)
{
	struct gy_surfaces *own = gy_exporter_surfaces(peer->importer->exporter, peer->instance);
	enum geyser_result result;

	if (*fd < 0) {
		result = gy_surface_collect(own, peer->instance, deadline, &answer->texture);
		return result == GEYSER_ERROR_STALE ? fail_without_service(peer) : result;
	}
	(void)close(*fd);
	*fd = -1;
	answer->texture.native.object = NULL;
	return gy_fail(GEYSER_ERROR_PROTOCOL,
		"the exporter sent a descriptor with an IOSurface: expected none");
}

enum geyser_result gy_peer_send(
	struct gy_peer *peer, const char *application, struct gy_message *request)
{
	enum geyser_result result;

	request->sequence = ++peer->sequence;
	result = gy_request_send(peer->socket, !peer->greeted, application, request);
	peer->greeted = true;
	/* A peer that hung up at once may have sent the reason before. */
	return result == GEYSER_ERROR_DISCONNECTED ? GEYSER_OK : result;
}

enum geyser_result gy_peer_await(
	struct gy_peer *peer, uint64_t deadline, int stop_fd, struct gy_message *answer, int *fd)
{
	enum geyser_result result =
		gy_request_await(peer->socket, peer->sequence, deadline, stop_fd, answer, fd);

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

enum geyser_result gy_peer_request(struct gy_peer *peer, const char *application,
	struct gy_message *request, uint64_t deadline, struct gy_message *answer, int *fd)
{
	enum geyser_result result = gy_peer_send(peer, application, request);

	*fd = -1;
	return result == GEYSER_OK ? gy_peer_await(peer, deadline, -1, answer, fd) : result;
}

/* ---- the end of a subscription ---- */

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
	struct gy_importer *importer;

	if (!peer)
		return;
	importer = peer->importer;
	(void)pthread_mutex_lock(&importer->loop->lock);
	gy_loop_leave_parents(importer->loop);
	if (peer->references > 1 && atomic_load(&peer->dead))
		close_descriptors(peer);
	else if (peer->references > 1 && peer->socket >= 0)
		unsubscribe(peer);
	drop_reference(peer);
	(void)pthread_mutex_unlock(&importer->loop->lock);
}

bool gy_peer_is_own(const struct gy_peer *peer)
{
	return peer->own;
}

pid_t gy_peer_pid(const struct gy_peer *peer)
{
	return peer->pid;
}

void gy_peers_abandon(struct gy_importer *importer)
{
	for (struct gy_peer *peer = importer->peers; peer; peer = peer->next) {
		close_descriptors(peer);
		peer->broken = true;
		/* the watches are the parent's: forgotten here, not removed from its poller */
		peer->socket_source.key = 0;
		peer->pid_source.key = 0;
	}
}
