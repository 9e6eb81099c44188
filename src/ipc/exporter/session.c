/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/session.h"
#include "ipc/surface/surface.h"

#include "base/error.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- imports ---- */

/* How often a session has imported one object. */
struct import_count {
	uint8_t token[GY_TOKEN_SIZE];
	uint32_t count;
};

static int compare_imports(const void *a, const void *b)
{
	return memcmp(a, b, GY_TOKEN_SIZE);
}

bool gy_session_add_import(struct gy_session *session, const uint8_t *token)
{
	struct import_count *import = calloc(1, sizeof(*import)), **found;

	if (!import)
		return false;
	memcpy(import->token, token, GY_TOKEN_SIZE);
	found = tsearch(import, &session->imports, compare_imports);
	if (!found || *found != import)
		free(import);
	if (!found)
		return false;
	(*found)->count++;
	return true;
}

void gy_session_remove_import(struct gy_session *session, const uint8_t *token)
{
	struct import_count **found = tfind(token, &session->imports, compare_imports);
	struct gy_export *export = gy_exports_find(&session->exporter->exports, token);
	struct import_count *import = found ? *found : NULL;

	if (!import)
		return; /* the peer releases an object that it never had */
	if (export)
		gy_export_count(export, -1);
	if (--import->count > 0)
		return;
	(void)tdelete(import, &session->imports, compare_imports);
	free(import);
}

static void remove_all_imports(struct gy_session *session)
{
	while (session->imports) {
		/* take the tree's root: a node of tsearch begins with the pointer to its key */
		struct import_count *import = *(struct import_count **)session->imports;
		struct gy_export *export =
			gy_exports_find(&session->exporter->exports, import->token);

		for (; export && import->count > 0; import->count--)
			gy_export_count(export, -1);
		(void)tdelete(import, &session->imports, compare_imports);
		free(import);
	}
}

/* ---- idle or not ---- */

/* A peer that hasn't said hello keeps its place: other packets don't give it more time. */
void gy_session_update_idle(struct gy_session *session)
{
	if (!session->greeted)
		return;
	gy_seat_set_busy(&session->seat);
	if (!session->imports && !session->stream)
		gy_seat_set_idle(&session->exporter->clients, &session->seat);
}

/* ---- life ---- */

enum geyser_result gy_session_create(
	struct gy_exporter *exporter, int fd, pid_t pid, struct gy_session **out)
{
	struct gy_session *session = calloc(1, sizeof(*session));

	if (!session || !gy_clients_join(&exporter->clients, pid, &session->seat)) {
		free(session);
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY,
			"the exporter (pid %d) has no memory left", getpid());
	}
	session->exporter = exporter;
	session->source = (struct gy_source){.fd = fd};
	session->next = exporter->sessions;
	session->link = &exporter->sessions;
	if (session->next)
		session->next->link = &session->next;
	exporter->sessions = session;
	*out = session;
	return GEYSER_OK;
}

void gy_session_unsubscribe(struct gy_session *session)
{
	if (session->subscription)
		session->stream->ops->unsubscribe(session->stream, session->subscription);
	session->subscription = NULL;
}

void gy_session_close(struct gy_session *session)
{
	struct gy_exporter *exporter = session->exporter;

	gy_session_unsubscribe(session);
	remove_all_imports(session);
	gy_surface_withdraw(exporter->surfaces, session);
	gy_loop_remove(exporter->loop, &session->source);
	/* a child that was made by clone may hold the socket, too */
	(void)shutdown(session->source.fd, SHUT_RDWR);
	(void)close(session->source.fd);
	*session->link = session->next;
	if (session->next)
		session->next->link = session->link;
	gy_clients_leave(&exporter->clients, &session->seat);
	free(session->rest);
	free(session);
}

void gy_sessions_close_all(struct gy_exporter *exporter)
{
	while (exporter->sessions)
		gy_session_close(exporter->sessions);
}

void gy_sessions_drop(struct gy_exporter *exporter, const struct gy_published_stream *stream)
{
	struct gy_session *next;

	for (struct gy_session *it = exporter->sessions; it; it = next) {
		next = it->next;
		if (it->stream == stream)
			gy_session_close(it);
	}
}

void gy_sessions_abandon(struct gy_exporter *exporter)
{
	for (struct gy_session *it = exporter->sessions; it; it = it->next)
		(void)close(it->source.fd);
	exporter->sessions = NULL;
}
