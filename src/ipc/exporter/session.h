/* SPDX-License-Identifier: MIT */
/* An importer's session: its connection, seen from the exporter, and what it has imported. */
#ifndef GY_IPC_EXPORTER_SESSION_H
#define GY_IPC_EXPORTER_SESSION_H

#include "ipc/exporter/state.h"
#include "ipc/wire/packet.h"

/* How long an idle connection stays: one without import, subscription and request. */
#define GY_IDLE_WITHIN (5 * GY_SECOND)

struct gy_session {
	struct gy_session *next, **link; /* in exporter->sessions */
	struct gy_exporter *exporter;
	struct gy_source source; /* its fd is the connection */
	struct gy_seat seat;
	bool begun;   /* its first turn has come */
	bool greeted; /* the peer has said hello */
	/* What remains of a packet after the requests that are answered already; else NULL. */
	struct gy_packet *rest;
	void *imports; /* tsearch tree of import_count by token */
	char application[GY_APPLICATION_MAX + 1];
	struct gy_published_stream *stream; /* NULL: the peer hasn't subscribed */
	void *subscription;                 /* NULL: the peer is no subscriber now */
};

/* Makes the session of an accepted peer. The thread doesn't watch it yet (gy_loop_add), and it
 * doesn't count as idle yet (gy_seat_set_idle). The caller sets source.ready. On success the
 * session owns the fd, on failure the caller still does. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_session_create(
	struct gy_exporter *exporter, int fd, pid_t pid, struct gy_session **out);

/* Ends the peer's subscription, gives back what it has imported, closes the connection and frees
 * the session. */
void gy_session_close(struct gy_session *session);

void gy_sessions_close_all(struct gy_exporter *exporter);

/* Closes the sessions of a stream's subscribers. */
void gy_sessions_drop(struct gy_exporter *exporter, const struct gy_published_stream *stream);

/* In a forked child: closes the connections, which are the parent's, and frees nothing. */
void gy_sessions_abandon(struct gy_exporter *exporter);

/* Updates the session's place among the idle ones, after a packet. */
void gy_session_update_idle(struct gy_session *session);

/* Counts one more import of that object. False: out of memory. */
bool gy_session_add_import(struct gy_session *session, const uint8_t *token);

/* Counts one import of that object less, also in its export. Does nothing if the session has no
 * such import. */
void gy_session_remove_import(struct gy_session *session, const uint8_t *token);

/* Ends the subscription, if there is one. The connection stays open: its closing tells the peer
 * that the stream has ended. */
void gy_session_unsubscribe(struct gy_session *session);

#endif
