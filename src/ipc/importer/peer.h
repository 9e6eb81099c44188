/* SPDX-License-Identifier: MIT */
/*
 * Connections to exporters: shared by imports, or a subscriber's own.
 *
 * A deadline limits a whole call: connecting, asking, and each packet of the answer. An answer that
 * isn't there in time is TIMEOUT.
 */
#ifndef GY_IPC_IMPORTER_PEER_H
#define GY_IPC_IMPORTER_PEER_H

#include "ipc/importer/state.h"
#include "ipc/wire/wire.h"

/* Takes one more hold on the peer, which gy_peer_release with NULL gives back. Returns the peer. */
struct gy_peer *gy_peer_ref(struct gy_peer *peer);

/* Gives back one import of that object; handle NULL: only the hold on the peer. peer NULL is fine.
 */
void gy_peer_release(struct gy_peer *peer, const struct gy_handle_fields *handle);

/* Opens a connection of its own, for several requests; imports never share it. Give it back with
 * gy_peer_release and NULL, or with gy_peer_leave. Ends early, with BUSY, when stop_fd (-1: none)
 * becomes readable. Errors: as geyser_texture_import. */
enum geyser_result gy_peer_open(struct gy_importer *importer, uint64_t instance, uint64_t deadline,
	int stop_fd, struct gy_peer **out);

/* Sends a request without waiting for its answer. One thread at a time may call this and the
 * functions below. Errors: TIMEOUT (the peer has not read the requests before it), SYSTEM. */
enum geyser_result gy_peer_send(
	struct gy_peer *peer, const char *application, struct gy_message *request);

/* Awaits the next packet of the answer to the last request, or returns the error in it. The caller
 * owns *fd, or the surface in the answer. TIMEOUT and BUSY (stop_fd is readable; -1: none) can be
 * the exporter's own answer, or come from the wait itself: then answer->type is GY_WIRE_NONE, and
 * the answer can be awaited again. */
enum geyser_result gy_peer_await(
	struct gy_peer *peer, uint64_t deadline, int stop_fd, struct gy_message *answer, int *fd);

/* Whether the peer has sent something to read, or has closed the connection. Waits for it until the
 * deadline, or until stop_fd is readable (-1: none). */
bool gy_peer_has_answer(const struct gy_peer *peer, uint64_t deadline, int stop_fd);

/* Sends a request and awaits the answer's first packet. */
enum geyser_result gy_peer_request(struct gy_peer *peer, const char *application,
	struct gy_message *request, uint64_t deadline, struct gy_message *answer, int *fd);

/* Gives back a subscriber's hold. If another hold remains, tells the exporter that the subscription
 * is over; the peer goes on watching for the stream's end and the process's death. NULL is fine. */
void gy_peer_leave(struct gy_peer *peer);

/* Whether the exporter is this process: then no other process can delay its answers. */
bool gy_peer_is_own(const struct gy_peer *peer);

/* Returns the exporter's process id; another process may have it by now. */
pid_t gy_peer_pid(const struct gy_peer *peer);

/* ---- for import.c and importer.c ---- */

/* Connects to an exporter. The peer is busy, with one reference. Errors: STALE, and as
 * gy_exporter_connect or gy_registry_connect. */
enum geyser_result gy_peer_connect(struct gy_importer *importer, uint64_t instance,
	uint64_t deadline, int stop_fd, struct gy_peer **out);

/* Returns a peer that is connected, healthy and idle, or NULL; it is then busy, with one more
 * reference. */
struct gy_peer *gy_peer_reuse(struct gy_importer *importer, uint64_t instance);

/* Ends the caller's use of a busy peer: other imports may then use the connection. keep: the import
 * has succeeded and keeps the caller's reference; else this drops the reference. broken: no later
 * import may use the connection. */
void gy_peer_settle(struct gy_peer *peer, bool keep, bool broken);

/* In a forked child, with the loop's lock held: closes the connections, which are the parent's. */
void gy_peers_abandon(struct gy_importer *importer);

#endif
