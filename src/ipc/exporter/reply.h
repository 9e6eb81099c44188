/* SPDX-License-Identifier: MIT */
/* Messages from the exporter to an importer. */
#ifndef GY_IPC_EXPORTER_REPLY_H
#define GY_IPC_EXPORTER_REPLY_H

#include "ipc/wire/wire.h"

struct gy_session;

/* The session and the request that answers belong to. */
struct gy_reply {
	struct gy_session *session;
	uint32_t sequence; /* of the request */
};

/* Sends an answer. False if the peer can't be reached: the caller gives up. The caller keeps owning
 * fd (-1: none). */
bool gy_reply_send(struct gy_reply *reply, const struct gy_message *message, int fd);

/* ---- for answer.c and server.c ---- */

/* Makes the answer an ERROR message with this thread's error detail. The caller has set
 * answer->error.result. */
void gy_reply_set_error(struct gy_message *answer);

/* Offers the surface in the answer to the peer, if there is one: no socket carries it. If there is
 * a descriptor instead, checks that the peer can use it. Errors: as gy_surface_offer and
 * gy_memory_check_leaves. */
enum geyser_result gy_reply_offer(struct gy_session *session, struct gy_message *answer, int fd);

/* Sends an answer as it is. False if the peer can't be reached. */
bool gy_reply_post(const struct gy_session *session, const struct gy_message *answer, int fd);

/* Tells a peer this thread's last error, before the caller hangs up. */
void gy_reply_refuse(int fd, enum geyser_result result);

#endif
