/* SPDX-License-Identifier: MIT */
/*
 * Asks each exporter on one connection, and all exporters at the same time. So several exporters
 * that don't answer cost no more time than one.
 */
#include "ipc/lookup/queries.h"
#include "ipc/importer/request.h"
#include "ipc/lookup/once.h"
#include "ipc/wire/packet.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/descriptor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Requests that wait for an answer on one connection: what their answers need fits into a socket's
 * buffer. */
#define WINDOW 16

/* How long to wait before connecting again, if the exporter's queue of connections is full. */
#define RETRY GY_MILLISECOND

struct sorted_query {
	struct gy_stream_query *query;
};

/* The requests to one exporter. */
struct batch {
	struct sorted_query *queries; /* those about this exporter's streams */
	size_t count, sent, answered;
	int socket;    /* -1: not connected */
	bool finished; /* each request is answered, or won't be */
};

struct batches {
	struct sorted_query *sorted;
	struct batch *all;
	struct pollfd *polled; /* one for each batch that is connected and not finished */
	size_t count, open;
	uint64_t deadline;
};

/* ---- one exporter ---- */

/* Ends the batch; unanswered requests get that result. */
static void finish(struct batches *batches, struct batch *batch, enum geyser_result result)
{
	if (batch->socket >= 0) {
		(void)close(batch->socket);
		batches->open--;
	}
	batch->socket = -1;
	batch->finished = true;
	for (size_t i = 0; i < batch->count; i++)
		if (!batch->queries[i].query->answered)
			batch->queries[i].query->result = result;
}

static enum geyser_result send_more(struct batch *batch)
{
	enum geyser_result result = GEYSER_OK;

	while (result == GEYSER_OK && batch->sent < batch->count &&
		batch->sent - batch->answered < WINDOW) {
		struct gy_message request = {.type = GY_WIRE_QUERY};

		request.sequence = (uint32_t)batch->sent + 1;
		(void)snprintf(request.name.name, sizeof(request.name.name), "%s",
			batch->queries[batch->sent].query->name);
		result = gy_request_send(batch->socket, batch->sent == 0, "", &request);
		batch->sent += result == GEYSER_OK;
	}
	/* a full buffer empties with the answers; a peer that hung up may have sent its reason
	 * before */
	if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_DISCONNECTED)
		return GEYSER_OK;
	return result;
}

/* Connects to one exporter. False if that isn't possible at the moment. */
static bool open_batch(struct batches *batches, struct batch *batch)
{
	const struct gy_stream_query *query = batch->queries[0].query;
	enum geyser_result result =
		gy_lookup_connect(query->registry, query->instance, gy_now(), &batch->socket);

	if (result == GEYSER_ERROR_TIMEOUT || (result == GEYSER_ERROR_LIMIT && batches->open > 0))
		return false;
	if (result == GEYSER_OK) {
		batches->open++;
		result = send_more(batch);
	}
	if (result != GEYSER_OK)
		finish(batches, batch, result);
	return true;
}

/* Takes one answer. False if the exporter's further answers are of no use. */
static bool take_answer(struct batch *batch, const struct gy_message *answer)
{
	struct gy_stream_query *query;

	if (answer->sequence == 0 || answer->sequence > batch->sent)
		return false;
	query = batch->queries[answer->sequence - 1].query;
	if (query->answered)
		return false;
	query->answered = true;
	batch->answered++;
	query->result = GEYSER_OK;
	if (answer->type == GY_WIRE_ERROR) {
		query->result = answer->error.result;
		query->refused = true;
		return true;
	}
	if (answer->type != GY_WIRE_STATUS || strcmp(answer->status.info.name, query->name) != 0) {
		query->result = GEYSER_ERROR_PROTOCOL;
		return false;
	}
	*query->info = answer->status.info;
	query->bytes = answer->status.bytes;
	gy_make_printable(query->info->application);
	return true;
}

static void refuse_rest(
	struct batches *batches, struct batch *batch, const struct gy_message *answer)
{
	if (answer->type != GY_WIRE_ERROR) {
		finish(batches, batch, GEYSER_ERROR_PROTOCOL);
		return;
	}
	for (size_t i = 0; i < batch->count; i++)
		batch->queries[i].query->refused |= !batch->queries[i].query->answered;
	finish(batches, batch, answer->error.result);
}

/* Receives one packet. */
static void receive(struct batches *batches, struct batch *batch)
{
	struct gy_message answer;
	struct gy_packet packet;
	int fd = -1;
	enum geyser_result result = gy_packet_receive(batch->socket, &packet, &fd);

	if (fd >= 0)
		(void)close(fd);
	if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_BUSY)
		return;
	while (result == GEYSER_OK) {
		result = gy_packet_next(&packet, &answer);
		if (result != GEYSER_OK || answer.type == GY_WIRE_NONE)
			break;
		if (!take_answer(batch, &answer)) {
			refuse_rest(batches, batch, &answer);
			return;
		}
	}
	if (result == GEYSER_OK)
		result = send_more(batch);
	if (result != GEYSER_OK || batch->answered == batch->count)
		finish(batches, batch, result);
}

/* ---- all of them ---- */

/* Connects to all exporters that it can; returns how long to wait before the others are tried. */
static uint64_t open_all(struct batches *batches, bool *left)
{
	bool waiting = false;

	*left = false;
	for (size_t i = 0; i < batches->count; i++) {
		struct batch *batch = &batches->all[i];

		if (!batch->finished && batch->socket < 0)
			waiting |= !open_batch(batches, batch);
		*left |= !batch->finished;
	}
	return waiting && gy_now() + RETRY < batches->deadline ? gy_now() + RETRY
							       : batches->deadline;
}

static unsigned list_open(struct batches *batches)
{
	unsigned count = 0;

	for (size_t i = 0; i < batches->count; i++)
		if (batches->all[i].socket >= 0)
			batches->polled[count++] =
				(struct pollfd){.fd = batches->all[i].socket, .events = POLLIN};
	return count;
}

/* Receives from all connections, in the order of list_open. */
static void receive_all(struct batches *batches)
{
	const struct pollfd *polled = batches->polled;

	for (size_t i = 0; i < batches->count; i++) {
		struct batch *batch = &batches->all[i];

		if (batch->socket >= 0 && (polled++)->revents)
			receive(batches, batch);
	}
}

/* Sends all requests, and takes the answers until the deadline. */
static void send_all(struct batches *batches)
{
	bool left = true;

	while (left) {
		uint64_t until = open_all(batches, &left);
		int ready;

		if (!left)
			break;
		ready = gy_poll(batches->polled, list_open(batches), until);
		if (ready > 0)
			receive_all(batches);
		if (ready < 0 || (ready == 0 && gy_now() >= batches->deadline))
			break;
	}
	for (size_t i = 0; i < batches->count; i++)
		if (!batches->all[i].finished)
			finish(batches, &batches->all[i], GEYSER_ERROR_TIMEOUT);
}

static int compare_exporters(const void *a, const void *b)
{
	uint64_t x = ((const struct sorted_query *)a)->query->instance;
	uint64_t y = ((const struct sorted_query *)b)->query->instance;

	return (x > y) - (x < y);
}

static void group(struct batches *batches, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sorted_query *sorted = &batches->sorted[i];

		if (i == 0 || sorted[-1].query->instance != sorted[0].query->instance)
			batches->all[batches->count++] =
				(struct batch){.queries = sorted, .socket = -1};
		batches->all[batches->count - 1].count++;
	}
}

enum geyser_result gy_query_streams(
	struct gy_stream_query *queries, size_t count, uint64_t deadline)
{
	struct batches batches = {
		.sorted = calloc(count + 1, sizeof(*batches.sorted)),
		.all = calloc(count + 1, sizeof(*batches.all)),
		.polled = calloc(count + 1, sizeof(*batches.polled)),
		.deadline = deadline,
	};
	enum geyser_result result = GEYSER_OK;

	if (batches.sorted && batches.all && batches.polled) {
		for (size_t i = 0; i < count; i++) {
			queries[i].answered = queries[i].refused = false;
			batches.sorted[i].query = &queries[i];
		}
		qsort(batches.sorted, count, sizeof(*batches.sorted), compare_exporters);
		group(&batches, count);
		send_all(&batches);
	} else {
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for queries about streams");
	}
	free(batches.sorted);
	free(batches.all);
	free(batches.polled);
	return result;
}
