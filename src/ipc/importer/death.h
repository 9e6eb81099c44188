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

/* Makes the exporter's death wake the threads that sleep on `word`, which is in memory that
 * processes share. So these threads need not sleep on gy_peer_death_word, too. A thread that wants
 * to sleep first raises *sleeping, then looks whether the exporter is dead, then sleeps. After the
 * death the thread "geyser-ipc" wakes `word` again and again while *sleeping isn't 0. Both words
 * must stay mapped until gy_peer_leave, or until this is called with NULL. */
void gy_peer_set_wake_word(
	struct gy_peer *peer, _Atomic uint32_t *word, const _Atomic uint32_t *sleeping);

/* ---- for importer.c, with the loop's lock held ---- */

/* Wakes the sleepers on the wake words of dead exporters. True: it is to be called again soon. */
bool gy_peers_wake_sleepers(struct gy_importer *importer);

#endif
