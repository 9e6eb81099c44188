/* SPDX-License-Identifier: MIT */
#include "ipc/exporter/server.h"
#include "ipc/exporter/answer.h"
#include "ipc/exporter/reply.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/platform.h"
#include "platform/socket.h"

#include <errno.h>
#include <unistd.h>

/* How often the thread checks whether the registry still has our files, and whether it has our
 * streams' links while a sweep is under way. */
#define LOOK_EVERY GY_SECOND
#define KEEP_EVERY (20 * GY_MILLISECOND)

/* The thread accepts ACCEPTED_AT_ONCE connections at most, and answers TURNS requests at most,
 * before it looks at its other descriptors again. A request may cost more than ten times as much as
 * accepting a connection. */
#define ACCEPTED_AT_ONCE 64
#define TURNS 8

/* After so many connections, accepted one by one, the thread checks whether more peers wait. */
#define CHECK_AFTER 16

/* How long the thread accepts nobody after not even a spare descriptor was left. */
#define PAUSE (50 * GY_MILLISECOND)

/* ---- accepting ---- */

static void refuse(int fd, enum geyser_result result)
{
	gy_reply_refuse(fd, result);
	(void)close(fd);
}

/* Makes room for one more connection of that process: closes idle connections, then refuses
 * connections that wait, the oldest first. lowest: as in gy_clients_count_room. Errors: LIMIT. */
static enum geyser_result make_room(struct gy_exporter *exporter, pid_t pid, int lowest)
{
	struct gy_clients *clients = &exporter->clients;

	for (long room = gy_clients_count_room(clients, lowest);
		!gy_clients_have_room(clients, pid, room); room++) {
		struct gy_session *session;
		struct gy_seat *victim;
		enum geyser_result result = gy_clients_choose_victim(clients, pid, &victim);

		if (!victim)
			return result;
		session = GY_LIST_OWNER(victim, struct gy_session, seat);
		if (result != GEYSER_OK)
			gy_reply_refuse(session->source.fd, result);
		gy_session_close(session);
	}
	return GEYSER_OK;
}

static enum geyser_result check_importer(struct gy_exporter *exporter, int fd, pid_t *pid)
{
	struct gy_credentials peer;
	enum geyser_result result = gy_peer_credentials(fd, &peer);

	if (result != GEYSER_OK)
		return result;
	if (peer.uid != geteuid())
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"the exporter runs as uid %u: it shares nothing with uid %u", geteuid(),
			peer.uid);
	*pid = peer.pid;
	return make_room(exporter, peer.pid, fd);
}

/* The connection waits for a turn of its process. A peer that has hung up needs no answers. */
static void session_ready(struct gy_source *source, uint32_t events)
{
	struct gy_session *session =
		(struct gy_session *)((char *)source - offsetof(struct gy_session, source));
	struct gy_exporter *exporter = session->exporter;

	if (events & GY_HUNG_UP) {
		gy_session_close(session);
		return;
	}
	/* The turn doesn't come in this round: the thread would find the connection ready again and
	 * again until then. */
	if (!gy_list_is_empty(&session->seat.client->waiting))
		gy_loop_remove(exporter->loop, source);
	if (gy_list_is_empty(&session->seat.waiting))
		gy_seat_wait(&exporter->clients, &session->seat, false);
}

static enum geyser_result create_session(
	struct gy_exporter *exporter, int fd, pid_t pid, struct gy_session **out)
{
	enum geyser_result result = gy_session_create(exporter, fd, pid, out);

	if (result == GEYSER_OK)
		(*out)->source.ready = session_ready;
	return result;
}

static void accept_one(struct gy_exporter *exporter, int fd)
{
	struct gy_session *session = NULL;
	pid_t pid = 0;
	enum geyser_result result = check_importer(exporter, fd, &pid);

	if (result == GEYSER_OK)
		result = create_session(exporter, fd, pid, &session);
	if (result == GEYSER_OK)
		gy_seat_wait(&exporter->clients, &session->seat, true);
	else
		refuse(fd, result);
}

static void begin_session(struct gy_session *session)
{
	session->begun = true;
	gy_seat_set_idle(&session->exporter->clients, &session->seat);
}

/* Waits for the peer's next requests, or for the session's next turn if some have come already.
 * False: the session is to be closed, which the peer is told. */
static bool go_on(struct gy_session *session)
{
	struct gy_exporter *exporter = session->exporter;
	enum geyser_result result = GEYSER_OK;

	if (session->rest)
		gy_seat_wait(&exporter->clients, &session->seat, false);
	else if (session->source.key == 0)
		result = gy_loop_add(exporter->loop, &session->source, GY_READABLE);
	if (result != GEYSER_OK)
		gy_reply_refuse(session->source.fd, result);
	return result == GEYSER_OK;
}

/* The first request of an accepted connection is likely there already: it is answered first, then
 * the connection is watched for more. */
static void take_turn(struct gy_session *session)
{
	if (!session->begun)
		begin_session(session);
	if (!gy_answer_next(session) || !go_on(session))
		gy_session_close(session);
}

/* Answers the requests of some connections, at most one of each process. True if more connections
 * wait. */
static bool take_turns(struct gy_exporter *exporter)
{
	gy_clients_begin_round(&exporter->clients);
	for (unsigned i = 0; i < TURNS; i++) {
		struct gy_seat *seat = gy_clients_next(&exporter->clients);

		if (!seat)
			break;
		take_turn(GY_LIST_OWNER(seat, struct gy_session, seat));
	}
	return gy_clients_wait(&exporter->clients);
}

/* Refuses a peer for which there is no descriptor: it accepts the peer in the place of the spare
 * descriptor, tells the reason and hangs up. The peer would wait for ever otherwise, and this
 * thread would spin. False if there is no spare descriptor either. */
static bool refuse_for_lack_of_fds(struct gy_exporter *exporter, int listener)
{
	int fd;

	gy_spare_restore(&exporter->spare);
	if (!gy_spare_lend(&exporter->spare))
		return false;
	fd = gy_socket_accept(listener);
	if (fd >= 0)
		refuse(fd, gy_fail(GEYSER_ERROR_LIMIT,
				   "the exporter (pid %d) has no free file descriptor", getpid()));
	gy_spare_restore(&exporter->spare);
	return true;
}

static void pause_accepting(struct gy_exporter *exporter)
{
	gy_loop_remove(exporter->loop, &exporter->listener);
	exporter->resume_at = gy_now() + PAUSE;
}

static void resume_accepting(struct gy_exporter *exporter)
{
	exporter->resume_at = 0;
	if (gy_loop_add(exporter->loop, &exporter->listener, GY_READABLE) != GEYSER_OK)
		exporter->resume_at = gy_now() + PAUSE;
}

/* Accepts the next peer. dead_too: first checks whether that peer has hung up, and closes its
 * connection then. */
static void accept_next(struct gy_exporter *exporter, int listener, bool dead_too)
{
	int fd = gy_socket_accept(listener);

	if (fd >= 0 && dead_too && gy_socket_is_hung_up(fd))
		(void)close(fd); /* nobody reads the answer to its request */
	else if (fd >= 0)
		accept_one(exporter, fd);
	else if ((errno == EMFILE || errno == ENFILE) &&
		 !refuse_for_lack_of_fds(exporter, listener))
		pause_accepting(exporter);
}

/* Whether more peers wait to be accepted. A poll costs less than an accept that finds none: the
 * kernel makes a socket first. */
static bool do_others_wait(int listener)
{
	struct pollfd others = {.fd = listener, .events = POLLIN};

	return gy_poll(&others, 1, 0) > 0;
}

/* Accepts one peer as a rule: checks for more peers would delay that peer's answer. The kernel's
 * queue of peers is first come, first served. While many peers wait there, this accepts a batch, so
 * that take_turns can choose among their processes. */
static void listener_ready(struct gy_source *source, uint32_t events)
{
	struct gy_exporter *exporter =
		(struct gy_exporter *)((char *)source - offsetof(struct gy_exporter, listener));
	const int listener = source->fd;

	(void)events;
	if (exporter->accepted >= ACCEPTED_AT_ONCE)
		return;
	if (exporter->accepts_until_check > 0) {
		exporter->accepts_until_check--;
		exporter->accepted++;
		accept_next(exporter, listener, false);
		return;
	}
	do
		accept_next(exporter, listener, true);
	while (++exporter->accepted < ACCEPTED_AT_ONCE && exporter->resume_at == 0 &&
		do_others_wait(listener));
	if (exporter->accepted < ACCEPTED_AT_ONCE)
		exporter->accepts_until_check = CHECK_AFTER;
}

/* ---- this process's own imports ---- */

/* Makes the session of a connection within this process. The thread is woken, to check in time
 * whether the peer has said hello. On success the session owns the fd. */
static enum geyser_result begin_within(struct gy_exporter *exporter, int fd)
{
	struct gy_session *session;
	enum geyser_result result = create_session(exporter, fd, getpid(), &session);

	if (result != GEYSER_OK) {
		(void)close(fd);
		return result;
	}
	begin_session(session);
	result = gy_loop_add(exporter->loop, &session->source, GY_READABLE);
	if (result == GEYSER_OK)
		gy_loop_wake(exporter->loop);
	else
		gy_session_close(session);
	return result;
}

enum geyser_result gy_server_connect(struct gy_exporter *exporter, int *out)
{
	enum geyser_result result = make_room(exporter, getpid(), -1);
	int ends[2];

	*out = -1;
	if (result != GEYSER_OK)
		return result;
	if (gy_socket_pair(ends) < 0)
		return gy_fail_errno("making a connection within this process");
	result = begin_within(exporter, ends[1]);
	if (result == GEYSER_OK)
		*out = ends[0];
	else
		(void)close(ends[0]);
	return result;
}

/* ---- now and then ---- */

/* Closes the connections that have been idle for too long; returns when to look again, or
 * GY_NEVER. */
static uint64_t expire(struct gy_exporter *exporter, uint64_t now)
{
	const struct gy_list *idle = &exporter->clients.idle;

	while (!gy_list_is_empty(idle)) {
		struct gy_session *oldest = GY_LIST_OWNER(idle->next, struct gy_session, seat.idle);
		uint64_t deadline = oldest->seat.idle_since + GY_IDLE_WITHIN;

		if (deadline > now)
			return deadline;
		gy_session_close(oldest);
	}
	return GY_NEVER;
}

/* Registers again after somebody has removed the registry, or our entries in it. Exports, streams
 * and connections go on; other processes find them at the new place. */
static void renew(struct gy_exporter *exporter)
{
	gy_loop_remove(exporter->loop, &exporter->listener);
	if (gy_entry_renew(&exporter->entry) == GEYSER_OK)
		gy_exports_restore(&exporter->exports, &exporter->entry);
	exporter->listener =
		(struct gy_source){.fd = exporter->entry.socket, .ready = listener_ready};
	if (exporter->listener.fd >= 0 && exporter->resume_at == 0)
		resume_accepting(exporter);
}

static void look_after_registry(struct gy_exporter *exporter)
{
	exporter->look_at = gy_now() + LOOK_EVERY;
	if (!gy_entry_is_intact(&exporter->entry))
		renew(exporter);
	(void)gy_streams_keep(&exporter->streams, &exporter->entry, true);
}

int gy_server_tick(struct gy_exporter *exporter)
{
	uint64_t now, next;
	bool waiting;

	if (!exporter->registered)
		return -1;
	exporter->accepted = 0;
	waiting = take_turns(exporter);
	now = gy_now();
	next = expire(exporter, now);
	if (exporter->resume_at && exporter->resume_at <= now)
		resume_accepting(exporter);
	if (exporter->resume_at && exporter->resume_at < next)
		next = exporter->resume_at;
	if (now >= exporter->look_at)
		look_after_registry(exporter);
	if (exporter->look_at < next)
		next = exporter->look_at;
	if (gy_streams_keep(&exporter->streams, &exporter->entry, false) && now + KEEP_EVERY < next)
		next = now + KEEP_EVERY;
	if (gy_entry_sweep(&exporter->entry, 0) || waiting)
		return 0;
	return next == GY_NEVER ? -1 : (int)((next - now) / GY_MILLISECOND) + 1;
}

/* ---- life ---- */

static enum geyser_result start_listening(struct gy_exporter *exporter)
{
	enum geyser_result result = gy_loop_start(exporter->loop);

	if (result != GEYSER_OK)
		return result;
	exporter->listener =
		(struct gy_source){.fd = exporter->entry.socket, .ready = listener_ready};
	if (exporter->listener.fd < 0)
		return GEYSER_OK;
	return gy_loop_add(exporter->loop, &exporter->listener, GY_READABLE);
}

enum geyser_result gy_server_start(struct gy_exporter *exporter)
{
	enum geyser_result result;

	if (exporter->registered) {
		if (!gy_entry_is_intact(&exporter->entry))
			look_after_registry(exporter);
		return GEYSER_OK;
	}
	result = gy_entry_create(&exporter->entry);
	if (result != GEYSER_OK)
		return result;
	gy_spare_restore(&exporter->spare);
	result = start_listening(exporter);
	if (result != GEYSER_OK) {
		gy_entry_release(&exporter->entry);
		gy_spare_close(&exporter->spare);
		return result;
	}
	exporter->registered = true;
	exporter->accepts_until_check = CHECK_AFTER;
	exporter->look_at = gy_now() + LOOK_EVERY;
	gy_loop_wake(exporter->loop); /* there may be more to sweep */
	return GEYSER_OK;
}

void gy_server_stop(struct gy_exporter *exporter)
{
	if (!exporter->registered)
		return;
	exporter->registered = false;
	gy_streams_forget(&exporter->streams, &exporter->entry);
	gy_loop_remove(exporter->loop, &exporter->listener);
	gy_exports_forget(&exporter->exports, &exporter->entry);
	gy_sessions_close_all(exporter);
	gy_entry_release(&exporter->entry);
	gy_spare_close(&exporter->spare);
}

void gy_server_abandon(struct gy_exporter *exporter)
{
	if (!exporter->registered)
		return;
	exporter->registered = false;
	gy_streams_forget(&exporter->streams, NULL);
	gy_sessions_abandon(exporter);
	gy_entry_abandon(&exporter->entry);
	gy_spare_close(&exporter->spare);
}
