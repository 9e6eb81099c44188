/* SPDX-License-Identifier: MIT */
#include "ipc/importer/death.h"
#include "ipc/importer/state.h"

#include "platform/platform.h"
#include "platform/socket.h"

#include <unistd.h>

_Atomic uint32_t *gy_peer_death_word(struct gy_peer *peer)
{
	return &peer->dead;
}

void gy_peer_add_alarm(struct gy_peer *peer, struct gy_alarm *alarm)
{
	(void)pthread_mutex_lock(&peer->importer->loop->lock);
	alarm->next = peer->alarms;
	alarm->link = &peer->alarms;
	if (alarm->next)
		alarm->next->link = &alarm->next;
	peer->alarms = alarm;
	(void)pthread_mutex_unlock(&peer->importer->loop->lock);
}

void gy_peer_remove_alarm(struct gy_peer *peer, struct gy_alarm *alarm)
{
	(void)pthread_mutex_lock(&peer->importer->loop->lock);
	if (alarm->link) {
		*alarm->link = alarm->next;
		if (alarm->next)
			alarm->next->link = alarm->link;
		alarm->link = NULL;
	}
	(void)pthread_mutex_unlock(&peer->importer->loop->lock);
}

static bool wake_sleepers(const struct gy_peer *peer)
{
	bool again = false;

	for (const struct gy_alarm *alarm = peer->alarms; alarm; alarm = alarm->next) {
		if (!atomic_load(alarm->sleeping))
			continue;
		gy_wake(alarm->word, true);
		again = true;
	}
	return again;
}

/* One wake may come between a sleeper's last check and its sleep. This therefore wakes again until
 * no thread sleeps. */
bool gy_peers_wake_sleepers(struct gy_importer *importer)
{
	bool again = false;

	for (struct gy_peer *peer = importer->waking ? importer->peers : NULL; peer;
		peer = peer->next)
		if (atomic_load(&peer->dead) && wake_sleepers(peer))
			again = true;
	importer->waking = again;
	return again;
}

static void declare_dead(struct gy_peer *peer)
{
	struct gy_importer *importer = peer->importer;

	atomic_store(&peer->dead, 1);
	gy_wake(&peer->dead, false);
	importer->waking = true;
	gy_loop_remove(importer->loop, &peer->socket_source);
	gy_loop_remove(importer->loop, &peer->pid_source);
}

static void socket_ready(struct gy_source *source, uint32_t events)
{
	struct gy_peer *peer =
		(struct gy_peer *)((char *)source - offsetof(struct gy_peer, socket_source));

	if (events & GY_HUNG_UP)
		declare_dead(peer);
}

static void process_ended(struct gy_source *source, uint32_t events)
{
	(void)events;
	declare_dead((struct gy_peer *)((char *)source - offsetof(struct gy_peer, pid_source)));
}

static enum geyser_result watch(struct gy_peer *peer)
{
	struct gy_loop *loop = peer->importer->loop;
	enum geyser_result result = gy_loop_start(loop);
	bool ended;

	if (result != GEYSER_OK)
		return result;
	peer->pidfd = gy_peer_watch(peer->socket, peer->pid, &ended);
	peer->pid_source = (struct gy_source){.fd = peer->pidfd, .ready = process_ended};
	peer->socket_source = (struct gy_source){.fd = peer->socket, .ready = socket_ready};
	result = gy_loop_add(loop, &peer->socket_source, GY_HUNG_UP);
	if (result == GEYSER_OK && peer->pidfd >= 0)
		result = gy_loop_add(loop, &peer->pid_source, GY_READABLE);
	if (result != GEYSER_OK)
		goto close_pidfd;
	/* The pid is surely that of the exporter only if the connection still stands. */
	if (ended || gy_socket_is_hung_up(peer->socket))
		declare_dead(peer);
	peer->watched = true;
	return GEYSER_OK;

close_pidfd:
	gy_loop_remove(loop, &peer->socket_source);
	if (peer->pidfd >= 0)
		(void)close(peer->pidfd);
	peer->pidfd = -1;
	return result;
}

enum geyser_result gy_peer_watch_death(struct gy_peer *peer)
{
	enum geyser_result result = GEYSER_OK;

	(void)pthread_mutex_lock(&peer->importer->loop->lock);
	if (!peer->watched)
		result = watch(peer);
	(void)pthread_mutex_unlock(&peer->importer->loop->lock);
	return result;
}
