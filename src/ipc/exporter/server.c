/* SPDX-License-Identifier: MIT */
/* The exporter's socket: who may connect, and how many. On the thread, but for start and finish. */
#include "ipc/exporter/session.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/platform.h"
#include "platform/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* How often the thread checks whether the registry still has our files, and whether it has our
 * streams' links while a sweep is under way. */
#define LOOK_EVERY GY_SECOND
#define KEEP_EVERY (20 * GY_MILLISECOND)

/* The thread accepts ACCEPTED_AT_ONCE connections at most, and answers TURNS first questions at
 * most, before it looks at its other descriptors again. A question may cost more than ten times as
 * much as accepting a connection. */
#define ACCEPTED_AT_ONCE 64
#define TURNS 8

/* After so many connections, accepted one by one, the thread checks whether more peers wait. */
#define LOOK_AFTER 16

/* Before accepting again where not even a spare descriptor was left. */
#define PAUSE (50 * GY_MILLISECOND)

/* ---- accepting ---- */

static void refuse(int fd, enum geyser_result result)
{
	gy_connection_refuse(fd, result);
	(void)close(fd);
}

static enum geyser_result check_importer(struct gy_ipc *ipc, int fd, pid_t *pid)
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
	return gy_client_admit(ipc, peer.pid, fd);
}

static void accept_one(struct gy_ipc *ipc, int fd)
{
	struct gy_connection *connection = NULL;
	pid_t pid = 0;
	enum geyser_result result = check_importer(ipc, fd, &pid);

	if (result == GEYSER_OK)
		result = gy_connection_create(ipc, fd, pid, &connection);
	if (result == GEYSER_OK)
		gy_client_wait(ipc, connection);
	else
		refuse(fd, result);
}

/* The question is likely there already: it is answered first, then the connection is watched for
 * more. */
static void begin_service(struct gy_ipc *ipc, struct gy_connection *connection)
{
	gy_connection_set_idle(ipc, connection);
	if (gy_connection_receive(ipc, connection)) {
		enum geyser_result result = gy_loop_add(ipc, &connection->source, GY_READABLE);

		if (result == GEYSER_OK)
			return;
		gy_connection_refuse(connection->source.fd, result);
	}
	gy_connection_close(ipc, connection);
}

/* Answers the first questions of some connections, of one process after the other. True if more
 * connections wait. */
static bool take_turns(struct gy_ipc *ipc)
{
	struct gy_connection *connection;

	for (unsigned i = 0; i < TURNS; i++) {
		connection = gy_client_next(ipc);
		if (!connection)
			return false;
		begin_service(ipc, connection);
	}
	return !gy_list_is_empty(&ipc->turns);
}

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool gy_server_lend_spare(struct gy_ipc *ipc)
{
	if (ipc->spare_fd < 0)
		return false;
	(void)close(ipc->spare_fd);
	ipc->spare_fd = -1;
	return true;
}

void gy_server_restore_spare(struct gy_ipc *ipc)
{
	if (ipc->spare_fd < 0)
		ipc->spare_fd = open_spare();
}

/* No descriptor for the peer: the spare one lets us take it, say so and hang up, or it would wait
 * for ever and this thread would spin. False if even that is gone. */
static bool refuse_for_lack_of_fds(struct gy_ipc *ipc, int listener)
{
	int fd;

	gy_server_restore_spare(ipc);
	if (!gy_server_lend_spare(ipc))
		return false;
	fd = gy_socket_accept(listener);
	if (fd >= 0)
		refuse(fd, gy_fail(GEYSER_ERROR_LIMIT,
				   "the exporter (pid %d) has no free file descriptor", getpid()));
	gy_server_restore_spare(ipc);
	return true;
}

static void pause_accepting(struct gy_ipc *ipc)
{
	gy_loop_remove(ipc, &ipc->listener);
	ipc->resume_at = gy_now() + PAUSE;
}

static void resume_accepting(struct gy_ipc *ipc)
{
	ipc->resume_at = 0;
	if (gy_loop_add(ipc, &ipc->listener, GY_READABLE) != GEYSER_OK)
		ipc->resume_at = gy_now() + PAUSE;
}

/* Accepts the next peer. dead_too: first checks whether that peer has hung up, and closes its
 * connection then. */
static void accept_next(struct gy_ipc *ipc, int listener, bool dead_too)
{
	int fd = gy_socket_accept(listener);

	if (fd >= 0 && dead_too && gy_socket_is_hung_up(fd))
		(void)close(fd); /* nobody reads the answer to its question */
	else if (fd >= 0)
		accept_one(ipc, fd);
	else if ((errno == EMFILE || errno == ENFILE) && !refuse_for_lack_of_fds(ipc, listener))
		pause_accepting(ipc);
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
static void listener_ready(struct gy_ipc *ipc, struct gy_source *source, uint32_t events)
{
	const int listener = source->fd;
	unsigned count = 0;

	(void)events;
	if (ipc->unlooked++ < LOOK_AFTER) {
		accept_next(ipc, listener, false);
		return;
	}
	do
		accept_next(ipc, listener, true);
	while (++count < ACCEPTED_AT_ONCE && ipc->resume_at == 0 && do_others_wait(listener));
	if (count < ACCEPTED_AT_ONCE)
		ipc->unlooked = 0;
}

void gy_server_look_for_others(struct gy_ipc *ipc)
{
	ipc->unlooked = LOOK_AFTER;
}

/* ---- this process's own imports ---- */

/* The thread is woken, to look in time whether the peer has said hello. */
static enum geyser_result connect_within(struct gy_ipc *ipc, int *out)
{
	enum geyser_result result = gy_client_admit(ipc, getpid(), -1);
	struct gy_connection *connection;
	int ends[2];

	if (result != GEYSER_OK)
		return result;
	if (gy_socket_pair(ends) < 0)
		return gy_fail_errno("making a connection within this process");
	result = gy_connection_create(ipc, ends[1], getpid(), &connection);
	if (result != GEYSER_OK)
		goto close_ends;
	gy_connection_set_idle(ipc, connection);
	result = gy_loop_add(ipc, &connection->source, GY_READABLE);
	if (result != GEYSER_OK)
		goto close_connection;
	gy_wakeup_raise(&ipc->wake);
	*out = ends[0];
	return GEYSER_OK;

close_connection:
	gy_connection_close(ipc, connection);
	ends[1] = -1;
close_ends:
	(void)close(ends[0]);
	if (ends[1] >= 0)
		(void)close(ends[1]);
	return result;
}

enum geyser_result gy_server_connect(struct gy_ipc *ipc, uint64_t instance, int *out)
{
	enum geyser_result result = GEYSER_OK;

	*out = -1;
	(void)pthread_mutex_lock(&ipc->lock);
	if (ipc->registered && ipc->entry.instance == instance)
		result = connect_within(ipc, out);
	(void)pthread_mutex_unlock(&ipc->lock);
	return result;
}

/* ---- now and then ---- */

/* Closes the connections that have been idle for too long; returns when to look again, or
 * GY_NEVER. */
static uint64_t expire(struct gy_ipc *ipc, uint64_t now)
{
	while (!gy_list_is_empty(&ipc->idle)) {
		struct gy_connection *oldest =
			GY_LIST_OWNER(ipc->idle.next, struct gy_connection, idle);
		uint64_t deadline = oldest->idle_since + GY_IDLE_WITHIN;

		if (deadline > now)
			return deadline;
		gy_connection_close(ipc, oldest);
	}
	return GY_NEVER;
}

/* Registers again after somebody has removed the registry, or our entries in it. Exports, streams
 * and connections go on; other processes find them at the new place. */
static void renew(struct gy_ipc *ipc)
{
	gy_loop_remove(ipc, &ipc->listener);
	if (gy_entry_renew(&ipc->entry) == GEYSER_OK)
		gy_exports_restore(ipc);
	ipc->listener = (struct gy_source){.fd = ipc->entry.socket, .ready = listener_ready};
	if (ipc->listener.fd >= 0 && ipc->resume_at == 0)
		resume_accepting(ipc);
}

static void look_after_registry(struct gy_ipc *ipc)
{
	ipc->look_at = gy_now() + LOOK_EVERY;
	if (!gy_entry_is_intact(&ipc->entry))
		renew(ipc);
	(void)gy_published_keep(ipc, true);
}

int gy_server_tick(struct gy_ipc *ipc)
{
	uint64_t now, next;
	bool waiting;

	if (!ipc->registered)
		return -1;
	waiting = take_turns(ipc);
	now = gy_now();
	next = expire(ipc, now);
	if (ipc->resume_at && ipc->resume_at <= now)
		resume_accepting(ipc);
	if (ipc->resume_at && ipc->resume_at < next)
		next = ipc->resume_at;
	if (now >= ipc->look_at)
		look_after_registry(ipc);
	if (ipc->look_at < next)
		next = ipc->look_at;
	if (gy_published_keep(ipc, false) && now + KEEP_EVERY < next)
		next = now + KEEP_EVERY;
	if (gy_entry_sweep(&ipc->entry, 0) || waiting)
		return 0;
	return next == GY_NEVER ? -1 : (int)((next - now) / GY_MILLISECOND) + 1;
}

/* ---- life ---- */

enum geyser_result gy_server_start(struct gy_ipc *ipc)
{
	enum geyser_result result;

	if (ipc->registered) {
		if (!gy_entry_is_intact(&ipc->entry))
			look_after_registry(ipc);
		return GEYSER_OK;
	}
	result = gy_entry_create(&ipc->entry);
	if (result != GEYSER_OK)
		return result;
	ipc->spare_fd = open_spare();
	result = gy_loop_start(ipc);
	if (result != GEYSER_OK)
		goto release_entry;
	ipc->listener = (struct gy_source){.fd = ipc->entry.socket, .ready = listener_ready};
	if (ipc->listener.fd >= 0)
		result = gy_loop_add(ipc, &ipc->listener, GY_READABLE);
	if (result != GEYSER_OK)
		goto release_entry;
	ipc->registered = true;
	ipc->look_at = gy_now() + LOOK_EVERY;
	gy_wakeup_raise(&ipc->wake); /* there may be more to sweep */
	return GEYSER_OK;

release_entry:
	gy_entry_release(&ipc->entry);
	if (ipc->spare_fd >= 0)
		(void)close(ipc->spare_fd);
	ipc->spare_fd = -1;
	return result;
}

/* A forked child only closes: ids, socket and lock are its parent's, and so may the poller be. */
void gy_server_finish(struct gy_ipc *ipc, bool unlink)
{
	if (!ipc->registered)
		return;
	ipc->registered = false;
	gy_published_finish(ipc, unlink);
	if (unlink) {
		gy_loop_remove(ipc, &ipc->listener);
		gy_exports_forget(ipc);
		while (ipc->connections)
			gy_connection_close(ipc, ipc->connections);
		gy_entry_release(&ipc->entry);
	} else {
		for (struct gy_connection *it = ipc->connections; it; it = it->next)
			(void)close(it->source.fd);
		ipc->connections = NULL; /* not freed: a child may do little after fork */
		gy_entry_abandon(&ipc->entry);
	}
	if (ipc->spare_fd >= 0)
		(void)close(ipc->spare_fd);
	ipc->spare_fd = -1;
}
