/* SPDX-License-Identifier: MIT */
/* The inside of struct gy_peer, for the importer's files. */
#ifndef GY_IPC_IMPORTER_PEER_H
#define GY_IPC_IMPORTER_PEER_H

#include "ipc/process.h"

/* One connection to one exporter. While busy it belongs to one thread; a second thread that imports
 * from the same exporter meanwhile gets a connection of its own rather than wait behind a peer that
 * may be stopped. */
struct gy_peer {
	struct gy_peer *next, **link; /* in ipc->peers; link is NULL before it is there */
	struct gy_ipc *ipc;
	uint64_t instance;
	pid_t pid;
	int socket;
	int pidfd; /* -1 until watched, or where there is none */
	bool own;  /* the exporter is this process */
	bool busy, greeted, watched;
	bool broken; /* no more questions: an answer is missing, or a release could not be sent */
	unsigned references;
	uint32_t sequence;
	_Atomic uint32_t dead;
	_Atomic uint32_t *bell; /* or NULL; see gy_peer_set_bell */
	const _Atomic uint32_t *sleeping;
	struct gy_source socket_source, pid_source;
};

/* Connected, busy, with one reference, in no list yet. Errors: STALE, and as
 * gy_server_connect or gy_registry_connect. */
enum geyser_result gy_peer_connect(struct gy_ipc *ipc, uint64_t instance, uint64_t deadline,
	int stop_fd, struct gy_peer **out);

/* One that is connected, healthy and idle, or NULL; it is then busy, with one more reference. */
struct gy_peer *gy_peer_reuse(struct gy_ipc *ipc, uint64_t instance);

/* The question is answered: others may use the connection; one not kept loses its reference. */
void gy_peer_settle(struct gy_ipc *ipc, struct gy_peer *peer, bool keep, bool broken);

#endif
