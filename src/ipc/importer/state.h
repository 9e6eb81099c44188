/* SPDX-License-Identifier: MIT */
/* The inside of struct gy_importer and struct gy_peer, for the files of this folder. The loop's
 * lock guards them. */
#ifndef GY_IPC_IMPORTER_STATE_H
#define GY_IPC_IMPORTER_STATE_H

#include "ipc/loop/loop.h"

#include <stdatomic.h>

struct gy_exporter;
struct gy_peer;

struct gy_importer {
	struct gy_loop_client client;
	struct gy_loop *loop;
	struct gy_exporter *exporter; /* of this process */
	struct gy_peer *peers;        /* peer.c */
	bool waking; /* death.c: a thread may sleep although its exporter has died */
};

/* One connection to one exporter. While busy it belongs to one thread. A second thread that imports
 * from the same exporter meanwhile gets a connection of its own, rather than wait behind a peer
 * that may be stopped. */
struct gy_peer {
	struct gy_peer *next, **link; /* in importer->peers, from before it has a socket */
	struct gy_importer *importer;
	uint64_t instance;
	pid_t pid;
	int socket;
	int pidfd; /* -1 until watched, or where there is none */
	bool own;  /* the exporter is this process */
	bool busy, greeted, watched;
	bool broken; /* no more requests: an answer is missing, or a release could not be sent */
	unsigned references;
	uint32_t sequence;
	_Atomic uint32_t dead;
	struct gy_alarm *alarms; /* death.c */
	struct gy_source socket_source, pid_source;
};

#endif
