/* The exporter's side of its connections: accepts importers and answers them, on the thread. */
#include "ipc/packet.h"
#include "ipc/process.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Each holds a descriptor; a process's usual limit is 1024 (soft) to 524288. */
#define CONNECTIONS_MAX 4096
#define HELLO_WITHIN (5 * GY_SECOND)
#define EXPIRE_MS 1000 /* how often that is looked after */

/* Before accepting again where not even a spare descriptor was left. */
#define PAUSE (50 * GY_MILLISECOND)

/* How often a connection has imported one object. */
struct import_count {
	uint8_t token[GY_TOKEN_SIZE];
	uint32_t count;
};

struct gy_connection {
	struct gy_connection *next, **link;
	struct gy_source source;
	bool greeted;
	uint64_t deadline; /* to say hello by */
	void *imports;     /* tsearch tree of import_count by token */
	char application[GY_APPLICATION_MAX + 1];
};

static int compare_imports(const void *a, const void *b)
{
	return memcmp(a, b, GY_TOKEN_SIZE);
}

/* ---- what a connection has imported ---- */

static bool remember_import(struct gy_connection *connection, const uint8_t *token)
{
	struct import_count *import = calloc(1, sizeof(*import)), **found;

	if (!import)
		return false;
	memcpy(import->token, token, GY_TOKEN_SIZE);
	found = tsearch(import, &connection->imports, compare_imports);
	if (!found || *found != import)
		free(import);
	if (!found)
		return false;
	(*found)->count++;
	return true;
}

static void forget_import(
	struct gy_ipc *ipc, struct gy_connection *connection, const uint8_t *token)
{
	struct import_count **found = tfind(token, &connection->imports, compare_imports);
	struct gy_export *export = gy_export_by_token(ipc, token);
	struct import_count *import = found ? *found : NULL;

	if (!import)
		return; /* a peer that releases what it never had */
	if (export)
		gy_export_count(export, -1);
	if (--import->count > 0)
		return;
	(void)tdelete(import, &connection->imports, compare_imports);
	free(import);
}

static void forget_all_imports(struct gy_ipc *ipc, struct gy_connection *connection)
{
	while (connection->imports) {
		/* the root of the tree; a node begins with its key (tsearch) */
		struct import_count *import = *(struct import_count **)connection->imports;
		struct gy_export *export = gy_export_by_token(ipc, import->token);

		for (; export && import->count > 0; import->count--)
			gy_export_count(export, -1);
		(void)tdelete(import, &connection->imports, compare_imports);
		free(import);
	}
}

static void close_connection(struct gy_ipc *ipc, struct gy_connection *connection)
{
	forget_all_imports(ipc, connection);
	gy_loop_remove(ipc, &connection->source);
	(void)close(connection->source.fd);
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	ipc->connection_count--;
	if (!connection->greeted)
		ipc->silent_count--;
	free(connection);
}

/* ---- answering ---- */

static void set_error(struct gy_message *answer)
{
	(void)snprintf(
		answer->error.detail, sizeof(answer->error.detail), "%s", geyser_error_detail());
	answer->type = GY_WIRE_ERROR;
}

static enum geyser_result find_export(
	struct gy_ipc *ipc, const struct gy_wire_object *object, struct gy_export **out)
{
	*out = gy_export_by_token(ipc, object->token);
	if (!*out)
		return gy_fail(GEYSER_ERROR_NOT_FOUND,
			"the exporter (pid %d) has no such %s: it was released", getpid(),
			gy_handle_kind_name(object->kind));
	if (!(*out)->importable)
		return gy_fail(GEYSER_ERROR_NOT_FOUND,
			"the exporter (pid %d) has unexported this %s", getpid(),
			gy_handle_kind_name((*out)->kind));
	if ((*out)->kind != object->kind)
		return gy_fail(GEYSER_ERROR_NOT_FOUND,
			"the object is of the wrong kind (%s): a %s was asked for",
			gy_handle_kind_name((*out)->kind), gy_handle_kind_name(object->kind));
	return GEYSER_OK;
}

static void answer_import(struct gy_ipc *ipc, struct gy_connection *connection,
	const struct gy_wire_object *object, struct gy_message *answer, int *fd)
{
	struct gy_export *export;

	answer->error.result = find_export(ipc, object, &export);
	if (answer->error.result == GEYSER_OK && !remember_import(connection, object->token))
		answer->error.result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
			"the exporter (pid %d) has no memory left", getpid());
	if (answer->error.result != GEYSER_OK) {
		set_error(answer);
		return;
	}
	gy_export_count(export, 1);
	export->describe(export, answer, fd);
}

static void answer_resolve(struct gy_ipc *ipc, uint32_t id, struct gy_message *answer)
{
	const struct gy_export *export = gy_export_by_id(ipc, id);

	if (export) {
		answer->type = GY_WIRE_HANDLE;
		gy_handle_encode(&export->fields, &answer->handle);
		return;
	}
	answer->error.result =
		gy_fail(GEYSER_ERROR_NOT_FOUND, "id 0x%08x: nothing is exported under it", id);
	set_error(answer);
}

/* Fills the answer; its type stays NONE if there is none to send. False: drop the peer. */
static bool handle_message(struct gy_ipc *ipc, struct gy_connection *connection,
	const struct gy_message *message, struct gy_message *answer, int *fd)
{
	answer->sequence = message->sequence;
	if (message->type == GY_WIRE_HELLO && !connection->greeted) {
		connection->greeted = true;
		ipc->silent_count--;
		memcpy(connection->application, message->hello.application,
			sizeof(connection->application));
		return true;
	}
	if (!connection->greeted)
		return false;
	switch (message->type) {
	case GY_WIRE_IMPORT:
		answer_import(ipc, connection, &message->object, answer, fd);
		return true;
	case GY_WIRE_RESOLVE:
		answer_resolve(ipc, message->id, answer);
		return true;
	case GY_WIRE_RELEASE:
		forget_import(ipc, connection, message->object.token);
		return true;
	default:
		return false;
	}
}

static bool send_answer(struct gy_connection *connection, const struct gy_message *answer, int fd)
{
	struct gy_packet packet = {.size = 0};

	gy_packet_add(&packet, answer);
	return gy_packet_send(connection->source.fd, &packet, fd) == GEYSER_OK;
}

/* One packet; false: drop the peer. Importers have no descriptors to give. */
static bool handle_packet(
	struct gy_ipc *ipc, struct gy_connection *connection, struct gy_packet *packet)
{
	struct gy_message message;

	for (;;) {
		struct gy_message answer = {.type = GY_WIRE_NONE};
		int fd = -1;

		answer.error.result = gy_packet_next(packet, &message);
		if (answer.error.result != GEYSER_OK) {
			set_error(&answer);
			(void)send_answer(connection, &answer, -1);
			return false;
		}
		if (message.type == GY_WIRE_NONE)
			return true;
		if (!handle_message(ipc, connection, &message, &answer, &fd))
			return false;
		if (answer.type != GY_WIRE_NONE && !send_answer(connection, &answer, fd))
			return false;
	}
}

/* What is there now; false: drop the peer. */
static bool receive(struct gy_ipc *ipc, struct gy_connection *connection)
{
	enum geyser_result result;
	struct gy_packet packet;
	int fd;

	result = gy_packet_receive(connection->source.fd, &packet, &fd);
	if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_BUSY)
		return true; /* nothing there yet, or not yet taken */
	if (fd >= 0)
		(void)close(fd);
	return result == GEYSER_OK && fd < 0 && handle_packet(ipc, connection, &packet);
}

/* Who has hung up needs no answers. */
static void connection_ready(struct gy_ipc *ipc, struct gy_source *source, uint32_t events)
{
	struct gy_connection *connection =
		(struct gy_connection *)((char *)source - offsetof(struct gy_connection, source));

	if (events & (EPOLLHUP | EPOLLERR) || !receive(ipc, connection))
		close_connection(ipc, connection);
}

/* ---- accepting ---- */

/* Tells the peer why, before it is hung up on. */
static void tell(int fd, enum geyser_result result)
{
	struct gy_message answer = {.error.result = result};
	struct gy_packet packet = {.size = 0};

	set_error(&answer);
	gy_packet_add(&packet, &answer);
	(void)gy_packet_send(fd, &packet, -1);
}

static void refuse(int fd, enum geyser_result result)
{
	tell(fd, result);
	(void)close(fd);
}

static enum geyser_result check_importer(const struct gy_ipc *ipc, int fd)
{
	struct gy_credentials peer;
	enum geyser_result result = gy_peer_credentials(fd, &peer);

	if (result != GEYSER_OK)
		return result;
	if (peer.uid != geteuid())
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"the exporter runs as uid %u: it shares nothing with uid %u", geteuid(),
			peer.uid);
	if (ipc->connection_count >= CONNECTIONS_MAX)
		return gy_fail(GEYSER_ERROR_LIMIT,
			"the exporter (pid %d) has %d connections: no more are possible", getpid(),
			CONNECTIONS_MAX);
	return GEYSER_OK;
}

static enum geyser_result add_connection(struct gy_ipc *ipc, int fd, struct gy_connection **out)
{
	struct gy_connection *connection = calloc(1, sizeof(*connection));
	if (!connection)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
			"the exporter (pid %d) has no memory left", getpid());
	connection->source = (struct gy_source){.fd = fd, .ready = connection_ready};
	connection->deadline = gy_now() + HELLO_WITHIN;
	connection->next = ipc->connections;
	connection->link = &ipc->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	ipc->connections = connection;
	ipc->connection_count++;
	ipc->silent_count++;
	*out = connection;
	return GEYSER_OK;
}

/* The question is likely there already: it is answered first, then the connection is watched for
 * more. */
static void accept_one(struct gy_ipc *ipc, int fd)
{
	struct gy_connection *connection = NULL;
	enum geyser_result result = check_importer(ipc, fd);

	if (result == GEYSER_OK)
		result = add_connection(ipc, fd, &connection);
	if (result != GEYSER_OK) {
		refuse(fd, result);
		return;
	}
	if (receive(ipc, connection)) {
		result = gy_loop_add(ipc, &connection->source, EPOLLIN);
		if (result == GEYSER_OK)
			return;
		tell(fd, result);
	}
	close_connection(ipc, connection);
}

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* No descriptor for the peer: the spare one lets us take it, say so and hang up, or it would wait
 * for ever and this thread would spin. False if even that is gone. */
static bool refuse_for_lack_of_fds(struct gy_ipc *ipc, int listener)
{
	int fd;

	if (ipc->spare_fd < 0)
		ipc->spare_fd = open_spare();
	if (ipc->spare_fd < 0)
		return false;
	(void)close(ipc->spare_fd);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		refuse(fd, gy_fail(GEYSER_ERROR_LIMIT,
				   "the exporter (pid %d) has no free file descriptor", getpid()));
	ipc->spare_fd = open_spare();
	return true;
}

static void pause_accepting(struct gy_ipc *ipc)
{
	gy_loop_remove(ipc, &ipc->listener);
	ipc->resume_at = gy_now() + PAUSE;
}

static void resume_accepting(struct gy_ipc *ipc)
{
	ipc->resume_at = 0;
	if (gy_loop_add(ipc, &ipc->listener, EPOLLIN) != GEYSER_OK)
		ipc->resume_at = gy_now() + PAUSE;
}

/* One at a time: if more wait, epoll says so at once, while an accept that finds nothing would make
 * a socket for nothing, before the importer just answered gets its turn. */
static void listener_ready(struct gy_ipc *ipc, struct gy_source *source, uint32_t events)
{
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		accept_one(ipc, fd);
	else if ((errno == EMFILE || errno == ENFILE) && !refuse_for_lack_of_fds(ipc, source->fd))
		pause_accepting(ipc);
}

/* Those that have said nothing for too long. */
static void expire(struct gy_ipc *ipc, uint64_t now)
{
	struct gy_connection *next;

	for (struct gy_connection *it = ipc->connections; it; it = next) {
		next = it->next;
		if (!it->greeted && it->deadline <= now)
			close_connection(ipc, it);
	}
}

int gy_server_tick(struct gy_ipc *ipc)
{
	if (!ipc->claimed || (ipc->silent_count == 0 && ipc->resume_at == 0))
		return -1;
	expire(ipc, gy_now());
	if (ipc->resume_at && ipc->resume_at <= gy_now())
		resume_accepting(ipc);
	return ipc->resume_at ? PAUSE / GY_MILLISECOND : EXPIRE_MS;
}

/* ---- life ---- */

enum geyser_result gy_server_start(struct gy_ipc *ipc)
{
	enum geyser_result result;

	if (ipc->claimed)
		return GEYSER_OK;
	result = gy_registry_claim(&ipc->claim);
	if (result != GEYSER_OK)
		return result;
	ipc->spare_fd = open_spare();
	result = gy_loop_start(ipc);
	if (result != GEYSER_OK)
		goto release_claim;
	ipc->listener = (struct gy_source){.fd = ipc->claim.socket, .ready = listener_ready};
	result = gy_loop_add(ipc, &ipc->listener, EPOLLIN);
	if (result != GEYSER_OK)
		goto release_claim;
	ipc->claimed = true;
	return GEYSER_OK;

release_claim:
	gy_claim_release(&ipc->claim);
	if (ipc->spare_fd >= 0)
		(void)close(ipc->spare_fd);
	ipc->spare_fd = -1;
	return result;
}

static void remove_id(const void *node, VISIT visit, void *claim)
{
	struct gy_export *const *export = node;

	if (visit == postorder || visit == leaf)
		gy_claim_remove_id(claim, (*export)->fields.id);
}

/* A forked child only closes: ids, socket and lock are its parent's, and so is the epoll set. */
void gy_server_finish(struct gy_ipc *ipc, bool unlink)
{
	if (!ipc->claimed)
		return;
	ipc->claimed = false;
	if (unlink) {
		gy_loop_remove(ipc, &ipc->listener);
		twalk_r(ipc->by_id, remove_id, &ipc->claim);
		while (ipc->connections)
			close_connection(ipc, ipc->connections);
		gy_claim_release(&ipc->claim);
	} else {
		for (struct gy_connection *it = ipc->connections; it; it = it->next)
			(void)close(it->source.fd);
		gy_claim_abandon(&ipc->claim);
	}
	if (ipc->spare_fd >= 0)
		(void)close(ipc->spare_fd);
	ipc->spare_fd = -1;
}
