/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/reply.h"
#include "ipc/exporter/session.h"
#include "ipc/surface/surface.h"
#include "ipc/wire/packet.h"

#include "base/error.h"
#include "platform/platform.h"

#include <stdio.h>
#include <unistd.h>

void gy_reply_set_error(struct gy_message *answer)
{
	(void)snprintf(
		answer->error.detail, sizeof(answer->error.detail), "%s", geyser_error_detail());
	answer->type = GY_WIRE_ERROR;
}

enum geyser_result gy_reply_offer(struct gy_session *session, struct gy_message *answer, int fd)
{
	struct gy_exporter *exporter = session->exporter;
	pid_t importer = session->seat.client->pid;

	if (gy_surface_is_in(answer))
		return gy_surface_offer(&exporter->surfaces, exporter->entry.instance, session,
			importer, &answer->texture);
	if (fd < 0 || importer == getpid())
		return GEYSER_OK;
	return gy_memory_check_leaves(fd);
}

bool gy_reply_post(const struct gy_session *session, const struct gy_message *answer, int fd)
{
	struct gy_packet packet = {.size = 0};
	enum geyser_result result;

	gy_packet_add(&packet, answer);
	result = gy_packet_send(session->source.fd, &packet, fd);
	/* Too many descriptors are in flight to some process: the peer gets this error and can ask
	 * again. */
	if (result == GEYSER_ERROR_LIMIT)
		gy_reply_refuse(session->source.fd, result);
	return result == GEYSER_OK;
}

bool gy_reply_send(struct gy_reply *reply, const struct gy_message *message, int fd)
{
	struct gy_message numbered = *message;
	enum geyser_result result = gy_reply_offer(reply->session, &numbered, fd);

	if (result != GEYSER_OK) {
		fd = -1;
		numbered.error.result = result;
		gy_reply_set_error(&numbered);
	}
	numbered.sequence = reply->sequence;
	return gy_reply_post(reply->session, &numbered, fd);
}

void gy_reply_refuse(int fd, enum geyser_result result)
{
	struct gy_message answer = {.error.result = result};
	struct gy_packet packet = {.size = 0};

	gy_reply_set_error(&answer);
	gy_packet_add(&packet, &answer);
	(void)gy_packet_send(fd, &packet, -1);
}
