/* SPDX-License-Identifier: MIT */
#include "ipc/importer/request.h"
#include "ipc/importer/connect.h"
#include "ipc/lookup/lookup.h"
#include "ipc/process.h"
#include "ipc/wire/packet.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "platform/descriptor.h"
#include "platform/platform.h"
#include "platform/socket.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- one question and its answer ---- */

/* An answer that takes no longer than this costs no look at whether the peer still lives. */
#define PROMPTLY (2 * GY_MILLISECOND)

/* Whether the process that listened at the socket's other end is gone. Its child, made by clone
 * without fork's handlers, may keep the socket open, and nobody answers. */
static bool has_ended(int socket)
{
	struct gy_credentials peer;

	return gy_peer_credentials(socket, &peer) == GEYSER_OK &&
	       gy_peer_has_ended(socket, peer.pid);
}

static enum geyser_result gone(void)
{
	return gy_fail(
		GEYSER_ERROR_STALE, "the exporter is gone: get a new handle from a running one");
}

/* Until an answer is there. Errors: TIMEOUT, BUSY (stop_fd is readable), STALE (the peer has
 * ended). */
static enum geyser_result await_readable(int fd, uint64_t deadline, int stop_fd)
{
	struct pollfd fds[] = {
		{.fd = fd, .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN},
	};
	int count = gy_poll(fds, 2, gy_earlier(gy_deadline(PROMPTLY), deadline));

	if (count == 0 && has_ended(fd))
		return gone();
	if (count == 0)
		count = gy_poll(fds, 2, deadline);
	if (count > 0 && fds[1].revents)
		return gy_fail(GEYSER_ERROR_BUSY, "waiting for the peer's answer was ended");
	if (count > 0)
		return GEYSER_OK;
	if (count < 0)
		return gy_fail_errno("poll");
	return gy_fail(GEYSER_ERROR_TIMEOUT, "the peer doesn't answer: is it stopped?");
}

enum geyser_result gy_ask(
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

void gy_make_printable(char *text)
{
	unsigned char *at = (unsigned char *)text;
	uint32_t code;

	while (*at) {
		size_t length = gy_utf8_next(at, &code);
		bool bad = length == 0 || *at < 0x20 || *at == 0x7f || gy_is_misleading(code);

		if (length == 0)
			length = 1;
		for (; length > 0; length--, at++)
			if (bad)
				*at = '?';
	}
}

/* Says no in the exporter's words. */
static enum geyser_result check_refusal(struct gy_message *answer)
{
	if (answer->type != GY_WIRE_ERROR)
		return GEYSER_OK;
	gy_make_printable(answer->error.detail);
	return gy_fail(answer->error.result, "%s", answer->error.detail);
}

/* Answers to earlier questions, whose asker gave up, are dropped. */
enum geyser_result gy_await(int socket, uint32_t sequence, uint64_t deadline, int stop_fd,
	struct gy_message *answer, int *fd)
{
	struct gy_packet packet;

	*fd = -1;
	answer->type = GY_WIRE_NONE;
	for (;;) {
		enum geyser_result result = await_readable(socket, deadline, stop_fd);

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
		answer->type = GY_WIRE_NONE;
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

enum geyser_result gy_connect_once(
	const struct gy_registry *registry, uint64_t instance, uint64_t deadline, int *out)
{
	struct gy_ipc *ipc = gy_ipc_current();
	enum geyser_result result = GEYSER_OK;
	pid_t pid;

	*out = -1;
	if (ipc) {
		result = gy_server_connect(ipc, instance, out);
		gy_ipc_release(ipc);
	}
	if (result != GEYSER_OK || *out >= 0)
		return result;
	result = registry ? gy_registry_connect(registry, instance, deadline, -1, out, &pid)
			  : gy_registries_connect(instance, deadline, -1, out, &pid);
	if (result != GEYSER_OK || !has_ended(*out))
		return result;
	(void)close(*out);
	*out = -1;
	return gone();
}

/* One question on a connection of its own. */
static enum geyser_result ask_once(const struct gy_registry *registry, uint64_t instance,
	uint64_t deadline, const struct gy_message *question, struct gy_message *answer)
{
	enum geyser_result result;
	int socket, fd = -1;

	result = gy_connect_once(registry, instance, deadline, &socket);
	if (result != GEYSER_OK)
		return result;
	result = gy_ask(socket, true, "", question);
	if (result == GEYSER_OK || result == GEYSER_ERROR_DISCONNECTED)
		result = gy_await(socket, 0, deadline, -1, answer, &fd);
	(void)close(socket);
	if (fd >= 0)
		(void)close(fd);
	return result;
}

enum geyser_result gy_resolve(uint32_t id, uint64_t deadline, struct geyser_handle *out)
{
	struct gy_message question = {.type = GY_WIRE_RESOLVE, .id = id}, answer;
	uint64_t instance;
	enum geyser_result result = gy_registries_find_id(id, &instance);

	if (result == GEYSER_OK)
		result = ask_once(NULL, instance, deadline, &question, &answer);
	if (result == GEYSER_OK)
		result = check_resolved(&answer, id, instance);
	if (result == GEYSER_OK)
		*out = answer.handle;
	return result;
}

enum geyser_result gy_query_stream(const struct gy_registry *registry, uint64_t instance,
	const char *name, uint64_t deadline, struct geyser_stream_info *out)
{
	struct gy_message question = {.type = GY_WIRE_QUERY}, answer;
	enum geyser_result result;

	(void)snprintf(question.name.name, sizeof(question.name.name), "%s", name);
	result = ask_once(registry, instance, deadline, &question, &answer);
	if (result != GEYSER_OK)
		return result;
	if (answer.type != GY_WIRE_STATUS || strcmp(answer.status.name, name) != 0)
		return gy_fail(GEYSER_ERROR_PROTOCOL,
			"exporter %016" PRIx64 " answered with type %d", instance, answer.type);
	gy_make_printable(answer.status.application);
	*out = answer.status;
	return GEYSER_OK;
}
