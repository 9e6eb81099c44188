/* SPDX-License-Identifier: MIT */
/* Asks one question about each of many streams. Each exporter is asked on one connection, and all
 * exporters at the same time: those that don't answer cost the time of one. */
#include "ipc/importer/request.h"
#include "ipc/lookup/lookup.h"
#include "ipc/process.h"
#include "ipc/wire/packet.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/descriptor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Questions that wait for an answer on one connection: what their answers need fits into a socket's
 * buffer. */
#define WINDOW 16

/* How long to wait before connecting again, if the exporter's queue of connections is full. */
#define RETRY GY_MILLISECOND

struct asked {
	struct gy_stream_query *query;
};

/* The questions to one exporter. */
struct inquiry {
	struct asked *asked; /* about this exporter's streams */
	size_t count, sent, answered;
	int socket;    /* -1: not connected */
	bool finished; /* all is answered, or nothing more will be */
};

struct inquiries {
	struct asked *sorted;
	struct inquiry *all;
	struct pollfd *polled; /* one for each of all that is connected and not finished */
	size_t count, open;
	uint64_t deadline;
};

/* ---- one exporter ---- */

/* Ends the inquiry; unanswered questions get that result. */
static void finish(struct inquiries *inquiries, struct inquiry *inquiry, enum geyser_result result)
{
	if (inquiry->socket >= 0) {
		(void)close(inquiry->socket);
		inquiries->open--;
	}
	inquiry->socket = -1;
	inquiry->finished = true;
	for (size_t i = 0; i < inquiry->count; i++)
		if (!inquiry->asked[i].query->answered)
			inquiry->asked[i].query->result = result;
}

static enum geyser_result send_more(struct inquiry *inquiry)
{
	enum geyser_result result = GEYSER_OK;

	while (result == GEYSER_OK && inquiry->sent < inquiry->count &&
		inquiry->sent - inquiry->answered < WINDOW) {
		struct gy_message question = {.type = GY_WIRE_QUERY};

		question.sequence = (uint32_t)inquiry->sent + 1;
		(void)snprintf(question.name.name, sizeof(question.name.name), "%s",
			inquiry->asked[inquiry->sent].query->name);
		result = gy_ask(inquiry->socket, inquiry->sent == 0, "", &question);
		inquiry->sent += result == GEYSER_OK;
	}
	/* a full buffer empties with the answers; a peer that hung up may have sent its reason
	 * before */
	if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_DISCONNECTED)
		return GEYSER_OK;
	return result;
}

/* Connects to one exporter. False if that isn't possible at the moment. */
static bool open_inquiry(struct inquiries *inquiries, struct inquiry *inquiry)
{
	const struct gy_stream_query *query = inquiry->asked[0].query;
	enum geyser_result result =
		gy_connect_once(query->registry, query->instance, gy_now(), &inquiry->socket);

	if (result == GEYSER_ERROR_TIMEOUT || (result == GEYSER_ERROR_LIMIT && inquiries->open > 0))
		return false;
	if (result == GEYSER_OK) {
		inquiries->open++;
		result = send_more(inquiry);
	}
	if (result != GEYSER_OK)
		finish(inquiries, inquiry, result);
	return true;
}

/* Takes one answer. False if the exporter's further answers are of no use. */
static bool take_answer(struct inquiry *inquiry, const struct gy_message *answer)
{
	struct gy_stream_query *query;

	if (answer->sequence == 0 || answer->sequence > inquiry->sent)
		return false;
	query = inquiry->asked[answer->sequence - 1].query;
	if (query->answered)
		return false;
	query->answered = true;
	inquiry->answered++;
	query->result = GEYSER_OK;
	if (answer->type == GY_WIRE_ERROR) {
		query->result = answer->error.result;
		query->refused = true;
		return true;
	}
	if (answer->type != GY_WIRE_STATUS || strcmp(answer->status.name, query->name) != 0) {
		query->result = GEYSER_ERROR_PROTOCOL;
		return false;
	}
	*query->info = answer->status;
	gy_make_printable(query->info->application);
	return true;
}

static void refuse_rest(
	struct inquiries *inquiries, struct inquiry *inquiry, const struct gy_message *answer)
{
	if (answer->type != GY_WIRE_ERROR) {
		finish(inquiries, inquiry, GEYSER_ERROR_PROTOCOL);
		return;
	}
	for (size_t i = 0; i < inquiry->count; i++)
		inquiry->asked[i].query->refused |= !inquiry->asked[i].query->answered;
	finish(inquiries, inquiry, answer->error.result);
}

/* Receives one packet. */
static void receive(struct inquiries *inquiries, struct inquiry *inquiry)
{
	struct gy_message answer;
	struct gy_packet packet;
	int fd = -1;
	enum geyser_result result = gy_packet_receive(inquiry->socket, &packet, &fd);

	if (fd >= 0)
		(void)close(fd);
	if (result == GEYSER_ERROR_TIMEOUT || result == GEYSER_ERROR_BUSY)
		return;
	while (result == GEYSER_OK) {
		result = gy_packet_next(&packet, &answer);
		if (result != GEYSER_OK || answer.type == GY_WIRE_NONE)
			break;
		if (!take_answer(inquiry, &answer)) {
			refuse_rest(inquiries, inquiry, &answer);
			return;
		}
	}
	if (result == GEYSER_OK)
		result = send_more(inquiry);
	if (result != GEYSER_OK || inquiry->answered == inquiry->count)
		finish(inquiries, inquiry, result);
}

/* ---- all of them ---- */

/* Connects to all exporters that it can; returns how long to wait before the others are tried. */
static uint64_t open_all(struct inquiries *inquiries, bool *left)
{
	bool waiting = false;

	*left = false;
	for (size_t i = 0; i < inquiries->count; i++) {
		struct inquiry *inquiry = &inquiries->all[i];

		if (!inquiry->finished && inquiry->socket < 0)
			waiting |= !open_inquiry(inquiries, inquiry);
		*left |= !inquiry->finished;
	}
	return waiting && gy_now() + RETRY < inquiries->deadline ? gy_now() + RETRY
								 : inquiries->deadline;
}

static unsigned list_open(struct inquiries *inquiries)
{
	unsigned count = 0;

	for (size_t i = 0; i < inquiries->count; i++)
		if (inquiries->all[i].socket >= 0)
			inquiries->polled[count++] =
				(struct pollfd){.fd = inquiries->all[i].socket, .events = POLLIN};
	return count;
}

/* Receives from all connections, in the order of list_open. */
static void receive_all(struct inquiries *inquiries)
{
	const struct pollfd *polled = inquiries->polled;

	for (size_t i = 0; i < inquiries->count; i++) {
		struct inquiry *inquiry = &inquiries->all[i];

		if (inquiry->socket >= 0 && (polled++)->revents)
			receive(inquiries, inquiry);
	}
}

static void ask_all(struct inquiries *inquiries)
{
	bool left = true;

	while (left) {
		uint64_t until = open_all(inquiries, &left);
		int ready;

		if (!left)
			break;
		ready = gy_poll(inquiries->polled, list_open(inquiries), until);
		if (ready > 0)
			receive_all(inquiries);
		if (ready < 0 || (ready == 0 && gy_now() >= inquiries->deadline))
			break;
	}
	for (size_t i = 0; i < inquiries->count; i++)
		if (!inquiries->all[i].finished)
			finish(inquiries, &inquiries->all[i], GEYSER_ERROR_TIMEOUT);
}

static int compare_exporters(const void *a, const void *b)
{
	uint64_t x = ((const struct asked *)a)->query->instance;
	uint64_t y = ((const struct asked *)b)->query->instance;

	return (x > y) - (x < y);
}

static void group(struct inquiries *inquiries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct asked *asked = &inquiries->sorted[i];

		if (i == 0 || asked[-1].query->instance != asked[0].query->instance)
			inquiries->all[inquiries->count++] =
				(struct inquiry){.asked = asked, .socket = -1};
		inquiries->all[inquiries->count - 1].count++;
	}
}

enum geyser_result gy_query_streams(
	struct gy_stream_query *queries, size_t count, uint64_t deadline)
{
	struct inquiries inquiries = {
		.sorted = calloc(count + 1, sizeof(*inquiries.sorted)),
		.all = calloc(count + 1, sizeof(*inquiries.all)),
		.polled = calloc(count + 1, sizeof(*inquiries.polled)),
		.deadline = deadline,
	};
	enum geyser_result result = GEYSER_OK;

	if (inquiries.sorted && inquiries.all && inquiries.polled) {
		for (size_t i = 0; i < count; i++) {
			queries[i].answered = queries[i].refused = false;
			inquiries.sorted[i].query = &queries[i];
		}
		qsort(inquiries.sorted, count, sizeof(*inquiries.sorted), compare_exporters);
		group(&inquiries, count);
		ask_all(&inquiries);
	} else {
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory to ask about streams");
	}
	free(inquiries.sorted);
	free(inquiries.all);
	free(inquiries.polled);
	return result;
}
