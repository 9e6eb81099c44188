/* SPDX-License-Identifier: MIT */
#include "ipc/importer/request.h"
#include "ipc/wire/packet.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "platform/descriptor.h"
#include "platform/platform.h"
#include "platform/socket.h"

#include <string.h>
#include <unistd.h>

/* If the answer takes longer than PROMPTLY, the importer checks whether the peer still lives. With
 * a time below the kernel's tick, the kernel would set the clock's interrupt anew for each request:
 * 2 ms cost 5 of an import's 37 µs (on a virtual machine). */
#define PROMPTLY (20 * GY_MILLISECOND)
#define AGAIN (100 * GY_MILLISECOND) /* from then on it checks as often as this */

/* Whether the process that listened at the socket's other end is gone. Its child, made by clone
 * without fork's handlers, may keep the socket open, and nobody answers. */
static bool has_ended(int socket)
{
	struct gy_credentials peer;

	return gy_peer_credentials(socket, &peer) == GEYSER_OK &&
	       gy_peer_has_ended(socket, peer.pid);
}

static enum geyser_result fail_gone(void)
{
	return gy_fail(
		GEYSER_ERROR_STALE, "the exporter is gone: get a new handle from a running one");
}

enum geyser_result gy_request_check_peer(int socket, pid_t pid)
{
	return gy_peer_has_ended(socket, pid) ? fail_gone() : GEYSER_OK;
}

/* Waits until an answer is there. The socket tells of the exporter's death, unless a child that was
 * made by clone holds the socket, too: only looking tells then. Errors: TIMEOUT, BUSY (stop_fd is
 * readable), STALE (the peer has ended). */
static enum geyser_result await_readable(int fd, uint64_t deadline, int stop_fd)
{
	struct pollfd fds[] = {
		{.fd = fd, .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN},
	};
	uint64_t pause = PROMPTLY;
	int count;

	for (;;) {
		count = gy_poll(fds, 2, gy_earlier(gy_deadline(pause), deadline));
		if (count == 0 && has_ended(fd))
			return fail_gone();
		if (count != 0 || gy_now() >= deadline)
			break;
		pause = AGAIN;
	}
	if (count > 0 && fds[1].revents)
		return gy_fail(GEYSER_ERROR_BUSY, "waiting for the peer's answer was cancelled");
	if (count > 0)
		return GEYSER_OK;
	if (count < 0)
		return gy_fail_errno("poll");
	return gy_fail(GEYSER_ERROR_TIMEOUT, "the peer doesn't answer: is it stopped?");
}

enum geyser_result gy_request_send(
	int socket, bool hello, const char *application, const struct gy_message *request)
{
	struct gy_packet packet = {.size = 0};

	if (hello) {
		struct gy_message greeting = {.type = GY_WIRE_HELLO};

		memcpy(greeting.hello.application, application, strlen(application) + 1);
		gy_packet_add(&packet, &greeting);
	}
	gy_packet_add(&packet, request);
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

/* Fails with the words of the exporter, if it refuses. */
static enum geyser_result check_refusal(struct gy_message *answer)
{
	if (answer->type != GY_WIRE_ERROR)
		return GEYSER_OK;
	gy_make_printable(answer->error.detail);
	return gy_fail(answer->error.result, "%s", answer->error.detail);
}

/* Drops the answers to earlier requests that were given up. */
enum geyser_result gy_request_await(int socket, uint32_t sequence, uint64_t deadline, int stop_fd,
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
