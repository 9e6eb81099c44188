/* The importer's side: connections to exporters, questions and answers. Runs on the caller's
 * thread. */
#include "ipc/packet.h"
#include "ipc/process.h"
#include "ipc/resolve.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/platform.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* One connection to one exporter. While busy it belongs to one thread; a second thread that imports
 * from the same exporter meanwhile gets a connection of its own rather than wait behind a peer that
 * may be stopped. */
struct gy_peer {
	struct gy_peer *next, **link; /* in ipc->peers; link is NULL before it is there */
	struct gy_ipc *ipc;
	uint64_t instance;
	pid_t pid;
	int socket;
	int pidfd; /* -1 until watched, or where there is none */
	bool busy, greeted, watched;
	bool broken; /* no more questions: an answer is missing, or a release could not be sent */
	unsigned references;
	uint32_t sequence;
	_Atomic uint32_t dead;
	struct gy_source socket_source, pid_source;
};

/* ---- one question and its answer ---- */

/* Until an answer is there. Errors: TIMEOUT. */
static enum geyser_result await_readable(int fd, uint64_t deadline)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	for (;;) {
		uint64_t now = gy_now();
		struct timespec left = gy_timespec(deadline > now ? deadline - now : 0);
		int count = ppoll(&readable, 1, deadline == GY_NEVER ? NULL : &left, NULL);

		if (count > 0)
			return GEYSER_OK;
		if (count < 0 && errno != EINTR)
			return gy_fail_errno("poll");
		if (deadline <= now)
			return gy_fail(
				GEYSER_ERROR_TIMEOUT, "the peer doesn't answer: is it stopped?");
	}
}

static enum geyser_result ask(
	int socket, bool hello, const char *application, const struct gy_message *question)
{
	struct gy_packet packet = {.size = 0};

	if (hello) {
		struct gy_message greeting = {.type = GY_WIRE_HELLO};

		memcpy(greeting.hello.application, application, strlen(application) + 1);
		gy_packet_add(&packet, &greeting);
	}
	gy_packet_add(&packet, question);
	return gy_packet_send(socket, &packet, -1);
}

/* A peer's sentence goes to a terminal: no control characters, nor UTF-8's second set of them. */
static void make_printable(char *text)
{
	unsigned char before = 0;

	for (; *text; text++) {
		unsigned char now = (unsigned char)*text;

		if (before == 0xc2 && now >= 0x80 && now <= 0x9f)
			text[-1] = *text = '?';
		else if (now < 0x20 || now == 0x7f)
			*text = '?';
		before = now;
	}
}

/* Says no in the exporter's words. */
static enum geyser_result check_refusal(struct gy_message *answer)
{
	if (answer->type != GY_WIRE_ERROR)
		return GEYSER_OK;
	make_printable(answer->error.detail);
	return gy_fail(answer->error.result, "%s", answer->error.detail);
}

/* Answers to earlier questions, whose asker gave up, are dropped. */
static enum geyser_result await(
	int socket, uint32_t sequence, uint64_t timeout_ns, struct gy_message *answer, int *fd)
{
	uint64_t deadline = gy_deadline(timeout_ns);
	struct gy_packet packet;

	for (;;) {
		enum geyser_result result = await_readable(socket, deadline);

		if (result != GEYSER_OK)
			return result;
		result = gy_packet_receive(socket, &packet, fd);
		if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_BUSY)
			continue;
		if (result == GEYSER_OK)
			result = gy_packet_next(&packet, answer);
		if (result == GEYSER_OK)
			result = check_refusal(answer);
		if (result == GEYSER_OK && answer->sequence == sequence)
			return GEYSER_OK;
		if (*fd >= 0)
			(void)close(*fd);
		*fd = -1;
		if (result != GEYSER_OK)
			return result;
	}
}

/* ---- resolving an id ---- */

static enum geyser_result check_resolved(
	const struct gy_message *answer, uint32_t id, uint64_t instance)
{
	struct gy_handle_fields fields;

	if (answer->type != GY_WIRE_HANDLE)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"exporter %016" PRIx64 " answered with type %d", instance, answer->type);
	if (gy_handle_decode(&answer->handle, &fields) != GEYSER_OK || fields.id != id ||
		fields.instance != instance)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"exporter %016" PRIx64
			" answered with another handle than of id 0x%08" PRIx32,
			instance, id);
	return GEYSER_OK;
}

enum geyser_result gy_resolve(uint32_t id, uint64_t timeout_ns, struct geyser_handle *out)
{
	uint64_t deadline = gy_deadline(timeout_ns), instance;
	struct gy_message question = {.type = GY_WIRE_RESOLVE, .id = id}, answer;
	struct gy_registry registry;
	enum geyser_result result = gy_registry_open(false, &registry);
	int socket, fd = -1;
	pid_t pid;

	if (result != GEYSER_OK)
		return result;
	result = gy_registry_find_id(&registry, id, &instance);
	if (result == GEYSER_OK)
		result = gy_registry_connect(&registry, instance, deadline, &socket, &pid);
	gy_registry_close(&registry);
	if (result != GEYSER_OK)
		return result;
	result = ask(socket, true, "", &question);
	if (result == GEYSER_OK || result == GEYSER_ERROR_DISCONNECTED)
		result = await(socket, 0, timeout_ns, &answer, &fd);
	(void)close(socket);
	if (fd >= 0)
		(void)close(fd);
	if (result == GEYSER_OK)
		result = check_resolved(&answer, id, instance);
	if (result == GEYSER_OK)
		*out = answer.handle;
	return result;
}

/* ---- peers ---- */

static void free_peer(struct gy_peer *peer)
{
	if (peer->pidfd >= 0)
		(void)close(peer->pidfd);
	if (peer->socket >= 0)
		(void)close(peer->socket);
	free(peer);
}

static enum geyser_result connect_peer(
	struct gy_ipc *ipc, uint64_t instance, uint64_t timeout_ns, struct gy_peer **out)
{
	struct gy_registry registry;
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
	result = gy_registry_find(&registry);
	if (result == GEYSER_OK) {
		result = gy_registry_connect(
			&registry, instance, gy_deadline(timeout_ns), &peer->socket, &peer->pid);
		gy_registry_close(&registry);
	}
	if (result != GEYSER_OK) {
		free_peer(peer);
		return result == GEYSER_ERROR_NOT_FOUND ? GEYSER_ERROR_STALE : result;
	}
	*out = peer;
	return GEYSER_OK;
}

/* One that is connected, healthy and idle; it is then busy, with one more reference. */
static struct gy_peer *reuse_peer(struct gy_ipc *ipc, uint64_t instance)
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

/* The question is answered: others may use the connection; a failed one loses its reference. */
static void settle_peer(struct gy_ipc *ipc, struct gy_peer *peer, bool keep, bool broken)
{
	(void)pthread_mutex_lock(&ipc->lock);
	peer->busy = false;
	peer->broken = peer->broken || broken;
	if (keep && !peer->link) {
		peer->next = ipc->peers;
		peer->link = &ipc->peers;
		if (peer->next)
			peer->next->link = &peer->next;
		ipc->peers = peer;
	}
	if (!keep)
		drop_reference(ipc, peer);
	(void)pthread_mutex_unlock(&ipc->lock);
}

static enum geyser_result check_answer(
	const struct gy_message *answer, enum gy_handle_kind kind, int *fd)
{
	enum gy_wire_type wanted = kind == GY_HANDLE_TEXTURE ? GY_WIRE_TEXTURE : GY_WIRE_EVENT;

	if (answer->type == wanted && *fd >= 0)
		return GEYSER_OK;
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return gy_fail(GEYSER_ERROR_PROTOCOL,
		"the exporter answered with a message of type %d%s to the import of a %s",
		answer->type, answer->type == wanted ? " without memory" : "",
		gy_handle_kind_name(kind));
}

/* An answer that says no leaves the connection whole; a missing or garbled one doesn't. */
static enum geyser_result import_from(struct gy_peer *peer, const struct gy_handle_fields *handle,
	const char *application, uint64_t timeout_ns, struct gy_message *answer, int *fd)
{
	struct gy_message question = {
		.type = GY_WIRE_IMPORT,
		.sequence = ++peer->sequence,
		.object.kind = handle->kind,
	};
	enum geyser_result result;

	memcpy(question.object.token, handle->token, GY_TOKEN_SIZE);
	result = ask(peer->socket, !peer->greeted, application, &question);
	peer->greeted = true;
	/* One that hung up at once may have left the reason. */
	if (result == GEYSER_OK || result == GEYSER_ERROR_DISCONNECTED)
		result = await(peer->socket, peer->sequence, timeout_ns, answer, fd);
	if (result == GEYSER_OK)
		result = check_answer(answer, handle->kind, fd);
	return result;
}

static bool is_refusal(enum geyser_result result, const struct gy_message *answer)
{
	return result != GEYSER_OK && answer->type == GY_WIRE_ERROR;
}

static enum geyser_result check_importable(
	const struct gy_ipc *ipc, const struct gy_handle_fields *handle)
{
	if (ipc->foreign)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"manager made before fork: the child must make its own");
	if (handle->uid != geteuid())
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"the handle is of uid %u: this process runs as uid %u, and only the same "
			"user's handles can be imported",
			handle->uid, geteuid());
	return GEYSER_OK;
}

enum geyser_result gy_ipc_import(struct gy_ipc *ipc, const struct gy_handle_fields *handle,
	const char *application, uint64_t timeout_ns, struct gy_message *answer, int *fd,
	struct gy_peer **out)
{
	enum geyser_result result = check_importable(ipc, handle);
	struct gy_peer *peer;
	bool reused = true;

	*out = NULL;
	*fd = -1;
	while (result == GEYSER_OK && reused) {
		peer = reuse_peer(ipc, handle->instance);
		reused = peer != NULL;
		if (!peer)
			result = connect_peer(ipc, handle->instance, timeout_ns, &peer);
		if (result != GEYSER_OK)
			break;
		answer->type = GY_WIRE_NONE;
		result = import_from(peer, handle, application, timeout_ns, answer, fd);
		settle_peer(ipc, peer, result == GEYSER_OK,
			result != GEYSER_OK && !is_refusal(result, answer));
		if (result == GEYSER_OK) {
			*out = peer;
			break;
		}
		/* A kept connection may have died unseen; a new one tells what became of the
		 * exporter. */
		if (reused && result == GEYSER_ERROR_DISCONNECTED && !is_refusal(result, answer))
			result = GEYSER_OK;
	}
	return result;
}

void gy_peer_release(struct gy_peer *peer, const struct gy_handle_fields *handle)
{
	struct gy_message message = {.type = GY_WIRE_RELEASE, .object.kind = handle->kind};
	struct gy_packet packet = {.size = 0};
	struct gy_ipc *ipc;

	if (!peer)
		return;
	ipc = peer->ipc;
	(void)pthread_mutex_lock(&ipc->lock);
	/* The last one's release is the closing of the connection. */
	if (peer->references > 1 && peer->socket >= 0) {
		memcpy(message.object.token, handle->token, GY_TOKEN_SIZE);
		gy_packet_add(&packet, &message);
		if (gy_packet_try_send(peer->socket, &packet) != GEYSER_OK)
			peer->broken = true; /* the exporter's count is put right when it closes */
	}
	drop_reference(ipc, peer);
	(void)pthread_mutex_unlock(&ipc->lock);
}

/* ---- the exporter's death ---- */

_Atomic uint32_t *gy_peer_dead(struct gy_peer *peer)
{
	return &peer->dead;
}

static void declare_dead(struct gy_ipc *ipc, struct gy_peer *peer)
{
	atomic_store(&peer->dead, 1);
	gy_wake(&peer->dead, false);
	gy_loop_remove(ipc, &peer->socket_source);
	gy_loop_remove(ipc, &peer->pid_source);
}

static void socket_ready(struct gy_ipc *ipc, struct gy_source *source, uint32_t events)
{
	struct gy_peer *peer =
		(struct gy_peer *)((char *)source - offsetof(struct gy_peer, socket_source));

	if (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR))
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
	struct pollfd alive = {.fd = peer->socket, .events = POLLRDHUP};
	enum geyser_result result = gy_loop_start(ipc);
	bool ended;

	if (result != GEYSER_OK)
		return result;
	peer->pidfd = gy_peer_watch(peer->socket, peer->pid, &ended);
	peer->pid_source = (struct gy_source){.fd = peer->pidfd, .ready = process_ended};
	peer->socket_source = (struct gy_source){.fd = peer->socket, .ready = socket_ready};
	result = gy_loop_add(ipc, &peer->socket_source, EPOLLRDHUP);
	if (result == GEYSER_OK && peer->pidfd >= 0)
		result = gy_loop_add(ipc, &peer->pid_source, EPOLLIN);
	if (result != GEYSER_OK)
		goto close_pidfd;
	/* Only if the connection still stands is the pid surely that of the exporter. */
	if (ended || poll(&alive, 1, 0) != 0)
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
		if (peer->socket >= 0)
			(void)close(peer->socket);
		if (peer->pidfd >= 0)
			(void)close(peer->pidfd);
		peer->socket = -1;
		peer->pidfd = -1;
		peer->broken = true;
		/* the watches are the parent's: forgotten here, not removed from its epoll set */
		peer->socket_source.key = 0;
		peer->pid_source.key = 0;
	}
}
