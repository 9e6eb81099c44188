/* SPDX-License-Identifier: MIT */
/* Tells waiting threads that an exporter has died. */
#ifndef GY_IPC_IMPORTER_DEATH_H
#define GY_IPC_IMPORTER_DEATH_H

#include <geyser/geyser.h>

#include <stdatomic.h>
#include <stdbool.h>

struct gy_importer;
struct gy_peer;

/* Begins to watch for the exporter's death. Errors: LIMIT, OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_peer_watch_death(struct gy_peer *peer);

/* Returns a word that becomes 1, and is woken (privately), when the exporter's process has ended.
 * It lives as long as the peer. */
_Atomic uint32_t *gy_peer_death_word(struct gy_peer *peer);

/* Threads that the exporter's death wakes. They sleep on a word that processes share, so that they
 * need no second word. */
struct gy_alarm {
	_Atomic uint32_t *word;           /* the word on which the threads sleep */
	const _Atomic uint32_t *sleeping; /* 0 while none of them may sleep */
	struct gy_alarm *next, **link;    /* link: NULL while no peer has the alarm */
};

/* Lets the exporter's death wake the sleepers on alarm->word, again and again as long as
 * *alarm->sleeping isn't 0. A sleeper first sets *sleeping, then looks whether the exporter is
 * dead, then sleeps. The caller owns the alarm, and removes it before the words go. */
void gy_peer_add_alarm(struct gy_peer *peer, struct gy_alarm *alarm);

/* Undoes gy_peer_add_alarm, if it was called. */
void gy_peer_remove_alarm(struct gy_peer *peer, struct gy_alarm *alarm);

/* ---- for importer.c, with the loop's lock held ---- */

/* Wakes the sleepers of the alarms of dead exporters. True: it is to be called again soon. */
bool gy_peers_wake_sleepers(struct gy_importer *importer);

#endif
