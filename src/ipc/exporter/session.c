/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/session.h"
#include "ipc/surface/surface.h"
#include "ipc/wire/packet.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/socket.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often a connection has imported one object. */
struct import_count {
	uint8_t token[GY_TOKEN_SIZE];
	uint32_t count;
};

/* A descriptor that goes with an answer. */
struct parcel {
	int fd;
	bool ours; /* to be closed once it is sent */
};

struct gy_reply {
	struct gy_ipc *ipc;
	struct gy_connection *connection;
	uint32_t sequence;
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

/* Ends the subscription. The connection stays open: its closing tells the peer that the stream has
 * ended. */
static void unsubscribe(struct gy_connection *connection)
{
	if (connection->subscription)
		connection->stream->ops->unsubscribe(connection->stream, connection->subscription);
	connection->subscription = NULL;
}

void gy_connection_close(struct gy_ipc *ipc, struct gy_connection *connection)
{
	unsubscribe(connection);
	forget_all_imports(ipc, connection);
	gy_surface_withdraw(ipc->surfaces, connection);
	gy_loop_remove(ipc, &connection->source);
	(void)close(connection->source.fd);
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	ipc->connection_count--;
	gy_list_remove(&connection->idle);
	gy_list_remove(&connection->idle_of_client);
	gy_client_stop_waiting(connection);
	gy_client_leave(ipc, connection->client);
	free(connection);
}

/* ---- idle or not ---- */

void gy_connection_set_idle(struct gy_ipc *ipc, struct gy_connection *connection)
{
	connection->idle_since = gy_now();
	gy_list_append(&ipc->idle, &connection->idle);
	gy_list_append(&connection->client->idle, &connection->idle_of_client);
}

/* Updates the connection's place among the idle ones after a packet. A peer that hasn't said hello
 * keeps its place: other packets don't give it more time. */
static void update_idle(struct gy_ipc *ipc, struct gy_connection *connection)
{
	if (!connection->greeted)
		return;
	gy_list_remove(&connection->idle);
	gy_list_remove(&connection->idle_of_client);
	if (!connection->imports && !connection->stream)
		gy_connection_set_idle(ipc, connection);
}

/* ---- answering ---- */

static void set_error(struct gy_message *answer)
{
	(void)snprintf(
		answer->error.detail, sizeof(answer->error.detail), "%s", geyser_error_detail());
	answer->type = GY_WIRE_ERROR;
}

static bool send_answer(
	const struct gy_connection *connection, const struct gy_message *answer, int fd)
{
	struct gy_packet packet = {.size = 0};
	enum geyser_result result;

	gy_packet_add(&packet, answer);
	result = gy_packet_send(connection->source.fd, &packet, fd);
	/* Too many descriptors are in flight to some process: the peer gets this error and can ask
	 * again. */
	if (result == GEYSER_ERROR_LIMIT)
		gy_connection_refuse(connection->source.fd, result);
	return result == GEYSER_OK;
}

/* What no socket carries goes beside it. */
static enum geyser_result offer_surface(
	struct gy_ipc *ipc, const struct gy_connection *connection, struct gy_message *answer)
{
	if (!gy_surface_is_in(answer))
		return GEYSER_OK;
	return gy_surface_offer(&ipc->surfaces, ipc->entry.instance, connection,
		connection->client->pid, &answer->texture);
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

/* Releases the descriptor when the answer is sent, or can't be sent. */
static void finish_parcel(struct gy_ipc *ipc, struct parcel *parcel)
{
	if (parcel->ours)
		(void)close(parcel->fd);
	*parcel = (struct parcel){.fd = -1};
	gy_server_restore_spare(ipc);
}

static void answer_import(struct gy_ipc *ipc, struct gy_connection *connection,
	const struct gy_wire_object *object, struct gy_message *answer, struct parcel *parcel)
{
	struct gy_export *export;

	enum geyser_result result = find_export(ipc, object, &export);

	if (result == GEYSER_OK)
		result = export->describe(export, object->twin, answer, &parcel->fd);
	if (result == GEYSER_ERROR_LIMIT && gy_server_lend_spare(ipc))
		result = export->describe(export, object->twin, answer, &parcel->fd);
	parcel->ours = result == GEYSER_OK && export->describes_anew;
	if (result == GEYSER_OK)
		result = offer_surface(ipc, connection, answer);
	if (result == GEYSER_OK && !object->twin && !remember_import(connection, object->token))
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
			"the exporter (pid %d) has no memory left", getpid());
	if (result == GEYSER_OK && !object->twin)
		gy_export_count(export, 1);
	if (result == GEYSER_OK)
		return;
	finish_parcel(ipc, parcel);
	answer->error.result = result;
	set_error(answer);
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

/* ---- streams: their publishers answer for themselves ---- */

bool gy_reply_send(struct gy_reply *reply, const struct gy_message *message, int fd)
{
	struct gy_message numbered = *message;
	enum geyser_result result = offer_surface(reply->ipc, reply->connection, &numbered);

	if (result != GEYSER_OK) {
		numbered.error.result = result;
		set_error(&numbered);
	}
	numbered.sequence = reply->sequence;
	return send_answer(reply->connection, &numbered, fd);
}

/* Checks that the peer is still connected. A subscription costs more than any other answer, so a
 * peer that has hung up gets none. */
static enum geyser_result check_presence(const struct gy_connection *connection)
{
	if (!gy_socket_is_hung_up(connection->source.fd))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_DISCONNECTED, "process %d has hung up after its question",
		connection->client->pid);
}

static enum geyser_result subscribe(struct gy_ipc *ipc, struct gy_connection *connection,
	const struct gy_wire_name *name, struct gy_reply *reply)
{
	struct gy_published_stream *stream;
	enum geyser_result result = gy_published_find(ipc, name->name, &stream);

	if (result == GEYSER_OK && connection->stream)
		result = gy_fail(GEYSER_ERROR_PROTOCOL,
			"a connection subscribes to one stream: open another");
	gy_server_look_for_others(ipc);
	if (result == GEYSER_OK)
		result = check_presence(connection);
	if (result == GEYSER_OK)
		result = stream->ops->subscribe(stream, name->every, connection->application,
			connection->client->pid, reply, &connection->subscription);
	if (result == GEYSER_OK)
		connection->stream = stream;
	return result;
}

static enum geyser_result query(
	struct gy_ipc *ipc, const struct gy_wire_name *name, struct gy_reply *reply)
{
	struct gy_message answer = {.type = GY_WIRE_STATUS};
	struct gy_published_stream *stream;
	enum geyser_result result = gy_published_find(ipc, name->name, &stream);

	if (result != GEYSER_OK)
		return result;
	stream->ops->status(stream, &answer.status);
	(void)gy_reply_send(reply, &answer, -1);
	return GEYSER_OK;
}

static enum geyser_result show_buffer(struct gy_ipc *ipc, struct gy_connection *connection,
	const struct gy_wire_buffer *buffer, struct gy_reply *reply)
{
	struct gy_published_stream *stream = connection->stream;
	enum geyser_result result = stream->ops->buffer(
		stream, connection->subscription, buffer->index, buffer->mirror, reply);

	if (result == GEYSER_ERROR_LIMIT && gy_server_lend_spare(ipc))
		result = stream->ops->buffer(
			stream, connection->subscription, buffer->index, buffer->mirror, reply);
	return result;
}

static void answer_stream(struct gy_ipc *ipc, struct gy_connection *connection,
	const struct gy_message *message, struct gy_message *answer)
{
	struct gy_reply reply = {
		.ipc = ipc,
		.connection = connection,
		.sequence = message->sequence,
	};

	const struct gy_published_ops *ops =
		connection->subscription ? connection->stream->ops : NULL;

	if (message->type == GY_WIRE_SUBSCRIBE)
		answer->error.result = subscribe(ipc, connection, &message->name, &reply);
	else if (message->type == GY_WIRE_QUERY)
		answer->error.result = query(ipc, &message->name, &reply);
	else if (ops && message->type == GY_WIRE_BUFFER)
		answer->error.result = show_buffer(ipc, connection, &message->buffer, &reply);
	else if (ops)
		answer->error.result = ops->ready(connection->stream, connection->subscription,
			message->ready.mirror, message->ready.twin, &reply);
	else
		answer->error.result = gy_fail(
			GEYSER_ERROR_PROTOCOL, "a buffer is a subscriber's: subscribe first");
	if (answer->error.result != GEYSER_OK)
		set_error(answer);
}

void gy_server_drop_subscribers(struct gy_ipc *ipc, struct gy_published_stream *stream)
{
	struct gy_connection *next;

	for (struct gy_connection *it = ipc->connections; it; it = next) {
		next = it->next;
		if (it->stream == stream)
			gy_connection_close(ipc, it);
	}
}

/* Fills the answer; its type stays NONE if there is none to send. False: drop the peer. */
static bool handle_message(struct gy_ipc *ipc, struct gy_connection *connection,
	const struct gy_message *message, struct gy_message *answer, struct parcel *parcel)
{
	answer->sequence = message->sequence;
	if (message->type == GY_WIRE_HELLO && !connection->greeted) {
		connection->greeted = true;
		memcpy(connection->application, message->hello.application,
			sizeof(connection->application));
		return true;
	}
	if (!connection->greeted)
		return false;
	switch (message->type) {
	case GY_WIRE_IMPORT:
		answer_import(ipc, connection, &message->object, answer, parcel);
		return true;
	case GY_WIRE_RESOLVE:
		answer_resolve(ipc, message->id, answer);
		return true;
	case GY_WIRE_SUBSCRIBE:
	case GY_WIRE_BUFFER:
	case GY_WIRE_QUERY:
	case GY_WIRE_READY:
		answer_stream(ipc, connection, message, answer);
		return true;
	case GY_WIRE_UNSUBSCRIBE:
		unsubscribe(connection);
		return true;
	case GY_WIRE_RELEASE:
		forget_import(ipc, connection, message->object.token);
		return true;
	default:
		return false;
	}
}

/* One packet; false: drop the peer. Importers have no descriptors to give. */
static bool handle_packet(
	struct gy_ipc *ipc, struct gy_connection *connection, struct gy_packet *packet)
{
	struct gy_message message;

	for (;;) {
		struct gy_message answer = {.type = GY_WIRE_NONE};
		struct parcel parcel = {.fd = -1};
		bool sent = true;

		answer.error.result = gy_packet_next(packet, &message);
		if (answer.error.result != GEYSER_OK) {
			set_error(&answer);
			(void)send_answer(connection, &answer, -1);
			return false;
		}
		if (message.type == GY_WIRE_NONE)
			return true;
		if (!handle_message(ipc, connection, &message, &answer, &parcel))
			return false;
		if (answer.type != GY_WIRE_NONE)
			sent = send_answer(connection, &answer, parcel.fd);
		finish_parcel(ipc, &parcel);
		if (!sent)
			return false;
	}
}

/* What is there now; false: drop the peer. */
bool gy_connection_receive(struct gy_ipc *ipc, struct gy_connection *connection)
{
	enum geyser_result result;
	struct gy_packet packet;
	int fd;

	result = gy_packet_receive(connection->source.fd, &packet, &fd);
	if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_BUSY)
		return true; /* nothing there yet, or not yet taken */
	if (fd >= 0)
		(void)close(fd);
	if (result != GEYSER_OK || fd >= 0 || !handle_packet(ipc, connection, &packet))
		return false;
	update_idle(ipc, connection);
	return true;
}

/* Who has hung up needs no answers. */
static void connection_ready(struct gy_ipc *ipc, struct gy_source *source, uint32_t events)
{
	struct gy_connection *connection =
		(struct gy_connection *)((char *)source - offsetof(struct gy_connection, source));

	if ((events & GY_HUNG_UP) || !gy_connection_receive(ipc, connection))
		gy_connection_close(ipc, connection);
}

/* ---- life ---- */

void gy_connection_refuse(int fd, enum geyser_result result)
{
	struct gy_message answer = {.error.result = result};
	struct gy_packet packet = {.size = 0};

	set_error(&answer);
	gy_packet_add(&packet, &answer);
	(void)gy_packet_send(fd, &packet, -1);
}

enum geyser_result gy_connection_create(
	struct gy_ipc *ipc, int fd, pid_t pid, struct gy_connection **out)
{
	struct gy_connection *connection = calloc(1, sizeof(*connection));

	if (connection)
		connection->client = gy_client_join(ipc, pid);
	if (!connection || !connection->client) {
		free(connection);
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
			"the exporter (pid %d) has no memory left", getpid());
	}
	connection->source = (struct gy_source){.fd = fd, .ready = connection_ready};
	gy_list_init(&connection->idle);
	gy_list_init(&connection->idle_of_client);
	gy_list_init(&connection->waiting);
	connection->next = ipc->connections;
	connection->link = &ipc->connections;
	if (connection->next)
		connection->next->link = &connection->next;
	ipc->connections = connection;
	ipc->connection_count++;
	*out = connection;
	return GEYSER_OK;
}
