/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/answer.h"
#include "ipc/exporter/reply.h"
#include "ipc/wire/packet.h"

#include "base/error.h"
#include "platform/socket.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A descriptor that goes with an answer. */
struct parcel {
	int fd;
	bool ours; /* the exporter closes the descriptor once the answer is sent */
};

/* ---- objects ---- */

static enum geyser_result find_export(
	struct gy_session *session, const struct gy_wire_object *object, struct gy_export **out)
{
	*out = gy_exports_find(&session->exporter->exports, object->token);
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
static void finish_parcel(struct gy_session *session, struct parcel *parcel)
{
	if (parcel->ours)
		(void)close(parcel->fd);
	*parcel = (struct parcel){.fd = -1};
	gy_spare_restore(&session->exporter->spare);
}

static void answer_import(struct gy_session *session, const struct gy_wire_object *object,
	struct gy_message *answer, struct parcel *parcel)
{
	struct gy_export *export;
	enum geyser_result result = find_export(session, object, &export);

	if (result == GEYSER_OK)
		result = export->describe(export, object->semaphore, answer, &parcel->fd);
	if (result == GEYSER_ERROR_LIMIT && gy_spare_lend(&session->exporter->spare))
		result = export->describe(export, object->semaphore, answer, &parcel->fd);
	parcel->ours = result == GEYSER_OK && export->describes_anew;
	if (result == GEYSER_OK)
		result = gy_reply_offer(session, answer, parcel->fd);
	if (result == GEYSER_OK && !object->semaphore &&
		!gy_session_add_import(session, object->token))
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
			"the exporter (pid %d) has no memory left", getpid());
	if (result == GEYSER_OK && !object->semaphore)
		gy_export_count(export, 1);
	if (result == GEYSER_OK)
		return;
	finish_parcel(session, parcel);
	answer->error.result = result;
	gy_reply_set_error(answer);
}

static void answer_resolve(struct gy_session *session, uint32_t id, struct gy_message *answer)
{
	const struct gy_export *export = gy_exports_find_id(&session->exporter->exports, id);

	if (export) {
		answer->type = GY_WIRE_HANDLE;
		gy_handle_encode(&export->fields, &answer->handle);
		return;
	}
	answer->error.result =
		gy_fail(GEYSER_ERROR_NOT_FOUND, "id 0x%08x: nothing is exported under it", id);
	gy_reply_set_error(answer);
}

/* ---- streams: their publishers answer for themselves ---- */

/* Checks that the peer is still connected. A subscription costs more than any other answer, so a
 * peer that has hung up gets none. */
static enum geyser_result check_presence(const struct gy_session *session)
{
	if (!gy_socket_is_hung_up(session->source.fd))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_DISCONNECTED,
		"process %d has closed its connection before the reply", session->seat.client->pid);
}

static enum geyser_result subscribe(
	struct gy_session *session, const struct gy_wire_name *name, struct gy_reply *reply)
{
	struct gy_published_stream *stream;
	enum geyser_result result =
		gy_streams_find(&session->exporter->streams, name->name, &stream);

	if (result == GEYSER_OK && session->stream)
		result = gy_fail(GEYSER_ERROR_PROTOCOL,
			"a connection can subscribe to one stream only: open another connection");
	session->exporter->accepts_until_check = 0; /* it takes long: see state.h */
	if (result == GEYSER_OK)
		result = check_presence(session);
	if (result == GEYSER_OK && gy_wire_asks_rendition(name))
		result = stream->ops->render(stream, name, session->seat.client->pid, &stream);
	if (result == GEYSER_OK)
		result = stream->ops->subscribe(stream, name, session->application,
			session->seat.client->pid, reply, &session->subscription);
	if (result == GEYSER_OK)
		session->stream = stream;
	return result;
}

static enum geyser_result query(
	struct gy_session *session, const struct gy_wire_name *name, struct gy_reply *reply)
{
	struct gy_message answer = {.type = GY_WIRE_STATUS};
	struct gy_published_stream *stream;
	enum geyser_result result =
		gy_streams_find(&session->exporter->streams, name->name, &stream);

	if (result != GEYSER_OK)
		return result;
	stream->ops->status(stream, &answer.status);
	(void)gy_reply_send(reply, &answer, -1);
	return GEYSER_OK;
}

static enum geyser_result show_buffer(
	struct gy_session *session, const struct gy_wire_buffer *buffer, struct gy_reply *reply)
{
	struct gy_published_stream *stream = session->stream;
	enum geyser_result result = stream->ops->buffer(
		stream, session->subscription, buffer->index, buffer->mirror, reply);

	if (result == GEYSER_ERROR_LIMIT && gy_spare_lend(&session->exporter->spare))
		result = stream->ops->buffer(
			stream, session->subscription, buffer->index, buffer->mirror, reply);
	return result;
}

static void answer_stream(
	struct gy_session *session, const struct gy_message *message, struct gy_message *answer)
{
	struct gy_reply reply = {.session = session, .sequence = message->sequence};
	const struct gy_published_ops *ops = session->subscription ? session->stream->ops : NULL;

	if (message->type == GY_WIRE_SUBSCRIBE)
		answer->error.result = subscribe(session, &message->name, &reply);
	else if (message->type == GY_WIRE_QUERY)
		answer->error.result = query(session, &message->name, &reply);
	else if (ops && message->type == GY_WIRE_BUFFER)
		answer->error.result = show_buffer(session, &message->buffer, &reply);
	else if (ops && message->type == GY_WIRE_DOORBELL)
		answer->error.result = ops->doorbell(session->stream, &reply);
	else if (ops)
		answer->error.result = ops->ready(session->stream, session->subscription,
			message->ready.mirror, message->ready.semaphore, &reply);
	else
		answer->error.result = gy_fail(
			GEYSER_ERROR_PROTOCOL, "only subscribers get buffers: subscribe first");
	if (answer->error.result != GEYSER_OK)
		gy_reply_set_error(answer);
}

/* ---- packets ---- */

/* Fills the answer; its type stays NONE if the request gets none. False: the session is to be
 * closed. */
static bool handle_message(struct gy_session *session, const struct gy_message *message,
	struct gy_message *answer, struct parcel *parcel)
{
	answer->sequence = message->sequence;
	if (message->type == GY_WIRE_HELLO && !session->greeted) {
		session->greeted = true;
		memcpy(session->application, message->hello.application,
			sizeof(session->application));
		return true;
	}
	if (!session->greeted)
		return false;
	switch (message->type) {
	case GY_WIRE_IMPORT:
		answer_import(session, &message->object, answer, parcel);
		return true;
	case GY_WIRE_RESOLVE:
		answer_resolve(session, message->id, answer);
		return true;
	case GY_WIRE_SUBSCRIBE:
	case GY_WIRE_BUFFER:
	case GY_WIRE_QUERY:
	case GY_WIRE_READY:
	case GY_WIRE_DOORBELL:
		answer_stream(session, message, answer);
		return true;
	case GY_WIRE_UNSUBSCRIBE:
		gy_session_unsubscribe(session);
		return true;
	case GY_WIRE_RELEASE:
		gy_session_remove_import(session, message->object.token);
		return true;
	default:
		return false;
	}
}

static bool gets_answer(const struct gy_message *message)
{
	return message->type != GY_WIRE_HELLO && message->type != GY_WIRE_RELEASE &&
	       message->type != GY_WIRE_UNSUBSCRIBE;
}

/* Handles the packet's messages, up to the first one that gets an answer. False: the session is to
 * be closed. */
static bool handle_packet(struct gy_session *session, struct gy_packet *packet)
{
	struct gy_message message;

	do {
		struct gy_message answer = {.type = GY_WIRE_NONE};
		struct parcel parcel = {.fd = -1};
		bool sent = true;

		answer.error.result = gy_packet_next(packet, &message);
		if (answer.error.result != GEYSER_OK) {
			gy_reply_set_error(&answer);
			(void)gy_reply_post(session, &answer, -1);
			return false;
		}
		if (message.type == GY_WIRE_NONE)
			return true;
		if (!handle_message(session, &message, &answer, &parcel))
			return false;
		if (answer.type != GY_WIRE_NONE)
			sent = gy_reply_post(session, &answer, parcel.fd);
		finish_parcel(session, &parcel);
		if (!sent)
			return false;
	} while (!gets_answer(&message));
	return true;
}

/* Keeps the rest of the packet for the session's next turn. False: out of memory, which the peer is
 * told. */
static bool keep_rest(struct gy_session *session, const struct gy_packet *packet)
{
	session->rest = malloc(sizeof(*session->rest));
	if (session->rest) {
		*session->rest = *packet;
		return true;
	}
	gy_reply_refuse(
		session->source.fd, gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
					    "the exporter (pid %d) has no memory left", getpid()));
	return false;
}

static bool answer_rest(struct gy_session *session)
{
	if (!handle_packet(session, session->rest))
		return false;
	if (session->rest->size > 0)
		return true;
	free(session->rest);
	session->rest = NULL;
	return true;
}

static bool answer_packet(struct gy_session *session)
{
	enum geyser_result result;
	struct gy_packet packet;
	int fd;

	result = gy_packet_receive(session->source.fd, &packet, &fd);
	if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_BUSY)
		return true; /* nothing there yet, or not yet taken */
	if (fd >= 0)
		(void)close(fd);
	if (result != GEYSER_OK || fd >= 0 || !handle_packet(session, &packet))
		return false;
	return packet.size == 0 || keep_rest(session, &packet);
}

bool gy_answer_next(struct gy_session *session)
{
	if (session->rest ? !answer_rest(session) : !answer_packet(session))
		return false;
	gy_session_update_idle(session);
	return true;
}
