/* SPDX-License-Identifier: MIT */
#include "stream/connection.h"

#include "base/clock.h"
#include "base/error.h"
#include "core/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- connecting ---- */

/* The publisher of a rendition's feed is this process itself. */
static enum geyser_result find_publisher(
	const struct geyser_manager *manager, const struct gy_subject *subject, uint64_t *instance)
{
	if (subject->feeds)
		return gy_exporter_instance(manager->ipc->exporter, instance);
	return gy_registries_find_name(subject->name, instance);
}

/* Maps the memory of a message, if it has the size that this version expects. what: for the error
 * detail. The caller keeps the fd. */
static enum geyser_result map_memory(
	const char *what, int fd, uint64_t claimed, size_t size, bool writable, void **out)
{
	struct gy_memory_info memory = {0};
	enum geyser_result result;

	*out = NULL;
	if (fd < 0)
		return gy_fail(
			GEYSER_ERROR_PROTOCOL, "the publisher sent no memory for its %s", what);
	result = gy_memory_check(fd, &memory);
	if (result == GEYSER_OK &&
		(claimed != size || memory.size < size || (writable && !memory.writable)))
		result = gy_fail(GEYSER_ERROR_PROTOCOL,
			"the publisher's %s has %" PRIu64 " of %" PRIu64
			" bytes: this version's has %zu; use the same geyser on both sides",
			what, claimed, memory.size, size);
	if (result == GEYSER_OK)
		result = gy_memory_map(fd, size, writable, out);
	return result;
}

static bool is_rendition(const struct gy_stream_connection *connection)
{
	return gy_wire_asks_rendition(
		&(struct gy_wire_name){.rendition = connection->subject.rendition});
}

static enum geyser_result map_ring(
	struct gy_stream_connection *connection, const struct gy_message *answer, int fd)
{
	void *page;
	enum geyser_result result;

	connection->drawn_by_device = answer->stream.ready;
	connection->has_bell = answer->stream.bell;
	if (answer->type != GY_WIRE_STREAM || answer->stream.buffers == 0 ||
		answer->stream.buffers > GY_RING_BUFFERS) {
		if (fd >= 0)
			(void)close(fd);
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"the publisher answered with a message of type %d", answer->type);
	}
	if (answer->stream.rendition != is_rendition(connection)) {
		if (fd >= 0)
			(void)close(fd);
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"stream \"%s\": its publisher (pid %d) has an earlier version of geyser, "
			"which doesn't convert frames: subscribe to its own frames and convert "
			"them",
			connection->subject.name, (int)gy_peer_pid(connection->peer));
	}
	result = map_memory(
		"ring", fd, answer->stream.ring_size, sizeof(struct gy_ring_page), false, &page);
	if (fd >= 0)
		(void)close(fd);
	connection->view.page = page;
	connection->view.buffers = answer->stream.buffers;
	return result;
}

/* Maps the lease. Keeps the fd until the event of the stream's frames has mapped the memory,
 * too. */
static enum geyser_result map_lease(
	struct gy_stream_connection *connection, const struct gy_message *answer, int fd)
{
	void *page;
	enum geyser_result result;

	connection->lease_fd = fd;
	result = map_memory("lease", fd, answer->stream.lease_size, sizeof(struct gy_lease_memory),
		true, &page);
	connection->view.lease = page;
	if (result == GEYSER_OK)
		gy_ring_open(&connection->view);
	return result;
}

/* ---- requests: one at a time; a later call may receive the answer ---- */

/* How long one request may wait beyond the callers' deadlines, in all calls together. So a caller
 * with a timeout of 0 gets an answer that comes at once. */
#define GRACE (15 * GY_MILLISECOND)

/* The same for requests to this process itself, whose thread answers even if the machine is very
 * busy. */
#define OWN_GRACE (5 * GY_SECOND)

/* Subtracts the time beyond the deadline that a wait has taken since `from`. */
static void spend_grace(struct gy_stream_connection *connection, uint64_t from, uint64_t deadline)
{
	uint64_t now = gy_now(), since = from > deadline ? from : deadline;
	uint64_t spent = now > since ? now - since : 0;

	connection->grace_ns -= gy_earlier(spent, connection->grace_ns);
}

/* Fails with TIMEOUT. The message names the silent process, and says that it is stopped if that is
 * known. */
static enum geyser_result say_silent(const struct gy_stream_connection *connection)
{
	pid_t pid = connection->peer ? gy_peer_pid(connection->peer) : 0;

	if (pid > 0 && gy_process_is_stopped(pid))
		return gy_fail(GEYSER_ERROR_TIMEOUT,
			"stream \"%s\": its publisher (pid %d) is stopped: continue it",
			connection->subject.name, (int)pid);
	if (pid > 0)
		return gy_fail(GEYSER_ERROR_TIMEOUT,
			"stream \"%s\": its publisher (pid %d) doesn't answer in that time",
			connection->subject.name, (int)pid);
	return gy_fail(GEYSER_ERROR_TIMEOUT,
		"stream \"%s\": its publisher doesn't accept connections: is it stopped?",
		connection->subject.name);
}

/* Whether the answer may still come. */
static bool is_to_be_continued(enum geyser_result result)
{
	return result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_BUSY;
}

/* Receives the next packet of the answer. *again: as in gy_stream_connection_open. */
static enum geyser_result await_answer(struct gy_stream_connection *connection,
	const struct gy_patience *patience, struct gy_message *answer, int *fd, bool *again)
{
	uint64_t from = gy_now(), graced = from + connection->grace_ns;
	uint64_t until = patience->deadline > graced ? patience->deadline : graced;
	enum geyser_result result =
		gy_peer_await(connection->peer, until, patience->stop_fd, answer, fd);

	spend_grace(connection, from, patience->deadline);
	*again = is_to_be_continued(result) && answer->type == GY_WIRE_NONE;
	if (!*again)
		connection->requested = false;
	return *again && result == GEYSER_ERROR_TIMEOUT ? say_silent(connection) : result;
}

/* Sends the request, unless an earlier call has sent it, and receives the first packet of the
 * answer. */
static enum geyser_result request_answer(struct gy_stream_connection *connection,
	struct gy_message *request, const struct gy_patience *patience, struct gy_message *answer,
	int *fd, bool *again)
{
	*fd = -1;
	*again = false;
	answer->type = GY_WIRE_NONE;
	if (!connection->requested) {
		enum geyser_result result =
			gy_peer_send(connection->peer, connection->manager->application, request);

		if (result != GEYSER_OK)
			return result;
		connection->requested = true;
	}
	return await_answer(connection, patience, answer, fd, again);
}

static enum geyser_result open_peer(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	uint64_t from = gy_now(), graced = from + connection->grace_ns;
	uint64_t until = patience->deadline > graced ? patience->deadline : graced;
	enum geyser_result result = gy_peer_open(connection->manager->ipc->importer,
		connection->instance, until, patience->stop_fd, &connection->peer);

	spend_grace(connection, from, patience->deadline);
	if (result == GEYSER_OK && gy_peer_is_own(connection->peer))
		connection->grace_ns = OWN_GRACE;
	*again = is_to_be_continued(result);
	return result == GEYSER_ERROR_TIMEOUT ? say_silent(connection) : result;
}

static enum geyser_result subscribe(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	struct gy_message request = {.type = GY_WIRE_SUBSCRIBE}, answer;
	enum geyser_result result;
	int fd;

	memcpy(request.name.name, connection->subject.name, sizeof(request.name.name));
	request.name.every = connection->subject.every;
	request.name.feeds = connection->subject.feeds;
	request.name.rendition = connection->subject.rendition;
	result = request_answer(connection, &request, patience, &answer, &fd, again);
	return result == GEYSER_OK ? map_ring(connection, &answer, fd) : result;
}

static enum geyser_result await_lease(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	struct gy_message answer;
	enum geyser_result result;
	int fd;

	result = await_answer(connection, patience, &answer, &fd, again);
	return result == GEYSER_OK ? map_lease(connection, &answer, fd) : result;
}

/* Requests the page that wakes the publisher, and maps it. */
static enum geyser_result request_doorbell(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	struct gy_message request = {.type = GY_WIRE_DOORBELL}, answer;
	void *page = NULL;
	enum geyser_result result;
	int fd;

	if (!connection->has_bell)
		return GEYSER_OK;
	result = request_answer(connection, &request, patience, &answer, &fd, again);
	if (result != GEYSER_OK)
		return result;
	if (answer.type != GY_WIRE_BELL)
		result = gy_fail(GEYSER_ERROR_PROTOCOL,
			"the publisher answered with a message of type %d", answer.type);
	else
		result =
			map_memory("doorbell", fd, answer.bell_size, GY_DOORBELL_SIZE, true, &page);
	connection->view.bell = page;
	if (fd >= 0)
		(void)close(fd);
	return result;
}

/* ---- buffers ---- */

static enum geyser_result request_buffer(struct gy_stream_connection *connection, uint32_t buffer,
	const struct gy_patience *patience, struct gy_incoming *incoming, bool *again)
{
	struct gy_message request = {
		.type = GY_WIRE_BUFFER, .buffer = {buffer, connection->mirrored}};
	enum geyser_result result = request_answer(
		connection, &request, patience, &incoming->answer, &incoming->fd, again);

	if (result != GEYSER_OK)
		return result;
	if (incoming->answer.type == GY_WIRE_PICTURE &&
		(incoming->fd >= 0 || gy_surface_is_in(&incoming->answer)))
		return GEYSER_OK;
	gy_incoming_finish(incoming, false);
	return gy_fail(GEYSER_ERROR_PROTOCOL, "the publisher answered with a message of type %d",
		incoming->answer.type);
}

/* Returns the terms for importing a buffer. All buffers of a connection together may take
 * gy_memory_share bytes; the buffer to be replaced doesn't count. */
static struct gy_import_terms terms_of(const struct gy_stream_connection *connection,
	uint32_t buffer, const struct geyser_texture_desc *desc)
{
	struct gy_import_terms terms = {
		.from_peer = true,
		.read_only = !(desc->usage & GEYSER_USAGE_WRITERS),
		.uploads = true,
	};

	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++) {
		if (connection->buffers[i] && i != buffer)
			terms.mapped += gy_texture_backing(connection->buffers[i])->bytes;
	}
	return terms;
}

static enum geyser_result try_buffer(struct gy_stream_connection *connection, uint32_t buffer,
	const struct gy_patience *patience, struct gy_fetched *out, bool *again)
{
	struct gy_incoming incoming = {.source.kind = GY_HANDLE_TEXTURE, .fd = -1};
	struct gy_import_terms terms;
	enum geyser_result result = request_buffer(connection, buffer, patience, &incoming, again);

	if (result != GEYSER_OK)
		return result;
	terms = terms_of(connection, buffer, &incoming.answer.texture.desc);
	result = gy_texture_accept(connection->manager, &incoming, NULL, &terms, &out->texture);
	if (result != GEYSER_OK)
		return result;
	gy_texture_set_of_subscriber(out->texture);
	if (connection->mirrored)
		gy_texture_set_mirrored(out->texture);
	if (is_rendition(connection))
		gy_texture_set_rendered(out->texture);
	gy_texture_prefault(out->texture);
	out->generation = incoming.answer.texture.generation;
	out->filled = connection->mirrored ? incoming.answer.texture.filled : 0;
	return GEYSER_OK;
}

/* Fetches a buffer. If this process can't import the publisher's memory, requests the mirror, a
 * copy in host memory. After a resize the mirrors' event must come first: then this returns the
 * failure and sets the stage to GY_STAGE_READY. */
static enum geyser_result fetch_buffer(struct gy_stream_connection *connection, uint32_t buffer,
	const struct gy_patience *patience, struct gy_fetched *out, bool *again)
{
	enum geyser_result result;

	*out = (struct gy_fetched){.texture = NULL};
	result = try_buffer(connection, buffer, patience, out, again);
	if (!connection->drawn_by_device || connection->mirrored ||
		(result != GEYSER_ERROR_UNSUPPORTED && result != GEYSER_ERROR_MISMATCH))
		return result;
	if (connection->stage == GY_STAGE_DONE && connection->lease_fd < 0)
		return result;
	connection->mirrored = true;
	if (connection->stage == GY_STAGE_DONE) {
		connection->outgrown = true;
		connection->stage = GY_STAGE_READY;
		return result;
	}
	connection->direct = buffer;
	return try_buffer(connection, buffer, patience, out, again);
}

void gy_stream_connection_set_buffer(
	struct gy_stream_connection *connection, uint32_t buffer, const struct gy_fetched *fetched)
{
	geyser_texture_unref(connection->buffers[buffer]);
	connection->buffers[buffer] = fetched->texture;
	connection->generations[buffer] = fetched->generation;
	connection->filled[buffer] = fetched->filled;
}

/* Fetches all buffers, so that no frame has to wait for its buffer. A buffer that is replaced
 * meanwhile is fetched again when its frame comes. If one buffer must be a mirror, all earlier
 * buffers are fetched again as mirrors. The reason is that all frames of a subscriber refer to one
 * event. */
static enum geyser_result fetch_buffers(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	struct gy_fetched fetched;

	while (connection->stage_buffer < connection->view.buffers + connection->direct) {
		uint32_t buffer = connection->stage_buffer % connection->view.buffers;
		enum geyser_result result =
			fetch_buffer(connection, buffer, patience, &fetched, again);

		if (result != GEYSER_OK)
			return result;
		gy_stream_connection_set_buffer(connection, buffer, &fetched);
		connection->wanted[buffer] = fetched.generation;
		connection->stage_buffer++;
	}
	return GEYSER_OK;
}

/* ---- the event that frames refer to ---- */

static enum geyser_result request_event(struct gy_stream_connection *connection, bool semaphore,
	const struct gy_patience *patience, struct gy_message *answer, int *fd, bool *again)
{
	struct gy_message request = {
		.type = GY_WIRE_READY, .ready = {connection->mirrored, semaphore}};
	enum geyser_result result =
		request_answer(connection, &request, patience, answer, fd, again);

	if (result != GEYSER_OK || (answer->type == GY_WIRE_EVENT && *fd >= 0))
		return result;
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return gy_fail(GEYSER_ERROR_PROTOCOL, "the publisher answered with a message of type %d",
		answer->type);
}

static enum geyser_result request_ready(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	if (!connection->drawn_by_device)
		return GEYSER_OK;
	return request_event(connection, false, patience, &connection->event.answer,
		&connection->event.fd, again);
}

static void close_lease(struct gy_stream_connection *connection)
{
	if (connection->lease_fd >= 0)
		(void)close(connection->lease_fd);
	connection->lease_fd = -1;
}

/* Stores the new event. After a resize it goes into the successor, and gy_stream_connection_settle
 * exchanges the events with the subscriber's lock held. */
static void set_event(struct gy_stream_connection *connection, struct gy_kept *successor,
	struct geyser_event *event)
{
	if (!successor) {
		connection->ready = event;
	} else if (event) {
		successor->event = event;
		connection->successor = successor;
	} else {
		free(successor);
	}
}

/* Makes the event. The event takes its own hold on the peer, since callers may keep the event
 * longer than the connection. */
static enum geyser_result accept_event(struct gy_stream_connection *connection, int *semaphore)
{
	const struct gy_event_seat seat = {
		.fd = connection->lease_fd,
		.size = sizeof(struct gy_lease_memory),
		.sleepers = connection->mirrored ? offsetof(struct gy_lease_page, mirror_sleepers)
						 : offsetof(struct gy_lease_page, ready_sleepers),
	};
	struct gy_kept *successor = connection->ready ? calloc(1, sizeof(*successor)) : NULL;
	struct gy_incoming incoming = connection->event;
	struct geyser_event *event = NULL;
	enum geyser_result result;

	connection->event.fd = -1;
	incoming.peer = gy_peer_ref(connection->peer);
	if (connection->ready && !successor)
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an event");
	else
		result = gy_event_accept(connection->manager, &incoming, &seat, semaphore, &event);
	gy_incoming_finish(&incoming, event != NULL);
	set_event(connection, successor, event);
	return result;
}

static enum geyser_result request_semaphore(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	enum geyser_result result = GEYSER_OK;
	struct gy_message answer;
	int semaphore = -1;

	if (!connection->drawn_by_device)
		return GEYSER_OK;
	if (gy_event_wants_semaphore(connection->manager, &connection->event.answer.event))
		result = request_event(connection, true, patience, &answer, &semaphore, again);
	if (result == GEYSER_OK)
		result = accept_event(connection, &semaphore);
	if (semaphore >= 0)
		(void)close(semaphore);
	return result;
}

/* Lets the death of the publisher wake the threads that sleep on the ring. */
static enum geyser_result watch_death(struct gy_stream_connection *connection)
{
	const struct gy_ring_view *view = &connection->view;

	connection->alarm = (struct gy_alarm){
		.word = (_Atomic uint32_t *)&view->page->wakes, .sleeping = &connection->sleepers};
	gy_peer_add_alarm(connection->peer, &connection->alarm);
	return gy_peer_watch_death(connection->peer);
}

/* ---- all stages ---- */

static enum geyser_result run_stage(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	switch (connection->stage) {
	case GY_STAGE_CONNECT:
		return open_peer(connection, patience, again);
	case GY_STAGE_SUBSCRIBE:
		return subscribe(connection, patience, again);
	case GY_STAGE_LEASE:
		return await_lease(connection, patience, again);
	case GY_STAGE_DOORBELL:
		return request_doorbell(connection, patience, again);
	case GY_STAGE_BUFFERS:
		return fetch_buffers(connection, patience, again);
	case GY_STAGE_READY:
		return request_ready(connection, patience, again);
	case GY_STAGE_SEMAPHORE:
		return request_semaphore(connection, patience, again);
	case GY_STAGE_DONE:
		break;
	}
	return GEYSER_OK;
}

static enum geyser_result run_stages(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	enum geyser_result result = GEYSER_OK;

	while (result == GEYSER_OK && connection->stage != GY_STAGE_DONE) {
		result = run_stage(connection, patience, again);
		if (result == GEYSER_OK)
			connection->stage++;
	}
	return result;
}

/* Whether a resize may make buffers that this process can't import. A subscriber whose own backend
 * has devices has imported the publisher's first buffers, and can import all later ones. */
static bool may_outgrow(const struct gy_stream_connection *connection)
{
	return connection->drawn_by_device && !connection->mirrored &&
	       !connection->manager->backend->event_create;
}

enum geyser_result gy_stream_connection_open(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again)
{
	enum geyser_result result;

	*again = false;
	result = run_stages(connection, patience, again);
	if (result != GEYSER_OK)
		return result;
	if (!may_outgrow(connection))
		close_lease(connection);
	return watch_death(connection);
}

enum geyser_result gy_stream_connection_fetch(struct gy_stream_connection *connection,
	const struct gy_patience *patience, struct gy_fetched *out, bool *again)
{
	enum geyser_result result;

	*again = false;
	*out = (struct gy_fetched){.texture = NULL};
	if (!connection->requested)
		connection->grace_ns = gy_peer_is_own(connection->peer) ? OWN_GRACE : GRACE;
	if (connection->stage == GY_STAGE_DONE) {
		result = fetch_buffer(connection, connection->pending_buffer, patience, out, again);
		if (connection->stage == GY_STAGE_DONE)
			return result;
	}
	result = run_stages(connection, patience, again);
	if (result != GEYSER_OK)
		return result;
	close_lease(connection);
	return fetch_buffer(connection, connection->pending_buffer, patience, out, again);
}

/* ---- life ---- */

enum geyser_result gy_stream_connection_create(struct geyser_manager *manager,
	const struct gy_subject *subject, struct gy_stream_connection **out)
{
	struct gy_stream_connection *connection;
	enum geyser_result result;
	uint64_t instance;

	*out = NULL;
	result = find_publisher(manager, subject, &instance);
	if (result != GEYSER_OK)
		return result;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		goto no_memory;
	connection->kept = calloc(1, sizeof(*connection->kept));
	if (!connection->kept)
		goto free_connection;
	connection->references = 1;
	connection->lease_fd = -1;
	connection->manager = gy_manager_ref(manager);
	connection->view.every = subject->every;
	connection->instance = instance;
	connection->grace_ns = GRACE;
	connection->event = (struct gy_incoming){.source.kind = GY_HANDLE_EVENT, .fd = -1};
	connection->subject = *subject;
	*out = connection;
	return GEYSER_OK;

free_connection:
	free(connection);
no_memory:
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a subscriber");
}

void gy_stream_connection_unref(struct gy_stream_connection *connection)
{
	if (!connection || --connection->references > 0)
		return;
	for (uint32_t i = 0; i < GY_RING_BUFFERS; i++)
		geyser_texture_unref(connection->buffers[i]);
	/* callers may keep the event; a forked child has none of the threads that sleep on it */
	if (connection->ready && !gy_ipc_is_inherited(connection->manager->ipc))
		gy_timeline_leave(gy_event_timeline(connection->ready));
	geyser_event_unref(connection->ready);
	if (connection->event.fd >= 0)
		(void)close(connection->event.fd);
	close_lease(connection);
	if (connection->peer) /* before the pages go */
		gy_peer_remove_alarm(connection->peer, &connection->alarm);
	gy_peer_leave(connection->peer);
	gy_memory_unmap((void *)connection->view.page, sizeof(*connection->view.page));
	gy_memory_unmap(connection->view.lease, sizeof(struct gy_lease_memory));
	gy_memory_unmap(connection->view.bell, GY_DOORBELL_SIZE);
	gy_manager_unref(connection->manager);
	if (connection->successor)
		geyser_event_unref(connection->successor->event);
	free(connection->successor);
	free(connection->kept);
	free(connection);
}

bool gy_stream_connection_is_dead(struct gy_stream_connection *connection)
{
	return atomic_load(gy_peer_death_word(connection->peer)) != 0;
}

bool gy_stream_connection_is_closed(const struct gy_stream_connection *connection)
{
	return connection->view.page && atomic_load(&connection->view.page->closed) != 0;
}

bool gy_stream_connection_is_lost(const struct gy_stream_connection *connection)
{
	return connection->ready && atomic_load(gy_event_lost_word(connection->ready)) != 0;
}
